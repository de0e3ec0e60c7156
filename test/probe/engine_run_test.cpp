#include "probe/engine_run.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "contract/certificates.h"
#include "contract/good_image.h"
#include "expect.h"
#include "probe/fake_engine.h"
#include "probe/layout_on_disk.h"
#include "probe/test_images.h"

namespace {

struct Stage {
    FakeWorld fake;
    FilesWithDisk files;
    FakeEngine engine{fake};
    EngineInfo info;

    Stage() {
        info.api_version = "1.45";
        info.architecture = "amd64";
        info.socket = "/var/run/docker.sock";
    }
    World world() {
        return {fake.processes, fake.http, files, fake.clock, fake.timings, fake.environment, fake.out, fake.log};
    }
};

std::string seconds_ago(FakeWorld& fake, std::chrono::seconds ago) {
    return std::to_string((fake.clock.now() - ago).time_since_epoch().count());
}

const ImageUnderTest service{.name = "service:1", .reference = "service:1"};

std::map<std::string, ContractRow> test_service(Stage& stage, const TestSettings& settings) {
    return rows_by_id(run_contract(stage.world(), stage.info, {service}, settings).at(0));
}

/// The output of the containers of a good image.
std::string good_output(const std::string& description) {
    if (description.find("\"service,stay\"") != std::string::npos)
        return "\n{\"probe\": \"zombies\", \"values\": [\"0\"]}\nstaying\n";
    if (description.find(",tls\"") != std::string::npos)
        return "\n{\"probe\": \"utf-8\", \"values\": [\"utf-8\", \"utf-8\", \"utf-8\"]}\n";
    const std::string user = description.find("23456:23456") == std::string::npos ? "1000" : "23456";
    return "\n{\"probe\": \"restricted\", \"values\": [\"" + user +
           "\", \"read-only\", \"no capabilities\", \"no new privileges\"]}\nstaying\n";
}

}  // namespace

TEST_CASE("only the leftovers of killed runs that are an hour old are removed") {
    Stage stage;
    const std::string old = seconds_ago(stage.fake, std::chrono::hours(1)) + "-abc";
    const std::string young = seconds_ago(stage.fake, std::chrono::minutes(59)) + "-abc";
    stage.engine.containers = {{"old", {old, "", false}},
                               {"young", {young, "", true}},
                               {"strange", {"yes", "", false}},
                               {"digits", {"17", "", false}}};
    stage.engine.images = {"python-image-action-test:" + old + "-0", "python-image-action-test:" + young + "-0",
                           "python-image-action-test:mine", "python:" + old};
    { const EngineRun run(stage.world(), stage.info); }
    CHECK_FALSE(stage.engine.containers.contains("old"));
    CHECK(stage.engine.containers.size() == 3);
    CHECK_FALSE(stage.engine.images.contains("python-image-action-test:" + old + "-0"));
    CHECK(stage.engine.images.size() == 3);
}

TEST_CASE("a layout is loaded as a tar that both image stores can read, and removed at the end") {
    Stage stage;
    LayoutOnDisk disk;
    {
        EngineRun run(stage.world(), stage.info);
        const std::string name = run.load_image(disk.layout);
        CHECK(stage.engine.images == std::set<std::string>{name});
        CHECK(name.starts_with("python-image-action-test:"));
        CHECK(run.load_image(disk.layout) != name);
        CHECK(std::filesystem::is_empty(run.directory()));
    }
    CHECK(stage.engine.images.empty());
    CHECK_FALSE(std::filesystem::exists(stage.files.made.at(0)));
}

TEST_CASE("a container is created although a layer went with the image of another run") {
    Stage stage;
    EngineRun run(stage.world(), stage.info);
    stage.engine.losses = 1;
    CHECK(run.create_container({.image = "x"}) == "c1");
    stage.engine.losses = 2;
    const std::string refusal = thrown_by([&] { run.create_container({.image = "x"}); });
    CHECK(refusal.find("parent snapshot sha256:d177 does not exist") != std::string::npos);
}

