// The real program against a GitHub that sends wrong data, loses responses and cuts connections.
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "commands/github_world.h"
#include "commands/served_github.h"
#include "places.h"
#include "real_world.h"

namespace {

namespace fs = std::filesystem;

/// A work tree on disk with built, scanned and published images, in which the real program runs.
struct ReleaseJob {
    ServedGitHub served;
    RealWorld real;
    fs::path tree = real.tree.path;

    /// Publishes to this registry; the default one does not respond.
    explicit ReleaseJob(const std::string& registry = "localhost:1") {
        GitHubWorld github;
        github.publish();
        std::string& journal = github.files.texts["out/publication.json"];
        journal.replace(journal.find("docker.io"), 9, registry);
        for (const auto& [path, text] : github.files.texts) {
            if (path.is_relative()) real.files.write(tree / path, text);
        }
        for (const char* name : {"output", "summary"}) real.files.write(tree / "runner" / name, "");
        real.files.write(tree / "runner/event.json", github.files.texts.at("/event"));
        Environment& environment = real.environment;
        environment = {{"PATH", environment["PATH"]}, {"HOME", environment["HOME"]}};
        environment.insert({{"GITHUB_ACTIONS", "true"},
                            {"GITHUB_OUTPUT", (tree / "runner/output").string()},
                            {"GITHUB_STEP_SUMMARY", (tree / "runner/summary").string()},
                            {"GITHUB_EVENT_PATH", (tree / "runner/event.json").string()},
                            {"GITHUB_EVENT_NAME", "push"},
                            {"GITHUB_REF", "refs/heads/master"},
                            {"GITHUB_REPOSITORY", "defra/images"},
                            {"GITHUB_SHA", std::string(40, 'a')},
                            {"GITHUB_SERVER_URL", "https://github.com"},
                            {"GITHUB_API_URL", served.hub.base},
                            {"INPUT_COMMAND", "release"},
                            {"INPUT_DIRECTORY", tree.string()},
                            {"INPUT_TOKEN", served.hub.token}});
    }

    ReleaseJob(const ReleaseJob&) = delete;
    ReleaseJob& operator=(const ReleaseJob&) = delete;

    /// At the end of every test: no file contains the token.
    ~ReleaseJob() {
        for (const auto& entry : fs::recursive_directory_iterator(tree)) {
            if (entry.is_regular_file()) CHECK_FALSE(holds(real.files.read(entry.path()), served.hub.token));
        }
    }

    FakeGitHub& hub() { return served.hub; }

    Finished run(const std::string& command = "release", const Environment& more = {}) {
        Command job;
        job.argv = {program_file()};
        job.environment = real.environment;
        job.environment["INPUT_COMMAND"] = command;
        for (const auto& [name, value] : more) job.environment[name] = value;
        job.timeout = std::chrono::seconds(300);
        Finished finished = real.processes.run(job);
        CHECK_FALSE(holds(finished.out + finished.err, served.hub.token));
        return finished;
    }

    /// Runs two processes at once, each in its own work tree.
    std::vector<Finished> run_two(const std::string& command, const Environment& more = {}) {
        const std::string second_tree = tree.string() + " (second)";
        fs::copy(tree, second_tree, fs::copy_options::recursive);
        Environment second = more;
        second.insert({{"INPUT_DIRECTORY", second_tree},
                       {"GITHUB_OUTPUT", second_tree + "/runner/output"},
                       {"GITHUB_STEP_SUMMARY", second_tree + "/runner/summary"}});
        std::vector<Finished> finished(2);
        std::vector<std::thread> runs;
        runs.emplace_back([&] { finished[0] = run(command, more); });
        runs.emplace_back([&] { finished[1] = run(command, second); });
        for (std::thread& one : runs) one.join();
        fs::remove_all(second_tree);
        return finished;
    }

    std::size_t released() const {
        return static_cast<std::size_t>(std::count_if(served.hub.releases.begin(), served.hub.releases.end(),
                                                      [](const auto& r) { return !r.draft; }));
    }

    void check_one_release(const Finished& finished) {
        INFO(finished.out << finished.err << served.hub.requests());
        CHECK(finished.exit_code == 0);
        CHECK(served.hub.releases.size() == 1);
        CHECK(released() == 1);
        if (served.hub.releases.empty()) return;
        CHECK(served.hub.releases.front().files.size() == 6);
        CHECK(served.hub.tags.at("1.0.0") == std::string(40, 'a'));
    }
};

}  // namespace

TEST_CASE("A release on a server with a path prefix can be judged again from its evidence", "[whole]") {
    // Only here: a real client with the URLs of a server with a prefix; the program unpacks its own evidence.
    ReleaseJob job;
    job.check_one_release(job.run());
    CHECK(holds(job.real.files.read(job.tree / "runner/output"), "https://github.example/defra/images/releases/1.0.0"));
    fs::remove_all(job.tree / "out");
    const Finished judged = job.run("judge", {{"INPUT_RELEASE", "1.0.0"}, {"GITHUB_REF", "refs/heads/topic"}});
    INFO(judged.out << judged.err);
    CHECK(judged.exit_code == 0);
    CHECK(holds(judged.err, "the verdicts are those of 2026-11-23T12:00:"));
}

