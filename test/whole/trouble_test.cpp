// Faults around the program: each ends with the documented exit code and message, and publishes nothing.
#include <sys/mount.h>
#include <csignal>

#include <thread>

#include "places.h"
#include "system/background_process.h"
#include "whole/project.h"

namespace {

/// Puts a program of that name first in PATH.
void put_tool(Project& project, const std::string& name, const std::string& script) {
    const fs::path directory = project.tree / "tools";
    project.real.files.write(directory / name, script);
    fs::permissions(directory / name, fs::perms::owner_all);
    std::string& path = project.real.environment["PATH"];
    if (!path.starts_with(directory.string())) path = directory.string() + ":" + path;
}

}  // namespace

TEST_CASE("Without an engine the error says so and the exit code is 3") {
    // Only here: real buildx, and a socket without a listener.
    Project project;
    project.real.environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock";
    const Finished finished = project.run_on_stand_ins("build");
    CHECK(finished.exit_code == 3);
    CHECK(holds(finished.err, "/nowhere/docker.sock"));
    CHECK_FALSE(project.has("out/images"));
}

TEST_CASE("The verdict is unknown if a scanner is killed, prints nothing or writes a wrong report") {
    // Only here: scanner processes that are killed or write an empty report, followed by a real publication.
    Project project;
    REQUIRE(project.run_on_stand_ins("build", {"--only", "3.13.5-production"}).exit_code == 0);
    for (const char* script : {"#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\nexit 0\n",
                               "#!/bin/sh\ncase \"$*\" in *version*) exec GRYPE \"$@\" ;; esac\nkill -INT $$\n"}) {
        std::string text = script;
        if (const std::size_t at = text.find("GRYPE"); at != std::string::npos)
            text.replace(at, 5, (cache_directory() / "bin/grype").string());
        put_tool(project, "grype", text);
        INFO(text);
        const Finished finished = project.run_on_stand_ins("scan", {"--only", "3.13.5-production"});
        CHECK(finished.exit_code == 3);
        CHECK_FALSE(project.has("out/sarif"));
        CHECK(project.run("publish", {"--only", "3.13.5-production", "--to", "oci:elsewhere"}).exit_code != 0);
        CHECK_FALSE(project.has("elsewhere"));
    }
}

TEST_CASE("On a full disk the exit code is 3, the error names the path, and no partial image is left") {
    // Only here: BuildKit and the program on a full file system.
    if (geteuid() != 0) SKIP("mounting a small disk needs root");
    Project project;
    const fs::path small = project.tree / "small";
    fs::create_directory(small);
    REQUIRE(mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") == 0);
    const Finished finished = project.run_on_stand_ins("build", {"--only", "3.13.5-production", "--out", "small/out"});
    const bool left = fs::exists(small / "out/images/3.13.5-production-linux-amd64");
    REQUIRE(umount2(small.c_str(), MNT_DETACH) == 0);
    CHECK(finished.exit_code == 3);
    CHECK(holds(finished.err, "space"));
    CHECK_FALSE(left);
}

TEST_CASE("A cancelled build ends within six seconds with 130 and leaves no partial image", "[alone]") {
    // Only here: a signal to a real build, and how soon it ends.
    Project project;
    const pid_t child = fork();
    if (child == 0) {
        const std::string bases = (cache_directory() / "stand-ins/bases.json").string();
        const std::string tree = project.tree.string();
        const std::string path = "PATH=" + project.real.environment["PATH"];
        // The changed input makes sure that there is something to build, and that the build still runs when it is
        // cancelled.
        execl("/usr/bin/env", "env", path.c_str(), "sh", "-c",
              "echo 'sleep 60' >> \"$2/image/settle\"; exec \"$0\" build --directory \"$2\" --image-matrix matrix.json "
              "--stand-ins \"$1\" --build-ca /etc/ssl/certs/ca-certificates.crt >/dev/null 2>&1",
              program_file().c_str(), bases.c_str(), tree.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const auto asked = std::chrono::steady_clock::now();
    kill(child, SIGINT);
    CHECK(exit_code_of(child) == 130);
    CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(6));
    CHECK_FALSE(project.has("out/images/3.13.5-production-linux-amd64"));
}
