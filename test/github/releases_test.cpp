#include "github/releases.h"

#include <catch2/catch_test_macros.hpp>

#include "github/scripted_github.h"

using namespace github;

namespace {

const std::string commit = std::string(40, 'a');

struct Making {
    ScriptedGitHub server;
    WantedRelease wanted{.tag = "1.1.0",
                         .title = "Python 1.1.0",
                         .notes = "notes",
                         .revision = commit,
                         .default_branch = "master",
                         .assets = {},
                         .at = {"JOB.env", 1}};

    Making() {
        add_file("evidence.tar.gz", "all of it");
        add_file("publication.json", "{}");
    }

    void add_file(const std::string& name, const std::string& content) {
        server.fake.files.texts["out/release/" + name] = content;
        wanted.assets.push_back({name, "out/release/" + name, content.size(), sha256(content)});
    }

    MadeRelease run() {
        Api api = server.api();
        return make_release(server.world, api, wanted);
    }

    FakeGitHub& hub() { return server.hub; }
};

Response refused(int status, const std::string& body) {
    return {status, {}, body};
}

}  // namespace

TEST_CASE("A release is created as a draft, gets its files, and is then published on the exact commit") {
    Making making;
    making.hub().head = std::string(40, 'b');
    const MadeRelease made = making.run();
    CHECK(made.created);
    CHECK(made.url == "https://github.example/defra/images/releases/1.1.0");
    CHECK(making.hub().tags.at("1.1.0") == commit);
    const FakeGitHub::FakeRelease& release = making.hub().releases.at(0);
    CHECK(release.name == "Python 1.1.0");
    CHECK(release.body == "notes\n\n<!-- python-image-action:release -->\n");
    CHECK(release.make_latest == "true");
    CHECK(release.files.size() == 2);
    std::string writes;
    for (const std::string& line : making.hub().lines) writes += line.starts_with("GET") ? "" : line + "\n";
    CHECK(writes ==
          "POST releases\nPOST releases/101/assets?name=evidence.tar.gz\nPOST "
          "releases/101/assets?name=publication.json\nPATCH releases/101\n");
}

TEST_CASE("A published release is left alone") {
    Making making;
    making.run();
    const std::size_t before = making.hub().lines.size();
    CHECK_FALSE(making.run().created);
    for (std::size_t i = before; i < making.hub().lines.size(); ++i) CHECK(making.hub().lines[i].starts_with("GET"));
}

TEST_CASE("The draft of an interrupted attempt is completed") {
    Making making;
    making.hub().releases.push_back({.id = 5, .tag = "1.1.0", .files = {{6, "publication.json", "{}"}}});
    making.run();
    CHECK(making.hub().releases.size() == 1);
    CHECK(making.hub().releases.front().files.size() == 2);
    CHECK(making.hub().count("POST releases/5/assets*") == 1);
}

TEST_CASE("The draft of a killed run for another commit is released on this run's commit") {
    Making making;
    making.hub().releases.push_back({.id = 5,
                                     .tag = "1.1.0",
                                     .body = "older notes <!-- python-image-action:release -->",
                                     .target = std::string(40, 'b'),
                                     .files = {{6, "publication.json", "{}"}}});
    CHECK(making.run().created);
    CHECK(making.hub().tags.at("1.1.0") == commit);
    CHECK(making.hub().releases.front().body.starts_with("notes\n"));
    CHECK(making.hub().count("POST releases") == 0);
}

TEST_CASE("A draft that this action did not create stays unchanged, and no release is made") {
    for (const bool with_own_draft : {false, true}) {
        Making making;
        making.hub().releases.push_back(
            {.id = 5, .tag = "1.1.0", .name = "Next", .body = "Written by hand", .target = std::string(40, 'b')});
        if (with_own_draft) making.hub().releases.push_back({.id = 6, .tag = "1.1.0"});
        const Error error = error_of([&] { making.run(); });
        CHECK(error.exit == Exit::refused);
        CHECK(error.problems.front().what ==
              "there is a draft of the release 1.1.0 that this action did not write, so no release was made: "
              "https://github.example/defra/images/releases/1.1.0");
        CHECK(error.problems.front().hint ==
              "delete the draft or give it another tag (copy its notes first), then press Re-run failed jobs");
        CHECK(making.hub().releases.front().body == "Written by hand");
        CHECK(making.hub().releases.front().draft);
        CHECK(making.hub().count("POST *") + making.hub().count("PATCH *") + making.hub().count("DELETE *") == 0);
    }
}

