// Rows about what scanners can see: every library is registered in distroless's status.d, truthfully.
#include <fmt/format.h>

#include <map>
#include <set>

#include "base/text.h"
#include "contract/observation.h"

namespace {

/// MD5 by path, of everything that /var/lib/dpkg/status.d/*.md5sums lists (distroless: PACKAGE_METADATA.md).
std::map<std::string, std::string> listed_files(const FileTree& files) {
    std::map<std::string, std::string> listed;
    for (const auto& [path, fact] : files.files) {
        if (!path.starts_with("/var/lib/dpkg/status.d/") || !path.ends_with(".md5sums")) continue;
        for (const std::string& line : lines_of(fact.text)) {
            const std::size_t blank = line.find(' ');
            if (blank == std::string::npos) continue;
            const std::string file = "/" + std::string(trimmed(line.substr(blank)));
            listed[files.resolve(file).value_or(file)] = line.substr(0, blank);
        }
    }
    return listed;
}

bool is_ours_to_register(const std::string& path) {
    return !path.starts_with("/usr/local/");
}

Observation observe_registered(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, std::string> listed = listed_files(facts.files);
    std::vector<std::string> unlisted;
    std::size_t count = 0;
    for (const auto& [path, fact] : facts.files.files) {
        if (!fact.elf || !is_ours_to_register(path)) continue;
        ++count;
        if (!listed.contains(path)) unlisted.push_back(path);
    }
    return {unlisted.empty() && count > 0, "each of them",
            unlisted.empty() ? fmt::format("all {}", count) : "not: " + render_some(unlisted)};
}

Observation observe_truth(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> different;
    std::size_t count = 0;
    for (const auto& [path, md5] : listed_files(facts.files)) {
        const auto file = facts.files.files.find(path);
        if (file == facts.files.files.end() || !file->second.elf) continue;
        ++count;
        if (file->second.md5 != md5) different.push_back(path);
    }
    return {different.empty() && count > 0, "each of them",
            different.empty() ? fmt::format("all {}", count) : "not: " + render_some(different)};
}

Observation observe_mapped(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "mapped-libraries");
    if (!answer.error.empty()) return {false, "each of them", answer.error};
    const std::map<std::string, std::string> listed = listed_files(facts.files);
    std::vector<std::string> unlisted;
    for (const std::string& path : answer.values) {
        if (is_ours_to_register(path) && !listed.contains(facts.files.resolve(path).value_or(path)))
            unlisted.push_back(path);
    }
    return {unlisted.empty() && !answer.values.empty(), "each of them",
            unlisted.empty() ? fmt::format("all {}", answer.values.size()) : "not: " + render_some(unlisted)};
}

/// Two libssl made to win by LD_LIBRARY_PATH: the scanner sees one, the process runs the other (parent-images.md §1.3).
Observation observe_twice(const ImageFacts& facts, const Limits&) {
    std::map<std::string, std::size_t> names;
    for (const auto& [path, fact] : facts.files.files) {
        if (!fact.elf || fact.further_name || !is_ours_to_register(path)) continue;
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
            builds.empty() ? "no C library" : render_some({builds.begin(), builds.end()})};
}

}  // namespace

std::vector<RowRule> package_rows() {
    return {
        {"libraries-registered", "scanners see every program and library outside /usr/local", PromisedBy::distroless,
         observe_registered},
        {"libraries-true", "registered programs and libraries are what their package says", PromisedBy::distroless,
         observe_truth},
        {"libraries-mapped", "every library that Python maps is registered", PromisedBy::distroless, observe_mapped},
        {"libraries-once", "no library is there twice", PromisedBy::distroless, observe_twice},
        {"libraries-libc", "the C library and the loader are of one build", PromisedBy::distroless, observe_libc},
    };
}
