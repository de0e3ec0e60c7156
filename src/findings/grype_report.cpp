// Grype's JSON (it names no schema version).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/json.h"
#include "base/text.h"
#include "findings/finding.h"
#include "findings/fixed_versions.h"
#include "findings/names.h"
#include "findings/report_parts.h"

namespace {

/// A version with the fix is one, whatever the word beside it.
FixState grype_fix_state(const std::string& state, bool has_version) {
    if (has_version || state == "fixed") return FixState::fixed;
    if (state == "not-fixed") return FixState::none;
    if (state == "wont-fix") return FixState::wont_fix;
    return FixState::unknown;
}

std::vector<std::string> words_at(const Json& object, std::string_view key, std::string_view field = "") {
    std::vector<std::string> texts;
    for (const Json& item : items_at(object, key))
        texts.push_back(field.empty() ? text_of(item) : text_at(item, field));
    std::erase(texts, "");
    return texts;
}

void read_ratings(const Json& vulnerability, std::vector<Rating>& ratings) {
    for (const Json& cvss : items_at(vulnerability, "cvss")) {
        const double score = decimal_at(member(cvss, "metrics"), "baseScore");
        if (score <= 0) continue;
        ratings.push_back(
            {view_at(cvss, "type") == "Primary" ? 1 : 0, text_at(cvss, "version"), text_at(cvss, "vector"), score});
    }
}

void read_danger(const Json& vulnerability, Finding& finding) {
    finding.known_exploited = finding.known_exploited || !items_at(vulnerability, "knownExploited").Empty();
    for (const Json& epss : items_at(vulnerability, "epss")) {
        finding.epss = std::clamp(decimal_at(epss, "epss"), finding.epss, 1.0);
    }
}

bool has_evidence(const Json& location, std::string_view kind) {
    return view_at(member(location, "annotations"), "evidence") == kind;
}

/// For a Debian package the primary location is dpkg's list, which every later layer writes again; the files that dpkg
/// keeps about this one package show which layer it is from.
void read_locations(const Json& artifact, Finding& finding) {
    const Json::ConstArray locations = items_at(artifact, "locations");
    const Json* main = nullptr;
    const Json* supporting = nullptr;
    for (const Json& location : locations) {
        for (const char* key : {"path", "accessPath"}) {
            const std::string path = rooted(text_at(location, key));
            if (!path.empty()) add_once(finding.paths, path);
        }
        if (main == nullptr || (has_evidence(location, "primary") && !has_evidence(*main, "primary"))) main = &location;
        if (supporting == nullptr && has_evidence(location, "supporting")) supporting = &location;
    }
    if (main == nullptr) return;
    const bool of_system = is_system_package(finding.package_type);
    finding.layer = text_at(of_system && supporting != nullptr ? *supporting : *main, "layerID");
    if (!of_system) finding.path = unversioned(rooted(text_at(*main, "path")));
}

/// "/app.jar:BOOT-INF/lib/x.jar" is "/app.jar/BOOT-INF/lib/x.jar" for Trivy. What follows the last archive names a
/// library whose classes were copied into it.
std::string nested_path(const std::string& path) {
    static constexpr std::string_view endings[] = {".jar", ".war", ".ear",  ".par", ".sar", ".nar", ".jpi",
                                                   ".hpi", ".kar", ".lpkg", ".zip", ".far", ".rar"};
    std::string nested;
    for (const std::string& part : fields_of(path, ':')) {
        const bool is_archive = std::ranges::any_of(endings, [&](auto ending) { return part.ends_with(ending); });
        if (!nested.empty() && !is_archive) break;
        nested += (nested.empty() ? "" : "/") + part;
    }
    return nested;
}

/// Trivy's words for a Java library: GROUP:ARTIFACT, and a path into the archives around it (syft writes both into
/// other places).
void name_java_library(const Json& artifact, Finding& finding) {
    if (const std::optional<PackageUrl> url = parse_purl(text_at(artifact, "purl")); url && !url->name_space.empty())
        finding.package = url->name_space + ":" + url->name;
    std::string path = text_at(member(artifact, "metadata"), "virtualPath");
    for (const Json& location : items_at(artifact, "locations")) {
        const std::string access = text_at(location, "accessPath");
        if (access.find(':') != std::string::npos) path = access;
    }
    if (path.find(':') != std::string::npos) finding.path = unversioned(rooted(nested_path(path)));
}

/// What is known of the vulnerability, under this or a related name. Returns what rate() does.
std::string read_what_is_known(const Json& match, Finding& finding) {
    const Json& vulnerability = member(match, "vulnerability");
    std::vector<Rating> ratings;
    Severity worst = Severity::unknown;  // word for what Grype says is the same vulnerability under another name
    std::string_view description = view_at(vulnerability, "description");
    read_danger(vulnerability, finding);
    read_ratings(vulnerability, ratings);
    for (const Json& related : items_at(match, "relatedVulnerabilities")) {
        read_danger(related, finding);
        if (ratings.empty()) read_ratings(related, ratings);
        if (description.empty()) description = view_at(related, "description");
        worst = std::max(worst, parse_severity(view_at(related, "severity")).value_or(Severity::unknown));
    }
    finding.title = short_title(description);
    return rate(finding, best_rating(ratings), view_at(vulnerability, "severity"), worst, "a related vulnerability");
}

Finding read_match(const Json& match, const ReportSource& source) {
    const Json& vulnerability = member(match, "vulnerability");
    const Json& artifact = member(match, "artifact");
    const Json& fix = member(vulnerability, "fix");
    const std::string id = source.required_text(vulnerability, "id", "the vulnerability of a match");
    const std::string name = source.required_text(artifact, "name", "the package of " + id);
    std::vector<std::string> ids = words_at(match, "relatedVulnerabilities", "id");
    std::ranges::move(words_at(vulnerability, "advisories", "id"), std::back_inserter(ids));
    ids.push_back(id);
    Finding finding;
    name_finding(finding, id, std::move(ids));
    finding.package_type = package_type_of(text_at(artifact, "type"));
    finding.package = package_name(name, finding.package_type);
    finding.version = text_at(artifact, "version");
    finding.fixed_in = words_at(fix, "versions");
    finding.fix = grype_fix_state(text_at(fix, "state"), !finding.fixed_in.empty());
    std::ranges::sort(finding.fixed_in);
    check_fix(finding);
    read_locations(artifact, finding);
    if (finding.package_type == "java") name_java_library(artifact, finding);
    const std::string basis = read_what_is_known(match, finding);
    finding.reported_by.push_back(detection_of(finding, Scanner::grype, id, basis));
    finding.reported_by.back().upstreams = words_at(artifact, "upstreams", "name");
    return finding;
}

/// An advisory that stands for several CVEs is a finding for each of them: they are fixed, rated and accepted
/// separately.
void split_advisory(std::vector<Finding>& findings) {
    Finding& all = findings.back();
    if (names_one_vulnerability(all.reported_by.front().id) || !is_cve(all.id)) return;
    std::vector<std::string> others = all.aliases;
    std::erase_if(others, [](const std::string& id) { return !is_cve(id); });
    if (others.empty()) return;
    all.aliases.clear();
    const Finding first = all;  // the list may move
    for (const std::string& cve : others) {
        findings.push_back(first);
        findings.back().id = cve;
    }
}

/// What an ignore rule asks for, in one order; empty where it does not ask.
std::vector<std::string> criteria_of(const Json& rule) {
    std::vector<std::string> criteria;
    for (const char* key : {"vulnerability", "namespace", "fix-state", "vex-status", "match-type", "reason"})
        criteria.push_back(text_at(rule, key));
    for (const char* key : {"name", "version", "type", "location", "upstream-name"})
        criteria.push_back(text_at(member(rule, "package"), key));
    return criteria;
}

/// Grype hides vulnerabilities of the kernel from packages that only carry its headers; every configuration shows these
/// rules.
bool is_kernel_header_rule(const Json& rule) {
    const std::string name = text_at(member(rule, "package"), "name");
    return text_at(rule, "match-type") == "exact-indirect-match" && text_at(rule, "vulnerability").empty() &&
           (name == "kernel-headers" || name == "linux(-.*)?-headers-.*" || name == "linux-libc-dev" ||
            name == "linux-kbuild-.*" || name == "linux-headers-.*");
}

using Rules = std::vector<std::vector<std::string>>;  ///< the criteria of each

/// A rule that was applied says less than the one that was given: Grype omits the package of some, and older ones
/// the namespace, the kind of match and the source package. A built-in one has a reason.
bool was_given(const Json& applied, const Rules& given, bool configuration_known) {
    const std::vector<std::string> criteria = criteria_of(applied);
    if (!text_at(applied, "vex-status").empty()) return true;
    if (!configuration_known && !is_kernel_header_rule(applied) && text_at(applied, "reason").empty()) return true;
    return std::ranges::any_of(given, [&](const std::vector<std::string>& rule) {
        return std::equal(criteria.begin(), criteria.end(), rule.begin(),
                          [](const auto& said, const auto& asked) { return said.empty() || said == asked; });
    });
}

/// What Grype suppressed. Its built-in rules are respected and shown; a rule that it was given (an ignore file, a VEX
/// document) is not: only our policy accepts a risk.
void read_ignored(const Json& root, const ReportSource& source, Report& report) {
    const Json& configuration = member(member(root, "descriptor"), "configuration");
    Rules given;  // those of its configuration that are not built in
    for (const Json& rule : items_at(configuration, "ignore")) {
        if (!is_kernel_header_rule(rule)) given.push_back(criteria_of(rule));
    }
    for (const Json& match : source.optional_items(root, "ignoredMatches")) {
        const Json::ConstArray rules = source.optional_items(match, "appliedIgnoreRules");
        bool by_given_rule = rules.Empty();  // nothing says that the rule is built in
        std::string reason;
        for (const Json& rule : rules) {
            by_given_rule = by_given_rule || was_given(rule, given, configuration.IsObject());
            if (reason.empty())
                reason = text_at(rule, "reason").empty() ? joined_words(criteria_of(rule)) : text_at(rule, "reason");
        }
        Finding finding = read_match(match, source);
        finding.ignored_because = fmt::format("grype suppressed it by a {} ({})",
                                              by_given_rule ? "rule that it was given" : "built-in rule", reason);
        std::vector<Finding>& findings = by_given_rule ? report.findings : report.ignored;
        findings.push_back(std::move(finding));
        split_advisory(findings);
    }
}

std::vector<std::string> settings_that_hide(const Json& configuration) {
    std::vector<std::string> settings;
    for (const char* key : {"only-fixed", "only-notfixed"}) {
        if (member(configuration, key).IsTrue()) settings.emplace_back(key);
    }
    if (!text_at(configuration, "ignore-wontfix").empty()) settings.emplace_back("ignore-wontfix");
    if (!items_at(configuration, "exclude").Empty()) settings.emplace_back("exclude");
    if (!text_at(configuration, "distro").empty()) settings.emplace_back("distro");
    // Without these names the interpreter is not found.
    if (member(member(member(configuration, "match"), "stock"), "using-cpes").IsFalse())
        settings.emplace_back("match.stock.using-cpes: false");
    return settings;
}

void check_grype_shape(const Json& root, const ReportSource& source) {
    const std::string hint = "make it with: grype IMAGE -o json";
    if (!root.IsObject() || !member(root, "matches").IsArray())
        source.refuse("is not a report of Grype: it has no list of matches", hint);
    if (text_at(member(root, "descriptor"), "name") != "grype")
        source.refuse("is not a report of Grype: its descriptor names another tool", hint);
    const std::string type = text_at(member(root, "source"), "type");
    if (type != "image") source.refuse(fmt::format("is about a source of type \"{}\", not about an image", type), hint);
    if (!member(member(root, "source"), "target").IsObject()) source.refuse("names no image", "scan again");
}

/// Grype 0.106 and newer say of every package what is wrong with the distribution that it comes from; once is enough.
void read_alerts(const Json& root, const ReportSource& source, Report& report) {
    for (const Json& package : source.optional_items(root, "alertsByPackage")) {
        for (const Json& alert : source.optional_items(package, "alerts")) {
            const std::string type = text_at(alert, "type");
            const std::string message = text_at(alert, "message");
            const std::string words = message.empty() ? type : message;
            if (!type.starts_with("distro-"))
                ++report.not_judged["alert about a package"];
            else if (type != "distro-eol" && report.system_fault.empty())
                report.system_fault =
                    fmt::format("does not know the system {} {}: {}", report.os_family, report.os_version, words);
            else if (type == "distro-eol" && report.end_of_life.empty())
                report.end_of_life = words;
        }
    }
}

}  // namespace