TEST_CASE("everything is removed after an error, except the containers of other runs") {
    Stage stage;
    stage.engine.containers["other"] = {seconds_ago(stage.fake, std::chrono::minutes(1)) + "-other", "", true};
    const std::string text = thrown_by([&] {
        EngineRun run(stage.world(), stage.info);
        run.create_container({.image = "x"});
        CHECK(stage.engine.containers.size() == 2);
        throw Error{Exit::failed, "the network is down", ""};
    });
    CHECK(text == "the network is down\n");
    CHECK(stage.engine.containers.size() == 1);
    CHECK(stage.engine.containers.contains("other"));
}

TEST_CASE("a failed removal is reported and hides no other error") {
    Stage stage;
    {
        EngineRun run(stage.world(), stage.info);
        run.create_container({.image = "x"});
        stage.fake.http.stubs.clear();
        stage.fake.http.fail("GET", "http://docker/*", "the engine is gone");
    }
    CHECK(
        stage.fake.log.str().starts_with("what the test put into the Docker Engine could not be removed; the next test "
                                         "removes it after an hour\nGET http://docker/v1.45/containers/json"));
    CHECK_FALSE(std::filesystem::exists(stage.files.made.at(0)));
}

TEST_CASE("a restricted container is created with all documented restrictions") {
    Stage stage;
    EngineRun run(stage.world(), stage.info);
    const std::string id = run.create_container({.image = "x:1",
                                                 .platform = "linux/arm64",
                                                 .entrypoint = {"python"},
                                                 .command = {"-V"},
                                                 .user = "23456",
                                                 .restricted = true});
    const std::string& run_id = stage.engine.containers.at(id).run;
    CHECK(stage.fake.http.sent.back().url == "http://docker/v1.45/containers/create?platform=linux%2Farm64");
    CHECK(
        stage.engine.containers.at(id).description ==
        R"({"Image":"x:1","Entrypoint":["python"],"Cmd":["-V"],"User":"23456","Labels":{"io.github.defra.python-image-action.test":")" +
            run_id +
            R"("},"HostConfig":{"NetworkMode":"none","LogConfig":{"Type":"json-file","Config":{"max-size":"4m"}},)"
            R"("ReadonlyRootfs":true,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges"],"Tmpfs":{"/tmp":""}}})");
}

TEST_CASE("stdout and stderr of a log are separated") {
    Stage stage;
    EngineRun run(stage.world(), stage.info);
    stage.fake.http.stubs.clear();
    stage.fake.http.stub("GET", "http://docker/v1.45/containers/c/logs*", 200,
                         frame(1, "a\n") + frame(2, "b\n") + frame(1, "c\n") +
                             std::string("\x01\0\0\0\0\0\xFF\xFF"
                                         "cut",
                                         11));
    const ContainerOutput output = run.read_logs("c");
    CHECK(output.out == "a\nc\ncut");
    CHECK(output.err == "b\n");
    stage.fake.http.stub("GET", "http://docker/v1.45/*", 200, "[]");
}

TEST_CASE("the error for a container that does not start names the image, the machine or the engine as the cause") {
    Stage stage;
    EngineRun run(stage.world(), stage.info);
    stage.fake.http.stubs.clear();
    const std::string start = "http://docker/v1.45/containers/c/start";
    stage.fake.http.stub("POST", start, 400,
                         R"({"message":"exec: \"python\": executable file not found in $PATH: unknown"})");
    stage.fake.http.stub("POST", start, 500, R"({"message":"exec /usr/bin/tini: exec format error"})");
    stage.fake.http.stub("POST", start, 500, R"({"message":"no space left on device"})");
    CHECK(run.start_container("c") == "exec: \"python\": executable file not found in $PATH: unknown");
    CHECK(thrown_by([&] { run.start_container("c"); }) ==
          "this machine cannot run programs of the image's architecture: exec /usr/bin/tini: exec format error\n"
          "  hint: test it on a machine of that architecture, or install qemu-user-static and binfmt-support\n");
    CHECK(thrown_by([&] { run.start_container("c"); }) ==
          "the Docker Engine refused POST /v1.45/containers/c/start with HTTP 500: no space left on device\n"
          "  hint: see the engine's own log; docker info shows whether it is well\n");
    stage.fake.http.stub("GET", "http://docker/v1.45/*", 200, "[]");
}

