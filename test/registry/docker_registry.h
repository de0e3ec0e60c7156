// Real registries: Debian's docker-registry (distribution 2.8), a current distribution, and crane's. Each runs as a
// separate process with its own port and in-memory storage. Also a proxy that cuts connections.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "real_world.h"
#include "system/background_process.h"

inline sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// Returns a socket that listens on a free port; `queue` is the backlog of connections not yet accepted.
inline int listen_somewhere(int& port, int queue = 64) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, queue) != 0)
        throw std::runtime_error("no port is free");
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    return listener;
}

/// Creates a directory, in memory if there is enough space for images.
inline std::filesystem::path make_server_directory() {
    std::error_code no_tmpfs;
    const auto space = std::filesystem::space("/dev/shm", no_tmpfs);
    std::string name =
        (!no_tmpfs && space.available > std::uintmax_t{4} << 30U ? "/dev/shm/registry-XXXXXX" : "/tmp/registry-XXXXXX");
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory could be made: " + name);
    return name;
}

/// True if GET /v2/ gets a response that satisfies `accepts`.
inline bool responds(const std::string& url, const Environment& environment,
                     const std::function<bool(const Response&)>& accepts) {
    try {
        return accepts(RealHttp(environment).send({.url = url}));
    } catch (const Error&) {
        return false;  // not yet
    }
}

/// The configuration of a registry of the distribution project.
struct RegistrySetup {
    std::string program = "/usr/bin/docker-registry";
    std::string auth{};              ///< a block of its configuration
    std::string tls{};               ///< the same, below `http:`, indented by four; the registry then speaks HTTPS
    std::string name = "localhost";  ///< the host name that clients use
    Environment environment{};       ///< what a client needs to trust it
};

class DockerRegistry {
  public:
    static constexpr const char* program = "/usr/bin/docker-registry";
    static bool is_installed() { return access(program, X_OK) == 0; }

    DockerRegistry() : DockerRegistry(RegistrySetup{}) {}
    explicit DockerRegistry(const RegistrySetup& setup) : directory_(make_server_directory()), name_(setup.name) {
        close(listen_somewhere(port_));
        std::ofstream(directory_ / "config.yml")
            << "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
            << "storage:\n  filesystem:\n    rootdirectory: " << storage().string() << "\n"
            << "http:\n  addr: 127.0.0.1:" << port_ << "\n  headers:\n    X-Peer: [" << directory_.string() << "]\n"
            << setup.tls << setup.auth;
        process_.emplace(std::vector<std::string>{setup.program, "serve", (directory_ / "config.yml").string()},
                         directory_ / "log");
        // Check that it is our process: another server on this port would make every result wrong.
        const std::string url = (setup.tls.empty() ? "http://" : "https://") + host() + "/v2/";
        process_->wait_until([&] {
            return responds(url, setup.environment,
                            [&](const Response& response) { return response.header("X-Peer") == directory_.string(); });
        });
    }
    DockerRegistry(const DockerRegistry&) = delete;
    DockerRegistry& operator=(const DockerRegistry&) = delete;
    ~DockerRegistry() {
        process_.reset();
        std::filesystem::remove_all(directory_);
    }

    int port() const { return port_; }
    std::string host() const { return name_ + ":" + std::to_string(port_); }
    std::filesystem::path storage() const { return directory_ / "storage"; }
    std::filesystem::path directory() const { return directory_; }

  private:
    std::filesystem::path directory_;
    std::string name_;
    int port_ = 0;
    std::optional<BackgroundProcess> process_;
};

inline void needs_docker_registry() {
    if (!DockerRegistry::is_installed()) SKIP("docker-registry is not installed: apt-get install docker-registry");
}

/// The registry that comes with crane: an independent implementation.
class CraneRegistry {
  public:
    static std::string program() { return (cache_directory() / "bin/crane").string(); }
    static bool is_installed() { return access(program().c_str(), X_OK) == 0; }

    CraneRegistry() : directory_(make_server_directory()) {
        close(listen_somewhere(port_));
        std::filesystem::create_directory(directory_ / "disk");
        process_.emplace(
            std::vector<std::string>{program(), "registry", "serve", "--address", "127.0.0.1:" + std::to_string(port_),
                                     "--disk", (directory_ / "disk").string()},
            directory_ / "log");
        process_->wait_until([&] {
            return responds("http://" + host() + "/v2/", {},
                            [](const Response& response) { return response.status == 200; });
        });
    }
    CraneRegistry(const CraneRegistry&) = delete;
    CraneRegistry& operator=(const CraneRegistry&) = delete;
    ~CraneRegistry() {
        process_.reset();
        std::filesystem::remove_all(directory_);
    }

    std::string host() const { return "localhost:" + std::to_string(port_); }

  private:
    std::filesystem::path directory_;
    int port_ = 0;
    std::optional<BackgroundProcess> process_;
};

/// A proxy that resets a connection after a given number of bytes.
class FaultProxy {
  public:
    explicit FaultProxy(int upstream) : upstream_(upstream), listener_(listen_somewhere(port_)) {
        acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
    }

    std::string host() const { return "localhost:" + std::to_string(port_); }
    /// Resets the connection that carries byte number `bytes`, counted from now; only once.
    void cut_after(long bytes) { left_ = bytes; }
    int cuts() const { return cuts_; }

    ~FaultProxy() {
        acceptor_.request_stop();
        acceptor_.join();
        connections_.clear();
        close(listener_);
    }

  private:
    void accept_all(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd waiting{listener_, POLLIN, 0};
            if (poll(&waiting, 1, 50) <= 0) continue;
            const int client = accept(listener_, nullptr, nullptr);
            if (client < 0) continue;
            connections_.emplace_back([this, client](const std::stop_token& end) { pass_on(client, end); });
        }
    }

    void pass_on(int client, const std::stop_token& stop) {
        const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(upstream_);
        bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        while (open && !stop.stop_requested()) {
            std::array<pollfd, 2> waiting = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
            if (poll(waiting.data(), 2, 50) <= 0) continue;
            if (waiting[0].revents != 0) open = pass(client, server, client);
            if (open && waiting[1].revents != 0) open = pass(server, client, client);
        }
        close(client);
        close(server);
    }

    bool pass(int from, int to, int client) {
        std::array<char, 4096> bytes{};
        const ssize_t got = read(from, bytes.data(), bytes.size());
        if (got <= 0) return false;
        const long before = left_.fetch_sub(got);
        if (before > 0 && before <= got) {
            ++cuts_;
            const linger at_once{1, 0};
            setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            [[maybe_unused]] const ssize_t some =
                send(to, bytes.data(), static_cast<std::size_t>(before), MSG_NOSIGNAL);
            return false;
        }
        return send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    }

    int upstream_;
    int port_ = 0;
    int listener_;
    std::atomic<long> left_ = 0;
    std::atomic<int> cuts_ = 0;
    std::vector<std::jthread> connections_;
    std::jthread acceptor_;
};
