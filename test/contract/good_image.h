// Facts of images that pass every check: a distroless production image and a development image.
#pragma once

#include <map>
#include <string>

#include "contract/facts.h"
#include "places.h"

inline std::string fixture(const std::string& name) {
    return text_of_file(fixtures_dir() + "/contract/" + name);
}

inline std::map<std::string, ContractRow> rows_by_id(const ContractReport& report) {
    std::map<std::string, ContractRow> rows;
    for (const ContractRow& row : report.rows) rows[row.id] = row;
    return rows;
}

inline FileFact make_directory(unsigned mode = 0755, std::uint64_t owner = 0) {
    FileFact fact;
    fact.type = FileType::directory;
    fact.mode = mode;
    fact.uid = fact.gid = owner;
    return fact;
}

inline FileFact make_file(const std::string& text, unsigned mode = 0644) {
    FileFact fact;
    fact.mode = mode;
    fact.text = text;
    fact.size = text.size();
    return fact;
}

inline FileFact make_program(std::uint64_t size, const std::string& md5) {
    FileFact fact;
    fact.mode = 0755;
    fact.size = size;
    fact.elf = true;
    fact.md5 = md5;
    return fact;
}

inline FileFact make_link(const std::string& to) {
    FileFact fact;
    fact.type = FileType::link;
    fact.mode = 0777;
    fact.link = to;
    return fact;
}

inline std::string good_fingerprint() {
    return *list_fingerprints(fixture("good-root.crt")).begin();
}

inline void add_files_of_both(FileTree& tree) {
    for (const char* directory :
         {"/bin", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib",
          "/usr/local/lib/python3.13", "/etc", "/etc/ssl", "/etc/ssl/certs", "/home", "/home/nonroot/.local",
          "/home/nonroot/.local/bin", "/var", "/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/status.d"}) {
        tree.files[directory] = make_directory();
    }
    tree.files["/home/nonroot"] = make_directory(0755, 1000);
    tree.files["/tmp"] = make_directory(01777);
    tree.files["/etc/passwd"] =
        make_file("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:1000:1000:nonroot:/home/nonroot:/sbin/nologin\n");
    tree.files["/etc/group"] = make_file("root:x:0:\nnonroot:x:1000:\n");
    tree.files["/etc/resolv.conf"] = make_file("", 0666);
    tree.files["/etc/mtab"] = make_link("/proc/mounts");
    tree.files["/etc/ssl/certs/ca-certificates.crt"] = make_file(fixture("other-root.crt") + fixture("good-root.crt"));
    tree.files["/usr/local/bin/uv"] = make_program(44'000'000, "");
    tree.files["/usr/local/bin/python3.13"] = make_program(20'000'000, "");
    tree.files["/home/nonroot/.local/bin/uv"] = make_link("/usr/local/bin/uv");
}

inline void add_common_answers(ContainerRun& python, const std::string& version) {
    python.answers["version"] = {{version, "/usr/local"}, ""};
    python.answers["platform"] = {{"linux-x86_64"}, ""};
    python.answers["extension-modules"] = {{"all 63"}, ""};
    python.answers["standard-modules"] = {{"OpenSSL 3.0.17", "SQLite 3.40.1"}, ""};
    python.answers["find-library"] = {{"c=libc.so.6", "sqlite3=libsqlite3.so.0", "ssl=libssl.so.3"}, ""};
    python.answers["wheel-libraries"] = {{"c=libc.so.6", "gomp=libgomp.so.1"}, ""};
    python.answers["locale"] = {{"C.UTF-8"}, ""};
    python.answers["media-types"] = {{"letter.docx=application/msword"}, ""};
    python.answers["utf-8"] = {{"utf-8", "utf-8", "utf-8"}, ""};
    python.answers["time-zones"] = {{"Europe/London", "1:00:00"}, ""};
    python.answers["subprocesses"] = {{"42", "0"}, ""};
    python.answers["name-service"] = {{"nonroot", "::1"}, ""};
    python.answers["bytecode"] = {{"137", "0"}, ""};
    python.answers["home"] = {{"/home/nonroot", "/tmp"}, ""};
    python.answers["writable"] = {{}, ""};
    python.answers["uv"] = {{"uv 0.13.9"}, ""};
    python.answers["uv-sync"] = {{version, "/usr/local"}, ""};
    python.answers["trusted"] = {{"00aa", good_fingerprint()}, ""};
    python.answers["trusted-without-environment"] = python.answers["trusted"];
}