TEST_CASE("a load that fails half-way is an error although the status is 200") {
    Stage stage;
    LayoutOnDisk disk;
    stage.fake.http.stubs.clear();
    stage.fake.http.stub("POST", "http://docker/v1.45/images/load*", 200,
                         R"({"errorDetail":{"message":"no space left on device"}})");
    stage.fake.http.stub("GET", "http://docker/v1.45/*", 200, "[]");
    stage.fake.http.stub("DELETE", "http://docker/v1.45/images/*", 404, "");
    EngineRun run(stage.world(), stage.info);
    CHECK(thrown_by([&] { run.load_image(disk.layout); })
              .starts_with("the Docker Engine could not load x-production-linux-amd64: "
                           "\"errorDetail\":{\"message\":\"no space left"));
}

TEST_CASE("an image that the engine does not have is an invalid option") {
    Stage stage;
    stage.fake.http.stubs.clear();
    stage.fake.http.stub("GET", "http://docker/v1.45/images/my%20image:1/json", 404, R"({"message":"no such image"})");
    stage.fake.http.stub("GET", "http://docker/v1.45/*", 200, "[]");
    EngineRun run(stage.world(), stage.info);
    CHECK(
        thrown_by([&] { run.inspect_image("my image:1"); }, Exit::bad_input) ==
        "the Docker Engine has no image \"my image:1\"\n  hint: docker pull it, or see what there is: docker images\n");
}

TEST_CASE("an image is tested in three containers, which are all removed") {
    Stage stage;
    stage.engine.log = good_output;
    TestSettings settings;
    settings.contract.off = {"python-version"};
    const auto rows = test_service(stage, settings);
    for (const char* row : {"user-numeric", "utf-8", "read-only", "any-user", "orphans", "stop"}) {
        INFO(row);
        CHECK(rows.at(row).result == RowResult::passed);
    }
    CHECK(rows.at("python-version").result == RowResult::expected);
    CHECK(rows.at("user-nonroot").result == RowResult::failed);
    CHECK(stage.engine.containers.empty());
    const auto created = std::count_if(stage.fake.http.sent.begin(), stage.fake.http.sent.end(),
                                       [](const Request& r) { return r.url.ends_with("/containers/create"); });
    CHECK(created == 4);  // three that run, and one for the export
}

TEST_CASE("probes that share a container have separate results") {
    const struct {
        std::string row;
        std::string container;  ///< part of its description
        std::string printed;
        std::string found;
    } faults[] = {
        {"read-only", "\"restricted,stay\"", R"({"probe": "restricted", "values": ["0", "writable"]})", "0, writable"},
        {"any-user", "23456:23456", R"({"probe": "restricted", "error": "no HOME"})", "no HOME"},
        {"orphans", "\"service,stay\"", R"({"probe": "zombies", "values": ["1"]})", "1"},
        {"utf-8", ",tls\"", R"({"probe": "utf-8", "values": ["ascii"]})", "ascii"},
    };
    for (const auto& fault : faults) {
        INFO(fault.row);
        Stage stage;
        stage.engine.log = [&](const std::string& description) {
            const bool is_it = description.find(fault.container) != std::string::npos;
            return is_it ? "\n" + fault.printed + "\nstaying\n" : good_output(description);
        };
        const auto rows = test_service(stage, TestSettings{});
        CHECK(rows.at(fault.row).found == fault.found);
        for (const char* row : {"utf-8", "read-only", "any-user", "orphans", "stop"}) {
            INFO(row);
            CHECK(rows.at(row).result == (row == fault.row ? RowResult::failed : RowResult::passed));
        }
    }
}

TEST_CASE("a container that exits early fails its own probes and those that were to run in it") {
    Stage stage;
    stage.engine.short_lived = true;
    stage.engine.log = [](const std::string&) { return ""; };
    const auto rows = test_service(stage, TestSettings{});
    CHECK(rows.at("stop").found == "it did not begin to work, and ended with exit code 143: ");
    CHECK(rows.at("orphans").found == "the container ended with exit code 143 before");
    CHECK(rows.at("read-only").found == "the container ended with exit code 143 before");
    CHECK(rows.at("any-user").found == "the container is not running");
}

TEST_CASE("the last line on a container's standard error is cut between two characters, without escape sequences") {
    Stage stage;
    stage.engine.short_lived = true;
    const std::string longest(290, 'x');
    stage.engine.said = "first\n\x1b[31m" + longest + "\x1b[0mä\n";
    CHECK(test_service(stage, TestSettings{}).at("orphans").found ==
          "the container ended with exit code 143 before: " + longest);
}

