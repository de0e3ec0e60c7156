#include "contract/facts.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <set>

#include "contract/good_image.h"

namespace {

const Date today = *parse_date("2026-11-23");

std::vector<std::string> failed_rows(const ImageFacts& facts) {
    std::vector<std::string> ids;
    for (const ContractRow& row : judge_contract("x", "sha256:0", facts, Contract{}, {}, today).rows) {
        if (row.result == RowResult::failed) ids.push_back(row.id);
    }
    return ids;
}

ContractRow judged_row(const ImageFacts& facts, const std::string& id) {
    return rows_by_id(judge_contract("x", "sha256:0", facts, Contract{}, {}, today)).at(id);
}

void set_result(ContainerRun& run, const std::string& probe, std::vector<std::string> values) {
    run.answers[probe] = {std::move(values), ""};
}

using Change = std::function<void(ImageFacts&)>;

Change says(const std::string& probe, const std::vector<std::string>& values) {
    return [=](ImageFacts& f) { set_result(f.python, probe, values); };
}
Change fails(const std::string& probe) {
    return [=](ImageFacts& f) { f.python.answers[probe] = {{}, "ImportError: it does not load"}; };
}
Change has(const std::string& path, const FileFact& fact) {
    return [=](ImageFacts& f) { f.files.files[path] = fact; };
}
Change has_mode(const std::string& path, unsigned mode) {
    return [=](ImageFacts& f) { f.files.files[path].mode = mode; };
}
Change lacks(const std::string& path) {
    return [=](ImageFacts& f) { f.files.files.erase(path); };
}
Change lacks_variable(const std::string& name) {
    return [=](ImageFacts& f) { f.config.environment.erase(name); };
}

/// A defect that makes exactly one check fail.
struct Defect {
    std::string row;
    std::string what;
    Change put;
    bool development = false;
};

std::vector<Defect> configuration_defects() {
    return {
        {"user-numeric", "a name", [](ImageFacts& f) { f.config.user = "nonroot"; }},
        {"user-numeric", "root", [](ImageFacts& f) { f.config.user = "0:0"; }},
        {"user-numeric", "the group root", [](ImageFacts& f) { f.config.user = "1000:0"; }},
        {"user-numeric", "no user", [](ImageFacts& f) { f.config.user = ""; }},
        {"user-nonroot", "distroless's own id",
         [](ImageFacts& f) { f.files.files["/etc/passwd"].text = "nonroot:x:65532:65532::/home/nonroot:\n"; }},
        {"user-nonroot", "no group", [](ImageFacts& f) { f.files.files["/etc/group"].text = "root:x:0:\n"; }},
        {"working-directory", "root's", [](ImageFacts& f) { f.files.files["/home/nonroot"].uid = 0; }},
        {"working-directory", "another", [](ImageFacts& f) { f.config.working_directory = "/"; }},
        {"working-directory", "absent", [](ImageFacts& f) { f.config.working_directory = "/app"; }},
        {"entrypoint", "a shell",
         [](ImageFacts& f) {
             f.config.entrypoint = {"/bin/sh", "-c", "python"};
         }},
        {"entrypoint", "none", [](ImageFacts& f) { f.config.entrypoint = {}; }},
        {"labels", "the base's version",
         [](ImageFacts& f) { f.config.labels["uk.gov.defra.python.python-version"] = "3.13.5-slim-bookworm"; }},
        {"labels", "another repository",
         [](ImageFacts& f) { f.config.labels["uk.gov.defra.python.repository"] = "defradigital/node"; }},
        {"labels-inherited", "a revision",
         [](ImageFacts& f) { f.config.labels["org.opencontainers.image.revision"] = "540323a"; }},
        {"settings-inherited", "a health check", [](ImageFacts& f) { f.config.inherited = {"HEALTHCHECK"}; }},
        {"settings-inherited", "a volume", [](ImageFacts& f) { f.config.inherited = {"VOLUME"}; }},
        {"settings-inherited", "a port", [](ImageFacts& f) { f.config.inherited = {"EXPOSE"}; }},
        {"settings-inherited", "a trigger", [](ImageFacts& f) { f.config.inherited = {"ONBUILD"}; }},
        {"library-path", "set", [](ImageFacts& f) { f.config.environment["LD_LIBRARY_PATH"] = "/usr/local/lib"; }},
        {"python-environment", "the other target", [](ImageFacts& f) { f.config.environment["PYTHON_ENV"] = "test"; }},
        {"python-environment", "buffered", lacks_variable("PYTHONUNBUFFERED")},
        {"uv-downloads", "allowed", lacks_variable("UV_PYTHON_DOWNLOADS")},
        {"layers", "many", [](ImageFacts& f) { f.config.layers = 17; }},
    };
}

std::vector<Defect> python_defects() {
    return {
        {"python-version", "another", says("version", {"3.13.4", "/usr/local"})},
        {"python-version", "Debian's", says("version", {"3.13.5", "/usr"})},
        {"architecture", "another architecture", says("platform", {"linux-aarch64"})},
        {"extension-modules", "one does not load", fails("extension-modules")},
        {"standard-modules", "one does not load", fails("standard-modules")},
        {"find-library", "no ldconfig", says("find-library", {"c=libc.so.6", "sqlite3=None", "ssl=libssl.so.3"})},
        {"wheel-libraries", "no OpenMP, which lightgbm needs", says("wheel-libraries", {"c=libc.so.6", "gomp=None"})},
        {"wheel-libraries", "one does not load", fails("wheel-libraries"), true},
        {"locale", "unsupported", fails("locale")},
        {"media-types", "unknown", says("media-types", {"letter.docx=None"}), true},
        {"utf-8", "ASCII", says("utf-8", {"ascii", "ansi_x3.4-1968", "ascii"})},
        {"time-zones", "none", fails("time-zones")},
        {"subprocesses", "spawn fails", says("subprocesses", {"42", "1"})},
        {"name-service", "no name", fails("name-service")},
        {"name-service", "no address", says("name-service", {"nonroot", "10.0.0.1"})},
        {"bytecode", "some compiled", says("bytecode", {"88", "49"})},
        {"bytecode", "none at all", says("bytecode", {"0", "0"})},
        {"bytecode", "compiled at every start", says("bytecode", {"0", "137"}), true},
        {"debugger-bytecode", "compiled at every start", says("debugger-bytecode", {"0", "412"}), true},
        {"home-writable", "read-only", fails("home")},
        {"python-not-writable", "writable", says("writable", {"/usr/local/lib/python3.13"})},
        {"nothing-listens", "a debugger that the entrypoint starts",
         [](ImageFacts& f) { set_result(f.orphans, "listening", {"port 5678 (tcp)"}); }, true},
        {"read-only", "fails",
         [](ImageFacts& f) {
             f.hardened.answers["restricted"] = {{}, "no HOME"};
         }},
        {"read-only", "it was not read-only",
         [](ImageFacts& f) { f.hardened.answers["restricted"].values[1] = "writable"; }},
        {"any-user", "never ran", [](ImageFacts& f) { f.any_user = ContainerRun{.failure = "no such program"}; }},
        {"stop", "killed", [](ImageFacts& f) { f.stop = {.exit_code = 137, .seconds = 10.1}; }},
        {"stop", "slow", [](ImageFacts& f) { f.stop.seconds = 5.1; }},
        {"stop", "another code", [](ImageFacts& f) { f.stop.exit_code = 0; }},
        {"stop", "never began", [](ImageFacts& f) { f.stop.failure = "it did not begin to work"; }},
        {"orphans", "one remains", [](ImageFacts& f) { set_result(f.orphans, "zombies", {"1"}); }},
        {"uv", "absent", fails("uv")},
        {"uv-path", "absent", lacks("/home/nonroot/.local/bin/uv")},
        {"uv-sync", "wants another Python", fails("uv-sync")},
        {"no-debugger", "there", says("debugger", {"debugpy 1.8.22"})},
        {"no-debugger", "unknown", [](ImageFacts& f) { f.python.answers.erase("debugger"); }},
        {"debugger", "absent", fails("debugger"), true},
        {"debugger-attach", "another value", says("debugger-attach", {"stopped", "None"}), true},
    };
}

std::vector<Defect> file_defects() {
    return {
        {"no-setuid", "su", has_mode("/usr/local/bin/python3.13", 04755)},
        {"setuid-of-base", "another than Debian's", has_mode("/usr/local/bin/python3.13", 02755), true},
        {"world-writable", "a file", has_mode("/etc/passwd", 0666)},
        {"world-writable", "a sticky file", has_mode("/etc/passwd", 01666)},
        {"world-writable", "a directory", has_mode("/tmp", 0777)},
        {"dangling-links", "one", has("/usr/lib/cert.pem", make_link("../nowhere"))},
        {"dangling-links", "a ring", has("/usr/lib/ring", make_link("ring"))},
        {"no-tools", "a shell", has("/bin/sh", make_link("/usr/local/bin/python3.13"))},
        {"tools", "no shell", lacks("/usr/bin/sh"), true},
        {"no-debris", "headers", has("/usr/local/include/Python.h", make_file(""))},
        {"no-debris", "tests", has("/usr/local/lib/python3.13/test", make_directory())},
        {"no-debris", "ensurepip", has("/usr/local/lib/python3.13/ensurepip", make_directory())},
        {"no-debris", "a static library", has("/usr/local/lib/libpython3.13.a", make_file(""))},
        {"no-debris", "pip in the system's own site-packages",
         [](ImageFacts& f) {
             f.files.files["/usr/local/lib/python3.13/pip"] = make_directory();
             f.files.files["/usr/local/lib/python3.13/pip/__init__.py"] = make_file("");
             f.files.files["/usr/local/lib/python3.13/pip-25.0.dist-info"] = make_directory();
             f.files.files["/usr/local/lib/python3.13/pip-25.0.dist-info/METADATA"] = make_file("Name: pip\n");
             f.files.files["/usr/local/lib/python3.13/pip-25.0.dist-info/RECORD"] = make_file("pip/__init__.py,,\n");
         }},
        {"no-debris", "a static library in a virtual environment from no wheel",
         has(site_packages + "/libother.a", make_file(""))},
        {"size", "large", [](ImageFacts& f) { f.files.files["/usr/local/bin/python3.13"].size = 70'000'001; }},
        {"size", "large", [](ImageFacts& f) { f.files.files["/usr/local/bin/python3.13"].size = 160'000'001; }, true},
        {"libraries-registered", "one is not", has("/usr/lib/libz.so.1", make_program(1, "e1"))},
        {"libraries-registered", "one in a virtual environment from no wheel",
         has(site_packages + "/sums/_extra.so", make_program(1, "e1"))},
        {"libraries-true", "a wheel's module that was replaced",
         [](ImageFacts& f) { f.files.files[site_packages + "/sums/_core.so"].sha256 = "other-hash"; }},
        {"libraries-true", "another file", [](ImageFacts& f) { f.files.files["/usr/lib/libc.so.6"].md5 = "c2"; }},
        {"libraries-mapped", "from elsewhere", says("mapped-libraries", {"/opt/libssl.so.3"})},
        {"libraries-mapped", "none is known", says("mapped-libraries", {})},
        {"libraries-libc", "two builds",
         [](ImageFacts& f) { f.files.files["/usr/lib/libc.so.6"].libc_build = "2.36-9+deb12u10"; }},
        {"libraries-libc", "no loader",
         [](ImageFacts& f) { f.files.files["/usr/lib/ld-linux-x86-64.so.2"].libc_build = ""; }},
        {"libraries-once", "two of them",
         [](ImageFacts& f) {
             f.files.files["/usr/lib/old"] = make_directory();
             f.files.files["/usr/lib/old/libc.so.6"] = make_program(1, "c1");
             f.files.files["/var/lib/dpkg/status.d/libc6.md5sums"].text += "c1  usr/lib/old/libc.so.6\n";
         }},
    };
}

std::vector<Defect> trust_defects() {
    return {
        {"trust-variables", "not set", lacks_variable("REQUESTS_CA_BUNDLE")},
        {"trust-variables", "gRPC's is not set", lacks_variable("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")},
        {"trust-variables", "no such file",
         [](ImageFacts& f) { f.config.environment["SSL_CERT_FILE"] = "/etc/ssl/cert.pem"; }},
        {"trust-variables", "no certificates",
         [](ImageFacts& f) { f.config.environment["SSL_CERT_FILE"] = "/etc/passwd"; }},
        {"openssldir", "nothing", says("trusted-without-environment", {})},
        {"tls-clients", "uv has its own", says("tls-clients", {"urllib"})},
        {"tls-clients", "requests has its own", says("tls-clients", {"pip", "urllib", "uv"}), true},
        {"tls-strangers", "urllib trusts every authority", says("tls-strangers", {"urllib"})},
        {"ca-bundle", "missing",
         [](ImageFacts& f) { f.files.files["/etc/ssl/certs/ca-certificates.crt"].text = fixture("other-root.crt"); }},
        {"ca-trusted", "not loaded",
         [](ImageFacts& f) {
             set_result(f.python, "trusted", {"00aa"});
             set_result(f.python, "trusted-without-environment", {"00aa"});
         }},
        {"ca-strict", "refused",
         [](ImageFacts& f) {
             f.certificates[0].refused_because = {"basic constraints of ca cert not marked critical"};
         }},
        {"ca-hash-links", "none", lacks("/etc/ssl/certs/0a1b2c3d.0"), true},
        {"ca-hash-links", "another's",
         [](ImageFacts& f) { f.files.files["/etc/ssl/certs/good-root.pem"].text = fixture("other-root.crt"); }, true},
    };
}

std::vector<Defect> all_defects() {
    std::vector<Defect> defects;
    for (const auto& part : {configuration_defects(), python_defects(), file_defects(), trust_defects()}) {
        defects.insert(defects.end(), part.begin(), part.end());
    }
    return defects;
}

}  // namespace

