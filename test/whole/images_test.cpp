// The parent images as services live on them: built by the documented commands, extended, debugged, stopped; and what
// the contract says of the recipe before this one.
#include <catch2/generators/catch_generators.hpp>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "places.h"
#include "whole/docker.h"

namespace {

const std::string version = "3.13.5";
/// Linked like the official image of 3.12, which the 3.12 of the other tests is not (docs/images.md).
const std::string older_version = "3.12.1";
constexpr const char* label_of_python = "uk.gov.defra.python.python-version";

std::string in_repository(const std::string& file) {
    return (fs::path(repository_dir()) / file).string();
}

fs::path layout_of(Project& project, const std::string& image) {
    return project.tree / "out/images" / (image + "-linux-amd64");
}

void build_parents(Project& project, const std::string& only) {
    require_success(project.run_on_stand_ins("build", {"--only", only}));
}

/// How a service's Dockerfile finds its parents, which are not published.
std::vector<std::string> on_parents(Project& project, Docker& docker, const std::string& python = version) {
    const std::string tag = "1.0.0-python" + python;
    std::vector<std::string> options = {"--build-arg", "PARENT_VERSION=" + tag};
    for (const auto& [name, repository] : std::map<std::string, std::string>{
             {"-production", "defradigital/python:"}, {"-development", "defradigital/python-development:"}}) {
        for (const std::string& option : docker.context(repository + tag, layout_of(project, python + name)))
            options.push_back(option);
    }
    return options;
}

/// How a plain build finds the bases that the Dockerfile names; its own default is a version that no stand-in has.
std::vector<std::string> on_stand_ins(Docker& docker) {
    std::vector<std::string> options;
    for (const auto& [reference, stand_in] : std::map<std::string, std::string>{
             {"python:3.13.3-slim-bookworm", "python:3.13.5-slim-bookworm"},
             {"python:3.12.3-slim-bookworm", "python:3.12.3-slim-bookworm"},
             {"gcr.io/distroless/cc-debian12:nonroot", "gcr.io/distroless/cc-debian12:nonroot"},
             {"ghcr.io/astral-sh/uv:0.13.9", "ghcr.io/astral-sh/uv:0.13.9"}}) {
        for (const std::string& option : docker.context(reference, stand_in_layout(stand_in)))
            options.push_back(option);
    }
    return options;
}

/// Writes the lock of the service in `directory`.
void lock_service(Project& project, Docker& docker, const fs::path& directory) {
    std::vector<std::string> lock = on_parents(project, docker);
    lock.insert(lock.end(), {"-f", in_repository("test/fixtures/lock.Dockerfile"), "--output", directory.string()});
    docker.build(directory, lock);
}

/// Builds a service with the documented Dockerfile; the image is called SERVICE-TARGET.
void build_target(Project& project, Docker& docker, const fs::path& directory, const std::string& service,
                  const std::string& target, const std::string& python) {
    std::vector<std::string> options = on_parents(project, docker, python);
    options.insert(options.end(),
                   {"-f", in_repository("examples/uv.Dockerfile"), "--target", target, "--tag",
                    docker.name(service + "-" + target), "--output=type=image,compression=uncompressed"});
    docker.build(directory, options);
}

/// A service in `directory`, with its lock, on both parents: SERVICE-production and SERVICE-development.
void build_service(Project& project, Docker& docker, const fs::path& directory, const std::string& service) {
    lock_service(project, docker, directory);
    for (const std::string target : {"production", "development"})
        build_target(project, docker, directory, service, target, version);
}

fs::path copy_service(Docker& docker, const std::string& from) {
    fs::copy(in_repository(from), docker.directory / "service", fs::copy_options::recursive);
    return docker.directory / "service";
}

std::map<std::string, ContractRow> load_rows(Project& project, std::string image) {
    std::replace(image.begin(), image.end(), ':', '_');
    std::map<std::string, ContractRow> rows;
    for (const ContractRow& row : parse_contract_json(project.text("out/tests/" + image + ".json"), image).rows)
        rows[row.id] = row;
    return rows;
}

std::set<std::string> broken_rows(const std::map<std::string, ContractRow>& rows) {
    std::set<std::string> broken;
    for (const auto& [id, row] : rows) {
        if (row.result == RowResult::failed) broken.insert(id);
    }
    return broken;
}

bool includes(const std::set<std::string>& all, const std::set<std::string>& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

std::vector<std::string> layer_digests(Project& project, const fs::path& directory) {
    const Layout layout = load_layout(project.real.files, directory, "any", "linux/amd64");
    std::vector<std::string> digests;
    for (const Descriptor& layer : layout.layers) digests.push_back(layer.digest.text());
    return digests;
}

rapidjson::Document load_configuration(Project& project, const fs::path& directory) {
    return parse_tool_json(
        load_config(project.real.files, load_layout(project.real.files, directory, "any", "linux/amd64")),
        "the configuration");
}

/// The authority of that name that an earlier run made, unless it ends soon: an image that trusts one made anew is
/// built anew, with all that stands on it.
TestAuthority kept_authority(Project& project, const std::string& name) {
    const fs::path file = cache_directory() / "test-authorities" / (name + ".pem");
    if (!fs::exists(file) || fs::last_write_time(file) < fs::file_time_type::clock::now() - std::chrono::days(20)) {
        const TestAuthority made = make_test_authority(name, project.real.clock.now(), std::chrono::days(30));
        fs::create_directories(file.parent_path());
        project.real.files.write(file, made.certificate + made.server);
    }
    const std::string text = project.real.files.read(file);
    const std::size_t server = text.find("-----BEGIN CERTIFICATE-----", 1);
    return {.certificate = text.substr(0, server), .server = text.substr(server)};
}

}  // namespace

TEST_CASE("Authorities in one file and in several are trusted by every client, in both targets") {
    // Only here: five TLS clients inside of real images.
    Project project;
    Docker docker(project);
    const TestAuthority first = kept_authority(project, "First of one file");
    const TestAuthority second = kept_authority(project, "Second of one file");
    const TestAuthority third = kept_authority(project, "Of a file of its own");
    const TestAuthority stranger = kept_authority(project, "Of no file");
    project.real.files.write(project.tree / "certificates/two.crt", first.certificate + second.certificate);
    project.real.files.write(project.tree / "certificates/third.crt", third.certificate);
    build_parents(project, version + "-*");

    check_success(project.run_on_stand_ins("test", {"--only", version + "-*"}));

    const fs::path service = copy_service(docker, "test/fixtures/tls-clients");
    build_service(project, docker, service, "clients");
    JsonWriter servers;
    servers.open_object();
    servers.field("first", first.server);
    servers.field("second", second.server);
    servers.field("third", third.server);
    servers.field("stranger", stranger.server);
    servers.close();
    for (const std::string target : {"production", "development"}) {
        INFO(target);
        const Finished ran =
            docker.run({"--rm", "--env", "SERVERS=" + servers.one_line(), docker.name("clients-" + target)});
        require_success(ran);
        const rapidjson::Document reached = parse_tool_json(ran.out, "what the clients reached");
        const std::vector<std::string> all =
            target == "production"
                ? std::vector<std::string>{"GDAL", "aiohttp", "gRPC", "httpx", "requests", "urllib", "uv"}
                : std::vector<std::string>{"GDAL", "aiohttp", "gRPC", "httpx", "pip", "requests", "urllib", "uv"};
        for (const char* server : {"first", "second", "third"}) CHECK(texts_at(reached, server) == all);
        CHECK(texts_at(reached, "stranger").empty());
    }
}

TEST_CASE("The example service is built on both parents, answers, can be debugged, and stops at once") {
    // Only here: the documented Dockerfiles of a service are built and run.
    Project project;
    Docker docker(project);
    build_parents(project, version + "-*");
    const fs::path service = copy_service(docker, "examples/service");
    build_service(project, docker, service, "example");

    for (const std::string target : {"production", "development"}) {
        INFO(target);
        const std::string container =
            docker.start({"--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--publish",
                          "127.0.0.1::8085", docker.name("example-" + target)});
        CHECK(docker.get(container, "8085", "/health") == R"({"status": "ok", "python": "3.13.5"})");
        docker.stop(container);
        CHECK(docker.exit_code(container) == "143");
    }

    // A debugger attaches to development, stops at a breakpoint and evaluates.
    const std::string container = docker.start({"--publish", "127.0.0.1::8085", "--publish", "127.0.0.1::8086",
                                                docker.name("example-development"), "-m", "debugpy", "--listen",
                                                "0.0.0.0:8086", "-m", "app.main"});
    const Finished debugged =
        project.start({"python3", in_repository("test/peers/debug.py"), docker.address(container, "8086"),
                       "http://" + docker.address(container, "8085") + "/health", (service / "app/main.py").string()});
    {
        INFO(debugged.err << docker.logs(container));
        CHECK(debugged.exit_code == 0);
        CHECK(debugged.out == "'3.13.5'\n200\n");
    }

    // Debian packages are added to production so that both scanners see them, and run.
    std::vector<std::string> options = on_parents(project, docker);
    options.insert(options.end(), {"-f", in_repository("examples/curl.Dockerfile")});
    std::vector<std::string> loaded = options;
    loaded.insert(loaded.end(), {"--tag", docker.name("curl"), "--output=type=image,compression=uncompressed"});
    docker.build(service, loaded);
    // The exit code says it: a busy engine may lose what a container prints that ends at once.
    const Finished curl = docker.run({"--rm", "--entrypoint", "sh", docker.name("curl"), "-c",
                                      "case $(curl --version) in curl*) ;; *) exit 1 ;; esac"});
    INFO(curl.err);
    CHECK(curl.exit_code == 0);
    options.insert(options.end(), {"--provenance=false", "--output",
                                   "type=oci,tar=false,dest=" + (docker.directory / "curl").string()});
    docker.build(service, options);
    for (const std::string& sbom : docker.list_packages(docker.directory / "curl")) {
        for (const char* package : {"curl", "dash", "libcurl4", "libssl3", "tini"})
            CHECK(holds(sbom, "\"" + std::string(package) + "\""));
    }

    // A team tests its own images against the contract, without the checks that a service may change.
    fs::copy(in_repository("examples/service-contract.yml"), project.tree / "contract.yml");
    const std::string images =
        docker.name("example-production") + "," + docker.name("example-development") + "," + docker.name("curl");
    check_success(project.run("test", {"--reference", images, "--contract", "contract.yml"}));
}

TEST_CASE("Three services with compiled wheels work on both parents of both Pythons") {
    // Only here: compiled wheels are installed into real images and imported.
    Project project;
    Docker docker(project);
    project.real.files.write(project.tree / "matrix.json", R"([
        {"pythonVersion": "3.13.5", "debianVersion": "slim-bookworm", "distrolessVersion": "cc-debian12", "tags": []},
        {"pythonVersion": "3.12.1", "debianVersion": "slim-bookworm", "distrolessVersion": "cc-debian12", "tags": []}])");
    build_parents(project, "*");

