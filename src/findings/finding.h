// What a scanner says about an image, in one vocabulary.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/digest.h"

/// Ordered; unknown is below all, and never hides a finding from people.
enum class Severity { unknown, negligible, low, medium, high, critical };
std::string render_severity(Severity severity);                 ///< "medium"
std::optional<Severity> parse_severity(std::string_view word);  ///< any case

enum class Scanner { trivy, grype };
std::string render_scanner(Scanner scanner);

/// `not_installable`: the only fixed versions are pre-releases or, for the interpreter, of another minor version.
/// `not_affected`: the scanner lists the vulnerability, and says that the package does not have it.
enum class FixState { unknown, fixed, none, wont_fix, not_installable, not_affected };

enum class FindingKind { vulnerability, secret };

/// What one scanner says about a finding.
struct Detection {
    Scanner scanner = Scanner::trivy;
    std::string id;  ///< as that scanner names it: CVE-…, GHSA-…
    Severity severity = Severity::unknown;
    std::string severity_basis;  ///< "CVSS 9.8": where the severity comes from if the scanner gives none; else empty
    FixState fix = FixState::unknown;
    std::vector<std::string> fixed_in;
    std::string version;                 ///< of the package that this is about
    std::vector<std::string> upstreams;  ///< names of the source packages

    auto operator<=>(const Detection&) const = default;
};

struct Finding {
    FindingKind kind = FindingKind::vulnerability;
    std::string id;  ///< canonical: the CVE if any alias is one, else GHSA, else PYSEC, else what there is
    std::vector<std::string> aliases;     ///< the others, sorted
    std::vector<std::string> advisories;  ///< DSA-…: may stand for several vulnerabilities; joins and waives nothing
    std::string package;                  ///< PEP 503 for Python packages, else as the scanner has it
    std::string version;  ///< all of them, where a scanner sees several of the package at one path: "0.12.3, 0.14.0"
    std::string package_type;  ///< "deb", "python", "binary", "rust", …
    std::string path;  ///< empty for packages that dpkg owns, else the first path, with a leading '/', the version
                       ///< taken out of *.dist-info
    std::vector<std::string> paths;         ///< all of them
    int line = 0;                           ///< of a secret in its file; 0: not known
    Severity severity = Severity::unknown;  ///< the higher of the two scanners'
    FixState fix = FixState::unknown;       ///< fixed if either says so
    std::vector<std::string> fixed_in;
    std::string title;
    std::string layer;  ///< diff id of the layer of the package; Trivy's for Debian packages
    bool known_exploited = false;
    double epss = 0;  ///< 0 … 1; 0 if not given
    std::string cvss_vector;
    double cvss_score = 0;
    std::vector<Detection> reported_by;
    std::string ignored_because;  ///< why a scanner left it out by a rule of its own; empty if none did

    bool operator==(const Finding&) const = default;

    /// The key: (canonical id, package, path and line). Two findings with equal keys are one.
    std::string key() const;
};

/// Where it is, for people: the path in the image, which unlike `path` may hold a version, and a secret's line. Empty
/// for what the distribution's package manager owns.
std::string shown_path(const Finding& finding);

/// "high", or with each scanner's word where they differ or a score had to decide: "critical (trivy: high, grype:
/// critical by CVSS 9.8)".
std::string render_severities(const Finding& finding);

/// One scanner's report about one image.
struct Report {
    Scanner scanner = Scanner::trivy;
    std::string scanner_version;
    std::optional<Digest> manifest;  ///< the digest the report itself names (Grype), or nothing
    std::optional<Digest> config;    ///< the image configuration it names: Trivy ImageID, Grype imageID
    std::string architecture;
    std::string os_family;  ///< "debian"; empty or "none": not recognised
    std::string os_version;
    std::string end_of_life;      ///< what it says about the end of the system's support; empty if nothing
    std::string system_fault;     ///< why it says nothing about the system's packages: "lists no packages of debian 12"
    std::string image;            ///< what it calls the image: a tag, else what the scanner was asked to scan
    std::optional<Time> created;  ///< when the report was made: its database is no younger
    std::optional<Time> database_date;
    std::string database_fault;  ///< what the scanner itself says is wrong with its database
    std::size_t packages = 0;    ///< at least so many does the report itself show
    std::uint64_t unpacked = 0;  ///< bytes of the image's layers, unpacked (Trivy); 0 if the report does not say
    std::map<std::string, std::size_t> not_judged;  ///< what else it reports, and how many: "misconfiguration"
    bool of_sbom = false;                ///< made from an SBOM: then it names no image, and the receipt has to bind it
    std::vector<std::string> hidden_by;  ///< settings of that scan that hide findings: "only-fixed", "exclude"
    std::vector<Finding> findings;       ///< one detection each, not merged
    std::vector<Finding> ignored;        ///< suppressed by the scanner's built-in rules, with `ignored_because`
};

/// Trivy's JSON, SchemaVersion 2, of a container image or of its SBOM. Throws Error{failed}, with the reason, for
/// another schema or artifact, and for an object without the keys that every report has.
Report parse_trivy_report(std::string text, const std::string& source);

/// Grype's JSON of an image. Throws Error{failed} with the reason; a file without `matches` is not a report.
Report parse_grype_report(std::string text, const std::string& source);

/// What the reports of one image say together.
struct MergedReports {
    std::vector<Finding> findings;
    std::vector<Finding> ignored;  ///< suppressed by a scanner's built-in rules, and found by no other
};

/// Joins findings by alias (transitively), package and path; they are moved out of the reports, whose order does not
/// matter. What another scanner suppressed by a built-in rule says so in `ignored_because`. Both lists are sorted:
/// severity first, highest on top, then id, package, path.
MergedReports merge_reports(const std::vector<Report*>& reports);
