// Two reports of one image become one list: a vulnerability of a package at a path is one finding, however many
// scanners see it and whatever they call it.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "findings/finding.h"
#include "findings/names.h"

namespace {

using Group = std::vector<Finding*>;

std::vector<std::string> ids_of(const Finding& finding) {
    std::vector<std::string> ids = finding.aliases;
    ids.push_back(finding.id);
    return ids;
}

/// Findings of the same package at the same path. Aliases are joined within such a group only, so that a finding's key
/// never depends on what else is wrong with the image.
std::vector<Group> groups_of(const std::vector<Report*>& reports, std::vector<Finding> Report::*list) {
    std::unordered_map<std::string, std::size_t> places;
    std::vector<Group> groups;
    for (Report* report : reports) {
        for (Finding& finding : report->*list) {
            const std::string kind = finding.kind == FindingKind::secret ? "secret\n" : "\n";
            const auto [place, is_new] = places.try_emplace(
                kind + finding.package + "\n" + finding.path + "\n" + std::to_string(finding.line), groups.size());
            if (is_new) groups.emplace_back();
            groups[place->second].push_back(&finding);
        }
    }
    return groups;
}

/// What names no CVE itself, joined where it shares an id with another one, directly or through others.
std::vector<Group> clusters_of(const Group& findings) {
    std::unordered_map<std::string, Group> with_id;
    for (Finding* finding : findings) {
        for (const std::string& id : ids_of(*finding)) with_id[id].push_back(finding);
    }
    std::vector<Group> clusters;
    std::unordered_set<const Finding*> joined;
    for (Finding* first : findings) {
        if (!joined.insert(first).second) continue;
        Group cluster{first};
        for (std::size_t i = 0; i < cluster.size(); ++i) {  // it grows
            for (const std::string& id : ids_of(*cluster[i])) {
                for (Finding* other : std::exchange(with_id[id], {})) {
                    if (joined.insert(other).second) cluster.push_back(other);
                }
            }
        }
        clusters.push_back(std::move(cluster));
    }
    return clusters;
}

/// The first CVE that any of these calls its own; empty if none does.
std::string cve_of(const Group& cluster, const std::unordered_map<std::string, std::string>& cve_by_alias) {
    std::string first;
    for (const Finding* finding : cluster) {
        for (const std::string& id : ids_of(*finding)) {
            const auto found = cve_by_alias.find(id);
            if (found != cve_by_alias.end() && (first.empty() || found->second < first)) first = found->second;
        }
    }
    return first;
}

/// One part for each vulnerability. Two CVEs are two vulnerabilities, also where an advisory names both; what is joined
/// to several goes with the first of them, directly, so that no part depends on another one.
void split_by_vulnerability(const Group& group, std::vector<Group>& parts) {
    std::map<std::string, Group> by_cve;
    std::unordered_map<std::string, std::string> cve_by_alias;
    Group without;
    for (Finding* finding : group) {
        if (!is_cve(finding->id)) {
            without.push_back(finding);
            continue;
        }
        by_cve[finding->id].push_back(finding);
        for (const std::string& alias : finding->aliases) {
            std::string& first = cve_by_alias[alias];
            if (first.empty() || finding->id < first) first = finding->id;
        }
    }
    for (Group& cluster : clusters_of(without)) {
        const std::string cve = cve_of(cluster, cve_by_alias);
        if (cve.empty()) {
            parts.push_back(std::move(cluster));
        } else {
            by_cve[cve].insert(by_cve[cve].end(), cluster.begin(), cluster.end());
        }
    }
    for (auto& [cve, part] : by_cve) parts.push_back(std::move(part));
}

/// How much a scanner knows that says so: "not affected" stands only if all say it.
int certainty(FixState fix) {
    constexpr std::array order = {FixState::not_affected, FixState::unknown,         FixState::none,
                                  FixState::wont_fix,     FixState::not_installable, FixState::fixed};
    return static_cast<int>(std::ranges::find(order, fix) - order.begin());
}

/// Trivy's word first where only one can stand: it knows the layer of a Debian package, and it writes titles.
auto order_of(const Finding* finding) {
    const int scanner = finding->reported_by.empty() ? 2 : static_cast<int>(finding->reported_by.front().scanner);
    return std::make_tuple(scanner, std::string_view(finding->id), std::string_view(finding->version),
                           std::string_view(finding->layer), std::string_view(finding->title));
}

/// Moves from `more` what is added: copying a detection means copying a handful of strings.
void add_finding(Finding& all, Finding& more) {
    all.severity = std::max(all.severity, more.severity);
    if (certainty(more.fix) > certainty(all.fix)) all.fix = more.fix;
    if (all.version.empty()) all.version = more.version;
    if (all.package_type.empty()) all.package_type = more.package_type;
    if (all.title.empty()) all.title = more.title;
    if (all.layer.empty()) all.layer = more.layer;
    if (all.ignored_because.empty()) all.ignored_because = more.ignored_because;
    all.known_exploited = all.known_exploited || more.known_exploited;
    all.epss = std::max(all.epss, more.epss);
    if (std::tie(more.cvss_score, more.cvss_vector) > std::tie(all.cvss_score, all.cvss_vector)) {
        all.cvss_score = more.cvss_score;
        all.cvss_vector = more.cvss_vector;
    }
    std::ranges::move(more.paths, std::back_inserter(all.paths));
    std::ranges::move(more.fixed_in, std::back_inserter(all.fixed_in));
    std::ranges::move(more.reported_by, std::back_inserter(all.reported_by));
}

/// Sorted, each once: then it does not matter which report came first.
void sort_unique(std::vector<std::string>& texts) {
    std::ranges::sort(texts);
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

/// All the names that the part goes by. Those that are CVEs themselves are the same one; it may not be the first among
/// the aliases.
void name_part(Finding& all, const Group& part) {
    std::vector<std::string> ids;
    for (const Finding* finding : part) {
        ids.insert(ids.end(), finding->aliases.begin(), finding->aliases.end());
        ids.insert(ids.end(), finding->advisories.begin(), finding->advisories.end());
        ids.push_back(finding->id);
    }
    const auto cve = std::ranges::find_if(part, [](const Finding* f) { return is_cve(f->id); });
    name_finding(all, cve == part.end() ? "" : (*cve)->id, std::move(ids));
}

/// A program may hold a library twice. Two scanners that spell one version differently are not such a case.
void join_versions(Finding& all) {
    std::set<std::string> versions;
    for (const Scanner scanner : {Scanner::trivy, Scanner::grype}) {
        std::set<std::string> seen;
        for (const Detection& detection : all.reported_by) {
            if (detection.scanner == scanner && !detection.version.empty()) seen.insert(detection.version);
        }
        if (seen.size() > 1) versions.merge(seen);
    }
    if (!versions.empty()) all.version = joined({versions.begin(), versions.end()}, ", ");
}

/// All of the part are joined in one of them, where that one is: a finding is large, and is moved once.
Finding* join_findings(Group part) {
    std::ranges::sort(part, {}, order_of);
    Finding& all = *part.front();
    all.reported_by.reserve(part.size());
    if (part.size() > 1) name_part(all, part);
    for (Finding* finding : part) {
        if (finding != &all) add_finding(all, *finding);
    }
    sort_unique(all.paths);
    sort_unique(all.fixed_in);
    std::ranges::sort(all.reported_by);
    all.reported_by.erase(std::unique(all.reported_by.begin(), all.reported_by.end()), all.reported_by.end());
    if (all.reported_by.size() > 1) join_versions(all);
    return &all;
}

std::vector<Finding> join_groups(const std::vector<Group>& groups) {
    std::vector<Group> parts;
    for (const Group& group : groups) split_by_vulnerability(group, parts);
    Group joined;
    for (Group& part : parts) joined.push_back(join_findings(std::move(part)));
    std::ranges::sort(joined, [](const Finding* a, const Finding* b) {
        return std::tie(b->severity, a->id, a->package, a->path, a->line) <
               std::tie(a->severity, b->id, b->package, b->path, b->line);
    });
    std::vector<Finding> findings;
    findings.reserve(joined.size());
    for (Finding* finding : joined) findings.push_back(std::move(*finding));
    return findings;
}

}  // namespace

MergedReports merge_reports(const std::vector<Report*>& reports) {
    MergedReports merged{join_groups(groups_of(reports, &Report::findings)),
                         join_groups(groups_of(reports, &Report::ignored))};
    std::map<std::string, std::string> reasons;
    for (const Finding& ignored : merged.ignored) reasons[ignored.key()] = ignored.ignored_because;
    if (reasons.empty()) return merged;
    for (Finding& finding : merged.findings) {
        const auto reason = reasons.find(finding.key());
        if (reason == reasons.end()) continue;
        if (finding.ignored_because.empty()) finding.ignored_because = reason->second;
        reasons.erase(reason);
    }
    std::erase_if(merged.ignored, [&](const Finding& ignored) { return !reasons.contains(ignored.key()); });
    return merged;
}