TEST_CASE("the certificate authority added for the test is not counted as trusted by the image") {
    Stage stage;
    std::string added;
    stage.engine.log = [&](const std::string& description) -> std::string {
        if (description.find(",tls\"") == std::string::npos) return good_output(description);
        for (const Request& request : stage.fake.http.sent) {
            if (request.method != "PUT") continue;
            added = *list_fingerprints(request.body.substr(0, request.body.find("trusted.pem"))).begin();
        }
        return R"({"probe": "trusted", "values": ["aa", ")" + added + R"("]})" +
               "\n"
               R"({"probe": "trusted-without-environment", "values": ["aa", ")" +
               added + R"("]})";
    };
    TestSettings settings;
    settings.jobs = 1;  // the log reads what was sent
    const auto rows = test_service(stage, settings);
    CHECK_FALSE(added.empty());
    CHECK(rows.at("openssldir").found == "1 authority");
}

TEST_CASE("files are read from the layers of a layout, each once, without an export") {
    Stage stage;
    LayoutOnDisk disk;
    Layout second = disk.layout;
    second.name = "y-production-linux-amd64";
    ImageUnderTest first{.name = disk.layout.name, .platform = "linux/amd64", .expected = {}};
    first.layout = disk.layout;
    ImageUnderTest other = first;
    other.layout = second;
    std::vector<ContractReport> reports;
    REQUIRE(thrown_by([&] {
                reports = run_contract(stage.world(), stage.info, {first, other}, TestSettings{});
            }) == "no error");
    for (const ContractReport& report : reports)
        CHECK(rows_by_id(report).at("user-nonroot").found == "user nonroot:1000:1000, group none");
    CHECK(std::count(stage.files.hashed.begin(), stage.files.hashed.end(),
                     blob_path(disk.layout.directory, disk.layout.layers[0].digest)) == 1);
    CHECK(stage.fake.http.lines().find("/export") == std::string::npos);
    CHECK(stage.engine.images.empty());

    SECTION("a layer that does not match its digest is an error") {
        std::ofstream(blob_path(disk.layout.directory, disk.layout.layers[0].digest)) << "something else";
        CHECK(thrown_by([&] {
                  run_contract(stage.world(), stage.info, {first}, TestSettings{});
              }).ends_with(": this layer is not what its digest says\n  hint: build the image again\n"));
        CHECK(stage.engine.containers.empty());
        CHECK(stage.engine.images.empty());
    }
    SECTION("an unreadable layer is exported by the engine") {
        first.layout->layers[0].media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
        run_contract(stage.world(), stage.info, {first}, TestSettings{});
        CHECK(stage.fake.http.lines().find("/export") != std::string::npos);
    }
}

TEST_CASE("one authority is added to the trust store, and the servers get their certificates") {
    Stage stage;
    run_contract(stage.world(), stage.info, {service}, TestSettings{});
    std::map<std::string, std::string> written;
    for (const Request& request : stage.fake.http.sent) {
        if (request.method != "PUT") continue;
        std::istringstream stream(request.body);
        TarReader tar(stream, "what was written");
        while (const auto entry = tar.next()) {
            for (std::string_view piece = tar.read_piece(); !piece.empty(); piece = tar.read_piece())
                written[entry->path] += piece;
        }
    }
    REQUIRE(written.size() == 3);
    const std::string& bundle = written.at("etc/ssl/certs/ca-certificates.crt");
    CHECK(bundle.starts_with("authorities\n\n-----BEGIN CERTIFICATE-----"));
    const std::vector<Certificate> authorities = parse_certificates({{"bundle", bundle}});
    REQUIRE(authorities.size() == 1);
    CHECK(authorities[0].subject == "CN=Authority of a contract test");
    CHECK(authorities[0].refused_because.empty());
    CHECK(written.at("tmp/python-image-action/trusted.pem").find("PRIVATE KEY") != std::string::npos);
    CHECK(written.at("tmp/python-image-action/stranger.pem") != written.at("tmp/python-image-action/trusted.pem"));
}