    const std::vector<std::string> restricted = {"--read-only", "--cap-drop", "ALL", "--user",
                                                 "12345:0",     "--tmpfs",    "/tmp"};
    struct Started {
        std::string image;
        std::string container;
    };
    std::map<std::string, std::vector<Started>> started;  // by service
    std::string in_production;
    for (const std::string service : {"web", "science", "geography"}) {
        const fs::path services = in_repository("test/fixtures/services");
        const fs::path directory = docker.directory / service;
        fs::copy(services / service, directory, fs::copy_options::recursive);
        fs::copy(services / "checks.py", directory / "app");
        lock_service(project, docker, directory);
        for (const std::string& python : {version, older_version}) {
            for (const std::string target : {"production", "development"}) {
                const std::string of_row = service + "-" + python;
                const std::string image = docker.name(of_row + "-" + target);
                build_target(project, docker, directory, of_row, target, python);
                if (target == "production") in_production += (in_production.empty() ? "" : ",") + image;
                // They run while the next image is built.
                started[service].push_back({image, docker.start({image})});
                std::vector<std::string> words = restricted;
                words.push_back(image);
                started[service].push_back({image + ", restricted", docker.start(words)});
            }
        }
    }
    for (const auto& [service, containers] : started) {
        std::set<std::string> outputs;
        for (const Started& one : containers) {
            const Finished ended = docker.wait(one.container);
            INFO(one.image << "\n" << ended.out << ended.err);
            CHECK(ended.exit_code == 0);
            outputs.insert(ended.out);
        }
        INFO(service);
        CHECK(outputs.size() == 1);
    }

