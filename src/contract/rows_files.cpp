// Rows about the file system, and about what vulnerability scanners can see of it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "contract/facts.h"

namespace {

// Which files belong to a package that vulnerability scanners can see, and what the package says they are -----------

struct RecordedFile {
    bool wheel = false;  ///< installed from a Python wheel; false: a Debian package
    std::string sum;     ///< of a wheel FileFact::sha256, of a Debian package FileFact::md5; empty if it is not given
};
using RecordedFiles = std::map<std::string, RecordedFile>;

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

/// "MD5  usr/lib/libc.so.6", one file per line.
void add_debian_package(const FileTree& files, const std::string& text, RecordedFiles& all) {
    for (const std::string& line : lines_of(text)) {
        const std::size_t blank = line.find(' ');
        if (blank == std::string::npos) continue;
        const std::string path = "/" + std::string(trimmed(line.substr(blank)));
        all[files.resolve(path).value_or(path)] = {.wheel = false, .sum = line.substr(0, blank)};
    }
}

/// The path of a line of RECORD, which is CSV: quoted where it holds a comma or a quotation mark.
std::string unquoted(const std::string& field) {
    if (field.size() < 2 || field.front() != '"' || field.back() != '"') return field;
    std::string path;
    for (std::size_t i = 1; i + 1 < field.size(); ++i) {
        if (field[i] == '"') ++i;  // a quotation mark is written twice
        path += field[i];
    }
    return path;
}

/// "numpy/_core/multiarray.so,sha256=HASH,SIZE": the path is relative to the directory that holds the dist-info.
void add_wheel(const FileTree& files, const std::string& record, const std::string& text, RecordedFiles& all) {
    constexpr std::string_view sha256 = "sha256=";
    const std::string directory = directory_of(directory_of(record));
    for (const std::string& line : lines_of(text)) {
        const std::size_t size = line.rfind(',');
        const std::size_t hash = size == std::string::npos || size == 0 ? size : line.rfind(',', size - 1);
        if (size == std::string::npos || hash == std::string::npos || hash == size) continue;
        const std::string path = unquoted(line.substr(0, hash));
        const std::optional<std::string> real = files.resolve(path.starts_with('/') ? path : directory + "/" + path);
        if (!real) continue;
        const std::string digest = line.substr(hash + 1, size - hash - 1);
        const std::string sum = digest.starts_with(sha256) ? digest.substr(sha256.size()) : "";
        all.emplace(*real, RecordedFile{.wheel = true, .sum = sum.substr(0, sum.find('='))});
    }
}

/// By real path: every file that is listed in /var/lib/dpkg/status.d/PACKAGE.md5sums (distroless: PACKAGE_METADATA.md),
/// or in the RECORD of a wheel (PyPA specification "Recording installed projects"), where what scanners read of the
/// package lies beside it. A file that both list is the Debian package's.
RecordedFiles list_recorded_files(const FileTree& files) {
    constexpr std::string_view sums = ".md5sums";
    RecordedFiles all;
    for (const auto& [path, fact] : files.files) {
        if (path.starts_with("/var/lib/dpkg/status.d/") && path.ends_with(sums) &&
            files.has_file(path.substr(0, path.size() - sums.size())))
            add_debian_package(files, fact.text, all);
    }
    for (const auto& [path, fact] : files.files) {
        if (path.ends_with(".dist-info/RECORD") && files.has_file(directory_of(path) + "/METADATA"))
            add_wheel(files, path, fact.text, all);
    }
    return all;
}

// The file system -----------------------------------------------------------------------------------------------------

const std::vector<std::string> program_directories = {
    "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/home/nonroot/.local/bin"};

/// What the engine itself puts into every container.
const std::set<std::string> made_by_engine = {"/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
                                              "/dev/console"};

/// The programs of Debian's slim images that have such a bit.
const std::set<std::string> setuid_of_debian = {
    "/usr/bin/chage",  "/usr/bin/chfn",   "/usr/bin/chsh", "/usr/bin/expiry", "/usr/bin/gpasswd",     "/usr/bin/mount",
    "/usr/bin/newgrp", "/usr/bin/passwd", "/usr/bin/su",   "/usr/bin/umount", "/usr/sbin/unix_chkpwd"};

std::vector<std::string> programs_there(const ImageFacts& facts, const std::vector<std::string>& names) {
    std::vector<std::string> there;
    for (const std::string& name : names) {
        const bool found = std::ranges::any_of(program_directories, [&](const std::string& directory) {
            return facts.files.has_file(directory + "/" + name);
        });
        if (found) there.push_back(name);
    }
    return there;
}

std::vector<std::string> setuid_files(const ImageFacts& facts) {
    std::vector<std::string> paths;
    for (const auto& [path, fact] : facts.files.files) {
        if (fact.type == FileType::file && (fact.mode & 06000U) != 0) paths.push_back(path);
    }
    return paths;
}

Observation observe_setuid_of_base(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> others = setuid_files(facts);
    std::erase_if(others, [](const std::string& path) { return setuid_of_debian.contains(path); });
    return expect_none(others, "only Debian's own");
}

Observation observe_world_writable(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> paths;
    for (const auto& [path, fact] : facts.files.files) {
        const bool open = (fact.mode & 0002U) != 0 && (fact.type == FileType::file || fact.type == FileType::directory);
        const bool sticky_directory = fact.type == FileType::directory && (fact.mode & 01000U) != 0;
        if (open && !sticky_directory && !made_by_engine.contains(path)) paths.push_back(path);
    }
    return expect_none(paths);
}

/// Links into /proc are the engine's; Debian ships two kinds that dangle by design: tzdata's localtime, and
/// documentation that slim images lack.
Observation observe_dangling(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> paths;
    for (const auto& [path, fact] : facts.files.files) {
        if (fact.type != FileType::link || fact.link.starts_with("/proc") || facts.files.resolve(path)) continue;
        if (path != "/usr/share/zoneinfo/localtime" && !path.starts_with("/usr/share/doc/")) paths.push_back(path);
    }
    return expect_none(paths);
}

Observation observe_no_tools(const ImageFacts& facts, const Limits&) {
    return expect_none(programs_there(facts, {"sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "pip", "pip3",
                                              "perl", "gcc", "curl", "wget", "su", "mount", "passwd"}));
}

Observation observe_tools(const ImageFacts& facts, const Limits&) {
    const std::vector<std::string> expected = {"sh", "apt", "dpkg", "pip", "perl"};
    return compare(joined_some(expected, 5), joined_some(programs_there(facts, expected), 5));
}

bool is_debris(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::set<std::string> packages = {"debugpy", "pydevd",  "pip",     "ensurepip",
                                            "idlelib", "tkinter", "lib2to3", "turtledemo"};
    const bool tests = name == "test" && path.substr(0, path.size() - 5).rfind("/lib/python3.") != std::string::npos &&
                       path.find('/', path.rfind("/lib/python3.") + 5) == path.size() - 5;
    return packages.contains(name) || tests || name.ends_with(".a") || path.starts_with("/usr/local/include");
}

/// True if the file, or something in the directory, was installed from a wheel by the service: not by the parent image,
/// whose own wheels are in these two directories.
bool is_of_service_wheel(const RecordedFiles& recorded, const std::string& path) {
    if (path.starts_with("/usr/local/") || path.starts_with("/opt/debugger/")) return false;
    const auto file = recorded.find(path);
    if (file != recorded.end()) return file->second.wheel;
    const auto inside = recorded.lower_bound(path + "/");
    return inside != recorded.end() && inside->first.starts_with(path + "/") && inside->second.wheel;
}

/// A service may depend on any of these by choice; its wheels are recorded, so that scanners see them.
Observation observe_debris(const ImageFacts& facts, const Limits&) {
    const RecordedFiles recorded = list_recorded_files(facts.files);
    std::vector<std::string> paths;
    for (const auto& [path, fact] : facts.files.files) {
        if (is_debris(path) && !is_of_service_wheel(recorded, path)) paths.push_back(path);
    }
    return expect_none(paths);
}

/// From the export: an engine's own figure is the compressed size with one image store and the unpacked one with the
/// other.
Observation observe_size(const ImageFacts& facts, const Limits& limits) {
    const bool small = facts.expected.target == Target::production && facts.expected.distroless;
    const std::map<std::string, double>& by_architecture = small ? limits.production_mb : limits.development_mb;
    const auto limit = by_architecture.find(facts.config.architecture);
    const std::optional<FileFact> uv = facts.files.at("/usr/local/bin/uv");
    const double whole = static_cast<double>(facts.files.size()) / 1e6;
    const double without_uv = whole - (uv ? static_cast<double>(uv->size) / 1e6 : 0);
    std::string found = fmt::format("{:.1f} MB ({:.1f} MB with uv", without_uv, whole);
    if (facts.compressed_size)
        found += fmt::format(", {:.1f} MB compressed", static_cast<double>(*facts.compressed_size) / 1e6);
    if (limit == by_architecture.end())
        return {false, "a limit for " + facts.config.architecture + " in the contract", found + ")"};
    return {without_uv <= limit->second, fmt::format("at most {} MB", limit->second), found + ")"};
}

// What scanners can see: every library belongs to a package that they find, and is what the package says -------------

bool must_be_recorded(const std::string& path) {
    return !path.starts_with("/usr/local/");
}

Observation expect_each(const std::vector<std::string>& others, std::size_t count) {
    return {others.empty() && count > 0, "each of them",
            others.empty() ? fmt::format("all {}", count) : "not: " + joined_some(others, 5)};
}

Observation observe_registered(const ImageFacts& facts, const Limits&) {
    const RecordedFiles recorded = list_recorded_files(facts.files);
    std::vector<std::string> unlisted;
    std::size_t count = 0;
    for (const auto& [path, fact] : facts.files.files) {
        if (!fact.elf || !must_be_recorded(path)) continue;
        ++count;
        if (!recorded.contains(path)) unlisted.push_back(path);
    }
    return expect_each(unlisted, count);
}

Observation observe_truth(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> different;
    std::size_t count = 0;
    for (const auto& [path, recorded] : list_recorded_files(facts.files)) {
        const auto file = facts.files.files.find(path);
        if (file == facts.files.files.end() || !file->second.elf) continue;
        ++count;
        const std::string& found = recorded.wheel ? file->second.sha256 : file->second.md5;
        if (!recorded.sum.empty() && recorded.sum != found) different.push_back(path);
    }
    return expect_each(different, count);
}

Observation observe_mapped(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "mapped-libraries");
    if (!answer.error.empty()) return {false, "each of them", answer.error};
    const RecordedFiles recorded = list_recorded_files(facts.files);
    std::vector<std::string> unlisted;
    for (const std::string& path : answer.values) {
        if (must_be_recorded(path) && !recorded.contains(facts.files.resolve(path).value_or(path)))
            unlisted.push_back(path);
    }
    return expect_each(unlisted, answer.values.size());
}