TEST_CASE("A lost response to any write leaves one complete release", "[whole]") {
    // Only here: a connection is cut after the server carried out the request.
    for (const char* write :
         {"POST /api/v3/repos/defra/images/releases HTTP", "POST /api/v3/repos/defra/images/releases/",
          "PATCH /api/v3/repos/defra/images/releases/"}) {
        INFO(write);
        ReleaseJob job;
        job.served.cut_at = write;
        job.served.cuts = 1;
        job.check_one_release(job.run());
        CHECK(job.served.cuts == 0);
    }
}

TEST_CASE("A run killed at any request is completed by the next one", "[whole]") {
    // Only here: SIGKILL between two requests.
    for (std::size_t last = 1; last <= 14; ++last) {
        INFO(last);
        ReleaseJob job;
        std::size_t seen = 0;
        for (const char* method : {"GET", "POST", "PATCH", "DELETE"})
            job.hub().faults.push_back({method, "*", {400, {}, ""}, false, 0});
        job.hub().before = [&] {
            if (++seen < last) return;
            for (FakeGitHub::Fault& fault : job.hub().faults) fault.times = -1;
        };
        job.run();
        job.hub().before = nullptr;
        job.hub().faults.clear();
        job.check_one_release(job.run());
    }
}

TEST_CASE("Two concurrent runs and a later one make one release", "[whole]") {
    // Only here: two independent processes.
    ReleaseJob job;
    const std::vector<Finished> finished = job.run_two("release");
    INFO(finished[0].err << finished[1].err << job.hub().requests());
    for (const Finished& one : finished) CHECK((one.exit_code == 0 || one.exit_code == 3));
    job.check_one_release(job.run());
}

TEST_CASE("Two concurrent nightly runs with findings leave one open issue", "[whole]") {
    // Only here: two independent processes.
    const LocalServer empty_registry([](const std::string&) { return make_reply(404, ""); });
    ReleaseJob job(empty_registry.host());
    job.check_one_release(job.run());
    for (int attempt = 1; attempt <= 5; ++attempt) {
        job.hub().issues.clear();
        const std::vector<Finished> finished = job.run_two("nightly", {{"GITHUB_EVENT_NAME", "schedule"}});
        INFO(finished[0].err << finished[1].err << job.hub().requests());
        for (const Finished& one : finished) CHECK(one.exit_code == 3);
        CHECK(job.hub().open_issues() == 1);
    }
}

TEST_CASE("After any error in a step's input there is an unknown verdict for later steps, and a summary", "[whole]") {
    for (const Environment& input : {Environment{{"INPUT_SEVERITY", "hihg"}},
                                     {{"INPUT_SEVERTY", "high"}},
                                     {{"INPUT_COMMAND", "scna"}},
                                     {{"INPUT_DIRECTORY", "/nowhere"}},
                                     {{"INPUT_POLICY", "nowhere.yml"}}}) {
        ReleaseJob job;
        INFO(input.begin()->first);
        const Finished finished = job.run("judge", input);
        CHECK(finished.exit_code == 2);
        const std::string outputs = job.real.files.read(job.tree / "runner/output");
        for (const char* name : {"verdict", "published"}) CHECK(holds(outputs, std::string(name) + "<<"));
        CHECK(holds(outputs, "\nunknown\n"));
        CHECK(holds(outputs, "\nfalse\n"));
        CHECK(holds(job.real.files.read(job.tree / "runner/summary"), "| error |"));
    }
}

TEST_CASE("An unreachable GitHub is exit 3, and a URL without TLS is rejected", "[whole]") {
    // Only here: the errors of libcurl.
    ReleaseJob job;
    CHECK(job.run("release", {{"GITHUB_API_URL", "http://127.0.0.1:1"}}).exit_code == 3);
    const Finished plain = job.run("release", {{"GITHUB_API_URL", "http://api.github.com"}});
    CHECK(plain.exit_code == 2);
    CHECK(holds(plain.err, "a token is only sent over https"));
}

TEST_CASE("An invalid event file of any kind is exit 2", "[whole]") {
    // Only here: directories, links and devices instead of a file.
    ReleaseJob job;
    const fs::path event = job.tree / "runner/event.json";
    const fs::path real = job.tree / "runner/real.json";
    fs::rename(event, real);
    const auto check = [&](const std::string& what) {
        INFO(what);
        const Finished finished = job.run("nightly");
        CHECK(finished.exit_code == 2);
        CHECK_FALSE(finished.timed_out);
        fs::remove_all(event);
    };
    check("nothing");
    fs::create_symlink(real, event);
    check("a symbolic link");
    fs::create_directory(event);
    check("a directory");
    REQUIRE(mkfifo(event.c_str(), 0600) == 0);
    check("a pipe without a writer");
    CHECK(job.hub().lines.empty());
}