    std::string contract = project.real.files.read(in_repository("examples/service-contract.yml"));
    contract += "known:\n";
    for (const char* row : {"openssldir", "standard-modules"}) {  // what this 3.12 cannot do: docs/images.md
        contract += fmt::format(
            "  - {{row: {}, images: [\"*3.12.1*\"], reason: linked in, owner: tests, review_by: 2099-12-31}}\n", row);
    }
    project.real.files.write(project.tree / "contract.yml", contract);
    check_success(project.run("test", {"--reference", in_production, "--contract", "contract.yml"}));
}

TEST_CASE("Debian packages of every kind are added to production and work, and the contract knows whose they are") {
    // Only here: packages of a real distribution inside of real images.
    Project project;
    Docker docker(project);
    build_parents(project, version + "-*");
    std::vector<std::string> options = on_parents(project, docker);
    options.insert(options.end(), {"-f", in_repository("test/fixtures/debian-packages.Dockerfile"), "--tag",
                                   docker.name("packages"), "--output=type=image,compression=uncompressed"});
    docker.build(docker.directory, options);
    const auto run = [&](const std::vector<std::string>& words) {
        std::vector<std::string> all = {"--rm", "--entrypoint", words.front(), docker.name("packages")};
        all.insert(all.end(), words.begin() + 1, words.end());
        const Finished finished = docker.run(all);
        check_success(finished);
        return finished.out;
    };
    CHECK(run({"cat", "/etc/made-by-a-script"}) == "made\n");
    CHECK(run({"getent", "passwd", "1000"}).starts_with("nonroot:"));
    CHECK(run({"python", "-c", "import ctypes; print(ctypes.CDLL('libblas.so.3').ddot_ is not None)"}) == "True\n");
    CHECK(run({"python", "-c", "import locale; print(locale.setlocale(locale.LC_ALL, 'en_GB.UTF-8'))"}) ==
          "en_GB.UTF-8\n");
    CHECK(run({"cat", "/refusal"}) ==
          "debian-rootfs: the package absent-package is not installed here\n"
          "  hint: install it first, in this stage: apt-get install absent-package\n"
          "debian-rootfs: /usr/bin/cat is a program or library\n"
          "  hint: a scanner could not see it; name its package\n");

    fs::copy(in_repository("examples/service-contract.yml"), project.tree / "contract.yml");
    check_success(project.run("test", {"--reference", docker.name("packages"), "--contract", "contract.yml"}));
}

