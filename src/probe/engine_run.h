// What one run puts into the engine: images and containers, all of which are taken out again.
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "oci/layout.h"
#include "probe/engine.h"
#include "system/files.h"
#include "system/world.h"

/// A container to be made. It has no network but its own loopback.
struct ContainerPlan {
    std::string image{};
    std::string platform{};                 ///< "linux/arm64"; empty: the image's
    std::vector<std::string> entrypoint{};  ///< empty: the image's
    std::vector<std::string> command{};
    std::string user{};       ///< empty: the image's
    bool restricted = false;  ///< read-only with a temporary file system on /tmp, no capabilities, no new privileges
};

struct ContainerOutput {
    std::string out;
    std::string err;
};

/// A program that was run beside a container's own.
struct ExecResult {
    std::string failure;           ///< why it could not be started, in the engine's words; empty if it was
    std::optional<int> exit_code;  ///< nothing if it was still running when the time was up
    ContainerOutput output;
};

/// May be used by several threads at a time. Every function that asks the engine throws Error{failed} with the engine's
/// words if it refuses.
class EngineRun {
  public:
    /// Also removes what killed runs left behind an hour ago or earlier.
    EngineRun(const World& world, const EngineInfo& engine);
    /// Removes every image and container of this run, whatever has happened; what cannot be removed is logged.
    ~EngineRun();
    EngineRun(const EngineRun&) = delete;
    EngineRun& operator=(const EngineRun&) = delete;

    /// Loads the layout's image; returns the name by which the engine knows it.
    std::string load_image(const Layout& layout);
    /// The engine's description of an image (JSON). Throws Error{bad_input} if it has no such image.
    std::string inspect_image(const std::string& image);

    /// Returns its id.
    std::string create_container(const ContainerPlan& plan);
    /// Nothing, or why it cannot be run: a program that is not there. Throws if the image is of an architecture that
    /// this machine cannot run.
    std::optional<std::string> start_container(const std::string& id);
    /// Its exit code; nothing if it is running.
    std::optional<int> exit_code_of(const std::string& id);
    /// The same after a wait for its end; nothing if it is still running after `limit`.
    std::optional<int> await_container(const std::string& id, std::chrono::seconds limit);
    /// Runs a program in a running container, as this user, and waits for its end.
    ExecResult exec(const std::string& id, const std::string& user, const std::vector<std::string>& command,
                    std::chrono::seconds limit);
    ContainerOutput read_logs(const std::string& id);
    /// SIGTERM, and SIGKILL after ten seconds.
    void stop_container(const std::string& id);
    /// Also one that is running.
    void remove_container(const std::string& id);

    /// The container's whole file system as a tar, into a file.
    void export_container(const std::string& id, const std::filesystem::path& to);
    /// One file of it, which need not run; nothing if it is not there or is no regular file.
    std::optional<std::string> read_file(const std::string& id, const std::string& path);
    /// Unpacks a tar at its root, as root.
    void write_files(const std::string& id, const std::string& tar);

    /// A directory for what does not go through memory, removed with the rest.
    const std::filesystem::path& directory() const { return directory_.path(); }

  private:
    /// The response, or nothing if none came within `limit`.
    std::optional<Response> await_response(Request request, std::chrono::seconds limit,
                                           const std::vector<int>& expected);

    World world_;
    EngineInfo engine_;
    PrivateDirectory directory_;
    std::string id_;
    std::mutex mutex_;  ///< guards what follows
    std::vector<std::string> images_;
};
