// `build`: errors before buildx is called, and bases that need a login: which programs see the credentials, and that
// none of them remain.
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "bake/fake_bake.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "commands/commands.h"
#include "commands/work_tree.h"
#include "oci/layout.h"

namespace {

const std::string auths = "- {registry: dhi.io, username: user, password: canary}";
const std::string basic = "Basic " + base64("user:canary");

std::string base_manifest() {
    return R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {"mediaType":
        "application/vnd.oci.image.config.v1+json", "size": 2, "digest": ")" +
           sha256("{}").text() + R"("}, "layers": []})";
}

/// An engine with the containerd image store.
void stub_engine(FakeWorld& fake) {
    fake.http.stub("GET", "http://docker/_ping", 200, "OK", {{"Api-Version", "1.45"}});
    fake.http.stub("GET", "http://docker/v1.45/version", 200, R"({"Version":"28.0.4"})");
    fake.http.stub("GET", "http://docker/v1.45/info", 200,
                   R"({"OSType":"linux","Architecture":"x86_64",
                         "DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]})");
}

/// An entry of the --stand-ins list for linux/amd64; another `end` makes another image.
std::string add_stand_in(FakeWorld& fake, const std::string& reference, const std::string& layout,
                         const std::string& end = "") {
    const std::string config = R"({"os": "linux", "architecture": "amd64"})" + end;
    const std::string manifest =
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {"mediaType":
        "application/vnd.oci.image.config.v1+json", "size": 1, "digest": ")" +
        sha256(config).text() + R"("}, "layers": []})";
    fake.files.texts[blob_path(layout, sha256(config))] = config;
    fake.files.texts[blob_path(layout, sha256(manifest))] = manifest;
    return "\"" + reference + R"(": {"layout": ")" + layout + R"(", "digest": ")" + sha256(manifest).text() + "\"}";
}

Error build_error(FakeWorld& fake, const std::map<std::string, std::string>& options) {
    return error_of([&] { run_build(fake.world(), parse_settings(options)); });
}

/// A project on a base of dhi.io, an engine with the containerd store, and a buildx whose bake fails.
struct PrivateBase {
    WorkTreeWorld fake;
    std::string docker_config;  ///< DOCKER_CONFIG of the bake
    std::string bake_file;

    PrivateBase() {
        fake.files.texts["Dockerfile"] =
            "ARG BASE_VERSION=3.13.3-slim-bookworm\nARG DISTROLESS_VERSION=cc-debian12\nARG "
            "PRODUCTION_KIND=distroless\n"
            "ARG DEFRA_VERSION=1.0.0\nFROM dhi.io/python:3.13 AS development\nFROM dhi.io/python:3.13 AS production\n";
        stub_engine(fake);
        fake.http.stub("GET", "https://dhi.io/v2/", 401, "", {{"WWW-Authenticate", "Basic realm=\"dhi\""}});
        fake.http.stub_with("GET", "https://dhi.io/v2/python/*", [](const Request& request) -> Response {
            for (const Header& header : request.headers) {
                if (header.name == "Authorization" && header.value == basic) return {200, {}, base_manifest()};
            }
            return {401, {{"WWW-Authenticate", "Basic realm=\"dhi\""}}, ""};
        });
        fake.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.36.1 1234567\n");
        fake.processes.stub_with({"docker-buildx", "bake"}, [this](const Command& command) {
            docker_config = fake.files.read(command.environment.at("DOCKER_CONFIG") + "/config.json");
            bake_file = fake.files.read(command.environment.at("DOCKER_CONFIG") + "/bake.json");
            return Finished{.exit_code = 1, .timed_out = false, .out = "", .err = "ERROR: no", .truncated = false};
        });
    }

    Error build(const std::map<std::string, std::string>& options) { return build_error(fake, options); }
};

const std::string a_layout = "3.13.3-production-linux-amd64";

/// A project whose build succeeds, on a stand-in.
struct RepeatedBuild {
    WorkTreeWorld fake;
    std::map<std::string, std::string> options = {
        {"stand-ins", "stand-ins.json"}, {"build-ca", "our.crt"}, {"out", "/out"}};
    std::size_t builds = 0;

    RepeatedBuild() {
        fake.files.texts["Dockerfile"] =
            "ARG BASE_VERSION=3.13.3-slim-bookworm\nARG DISTROLESS_VERSION=cc-debian12\nARG "
            "PRODUCTION_KIND=distroless\nARG DEFRA_VERSION=1.0.0\n"
            "FROM tools.example/python:1 AS development\nCOPY image/file /\nFROM development AS production\n";
        fake.files.texts["image/file"] = "file";
        fake.files.texts["our.crt"] = "certificate";
        fake.files.texts["stand-ins.json"] =
            "{" + add_stand_in(fake, "tools.example/python:1", "/stand-ins/python") + "}";
        stub_engine(fake);
        fake.processes.stub({"docker-buildx", "version"}, "github.com/docker/buildx v0.36.1 1234567\n");
        fake.processes.stub_with({"docker-buildx", "bake"}, [this](const Command& command) {
            return bake(fake, std::to_string(++builds))(command);
        });
    }

