// A second Docker Engine on this machine, with another configuration than the default one.
#pragma once

#include <unistd.h>

#include "real_world.h"
#include "system/background_process.h"

enum class ImageStore { containerd, classic };

/// The engine runs as long as this object lives, in a temporary directory.
class OtherEngine {
  public:
    static constexpr const char* program = "/usr/sbin/dockerd";

    /// A daemon started without a bridge removes the docker0 of all engines, so this one shares it.
    static bool is_possible() {
        return geteuid() == 0 && access(program, X_OK) == 0 && std::filesystem::exists("/sys/class/net/docker0");
    }

    /// `mirror`: the URL of a registry that replaces docker.io.
    OtherEngine(ImageStore store, const std::string& mirror)
        : directory_(make_directory(store, mirror)), daemon_(make_words(directory_.path), directory_.path / "log") {
        daemon_.wait_until([&] {
            try {
                return get("/_ping") == "OK";
            } catch (const Error&) {
                return false;
            }
        });
    }

    std::filesystem::path socket() const { return directory_.path / "docker.sock"; }

    /// All its containers, running or not, as JSON from its API: "[]\n" if there are none.
    std::string containers() const { return get("/containers/json?all=1"); }

  private:
    struct Directory {
        std::filesystem::path path;
        /// What the daemon could not unmount stays; that is not a reason to fail a test.
        ~Directory() {
            std::error_code left;
            std::filesystem::remove_all(path, left);
        }
    };

    static Directory make_directory(ImageStore store, const std::string& mirror) {
        std::string name = "/tmp/engine-XXXXXX";  // short: the path of a socket may have 107 characters
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory could be made: " + name);
        std::ofstream(name + "/daemon.json")
            << "{\"registry-mirrors\": [\"" << mirror << "\"], \"features\": {\"containerd-snapshotter\": "
            << (store == ImageStore::containerd ? "true" : "false") << "}}\n";
        return {name};
    }

    static std::vector<std::string> make_words(const std::filesystem::path& directory) {
        const std::string name = directory.filename().string();
        return {program,
                "--config-file=" + (directory / "daemon.json").string(),
                "--host=unix://" + (directory / "docker.sock").string(),
                "--data-root=" + (directory / "data").string(),
                "--exec-root=" + (directory / "exec").string(),
                "--pidfile=" + (directory / "pid").string(),
                "--containerd-namespace=" + name,
                "--containerd-plugins-namespace=" + name + "-plugins",
                "--bridge=docker0",
                // The rules of the bridge are those of the first engine. Two that start at once would remove each other's.
                "--iptables=false",
                "--ip6tables=false"};
    }

    std::string get(const std::string& path) const {
        return RealHttp(Environment{}).send({.url = "http://engine" + path, .unix_socket = socket()}).body;
    }

    Directory directory_;
    BackgroundProcess daemon_;
};
