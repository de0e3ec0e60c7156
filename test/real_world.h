// A World made of the real implementations, for integration tests: each test has its own work tree and uses the tools
// in the set-up's cache.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "system/clock.h"
#include "system/real_files.h"
#include "system/real_http.h"
#include "system/real_processes.h"
#include "system/timings.h"
#include "system/world.h"

/// The set-up's cache directory.
inline std::filesystem::path cache_directory() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    if (const std::string own = variable("PYTHON_IMAGE_ACTION_CACHE"); !own.empty()) return own;
    const std::string cache = variable("XDG_CACHE_HOME");
    return (cache.empty() ? std::filesystem::path(variable("HOME")) / ".cache" : std::filesystem::path(cache)) /
           "python-image-action";
}

inline Environment own_environment() {
    Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        environment[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    environment["PATH"] = (cache_directory() / "bin").string() + ":" + environment["PATH"];
    return environment;
}

/// A temporary directory whose name breaks code that forgets to quote; removed at the end.
struct WorkTree {
    std::filesystem::path path = make();

    WorkTree() = default;
    WorkTree(const WorkTree&) = delete;
    WorkTree& operator=(const WorkTree&) = delete;
    ~WorkTree() { std::filesystem::remove_all(path); }

  private:
    static std::filesystem::path make() {
        std::string name = (std::filesystem::temp_directory_path() / "work, ${tree} XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory could be made: " + name);
        return name;
    }
};

struct RealWorld {
    WorkTree tree;
    Environment environment = own_environment();
    std::ostringstream out;
    std::ostringstream log;
    RealProcesses processes{Relay{log}};
    RealHttp http{environment};
    RealFiles files{tree.path, std::filesystem::temp_directory_path()};
    RealClock clock;
    Timings timings;

    World world() { return {processes, http, files, clock, timings, environment, out, log}; }
};