TEST_CASE("good images pass every check") {
    CHECK(failed_rows(make_good_production()).empty());
    CHECK(failed_rows(make_good_development()).empty());
}

TEST_CASE("each defect fails its own check and no other") {
    for (const Defect& defect : all_defects()) {
        INFO(defect.row << ": " << defect.what);
        ImageFacts facts = defect.development ? make_good_development() : make_good_production();
        defect.put(facts);
        CHECK(failed_rows(facts) == std::vector<std::string>{defect.row});
    }
}

TEST_CASE("every check has a defect that fails it") {
    std::set<std::string> tried;
    for (const Defect& defect : all_defects()) tried.insert(defect.row);
    for (const RowRule& rule : contract_rows()) {
        INFO(rule.id);
        CHECK(tried.contains(rule.id));
    }
}

TEST_CASE("every row has a unique id and describes its check") {
    std::set<std::string> ids;
    for (const RowRule& rule : contract_rows()) {
        INFO(rule.id);
        CHECK(ids.insert(rule.id).second);
        CHECK(rule.check.size() > 10);
    }
}

TEST_CASE("an image without any results fails all checks of Python") {
    ImageFacts facts = make_good_production();
    facts.python = ContainerRun{.failure = "exec: \"python\": executable file not found in $PATH"};
    CHECK(judged_row(facts, "utf-8").found == "exec: \"python\": executable file not found in $PATH");
    const std::vector<std::string> failed = failed_rows(facts);
    for (const auto& [probe, answer] : make_good_production().python.answers) {
        if (probe == "version" || probe == "utf-8" || probe == "uv-sync" || probe == "bytecode") {
            const std::string row = probe == "version" ? "python-version" : probe;
            CHECK(std::find(failed.begin(), failed.end(), row) != failed.end());
        }
    }
}