TEST_CASE("the generated certificates are valid for every serial number") {
    for (int i = 0; i < 500; ++i) {
        const TestAuthority authority = make_test_authority("Authority", Time(std::chrono::seconds(1764000000)));
        REQUIRE(list_fingerprints(authority.certificate).size() == 1);
        REQUIRE(list_fingerprints(authority.server).size() == 1);
    }
}

TEST_CASE("a slow stop is repeated: the machine may have been busy") {
    Stage stage;
    stage.fake.http.stubs.clear();
    stage.fake.http.stub_with("POST", "http://docker/v1.45/containers/*/stop*", [&](const Request&) {
        stage.fake.clock.sleep(std::chrono::seconds(7));
        return Response{204, {}, ""};  // the first time; the fake engine handles the later ones
    });
    FakeEngine rest(stage.fake);
    TestSettings settings;
    settings.jobs = 1;
    CHECK(test_service(stage, settings).at("stop").found == "exit code 143 after 0.0 s");
    CHECK(std::count_if(stage.fake.http.sent.begin(), stage.fake.http.sent.end(),
                        [](const Request& r) { return r.url.find("/stop?") != std::string::npos; }) == 2);
}

TEST_CASE("a stop that is always slow fails") {
    Stage stage;
    stage.engine.stop_takes = std::chrono::seconds(10);
    TestSettings settings;
    settings.jobs = 1;
    const auto rows = test_service(stage, settings);
    CHECK(rows.at("stop").result == RowResult::failed);
    CHECK(rows.at("stop").found == "exit code 143 after 10.0 s");
}

TEST_CASE("a container that never exits is removed by force, and all its probes fail") {
    Stage stage;
    stage.engine.endless = true;
    stage.engine.log = [](const std::string&) { return ""; };
    const auto rows = test_service(stage, TestSettings{});
    for (const char* row : {"utf-8", "read-only", "orphans"})
        CHECK(rows.at(row).found == "it did not end within 600 s");
    CHECK(rows.at("stop").result == RowResult::failed);
    CHECK(std::ranges::any_of(stage.fake.http.sent, [](const Request& request) {
        return request.method == "DELETE" && request.url.find("/containers/") != std::string::npos &&
               request.url.find("force=1") != std::string::npos;
    }));
    CHECK(stage.engine.containers.empty());
}

TEST_CASE("an error in one probe ends the test, and everything is removed from the engine") {
    Stage stage;
    stage.fake.http.stubs.clear();
    stage.fake.http.stub("GET", "http://docker/v1.45/containers/*/export", 500, R"({"message":"the disk is full"})");
    FakeEngine rest(stage.fake);
    CHECK(thrown_by([&] {
              run_contract(stage.world(), stage.info, {service}, TestSettings{});
          }).starts_with("the Docker Engine refused GET /v1.45/containers/"));
    CHECK(rest.containers.empty());
}

TEST_CASE("a cancelled test removes everything from the engine") {
    Stage stage;
    stage.fake.http.stubs.clear();
    stage.fake.http.stub_with("GET", "http://docker/v1.45/containers/*/export",
                              [](const Request&) -> Response { throw Error{Exit::cancelled}; });
    FakeEngine rest(stage.fake);
    const std::string text =
        thrown_by([&] { run_contract(stage.world(), stage.info, {service}, TestSettings{}); }, Exit::cancelled);
    CHECK(text.empty());
    CHECK(rest.containers.empty());
}

TEST_CASE("the plan defines what an image should be") {
    Plan plan;
    plan.matrix.rows = {
        {.python_version = "3.13.3", .debian_version = "slim-bookworm", .distroless_version = "", .tags = {}}};
    plan.job.defra_version = "1.0.0";
    Image image;
    image.name = "3.13.3-production";
    image.python_version = "3.13.3";
    image.repository = "defradigital/python";
    plan.images = {image};
    LayoutOnDisk disk;
    disk.layout.image = "3.13.3-production";
    disk.layout.platform = "linux/arm64";
    const ImageUnderTest test = make_image_under_test(plan, disk.layout, {"size"});
    CHECK(test.expected.target == Target::production);
    CHECK_FALSE(test.expected.distroless);
    CHECK(test.expected.python_version == "3.13.3");
    CHECK(test.expected.defra_version == "1.0.0");
    CHECK(test.expected.repository == "defradigital/python");
    CHECK(test.expected.architecture == "arm64");
    CHECK(test.expected_failures == std::vector<std::string>{"size"});
}
