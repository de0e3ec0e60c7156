// The real program under faults of the machine: failing reads and writes, and too little memory.
#include <catch2/catch_test_macros.hpp>

#include <map>

#include "base/digest.h"
#include "base/json.h"
#include "expect.h"
#include "places.h"
#include "real_world.h"
#include "system/local_server.h"

namespace {

namespace fs = std::filesystem;

/// `judge` on the fixtures' two reports, with one blocking finding.
struct Judgement {
    RealWorld real;
    Finished finished;

    explicit Judgement(std::vector<std::string> argv = {}) {
        const std::string reports = fixtures_dir() + "/verdict";
        argv.insert(argv.end(), {program_file(), "judge", "--trivy", reports + "/trivy.json", "--grype",
                                 reports + "/grype.json", "--max-database-age", "1000000"});
        Command command;
        command.argv = argv;
        command.directory = real.tree.path;
        command.environment = {{"PATH", real.environment["PATH"]}, {"HOME", real.tree.path.string()}};
        command.timeout = std::chrono::seconds(60);
        finished = real.processes.run(command);
    }

    /// By path, relative to the work tree.
    std::map<std::string, std::string> files() {
        std::map<std::string, std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(real.tree.path)) {
            if (entry.is_regular_file())
                files[entry.path().lexically_relative(real.tree.path).string()] = real.files.read(entry.path());
        }
        return files;
    }
};

/// Checks that every existing file is complete.
void check_whole(const std::string& name, const std::string& text) {
    INFO(name);
    if (name.ends_with(".json") || name.ends_with(".sarif")) CHECK_NOTHROW(parse_tool_json(text, name));
    if (name.ends_with(".html")) CHECK(holds(text, "</html>"));
    if (name.ends_with(".md")) CHECK(text.ends_with("\n"));
    CHECK_FALSE(holds(name, ".part-"));
}

std::vector<std::string> with_fault(const std::string& fault, const std::string& probability) {
    return {"fiu-run", "-x", "-c", "enable_random name=" + fault + ",probability=" + probability};
}

}  // namespace

TEST_CASE("With disk faults the verdict is right or absent, and no file is partly written", "[whole]") {
    // Only here: faults of the file system, injected by libfiu.
    if (!fs::exists("/usr/bin/fiu-run")) SKIP("fiu-run is not installed: tools/ready test-peers");
    const std::map<std::string, std::string> whole = Judgement().files();
    REQUIRE(whole.contains("out/verdict.json"));
    int failed = 0;
    for (const std::string fault :
         {"posix/io/rw/read,failinfo=5", "posix/io/rw/write,failinfo=5", "posix/io/rw/write,failinfo=28",
          "posix/io/dir/readdir,failinfo=5", "posix/io/dir/fdopendir,failinfo=24", "posix/io/oc/close,failinfo=5"}) {
        for (const char* probability : {"0.02", "0.2", "1"}) {
            for (int attempt = 0; attempt < 5; ++attempt) {
                Judgement judged(with_fault(fault, probability));
                INFO(fault << " " << probability << "\n" << judged.finished.out << judged.finished.err);
                const std::map<std::string, std::string> files = judged.files();
                for (const auto& [name, text] : files) check_whole(name, text);
                REQUIRE((judged.finished.exit_code == 1 || judged.finished.exit_code == 2 ||
                         judged.finished.exit_code == 3));
                if (judged.finished.exit_code == 1) CHECK(files.size() == whole.size());
                failed += judged.finished.exit_code == 1 ? 0 : 1;
            }
        }
    }
    CHECK(failed > 10);  // otherwise no fault reached the program
}

TEST_CASE("Interrupted and partial reads and writes are continued", "[whole]") {
    // Only here: faults of the system calls, injected by libfiu.
    if (!fs::exists("/usr/bin/fiu-run")) SKIP("fiu-run is not installed: tools/ready test-peers");
    const std::size_t whole = Judgement().files().size();
    for (const std::string fault : {"posix/io/rw/read,failinfo=4", "posix/io/rw/write,failinfo=4",
                                    "posix/io/rw/read/reduce", "posix/io/rw/write/reduce"}) {
        Judgement judged(with_fault(fault, "0.3"));
        INFO(fault << "\n" << judged.finished.err);
        CHECK(judged.finished.exit_code == 1);
        CHECK(judged.files().size() == whole);
        for (const auto& [name, text] : judged.files()) check_whole(name, text);
    }
}

TEST_CASE("Out of memory the program ends with a reason and no clean verdict", "[whole]") {
    // Only here: too small an address space.
    if (!fs::exists("/usr/bin/fiu-run")) SKIP("fiu-run is not installed: tools/ready test-peers");
    for (const char* probability : {"0.0001", "0.001", "0.01", "0.1"}) {
        for (int attempt = 0; attempt < 5; ++attempt) {
            Judgement judged(with_fault("libc/mm/malloc,failinfo=12", probability));
            INFO(probability << " " << judged.finished.exit_code << "\n" << judged.finished.err);
            CHECK_FALSE(judged.finished.timed_out);
            CHECK(judged.finished.exit_code != 0);
            for (const auto& [name, text] : judged.files()) check_whole(name, text);
        }
    }
}

TEST_CASE("Manifests of the maximum size are read within 256 MiB of address space", "[whole]") {
    // Only here: the memory of the complete program.
    std::string children;
    for (int i = 0; children.size() < (4U << 20U) - 400; ++i) {
        children += (i == 0 ? "" : ",") +
                    std::string(R"({"mediaType":"application/vnd.oci.image.index.v1+json","size":1,"digest":")") +
                    sha256(std::to_string(i)).text() + "\"}";
    }
    const std::string wide =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + children + "]}";
    const std::string too_long = wide + std::string(64U << 20U, ' ');
    const std::string deep = std::string(2U << 20U, '[');
    for (const std::string& manifest : {wide, too_long, deep}) {
        LocalServer server([&](const std::string& request) {
            if (holds(request, "/manifests/")) return make_reply(200, request.starts_with("HEAD") ? "" : manifest);
            return make_reply(200, "{}");
        });
        RealWorld real;
        Command command;
        command.argv = {"sh",
                        "-c",
                        "ulimit -v 262144; exec \"$0\" \"$@\"",
                        program_file(),
                        "fetch",
                        "localhost:" + server.host().substr(server.host().find(':') + 1) + "/defra/python:latest"};
        command.directory = real.tree.path;
        command.environment = {{"PATH", real.environment["PATH"]}, {"HOME", real.tree.path.string()}};
        command.timeout = std::chrono::seconds(120);
        const Finished finished = real.processes.run(command);
        INFO(finished.err);
        CHECK(finished.exit_code == 3);
        CHECK_FALSE(holds(finished.err, "should not have happened"));
    }
}