TEST_CASE("a probe that crashed the interpreter is reported with the container's last output") {
    ImageFacts facts = make_good_production();
    facts.python.answers.erase("uv-sync");
    facts.python.exit_code = 139;
    facts.python.last_line = "Segmentation fault";
    CHECK(judged_row(facts, "uv-sync").found == "the container ended with exit code 139 before: Segmentation fault");
}

TEST_CASE("files that the engine adds to a container do not count") {
    ImageFacts facts = make_good_production();
    facts.files.files["/etc/hosts"] = make_file("", 0666);
    facts.files.files["/usr/share/zoneinfo/localtime"] = make_link("/etc/localtime");
    facts.files.files["/usr/share/doc/libc6/changelog"] = make_link("nowhere");
    CHECK(failed_rows(facts).empty());
}

TEST_CASE("a wheel counts only with the metadata that scanners use") {
    ImageFacts facts = make_good_production();
    facts.files.files.erase(site_packages + "/sums-1.0.dist-info/METADATA");
    CHECK(failed_rows(facts) == std::vector<std::string>{"no-debris", "libraries-registered", "libraries-once"});
}

TEST_CASE("a Debian package counts only with the record that scanners use") {
    ImageFacts facts = make_good_production();
    facts.files.files.erase("/var/lib/dpkg/status.d/libc6");
    CHECK(failed_rows(facts) == std::vector<std::string>{"libraries-registered", "libraries-mapped"});
}

