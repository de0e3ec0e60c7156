// Rows about the image's configuration: what every service inherits.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version.h"
#include "contract/facts.h"

namespace {

/// A name would do for Docker, but Kubernetes cannot see from it that the user is not root (runAsNonRoot).
Observation observe_user(const ImageFacts& facts, const Limits&) {
    const std::string& user = facts.config.user;
    const std::size_t colon = user.find(':');
    const auto is_above_zero = [](const std::string& id) { return parse_number(id).value_or(0) > 0; };
    const bool numeric =
        is_above_zero(user.substr(0, colon)) && (colon == std::string::npos || is_above_zero(user.substr(colon + 1)));
    return {numeric, "a number above 0, as 1000:1000", user.empty() ? "root, as no user is set" : user};
}

/// The user or group nonroot with its numbers, which stand behind the password: "nonroot:1000:1000".
std::string account(const std::string& text, std::size_t numbers) {
    for (const std::string& line : lines_of(text)) {
        const std::vector<std::string> fields = fields_of(line, ':');
        if (fields.size() < 2 + numbers || fields[0] != "nonroot") continue;
        std::string found = fields[0];
        for (std::size_t i = 2; i < 2 + numbers; ++i) found += ":" + fields[i];
        return found;
    }
    return "none";
}

Observation observe_accounts(const ImageFacts& facts, const Limits&) {
    return compare("user nonroot:1000:1000, group nonroot:1000",
                   fmt::format("user {}, group {}", account(facts.files.text_of("/etc/passwd"), 2),
                               account(facts.files.text_of("/etc/group"), 1)));
}

Observation observe_working_directory(const ImageFacts& facts, const Limits&) {
    const std::string& directory = facts.config.working_directory;
    const std::optional<FileFact> fact = facts.files.at(directory.empty() ? "/" : directory);
    if (!fact) return compare("/home/nonroot of 1000:1000", directory + ", which is not there");
    return compare("/home/nonroot of 1000:1000", fmt::format("{} of {}:{}", directory, fact->uid, fact->gid));
}

Observation observe_entrypoint(const ImageFacts& facts, const Limits&) {
    const std::vector<std::string>& words = facts.config.entrypoint;
    const bool shell = !words.empty() && (words[0] == "/bin/sh" || words[0] == "sh" || words[0] == "/bin/bash");
    const std::string last = words.empty() ? "" : words.back().substr(words.back().rfind('/') + 1);
    return {!shell && last == "python", "words, the last of them python",
            words.empty() ? "nothing" : joined(words, " ")};
}

Observation observe_labels(const ImageFacts& facts, const Limits&) {
    const std::string python = text_at(facts.config.labels, "uk.gov.defra.python.python-version");
    const std::string version = text_at(facts.config.labels, version_label);
    const std::string repository = text_at(facts.config.labels, repository_label);
    const Expectations& expected = facts.expected;
    const auto wanted = [](const std::string& exact, const char* otherwise) {
        return exact.empty() ? otherwise : exact;
    };
    const auto is = [](const std::string& exact, const std::string& found, bool plausible) {
        return exact.empty() ? plausible : exact == found;
    };
    return {is(expected.python_version, python, parse_version(python).has_value()) &&
                is(expected.defra_version, version, parse_version(version).has_value()) &&
                is(expected.repository, repository, !repository.empty()),
            fmt::format("Python {}, version {}, repository {}", wanted(expected.python_version, "x.y.z"),
                        wanted(expected.defra_version, "x.y.z"), wanted(expected.repository, "any")),
            fmt::format("Python {}, version {}, repository {}", python, version, repository)};
}

/// Services inherit labels: whatever describes this image would be wrong on theirs. Annotations are
/// for that.
Observation observe_inherited_labels(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> wrong;
    for (const auto& [name, value] : facts.config.labels) {
        if (name.starts_with("org.opencontainers.image.")) wrong.push_back(name);
    }
    return expect_none(wrong);
}

Observation observe_library_path(const ImageFacts& facts, const Limits&) {
    const std::string path = text_at(facts.config.environment, "LD_LIBRARY_PATH");
    return {path.empty(), "not set", path.empty() ? "not set" : path};
}

Observation observe_environment(const ImageFacts& facts, const Limits&) {
    return compare(fmt::format("PYTHON_ENV={} PYTHONUNBUFFERED=1", render_target(facts.expected.target)),
                   fmt::format("PYTHON_ENV={} PYTHONUNBUFFERED={}", text_at(facts.config.environment, "PYTHON_ENV"),
                               text_at(facts.config.environment, "PYTHONUNBUFFERED")));
}

Observation observe_uv_downloads(const ImageFacts& facts, const Limits&) {
    return compare("UV_PYTHON_DOWNLOADS=never",
                   "UV_PYTHON_DOWNLOADS=" + text_at(facts.config.environment, "UV_PYTHON_DOWNLOADS"));
}

Observation observe_layers(const ImageFacts& facts, const Limits& limits) {
    return {facts.config.layers <= static_cast<std::size_t>(limits.layers), fmt::format("at most {}", limits.layers),
            fmt::format("{}", facts.config.layers)};
}

}  // namespace

std::vector<RowRule> configuration_rows() {
    return {
        {"user-numeric", "the user is numeric and not root", observe_user},
        {"user-nonroot", "nonroot is user and group 1000", observe_accounts},
        {"working-directory", "services start in the home directory, which is the user's", observe_working_directory},
        {"entrypoint", "the entrypoint needs no shell and ends in python", observe_entrypoint},
        {"labels", "labels tell Python's version, the image's and the repository", observe_labels},
        {"labels-inherited", "no label would be wrong on a service's image", observe_inherited_labels},
        {"settings-inherited", "no ONBUILD, VOLUME, HEALTHCHECK or EXPOSE is inherited",
         [](const ImageFacts& facts, const Limits&) { return expect_none(facts.config.inherited); }},
        {"library-path", "LD_LIBRARY_PATH is not set", observe_library_path},
        {"python-environment", "PYTHON_ENV is the target, output is not buffered", observe_environment},
        {"uv-downloads", "uv downloads no Python", observe_uv_downloads},
        {"layers", "there are few layers", observe_layers},
    };
}