inline ImageFacts make_good_image(Target target) {
    const bool production = target == Target::production;
    const std::string repository = production ? "defradigital/python" : "defradigital/python-development";
    ImageFacts facts;
    facts.expected = {.target = target,
                      .distroless = true,
                      .python_version = "3.13.5",
                      .defra_version = "1.0.0",
                      .repository = repository,
                      .architecture = "amd64"};
    facts.config.user = "1000:1000";
    facts.config.working_directory = "/home/nonroot";
    facts.config.entrypoint = {"tini", "--", "python"};
    facts.config.environment = {{"PYTHON_ENV", production ? "production" : "development"},
                                {"PYTHONUNBUFFERED", "1"},
                                {"UV_PYTHON_DOWNLOADS", "never"},
                                {"SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"},
                                {"REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"},
                                {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "/etc/ssl/certs/ca-certificates.crt"},
                                {"GDAL_CURL_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"},
                                {"PROJ_CURL_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt"}};
    facts.config.labels = {{"uk.gov.defra.python.python-version", "3.13.5"},
                           {"uk.gov.defra.python.version", "1.0.0"},
                           {"uk.gov.defra.python.repository", repository}};
    facts.config.architecture = "amd64";
    facts.config.layers = 4;
    facts.certificates = parse_certificates({{"certificates/good-root.crt", fixture("good-root.crt")}});
    add_files_of_both(facts.files);
    add_common_answers(facts.python, "3.13.5");
    facts.hardened.answers["restricted"] = {{"1000", "read-only", "no capabilities", "no new privileges"}, ""};
    facts.any_user.answers["restricted"] = {{"23456", "read-only", "no capabilities", "no new privileges"}, ""};
    facts.orphans.answers["zombies"] = {{"0"}, ""};
    facts.orphans.answers["listening"] = {{}, ""};
    facts.python.answers["tls-strangers"] = {{}, ""};
    facts.stop = {.exit_code = 143, .seconds = 0.1};
    return facts;
}

inline const std::string site_packages = "/home/nonroot/.venv/lib/python3.13/site-packages";

/// An installed wheel with compiled modules, bundled libraries, a static library and a program.
inline void add_wheel_of_service(FileTree& tree) {
    for (const char* directory : {"/home/nonroot/.venv", "/home/nonroot/.venv/bin", "/home/nonroot/.venv/lib",
                                  "/home/nonroot/.venv/lib/python3.13"}) {
        tree.files[directory] = make_directory(0755, 1000);
    }
    for (const char* directory : {"", "/sums", "/sums/test", "/sums.libs", "/sums-1.0.dist-info", "/pip"})
        tree.files[site_packages + directory] = make_directory(0755, 1000);
    tree.files[site_packages + "/sums/_core.so"] = make_program(1, "");
    tree.files[site_packages + "/sums/_core.so"].sha256 = "core-hash";
    tree.files[site_packages + "/sums/other,_core.so"] = make_program(1, "");
    tree.files[site_packages + "/sums/test/_core.so"] = make_program(1, "");
    tree.files[site_packages + "/sums.libs/libgfortran.so.5"] = make_program(1, "");
    tree.files[site_packages + "/sums/libsums.a"] = make_file("");
    tree.files[site_packages + "/pip/__init__.py"] = make_file("");
    tree.files["/home/nonroot/.venv/bin/sum"] = make_program(1, "");
    tree.files[site_packages + "/sums-1.0.dist-info/METADATA"] = make_file("Name: sums\nVersion: 1.0\n");
    tree.files[site_packages + "/sums-1.0.dist-info/RECORD"] = make_file(
        "sums/_core.so,sha256=core-hash,1\n"
        "\"sums/other,_core.so\",,1\n"
        "sums/test/_core.so,,\n"
        "sums.libs/libgfortran.so.5,,\n"
        "sums/libsums.a,,\n"
        "pip/__init__.py,,\n"
        "../../../bin/sum,,\n"
        "sums-1.0.dist-info/RECORD,,\n");
}

inline ImageFacts make_good_production() {
    ImageFacts facts = make_good_image(Target::production);
    auto& files = facts.files.files;
    files["/usr/lib/libc.so.6"] = make_program(2'000'000, "c1");
    files["/usr/lib/libc.so.6"].libc_build = "2.36-9+deb12u13";
    files["/usr/lib/ld-linux-x86-64.so.2"] = make_program(200'000, "d1");
    files["/usr/lib/ld-linux-x86-64.so.2"].libc_build = "2.36-9+deb12u13";
    files["/var/lib/dpkg/status.d/libc6"] = make_file("Package: libc6\nVersion: 2.36-9+deb12u13\n");
    files["/var/lib/dpkg/status.d/libc6.md5sums"] =
        make_file("c1  usr/lib/libc.so.6\nd1  usr/lib/ld-linux-x86-64.so.2\n");
    add_wheel_of_service(facts.files);
    facts.python.answers["mapped-libraries"] = {{"/usr/lib/libc.so.6", "/usr/local/lib/python3.13/lib-dynload/_ssl.so"},
                                                ""};
    facts.python.answers["debugger"] = {
        {}, "RuntimeError: python ended with exit code 1: ModuleNotFoundError: No module named 'debugpy'"};
    facts.python.answers["tls-clients"] = {{"urllib", "uv"}, ""};
    return facts;
}

inline ImageFacts make_good_development() {
    ImageFacts facts = make_good_image(Target::development);
    auto& files = facts.files.files;
    for (const char* tool : {"sh", "apt", "dpkg", "perl", "pip"})
        files[std::string("/usr/bin/") + tool] = make_program(100'000, "");
    files["/usr/bin/su"] = make_program(70'000, "");
    files["/usr/bin/su"].mode = 04755;
    files["/etc/ssl/certs/0a1b2c3d.0"] = make_link("good-root.pem");
    files["/etc/ssl/certs/good-root.pem"] = make_file(fixture("good-root.crt"));
    facts.python.answers["debugger"] = {{"debugpy 1.8.22", "in a virtual environment 1.8.22"}, ""};
    facts.python.answers["debugger-bytecode"] = {{"412", "0"}, ""};
    facts.python.answers["debugger-attach"] = {{"stopped", "42"}, ""};
    facts.python.answers["tls-clients"] = {{"pip", "requests", "urllib", "uv"}, ""};
    return facts;
}