/// Two libssl made to win by LD_LIBRARY_PATH: the scanner sees one, the process runs the other.
/// Wheels are not counted: each has libraries of its own, which only its own modules load.
Observation observe_twice(const ImageFacts& facts, const Limits&) {
    const RecordedFiles recorded = list_recorded_files(facts.files);
    std::map<std::string, std::size_t> names;
    for (const auto& [path, fact] : facts.files.files) {
        if (!fact.elf || fact.further_name || !must_be_recorded(path)) continue;
        const auto owner = recorded.find(path);
        if (owner != recorded.end() && owner->second.wheel) continue;
        const std::string name = path.substr(path.rfind('/') + 1);
        if (name.find(".so") != std::string::npos) ++names[name];
    }
    std::vector<std::string> twice;
    for (const auto& [name, count] : names) {
        if (count > 1) twice.push_back(name);
    }
    return expect_none(twice);
}

Observation observe_libc(const ImageFacts& facts, const Limits&) {
    std::set<std::string> builds;
    std::size_t files = 0;
    for (const auto& [path, fact] : facts.files.files) {
        if (fact.libc_build.empty()) continue;
        builds.insert(fact.libc_build);
        ++files;
    }
    return {builds.size() == 1 && files >= 2, "one build of both",
            builds.empty() ? "no C library" : joined_some({builds.begin(), builds.end()}, 5)};
}

}  // namespace