    Result build() { return run_build(fake.world(), parse_settings(options)); }
};

}  // namespace

TEST_CASE("Stand-ins of another architecture are rejected, each at its line of the Dockerfile") {
    WorkTreeWorld fake;
    stub_engine(fake);
    fake.files.texts["stand-ins.json"] =
        "{" + add_stand_in(fake, "python:3.13.3-slim-bookworm", "/stand-ins/python") + ",\n" +
        add_stand_in(fake, "docker.io/library/python:3.12.6-slim-bookworm", "/stand-ins/python") + ",\n" +
        add_stand_in(fake, "gcr.io/distroless/cc-debian12:nonroot", "/stand-ins/cc") + "}";
    const Error error = build_error(fake, {{"stand-ins", "stand-ins.json"}, {"platforms", "linux/arm64"}});
    CHECK(error.exit == Exit::bad_input);
    CHECK(holds(error.problems,
                "Dockerfile:5: the stand-in for python:3.13.3-slim-bookworm is for linux/amd64, not for "
                "linux/arm64, in stand-ins.json\n"));
    CHECK(holds(error.problems, "Dockerfile:5: the stand-in for python:3.12.6-slim-bookworm is for"));
    CHECK(holds(error.problems, "Dockerfile:6: the stand-in for gcr.io/distroless/cc-debian12:nonroot is for"));
    CHECK_FALSE(holds(fake.processes.lines(), "buildx"));
    CHECK_FALSE(fake.files.texts.contains("out/bases.json"));
}

TEST_CASE("A named Dockerfile is pinned and built, even if there is another one at the root") {
    PrivateBase base;
    base.fake.files.texts["images/py/Dockerfile"] = base.fake.files.texts["Dockerfile"];
    base.fake.files.texts["Dockerfile"] = "FROM nowhere.example/other AS development\nFROM development AS production\n";
    base.build({{"dockerfile", "images/py/Dockerfile"}, {"registry-auths", auths}});
    CHECK(holds(base.bake_file, "\"dockerfile\": \"images/py/Dockerfile\""));
    CHECK(holds(base.bake_file, "dhi.io/python:3.13"));
    CHECK_FALSE(holds(base.bake_file, "nowhere.example"));
}

TEST_CASE("A base for the builder's platform need not exist for the images' platforms") {
    PrivateBase base;
    base.fake.files.texts["Dockerfile"] =
        "FROM --platform=$BUILDPLATFORM tools.example/compiler:1 AS compiler\nFROM dhi.io/python:3.13 AS development\n"
        "COPY --from=compiler /f /f\nFROM development AS production\n";
    base.fake.http.stub("GET", "https://tools.example/v2/compiler/manifests/1", 200,
                        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1, "digest": ")" +
                            sha256("amd64").text() + R"(", "platform": {"os": "linux", "architecture": "amd64"}}]})");
    base.build({{"platforms", "linux/arm64"}, {"registry-auths", auths}});
    CHECK(holds(base.bake_file, "docker-image://tools.example/compiler:1@sha256:"));
}

TEST_CASE("A missing --build-ca is an error before any base is resolved") {
    WorkTreeWorld fake;
    stub_engine(fake);
    const Error error = build_error(fake, {{"build-ca", "our.crt"}});
    CHECK(error.exit == Exit::bad_input);
    CHECK(render_problems(error.problems) ==
          "our.crt: there is no such file\n  hint: --build-ca names it: a bundle of CAs\n");
    CHECK(fake.http.sent.empty());
}

TEST_CASE("Credentials for a base's registry resolve the base, reach BuildKit, and are removed after the step") {
    PrivateBase base;
    const Error error = base.build({{"registry-auths", auths}});
    const rapidjson::Document config = parse_tool_json(base.docker_config, "config.json");
    CHECK("Basic " + text_at(member(member(config, "auths"), "dhi.io"), "auth") == basic);
    for (const auto& [file, text] : base.fake.files.texts) {
        INFO(file);
        CHECK_FALSE(holds(error.problems, "canary"));
        CHECK_FALSE(holds(error.problems, base64("user:canary")));
    }
    const std::string shown =
        base.fake.processes.lines() + base.fake.log.str() + base.fake.out.str() + render_problems(error.problems);
    CHECK_FALSE(holds(shown, "canary"));
    CHECK_FALSE(holds(shown, base64("user:canary")));
}

