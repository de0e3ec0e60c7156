#include "report/sarif_identity.h"

#include <map>

#include "base/digest.h"
#include "base/text.h"

namespace {

/// How many rows of the matrix have this minor version: "3.13".
std::map<std::string, std::vector<std::string>> rows_by_minor(const Plan& plan) {
    std::map<std::string, std::vector<std::string>> rows;
    for (const Row& row : plan.matrix.rows) {
        const std::optional<Version> version = parse_version(row.python_version);
        rows[version ? minor_version(*version) : row.python_version].push_back(row.python_version);
    }
    return rows;
}

std::string length_prefixed(const std::string& field) {
    return std::to_string(field.size()) + ":" + field;
}

}  // namespace

std::string make_category(const Plan& plan, const Image& image, const std::string& platform) {
    const std::optional<Version> version = parse_version(image.python_version);
    const std::string minor = version ? minor_version(*version) : image.python_version;
    const auto rows = rows_by_minor(plan);
    const auto found = rows.find(minor);
    const bool shared = found != rows.end() && found->second.size() > 1;
    std::string dashed = platform;
    for (char& c : dashed) c = c == '/' ? '-' : c;
    return "images/" + (shared ? image.python_version : minor) + "/" + render_target(image.target) + "/" + dashed + "/";
}

Problems check_categories(const Plan& plan) {
    Problems problems;
    for (const auto& [minor, versions] : rows_by_minor(plan)) {
        if (versions.size() < 2) continue;
        problems.push_back(
            {{plan.matrix.file, 0},
             joined(versions, " and ") + " share the minor version " + minor +
                 ": their code-scanning alerts are kept by whole version and start again when it changes",
             "with one row per minor version, alerts live on through every patch",
             Level::notice});
    }
    return problems;
}

std::string make_fingerprint(const Finding& finding, const std::string& category) {
    const Digest digest =
        sha256(length_prefixed(finding.id) + length_prefixed(finding.package) + length_prefixed(finding.path) +
               length_prefixed(category) + (finding.line > 0 ? std::to_string(finding.line) : ""));
    return std::string(digest.hex().substr(0, 16)) + ":1";
}