TEST_CASE("production on slim may have a shell, package managers and hash links") {
    ImageFacts facts = make_good_production();
    facts.expected.distroless = false;
    for (const char* tool : {"sh", "apt", "pip"})
        facts.files.files[std::string("/usr/bin/") + tool] = make_program(40'000'000, "");
    facts.files.files["/etc/ssl/certs/0a1b2c3d.0"] = make_link("ca-certificates.crt");
    CHECK(failed_rows(facts).empty());
    facts.files.files["/etc/ssl/certs/0a1b2c3d.0"] = make_link("/etc/passwd");
    CHECK(failed_rows(facts) == std::vector<std::string>{"ca-hash-links"});
}

TEST_CASE("the size is that of the unpacked content, each file once, without uv") {
    ImageFacts facts = make_good_production();
    facts.files.files["/usr/local/bin/python3"] = facts.files.files["/usr/local/bin/python3.13"];
    facts.files.files["/usr/local/bin/python3"].further_name = true;
    facts.compressed_size = 41'500'000;
    const ContractRow row = judged_row(facts, "size");
    CHECK(row.expected == "at most 70 MB");
    CHECK(row.found == "22.2 MB (66.2 MB with uv, 41.5 MB compressed)");
    facts.expected.architecture = facts.config.architecture = "riscv64";
    CHECK(judged_row(facts, "size").expected == "a limit for riscv64 in the contract");
}

