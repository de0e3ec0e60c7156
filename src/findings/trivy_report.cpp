// Trivy's JSON (SchemaVersion 2).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "findings/finding.h"
#include "findings/fixed_versions.h"
#include "findings/names.h"
#include "findings/report_parts.h"

namespace {

FixState trivy_fix_state(const std::string& status, bool has_fix) {
    if (status == "not_affected") return FixState::not_affected;
    if (has_fix || status == "fixed") return FixState::fixed;
    if (status == "affected" || status == "fix_deferred") return FixState::none;
    if (status == "will_not_fix" || status == "end_of_life") return FixState::wont_fix;
    return FixState::unknown;
}

/// The rating that people know best: NVD's, else GitHub's, else the highest; version 3 before 4 before 2.
Rating rating_of(const Json& cvss) {
    std::vector<Rating> ratings;
    if (!cvss.IsObject()) return {};
    for (const auto& source : cvss.GetObject()) {
        const std::string name = text_of(source.name);
        const int preference = name == "nvd" ? 2 : name == "ghsa" ? 1 : 0;
        for (const char* version : {"V3", "V40", "V2"}) {
            const std::string prefix = version;
            const double score = decimal_at(source.value, prefix + "Score");
            if (score > 0) ratings.push_back({preference, prefix, text_at(source.value, prefix + "Vector"), score});
        }
    }
    return best_rating(ratings);
}

/// The worst of what Trivy's sources say: numbers from 0, unknown, to 4, critical.
Severity vendor_severity(const Json& vulnerability) {
    const Json& by_source = member(vulnerability, "VendorSeverity");
    std::int64_t worst = 0;
    if (by_source.IsObject()) {
        for (const auto& source : by_source.GetObject()) {
            if (source.value.IsInt64()) worst = std::max(worst, source.value.GetInt64());
        }
    }
    constexpr std::array words = {Severity::unknown, Severity::low, Severity::medium, Severity::high,
                                  Severity::critical};
    return words.at(static_cast<std::size_t>(std::min<std::int64_t>(worst, 4)));
}

/// Reads what the vulnerability itself says; the result around it says where it is (place_in).
Finding read_vulnerability(const Json& vulnerability, const ReportSource& source) {
    Finding finding;
    const std::string id = source.required_text(vulnerability, "VulnerabilityID", "a vulnerability");
    const std::string name = source.required_text(vulnerability, "PkgName", "the vulnerability " + id);
    std::vector<std::string> ids{id};
    for (const Json& other : items_at(vulnerability, "VendorIDs")) ids.push_back(text_of(other));
    name_finding(finding, id, std::move(ids));
    finding.package = name;
    finding.path = text_at(vulnerability, "PkgPath");
    finding.version = text_at(vulnerability, "InstalledVersion");
    finding.fixed_in = fields_of(view_at(vulnerability, "FixedVersion"), ',');
    finding.fix = trivy_fix_state(text_at(vulnerability, "Status"), !finding.fixed_in.empty());
    const std::string_view title = view_at(vulnerability, "Title");
    finding.title = short_title(title.empty() ? view_at(vulnerability, "Description") : title);
    finding.layer = text_at(member(vulnerability, "Layer"), "DiffID");
    const std::string basis =
        rate(finding, rating_of(member(vulnerability, "CVSS")), view_at(vulnerability, "Severity"),
             vendor_severity(vulnerability), "its other sources");
    finding.reported_by.push_back(detection_of(finding, Scanner::trivy, id, basis));
    return finding;
}

/// The source package of each of the distribution's packages, where it has another name.
using Sources = std::unordered_map<std::string, std::string>;
Sources sources_in(const Json& result) {
    Sources sources;
    for (const Json& package : items_at(result, "Packages")) {
        const std::string source = text_at(package, "SrcName");
        const std::string name = text_at(package, "Name");
        if (!source.empty() && source != name) sources[name] = source;
    }
    return sources;
}

void place_in(const Json& result, const Sources& sources, Finding& finding) {
    Detection& detection = finding.reported_by.front();
    const auto source = sources.find(finding.package);
    if (source != sources.end()) detection.upstreams = {source->second};
    finding.package_type = package_type_of(view_at(result, "Type"));
    finding.package = package_name(finding.package, finding.package_type);
    if (view_at(result, "Class") == "os-pkgs" || is_system_package(finding.package_type)) {
        finding.path.clear();
        return;
    }
    check_fix(finding);  // what a distribution ships is released
    detection.fix = finding.fix;
    // Trivy names a file per package, or one for the whole result ("usr/local/bin/uv").
    const std::string target = text_at(result, "Target");
    const bool is_group = target == "Python" || target == "Node.js" || target == "Java" || target == "Ruby" ||
                          target == "Conda";  // of packages with paths of their own
    const std::string path = rooted(!finding.path.empty() ? finding.path : is_group ? "" : target);
    if (!path.empty()) finding.paths = {path};
    finding.path = unversioned(path);
}

/// The matched text and the lines around it are left where they are: a report must not spread what it warns of.
Finding read_secret(const Json& secret, const Json& result, const ReportSource& source) {
    Finding finding;
    finding.kind = FindingKind::secret;
    finding.id = source.required_text(secret, "RuleID", "a secret");
    finding.package_type = "secret";
    finding.path = rooted(text_at(result, "Target"));
    finding.paths = {finding.path};
    finding.line = static_cast<int>(number_at(secret, "StartLine"));
    finding.severity = parse_severity(text_at(secret, "Severity")).value_or(Severity::unknown);
    finding.title = short_title(text_at(secret, "Title"));
    finding.layer = text_at(member(secret, "Layer"), "DiffID");
    finding.reported_by.push_back(detection_of(finding, Scanner::trivy, finding.id));
    return finding;
}

/// Counts what the report also holds and our policy does not judge.
void note_others(Report& report, const char* noun, std::size_t count = 1) {
    if (count > 0) report.not_judged[noun] += count;
}

/// What Trivy suppressed by an ignore file, a VEX document or a rule that it was given. Only our policy accepts a risk,
/// so these are findings like all others, with the reason beside them.
void read_suppressed(const Json& result, const Sources& sources, const ReportSource& source, Report& report) {
    for (const Json& entry : source.optional_items(result, "ExperimentalModifiedFindings")) {
        const std::string type = text_at(entry, "Type");
        if (type != "vulnerability" && type != "secret") {
            note_others(report, type == "misconfiguration" ? "misconfiguration"
                                : type == "license"        ? "licence"
                                                           : "suppressed result of an unknown kind");
            continue;
        }
        const Json& suppressed = member(entry, "Finding");
        Finding finding =
            type == "secret" ? read_secret(suppressed, result, source) : read_vulnerability(suppressed, source);
        if (type != "secret") place_in(result, sources, finding);
        const std::vector<std::string> said = {text_at(entry, "Status"), text_at(entry, "Statement"),
                                               text_at(entry, "Source")};
        finding.ignored_because = "trivy suppressed it by a rule that it was given (" + joined_words(said) + ")";
        report.findings.push_back(std::move(finding));
    }
}

/// `lists_packages`: whether any result of the report does (--list-all-pkgs).
void read_result(const Json& result, const ReportSource& source, bool lists_packages, Report& report) {
    const std::string kind = text_at(result, "Class");
    std::unordered_set<std::string> named;
    const Sources sources = sources_in(result);
    report.findings.reserve(report.findings.size() + source.optional_items(result, "Vulnerabilities").Size());
    for (const Json& vulnerability : source.optional_items(result, "Vulnerabilities")) {
        report.findings.push_back(read_vulnerability(vulnerability, source));
        const Finding& finding = report.findings.back();
        place_in(result, sources, report.findings.back());
        named.insert(finding.package + "\n" + finding.path);
    }
    for (const Json& secret : source.optional_items(result, "Secrets")) {
        report.findings.push_back(read_secret(secret, result, source));
    }
    read_suppressed(result, sources, source, report);
    for (const Json& one : source.optional_items(result, "Misconfigurations"))
        note_others(report, "misconfiguration", view_at(one, "Status") == "PASS" ? 0 : 1);
    note_others(report, "licence", source.optional_items(result, "Licenses").Size());
    note_others(report, "result of a custom rule", source.optional_items(result, "CustomResources").Size());
    const std::size_t listed = items_at(result, "Packages").Size();
    const std::string type = package_type_of(view_at(result, "Type"));
    const bool of_system = kind == "os-pkgs" || (kind.empty() && is_system_package(type));
    // A result is written where there are packages, and always for the system. Where lists were asked for, one without
    // a list says that there are none.
    const std::size_t packages = std::max(listed, named.size());
    const bool lists_none = lists_packages && packages == 0;
    if (of_system)
        report.system_fault =
            lists_none ? fmt::format("lists no packages of {} {}", report.os_family, report.os_version) : "";
    if (kind == "os-pkgs" || kind == "lang-pkgs")
        report.packages += std::max(packages, static_cast<std::size_t>(lists_none ? 0 : 1));
}

void check_trivy_shape(const Json& root, const ReportSource& source) {
    if (root.IsArray()) source.refuse("is of Trivy's schema 1, a bare list", "scan with Trivy 0.20 or newer");
    if (!root.IsObject() || !member(root, "SchemaVersion").IsInt64())
        source.refuse("is not a report of Trivy: it has no SchemaVersion", "make it with: trivy image --format json");
    if (number_at(root, "SchemaVersion") != 2) {
        source.refuse(fmt::format("has SchemaVersion {}; only 2 is known", number_at(root, "SchemaVersion")),
                      "scan with a Trivy that writes SchemaVersion 2");
    }
    const std::string type = text_at(root, "ArtifactType");
    if (type != "container_image" && type != "cyclonedx" && type != "spdx") {
        source.refuse(fmt::format("is about an artifact of type \"{}\", not about a container image", type),
                      "make it with: trivy image --format json");
    }
    if (!member(root, "Metadata").IsObject()) source.refuse("has no Metadata, so it names no image", "");
    if (!member(root, "Vulnerabilities").IsNull())
        source.refuse("is not understood: there are vulnerabilities outside of its results");
}

}  // namespace