TEST_CASE("A Python 3.12 that takes its libraries from Debian passes the whole contract, in both targets") {
    // Only here: an interpreter that is linked like the official one.
    Project project;
    project.real.files.write(project.tree / "matrix.json",
                             R"([{"pythonVersion": "3.12.1", "debianVersion": "slim-bookworm",
                                                         "distrolessVersion": "cc-debian12", "tags": ["latest"]}])");
    build_parents(project, "*");
    check_success(project.run_on_stand_ins("test"));
    for (const std::string target : {"production", "development"}) {
        const auto rows = load_rows(project, older_version + "-" + target + "-linux-amd64");
        for (const char* row : {"find-library", "wheel-libraries", "libraries-mapped", "extension-modules"}) {
            if (rows.contains(row)) CHECK(rows.at(row).result == RowResult::passed);
        }
    }
}

TEST_CASE("The documented command builds the same layers again, whatever was built before") {
    // Only here: a plain docker build and ours make the same bytes.
    Project project;
    Docker docker(project);
    build_parents(project, "*");
    const std::vector<std::string> bases = on_stand_ins(docker);
    const struct {
        std::string target;
        std::string image;
        std::vector<std::string> options;
    } builds[] = {{"production", "3.13.5-production", {}},
                  {"development", "3.12.3-development", {"--build-arg", "BASE_VERSION=3.12.3-slim-bookworm"}}};
    for (const auto& build : builds) {
        INFO(build.image);
        const fs::path again = docker.directory / build.image;
        std::vector<std::string> options = {"--no-cache", "--target",
                                            build.target, "--provenance=false",
                                            "--output",   "type=oci,tar=false,dest=" + again.string()};
        options.insert(options.end(), build.options.begin(), build.options.end());
        options.insert(options.end(), bases.begin(), bases.end());
        docker.build(project.tree, options);
        CHECK(layer_digests(project, again) == layer_digests(project, layout_of(project, build.image)));
        const rapidjson::Document configuration = load_configuration(project, again);
        CHECK(text_at(member(member(configuration, "config"), "Labels"), label_of_python) ==
              (build.options.empty() ? "3.13.3" : "3.12.3"));
    }
}

