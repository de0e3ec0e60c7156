// Runs the real program in a copy of this repository's work tree, with the stand-in bases and sample databases from the
// set-up.
#pragma once

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"
#include "expect.h"
#include "oci/layout.h"
#include "places.h"
#include "real_world.h"

namespace fs = std::filesystem;

inline constexpr const char* stand_in_matrix = R"([
  {
    "pythonVersion": "3.13.5",
    "debianVersion": "slim-bookworm",
    "distrolessVersion": "cc-debian12",
    "tags": ["latest-3.13", "latest"]
  },
  {
    "pythonVersion": "3.12.3",
    "debianVersion": "slim-bookworm",
    "distrolessVersion": "cc-debian12",
    "tags": ["latest-3.12"]
  }
]
)";

/// The directory of the sample databases: with "green" the verdict is clean, with "red" vulnerable.
inline fs::path sample_databases(const std::string& kind) {
    fs::path newest;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache_directory() / "databases")) {
        if (!entry.path().filename().string().starts_with("sample-" + kind + "-")) continue;
        if (newest.empty() || fs::last_write_time(entry) > fs::last_write_time(newest)) newest = entry.path();
    }
    REQUIRE_FALSE(newest.empty());
    return newest;
}

/// A copy of the work tree in a directory whose name has blanks, commas and a dollar sign.
struct Project {
    RealWorld real;
    fs::path tree = real.tree.path;

    Project() {
        const fs::path repository = repository_dir();
        for (const char* name :
             {"Dockerfile", ".dockerignore", "JOB.env", "vulnerability-policy.yml", "image", "certificates"}) {
            fs::copy(repository / name, tree / name, fs::copy_options::recursive);
        }
        real.files.write(tree / "matrix.json", stand_in_matrix);
        real.environment["XDG_CACHE_HOME"] = (tree / ".cache").string();  // never reuse the scans of another test
        REQUIRE(fs::exists(program_file()));
    }

    /// Runs `python-image-action COMMAND` from a directory other than the work tree.
    Finished run(const std::string& command, const std::vector<std::string>& options = {}) {
        return start(words(command, options));
    }

    std::vector<std::string> words(const std::string& command, const std::vector<std::string>& options) const {
        std::vector<std::string> argv = {program_file(), command,          "--directory",
                                         tree.string(),  "--image-matrix", "matrix.json"};
        argv.insert(argv.end(), options.begin(), options.end());
        return argv;
    }

    /// The same with stand-in bases and sample databases.
    Finished run_on_stand_ins(const std::string& command, std::vector<std::string> options = {},
                              const std::string& kind = "green") {
        if (command == "build" || command == "test" || command == "run") {
            options.insert(options.end(), {"--stand-ins", (cache_directory() / "stand-ins" / "bases.json").string()});
        }
        if (command == "build" || command == "run")
            options.insert(options.end(), {"--build-ca", "/etc/ssl/certs/ca-certificates.crt"});
        if (command == "scan" || command == "run")
            options.insert(options.end(), {"--databases", sample_databases(kind).string()});
        return run(command, options);
    }

    Finished start(const std::vector<std::string>& argv) {
        Command command;
        command.argv = argv;
        command.environment = real.environment;
        command.timeout = std::chrono::seconds(1200);
        Finished finished = real.processes.run(command);
        INFO(finished.out << finished.err);
        CHECK_FALSE(finished.timed_out);
        return finished;
    }

    /// Puts out/ of a complete run on stand-ins into this work tree. The run is made once, for all tests. The files are
    /// shared: a test replaces a file and never writes into it, as the program does.
    void copy_finished_run();

    std::string text(const fs::path& file) { return real.files.read(tree / file); }
    bool has(const fs::path& file) { return fs::exists(tree / file); }
};

inline void check_success(const Finished& finished) {
    INFO(finished.out << finished.err);
    CHECK(finished.exit_code == 0);
}

inline void require_success(const Finished& finished) {
    INFO(finished.out << finished.err);
    REQUIRE(finished.exit_code == 0);
}

/// The directory of the finished run, beside the program that made it.
inline fs::path finished_run() {
    return fs::path(program_file()).parent_path() / "finished-run";
}

/// Makes the finished run if the program or the samples are newer. Other processes that need it wait.
inline void make_finished_run() {
    const fs::path cached = finished_run();
    const int lock = open((cached.string() + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    REQUIRE(flock(lock, LOCK_EX) == 0);
    const auto newest = std::max(fs::last_write_time(program_file()), fs::last_write_time(sample_databases("green")));
    if (!fs::exists(cached) || fs::last_write_time(cached) < newest) {
        for (const char* former : {"", ".new"}) fs::remove_all(cached.string() + former);
        Project project;
        const Finished finished = project.run_on_stand_ins("run");
        require_success(finished);
        project.real.files.write(project.tree / "out/stdout", finished.out);
        fs::copy(project.tree / "out", cached.string() + ".new",
                 fs::copy_options::recursive | fs::copy_options::copy_symlinks);
        fs::rename(cached.string() + ".new", cached);
        fs::last_write_time(cached, fs::file_time_type::clock::now());
    }
    close(lock);
}

inline void Project::copy_finished_run() {
    make_finished_run();
    const auto options = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
    std::error_code other_file_system;
    fs::copy(finished_run(), tree / "out", options | fs::copy_options::create_hard_links, other_file_system);
    if (!other_file_system) return;
    fs::remove_all(tree / "out");
    fs::copy(finished_run(), tree / "out", options);
}

inline const std::vector<std::string>& image_names() {
    static const std::vector<std::string> names = {"3.13.5-development", "3.13.5-production", "3.12.3-development",
                                                   "3.12.3-production"};
    return names;
}