TEST_CASE("A base without the required credentials is an error that says how to give them") {
    for (const std::map<std::string, std::string>& options :
         {std::map<std::string, std::string>{},
          {{"registry-auths", "- {registry: dhi.io, username: user, password: }"}}}) {
        PrivateBase base;
        const Error error = base.build(options);
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.front().hint.starts_with("it was asked without a login: give registry-auths"));
        CHECK(base.docker_config.empty());
    }
}

TEST_CASE("Docker Hub's credentials are used for its bases too, and for no other registry") {
    PrivateBase base;
    base.build({{"docker-username", "user"}, {"docker-token", "canary"}, {"registry-auths", auths}});
    const rapidjson::Document config = parse_tool_json(base.docker_config, "config.json");
    CHECK_FALSE(text_at(member(member(config, "auths"), "https://index.docker.io/v1/"), "auth").empty());

    PrivateBase without;
    without.build({{"docker-username", "user"}, {"docker-token", "canary"}});
    for (const Request& request : without.fake.http.sent) {
        for (const Header& header : request.headers) CHECK(header.name != "Authorization");
    }
}

TEST_CASE("A build that would repeat the last one is skipped, and the log says so") {
    RepeatedBuild repeated;
    const Result first = repeated.build();
    repeated.fake.files.texts["README.md"] = "does not go into images";
    const Result second = repeated.build();
    CHECK(repeated.builds == 1);
    CHECK(second.outputs.at("digests") == first.outputs.at("digests"));
    CHECK(holds(repeated.fake.log.str(), "nothing has changed since they were built (rebuild: always builds)"));
}

TEST_CASE("Images are built again after any change of what goes into them, or of what the last build left") {
    const std::vector<std::pair<const char*, std::function<void(RepeatedBuild&)>>> changes = {
        {"the Dockerfile", [](auto& r) { r.fake.files.texts["Dockerfile"] += "ENV A=1\n"; }},
        {"a file that is copied", [](auto& r) { r.fake.files.texts["image/file"] = "changed"; }},
        {"DEFRA_VERSION", [](auto& r) { r.fake.set_version("1.0.1"); }},
        {"the matrix", [](auto& r) { r.options["only"] = "3.13.3"; }},
        {"a base",
         [](auto& r) {
             r.fake.files.texts["stand-ins.json"] =
                 "{" + add_stand_in(r.fake, "tools.example/python:1", "/stand-ins/other", "\n") + "}";
         }},
        {"the CA bundle", [](auto& r) { r.fake.files.texts["our.crt"] = "another"; }},
        {"the builder", [](auto& r) { r.options["builder"] = "remote"; }},
        {"rebuild: always", [](auto& r) { r.options["rebuild"] = "always"; }},
        {"a cache to write", [](auto& r) { r.options["cache-to"] = "type=local,dest=cache"; }},
        {"a layout", [](auto& r) { write_layout(r.fake.files, "/out/images/" + a_layout, "of another build"); }},
        {"a blob",
         [](auto& r) {
             const Layout layout =
                 load_layout(r.fake.files, "/out/images/" + a_layout, "3.13.3-production", "linux/amd64");
             r.fake.files.texts[blob_path(layout.directory, layout.config)].back() = ' ';
         }},
        {"a missing record of the bases", [](auto& r) { r.fake.files.remove("/out/bases.json"); }},
        {"a missing layout", [](auto& r) { r.fake.files.remove("/out/images/" + a_layout); }},
    };
    for (const auto& [what, change] : changes) {
        INFO(what);
        RepeatedBuild repeated;
        repeated.build();
        change(repeated);
        repeated.build();
        CHECK(repeated.builds == 2);
    }
}

TEST_CASE("rebuild: no-cache reaches BuildKit, and the other values do not") {
    for (const char* rebuild : {"auto", "always", "no-cache"}) {
        INFO(rebuild);
        RepeatedBuild repeated;
        repeated.options["rebuild"] = rebuild;
        repeated.build();
        CHECK(repeated.builds == 1);
        CHECK(holds(repeated.fake.processes.lines(), "--no-cache") == (std::string_view(rebuild) == "no-cache"));
    }
}

TEST_CASE("In a workflow no build is skipped: what is in out/ may have been committed") {
    RepeatedBuild repeated;
    repeated.fake.environment.insert({{"GITHUB_ACTIONS", "true"}, {"GITHUB_EVENT_PATH", "/event"}});
    repeated.fake.files.texts["/event"] = "{}";
    repeated.build();
    repeated.build();
    CHECK(repeated.builds == 2);
}

TEST_CASE("What ADD fetches may change, so such a build is never skipped") {
    for (const char* line : {"ADD https://example.com/file /\n", "ADD git@example.com:a/b.git /\n", "ADD $PLACE /\n"}) {
        INFO(line);
        RepeatedBuild repeated;
        repeated.fake.files.texts["Dockerfile"] += line;
        repeated.build();
        repeated.build();
        CHECK(repeated.builds == 2);
    }
}