TEST_CASE("without internal authorities there is no check of them") {
    ImageFacts facts = make_good_production();
    facts.certificates.clear();
    for (const ContractRow& row : judge_contract("x", "", facts, Contract{}, {}, today).rows)
        CHECK_FALSE(row.id.starts_with("ca-"));
}

TEST_CASE("a stand-in base may only fail the checks that it lists") {
    ImageFacts facts = make_good_production();
    set_result(facts.python, "find-library", {"c=libc.so.6", "sqlite3=None"});
    facts.config.user = "root";
    const ContractReport report = judge_contract("x", "", facts, Contract{}, {"find-library", "size"}, today);
    const auto rows = rows_by_id(report);
    CHECK(rows.at("find-library").result == RowResult::expected);
    CHECK(rows.at("find-library").because == "its stand-in base cannot pass this");
    CHECK(rows.at("size").result == RowResult::passed);
    CHECK(rows.at("user-numeric").result == RowResult::failed);
    CHECK_FALSE(report.passed());
}

TEST_CASE("a known failure applies to its images until the end of its last day") {
    ImageFacts facts = make_good_production();
    facts.config.layers = 20;
    Contract contract;
    KnownFailure known;
    known.row = "layers";
    known.images = {"3.13.*-production-*"};
    known.reason = "the base was rebuilt";
    known.owner = "platform team";
    known.review_by = today;
    contract.known = {known};
    const auto judged = [&](const std::string& name, Date day) {
        return rows_by_id(judge_contract(name, "", facts, contract, {}, day)).at("layers");
    };

    CHECK(judged("3.13.5-production-linux-amd64", today).result == RowResult::known);
    CHECK(judged("3.13.5-production-linux-amd64", today).because ==
          "the base was rebuilt (platform team, until 2026-11-23)");
    CHECK(judged("3.12.6-production-linux-amd64", today).result == RowResult::failed);
    const ContractRow after = judged("3.13.5-production-linux-amd64", today + std::chrono::days(1));
    CHECK(after.result == RowResult::failed);
    CHECK(after.because == "the base was rebuilt (platform team, ended on 2026-11-23)");
}

TEST_CASE("a check that is off still runs, and its failure is expected") {
    Contract contract;
    contract.file = "contract.yml";
    contract.off = {"layers", "utf-8"};
    ImageFacts facts = make_good_production();
    facts.config.layers = 99;
    const auto rows = rows_by_id(judge_contract("x", "", facts, contract, {}, today));
    CHECK(rows.at("layers").result == RowResult::expected);
    CHECK(rows.at("layers").because == "off in contract.yml");
    CHECK(rows.at("utf-8").result == RowResult::passed);
}