TEST_CASE("A partly uploaded file is deleted and uploaded again") {
    Making making;
    making.hub().releases.push_back({.id = 5, .tag = "1.1.0", .files = {{6, "publication.json", "{"}}});
    making.run();
    CHECK(making.hub().count("DELETE releases/assets/6") == 1);
    CHECK(making.hub().releases.front().files.back().content == "{}");
}

TEST_CASE("After a lost response to a new draft, it is looked up, and exactly one release exists") {
    Making making;
    making.hub().faults = {{"POST", "releases", refused(502, ""), true, 1}};
    CHECK(making.run().created);
    CHECK(making.hub().releases.size() == 1);
}

TEST_CASE("After a lost response to a file, it is looked up") {
    Making making;
    making.hub().faults = {{"POST", "releases/*/assets*", refused(502, ""), true, 1}};
    CHECK(making.run().created);
    CHECK(making.hub().releases.front().files.size() == 2);
}

TEST_CASE("A file that already exists is checked, and uploaded again if it differs") {
    for (const bool same : {true, false}) {
        Making making;
        bool planted = false;
        making.hub().before = [&] {
            FakeGitHub& hub = making.hub();
            if (planted || !hub.lines.back().starts_with("POST releases/101/assets?name=publication")) return;
            hub.releases.front().files.push_back({7, "publication.json", same ? "{}" : "another"});
            planted = true;
        };
        CHECK(making.run().created);
        CHECK(making.hub().releases.front().files.back().content == "{}");
        CHECK(making.hub().count("POST releases/101/assets?name=publication*") == (same ? 1 : 2));
    }
}

TEST_CASE("A release that accepts no more files is an error that lists the missing ones") {
    Making making;
    making.hub().faults = {{"POST", "releases/*/assets*",
                            refused(422, R"({"message":"Cannot upload assets to an immutable release."})"), false, -1}};
    const Error error = error_of([&] { making.run(); });
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what ==
          "the file evidence.tar.gz of the release 1.1.0 was not uploaded; the release is still a draft: 422 Cannot "
          "upload "
          "assets to an immutable release.");
    CHECK(making.hub().count("POST releases/*/assets*") == 1);
}

TEST_CASE("Of two drafts the older stays, and empty ones are deleted") {
    Making making;
    making.hub().releases.push_back({.id = 5, .tag = "1.1.0"});
    making.hub().releases.push_back({.id = 6, .tag = "1.1.0"});
    making.hub().releases.push_back({.id = 7, .tag = "1.2.0"});
    making.run();
    CHECK(making.hub().releases.size() == 2);
    CHECK(making.hub().releases.front().id == 5);
    CHECK_FALSE(making.hub().releases.front().draft);
}

TEST_CASE("A release made by a faster run is accepted") {
    Making making;
    making.hub().faults = {
        {"POST", "releases", refused(422, R"({"errors":[{"code":"already_exists","field":"tag_name"}]})"), true, 1}};
    making.run();
    CHECK(making.hub().releases.size() == 1);
}

TEST_CASE("The later of two concurrent runs deletes its draft and waits for the other's release") {
    Making making;
    int polls = 0;
    making.hub().before = [&] {
        FakeGitHub& hub = making.hub();
        if (hub.lines.back() == "POST releases") hub.releases.push_back({.id = 7, .tag = "1.1.0"});
        if (hub.lines.back() == "GET releases/7" && ++polls == 3) hub.releases.front().draft = false;
    };
    CHECK_FALSE(making.run().created);
    CHECK(making.hub().releases.size() == 1);
    CHECK(making.hub().releases.front().id == 7);
    CHECK(making.hub().count("POST releases/*") == 0);
}

TEST_CASE("A file changed by another run is uploaded again before the release is published") {
    Making making;
    bool changed = false;
    making.hub().before = [&] {
        FakeGitHub& hub = making.hub();
        if (changed || !hub.lines.back().starts_with("POST releases/101/assets?name=publication")) return;
        hub.releases.front().files.front().content = "another";
        changed = true;
    };
    CHECK(making.run().created);
    for (const FakeGitHub::FileOfRelease& file : making.hub().releases.front().files)
        CHECK(file.content == making.server.fake.files.texts.at("out/release/" + file.name));
}