Report parse_trivy_report(std::string text, const std::string& source_name) {
    const ReportSource source{source_name};
    Report report;
    const rapidjson::Document root = parse_report_json(text, source_name);
    check_trivy_shape(root, source);
    const Json& metadata = member(root, "Metadata");
    report.scanner = Scanner::trivy;
    report.scanner_version = text_at(member(root, "Trivy"), "Version");
    report.config = Digest::parse(text_at(metadata, "ImageID"));
    report.architecture = text_at(member(metadata, "ImageConfig"), "architecture");
    const std::string family = text_at(member(metadata, "OS"), "Family");
    report.os_family = family == "none" ? "" : family;
    report.os_version = text_at(member(metadata, "OS"), "Name");
    if (member(member(metadata, "OS"), "EOSL").IsTrue())
        report.end_of_life = fmt::format("{} {} is no longer supported by its distribution", family, report.os_version);
    const Json::ConstArray tags = items_at(metadata, "RepoTags");  // people know these
    report.image = tags.Empty() ? text_at(root, "ArtifactName") : text_of(tags[0]);
    report.created = parse_time(text_at(root, "CreatedAt"));
    for (const Json& layer : items_at(metadata, "Layers"))
        report.unpacked += static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_at(layer, "Size")));
    report.of_sbom = text_at(root, "ArtifactType") != "container_image";
    report.system_fault = "has no result about the packages of " + report.os_family + ", so it did not look them up";
    const Json::ConstArray results = source.optional_items(root, "Results");
    const bool lists_packages = std::any_of(results.Begin(), results.End(), [](const Json& result) {
        return result.IsObject() && member(result, "Packages").IsArray();
    });
    for (const Json& result : results) read_result(result, source, lists_packages, report);
    return report;
}
