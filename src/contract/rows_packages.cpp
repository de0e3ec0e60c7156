// Rows about what scanners can see: every library belongs to a package that they find, and is what the package says.
#include <fmt/format.h>

#include <map>
#include <set>

#include "contract/observation.h"
#include "contract/recorded_files.h"

namespace {

bool must_be_recorded(const std::string& path) {
    return !path.starts_with("/usr/local/");
}

Observation expect_each(const std::vector<std::string>& others, std::size_t count) {
    return {others.empty() && count > 0, "each of them",
            others.empty() ? fmt::format("all {}", count) : "not: " + render_some(others)};
}

Observation observe_registered(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, RecordedFile> recorded = list_recorded_files(facts.files);
    std::vector<std::string> unlisted;
    std::size_t count = 0;
    for (const auto& [path, fact] : facts.files.files) {
        if (!fact.elf || !must_be_recorded(path)) continue;
        ++count;
        if (!recorded.contains(path)) unlisted.push_back(path);
    }
    return expect_each(unlisted, count);
}

bool is_as_recorded(const FileFact& file, const RecordedFile& recorded) {
    return (recorded.md5.empty() || recorded.md5 == file.md5) &&
           (recorded.sha256.empty() || recorded.sha256 == file.sha256);
}

Observation observe_truth(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> different;
    std::size_t count = 0;
    for (const auto& [path, recorded] : list_recorded_files(facts.files)) {
        const auto file = facts.files.files.find(path);
        if (file == facts.files.files.end() || !file->second.elf) continue;
        ++count;
        if (!is_as_recorded(file->second, recorded)) different.push_back(path);
    }
    return expect_each(different, count);
}

Observation observe_mapped(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "mapped-libraries");
    if (!answer.error.empty()) return {false, "each of them", answer.error};
    const std::map<std::string, RecordedFile> recorded = list_recorded_files(facts.files);
    std::vector<std::string> unlisted;
    for (const std::string& path : answer.values) {
        if (must_be_recorded(path) && !recorded.contains(facts.files.resolve(path).value_or(path)))
            unlisted.push_back(path);
    }
    return expect_each(unlisted, answer.values.size());
}

/// Two libssl made to win by LD_LIBRARY_PATH: the scanner sees one, the process runs the other (parent-images.md §1.3).
/// Wheels are not counted: each has libraries of its own, which only its own modules load.
Observation observe_twice(const ImageFacts& facts, const Limits&) {
    const std::map<std::string, RecordedFile> recorded = list_recorded_files(facts.files);
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
            builds.empty() ? "no C library" : render_some({builds.begin(), builds.end()})};
}

}  // namespace

std::vector<RowRule> package_rows() {
    return {
        {"libraries-registered", "scanners see every program and library outside /usr/local", AppliesTo::distroless,
         observe_registered},
        {"libraries-true", "registered programs and libraries are what their package says", AppliesTo::distroless,
         observe_truth},
        {"libraries-mapped", "every library that Python maps is registered", AppliesTo::distroless, observe_mapped},
        {"libraries-once", "no library is there twice", AppliesTo::distroless, observe_twice},
        {"libraries-libc", "the C library and the loader are of one build", AppliesTo::distroless, observe_libc},
    };
}