TEST_CASE("A tag on another commit means that the version is taken") {
    Making making;
    making.hub().tags["1.1.0"] = std::string(40, 'c');
    const Error error = error_of([&] { making.run(); });
    CHECK(error.exit == Exit::refused);
    CHECK(error.problems.front().at == Place{"JOB.env", 1});
    CHECK(error.problems.front().what == "the tag 1.1.0 is there already, on another commit (ccccccc)");
    CHECK(making.hub().releases.empty());
}

TEST_CASE("The version of a deleted immutable release cannot be reused, and the error says so") {
    Making making;
    making.hub().faults = {
        {"POST", "releases",
         refused(422, R"({"errors":[{"code":"custom","message":"tag_name was used by an immutable release"}]})"), false,
         1}};
    const Error error = error_of([&] { making.run(); });
    CHECK(error.exit == Exit::refused);
    CHECK(holds(error.problems.front().what, "belonged to an immutable release once"));
    CHECK(error.problems.front().hint == "raise DEFRA_VERSION");
}

TEST_CASE("A rule against the tag is explained, and our draft is deleted") {
    Making making;
    making.hub().faults = {
        {"PATCH", "releases/*",
         refused(422, R"({"errors":[{"code":"custom","field":"pre_receive","message":"creations being restricted"}]})"),
         false, 1}};
    const Error error = error_of([&] { making.run(); });
    CHECK(error.problems.front().hint.starts_with("a rule of this repository does not let this tag be created"));
    CHECK(making.hub().releases.empty());
}

TEST_CASE("A commit that GitHub does not have is named, with a hint") {
    Making making;
    making.hub().faults = {{"PATCH", "releases/*",
                            refused(422, R"({"errors":[{"code":"invalid","field":"target_commitish"}]})"), false, 1}};
    const Error error = error_of([&] { making.run(); });
    CHECK(error.problems.front().hint ==
          "GitHub does not have the commit aaaaaaa, which is checked out here: push it first");
    CHECK(making.hub().releases.empty());
}

TEST_CASE("A commit that changes workflows is released without a target if the tag gets the right commit anyway") {
    Making making;
    making.hub().head = commit;
    making.hub().faults = {{"POST", "releases", refused(404, R"({"message":"Not Found"})"), false, 1}};
    CHECK(making.run().created);
    CHECK(making.hub().tags.at("1.1.0") == commit);
    CHECK(making.hub().releases.front().target.empty());
}

TEST_CASE("An older commit that changes workflows cannot be released by a workflow; the hint says how") {
    Making making;
    making.hub().head = std::string(40, 'b');
    making.hub().faults = {
        {"POST", "releases", refused(403, R"({"message":"Resource not accessible by integration"})"), false, -1}};
    const Error error = error_of([&] { making.run(); });
    CHECK(holds(error.problems.front().hint, "git push origin " + commit + ":refs/tags/1.1.0"));
    CHECK(making.hub().count("POST releases") == 1);
}

TEST_CASE("An older line of versions does not become the latest release") {
    Making making;
    making.hub().releases.push_back({.id = 5, .tag = "2.0.0", .draft = false});
    making.hub().releases.push_back({.id = 6, .tag = "v9.0.0", .draft = false});
    making.run();
    CHECK(making.hub().releases.back().make_latest == "false");
}

TEST_CASE("The last release is the highest published version without a prefix") {
    std::vector<Release> releases(5);
    releases[0] = {.id = 1, .tag = "1.10.0", .draft = false, .url = "", .uploads = ""};
    releases[1] = {.id = 2, .tag = "1.9.0", .draft = false, .url = "", .uploads = ""};
    releases[2] = {.id = 3, .tag = "v2.0.0", .draft = false, .url = "", .uploads = ""};
    releases[3] = {.id = 4, .tag = "3.0.0", .draft = true, .url = "", .uploads = ""};
    releases[4] = {.id = 5, .tag = "latest", .draft = false, .url = "", .uploads = ""};
    CHECK(find_last_release(releases)->tag == "1.10.0");
    CHECK(find_last_release({}) == nullptr);
}

TEST_CASE("Tag names are percent-encoded in paths") {
    ScriptedGitHub server;
    server.hub.tags["a/b#ü"] = commit;
    Api api = server.api();
    CHECK(load_tag_commit(api, "a/b#ü") == commit);
    CHECK(server.hub.lines.front() == "GET git/ref/tags/a%2Fb%23%C3%BC");
    CHECK(load_tag_commit(api, "nothing").empty());
}