TEST_CASE("A package that security-upgrades.txt names is upgraded in production, too") {
    // Only here: apt upgrades a package of a base that is behind.
    Project project;
    Docker docker(project);
    std::string dockerfile = project.text("Dockerfile");
    const std::string line = "FROM python:${BASE_VERSION} AS slim\n";
    REQUIRE(holds(dockerfile, line));
    dockerfile.replace(dockerfile.find(line), line.size(),
                       "FROM python:${BASE_VERSION} AS official\n"
                       "FROM official AS slim\n"
                       "RUN apt-get update && apt-get install -y libexpat1 && sed -i "
                       "'/^Package: libexpat1$/,/^$/ s/^Version: .*/Version: 2.0.0-1/' /var/lib/dpkg/status\n");
    project.real.files.write(project.tree / "Dockerfile", dockerfile);
    std::vector<std::string> options = on_stand_ins(docker);
    const bool named = GENERATE(true, false);
    project.real.files.write(project.tree / "image/security-upgrades.txt", named ? "libexpat1\n" : "\n");
    options.insert(options.end(), {"--target", "production", "--tag", docker.name("upgraded"),
                                   "--output=type=image,compression=uncompressed"});
    docker.build(project.tree, options);
    const Finished record =
        docker.run({"--rm", docker.name("upgraded"), "-c", "print(open('/var/lib/dpkg/status.d/libexpat1').read())"});
    CHECK(holds(record.out, "Package: libexpat1\n"));
    CHECK(holds(record.out, "Version: 2.0.0-1\n") == !named);
}

TEST_CASE("A row of Debian 13 keeps the whole contract, in both targets") {
    // Only here: real images on another distribution.
    Project project;
    project.real.files.write(project.tree / "matrix.json",
                             R"([{"pythonVersion": "3.13.5", "debianVersion": "slim-trixie",
                                                         "distrolessVersion": "cc-debian13", "tags": ["latest"]}])");
    build_parents(project, "*");
    check_success(project.run_on_stand_ins("test"));
    for (const std::string target : {"production", "development"}) {
        const auto rows = load_rows(project, version + "-" + target + "-linux-amd64");
        CHECK(broken_rows(rows).empty());
        CHECK(rows.at("size").result == RowResult::passed);
    }
}

TEST_CASE("The recipe before this one breaks the contract for the reasons that were known") {
    // Only here: a real image that breaks the contract in known ways.
    Project project;
    Docker docker(project);
    for (const std::string target : {"production", "development"}) {
        std::vector<std::string> options = {"-f",
                                            in_repository("test/fixtures/old-recipe/Dockerfile"),
                                            "--target",
                                            target,
                                            "--tag",
                                            docker.name("old-" + target),
                                            "--output=type=image,compression=uncompressed"};
        for (const std::string reference : {"python:3.13.5-slim-bookworm", "gcr.io/distroless/cc-debian12:nonroot"}) {
            for (const std::string& option : docker.context(reference, stand_in_layout(reference)))
                options.push_back(option);
        }
        docker.build(project.tree, options);
    }
    const Finished tested =
        project.run("test", {"--reference", docker.name("old-production") + "," + docker.name("old-development")});
    CHECK(tested.exit_code == 1);
    CHECK(holds(tested.err, "the check is called library-path in contract files"));

    const std::set<std::string> in_both = {"user-numeric", "python-version",  "python-environment",
                                           "uv-downloads", "trust-variables", "uv-path",
                                           "stop",         "orphans"};
    const auto production = load_rows(project, docker.name("old-production"));
    CHECK(includes(broken_rows(production), in_both));
    CHECK(includes(broken_rows(production),
                   {"user-nonroot", "library-path", "bytecode", "uv", "uv-sync", "no-debugger", "no-debris",
                    "dangling-links", "size", "libraries-registered", "libraries-once"}));
    CHECK(production.at("user-nonroot").found.find("65532") != std::string::npos);
    CHECK(production.at("python-version").expected.find("3.13.5-slim-bookworm") == 0);
    CHECK(production.at("utf-8").result == RowResult::passed);
    const auto development = load_rows(project, docker.name("old-development"));
    CHECK(includes(broken_rows(development), in_both));
    CHECK(includes(broken_rows(development), {"debugger", "debugger-attach"}));
    CHECK(development.at("utf-8").result == RowResult::passed);
}