Report parse_grype_report(std::string text, const std::string& source_name) {
    const ReportSource source{source_name};
    Report report;
    const rapidjson::Document root = parse_report_json(text, source_name);
    check_grype_shape(root, source);
    report.findings.reserve(source.optional_items(root, "matches").Size());
    for (const Json& match : source.optional_items(root, "matches")) {
        report.findings.push_back(read_match(match, source));
        split_advisory(report.findings);
    }
    const Json& target = member(member(root, "source"), "target");
    const Json& descriptor = member(root, "descriptor");
    report.scanner = Scanner::grype;
    report.scanner_version = text_at(descriptor, "version");
    report.manifest = Digest::parse(text_at(target, "manifestDigest"));
    report.config = Digest::parse(text_at(target, "imageID"));
    report.architecture = text_at(target, "architecture");
    const Json::ConstArray tags = items_at(target, "tags");  // people know these
    report.image = tags.Empty() ? text_at(target, "userInput") : text_of(tags[0]);
    report.created = parse_time(text_at(descriptor, "timestamp"));
    report.os_family = text_at(member(root, "distro"), "name");
    report.os_version = text_at(member(root, "distro"), "version");
    read_alerts(root, source, report);
    const Json& database = member(descriptor, "db");
    const Json& status = member(database, "status");  // Grype 0.88 and newer
    const std::string built = text_at(status, "built");
    report.database_date = parse_time(built.empty() ? text_at(database, "built") : built);
    report.database_fault = text_at(status, "error");
    if (report.database_fault.empty() && member(status, "valid").IsFalse()) report.database_fault = "it is not valid";
    report.hidden_by = settings_that_hide(member(descriptor, "configuration"));
    read_ignored(root, source, report);
    std::unordered_set<std::string> packages;
    for (const std::vector<Finding>* findings : {&report.findings, &report.ignored}) {
        for (const Finding& finding : *findings) packages.insert(finding.package + "\n" + finding.path);
    }
    report.packages = packages.size();
    return report;
}
