// Rows about the file system.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "contract/observation.h"
#include "contract/recorded_files.h"

namespace {

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

Observation observe_no_setuid(const ImageFacts& facts, const Limits&) {
    return expect_none(setuid_files(facts));
}

Observation observe_setuid_of_base(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> others = setuid_files(facts);
    std::erase_if(others, [](const std::string& path) { return setuid_of_debian.contains(path); });
    return {others.empty(), "only Debian's own", others.empty() ? "only Debian's own" : render_some(others)};
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
    return compare(render_some(expected), render_some(programs_there(facts, expected)));
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
bool is_of_service_wheel(const std::map<std::string, RecordedFile>& recorded, const std::string& path) {
    if (path.starts_with("/usr/local/") || path.starts_with("/opt/debugger/")) return false;
    const auto file = recorded.find(path);
    if (file != recorded.end()) return file->second.wheel;
    const auto inside = recorded.lower_bound(path + "/");
    return inside != recorded.end() && inside->first.starts_with(path + "/") && inside->second.wheel;
}

/// A service may depend on any of these by choice; its wheels are recorded, so that scanners see them.
Observation observe_debris(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, RecordedFile> recorded = list_recorded_files(facts.files);
    std::vector<std::string> paths;
    for (const auto& [path, fact] : facts.files.files) {
        if (is_debris(path) && !is_of_service_wheel(recorded, path)) paths.push_back(path);
    }
    return expect_none(paths);
}

/// From the export: an engine's own figure is the compressed size with one image store and the unpacked one with the
/// other (images-run.md §2).
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

}  // namespace

std::vector<RowRule> file_rows() {
    return {
        {"no-setuid", "no file is set-uid or set-gid", AppliesTo::distroless, observe_no_setuid},
        {"setuid-of-base", "no file is set-uid or set-gid but Debian's own", AppliesTo::with_debian,
         observe_setuid_of_base},
        {"world-writable", "nothing can be written by everybody but sticky directories", AppliesTo::all,
         observe_world_writable},
        {"dangling-links", "no symbolic link leads nowhere", AppliesTo::all, observe_dangling},
        {"no-tools", "there is no shell, package manager, compiler or downloader", AppliesTo::distroless,
         observe_no_tools},
        {"tools", "there is a shell and a package manager", AppliesTo::development, observe_tools},
        {"no-debris", "there are no parts of Python that a service cannot use", AppliesTo::distroless, observe_debris},
        {"size", "it is small: unpacked, without uv", AppliesTo::all, observe_size},
    };
}