std::vector<RowRule> file_rows() {
    return {
        {"no-setuid", "no file is set-uid or set-gid",
         [](const ImageFacts& facts, const Limits&) { return expect_none(setuid_files(facts)); },
         AppliesTo::distroless},
        {"setuid-of-base", "no file is set-uid or set-gid but Debian's own", observe_setuid_of_base,
         AppliesTo::with_debian},
        {"world-writable", "nothing can be written by everybody but sticky directories", observe_world_writable},
        {"dangling-links", "no symbolic link leads nowhere", observe_dangling},
        {"no-tools", "there is no shell, package manager, compiler or downloader", observe_no_tools,
         AppliesTo::distroless},
        {"tools", "there is a shell and a package manager", observe_tools, AppliesTo::development},
        {"no-debris", "there are no parts of Python that a service cannot use", observe_debris, AppliesTo::distroless},
        {"size", "it is small: unpacked, without uv", observe_size},
        {"libraries-registered", "scanners see every program and library outside /usr/local", observe_registered,
         AppliesTo::distroless},
        {"libraries-true", "registered programs and libraries are what their package says", observe_truth,
         AppliesTo::distroless},
        {"libraries-mapped", "every library that Python maps is registered", observe_mapped, AppliesTo::distroless},
        {"libraries-once", "no library is there twice", observe_twice, AppliesTo::distroless},
        {"libraries-libc", "the C library and the loader are of one build", observe_libc, AppliesTo::distroless},
    };
}
