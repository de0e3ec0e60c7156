// The decision: whether one image, on one platform, may ship. judge() is the only place that decides.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "findings/finding.h"
#include "policy/policy.h"

enum class Outcome { clean, vulnerable, unknown };
std::string render_outcome(Outcome outcome);
Outcome parse_outcome(std::string_view word);  ///< what is not understood is unknown, never clean

/// How large an image is: bytes of all its layers. 0: not known.
struct ImageSize {
    std::uint64_t compressed = 0;  ///< as its manifest lists them: what is pulled
    std::uint64_t unpacked = 0;    ///< as they were unpacked for a scan: what lies on a disk then
};

/// How one scan went: what binds a report to an image. Written as receipt.json beside the reports.
struct Receipt {
    Scanner scanner = Scanner::trivy;
    std::string scanner_version = {};
    std::string database = {};  ///< version and source
    std::optional<Time> database_date = {};
    bool sample_data = false;  ///< scanned with a sample database: never a real verdict
    int exit_code = 0;
    double seconds = 0;
    std::string command = {};
    Digest manifest;  ///< the image that was given to the scanner
    Digest config;
    std::string architecture = {};    ///< of the image that was given to the scanner
    Digest report;                    ///< SHA-256 of the report's bytes
    std::size_t packages = 0;         ///< in this scanner's inventory (its own SBOM)
    ImageSize size = {};              ///< of the image that was given to the scanner
    std::string failure = {};         ///< why there is no usable report; empty if there is one
    std::optional<Digest> sbom = {};  ///< SHA-256 of the scanner's own SBOM of the image; nothing if there is none
    bool of_sbom = false;             ///< the SBOM was scanned, not the image
    std::string reused = {};  ///< the earlier run whose scan this is: its URL or time; empty if this run scanned
    bool bare = false;        ///< made up for a report that was given as a file: how the scan went is not known
};

/// One scanner's work on one image: the receipt always, the report if there is a usable one.
struct ScanResult {
    Receipt receipt;
    std::optional<Report> report = {};
};

/// What is judged: an image and everything known about it.
struct Subject {
    std::string name = {};    ///< "3.13.3-production-linux-amd64"
    std::string target = {};  ///< "production"
    Digest manifest;
    Digest config;
    std::string architecture = {};  ///< "amd64"
    std::vector<ScanResult> scans = {};
    bool stand_in_bases = false;
    bool python_unseen = false;  ///< Grype, the only one that could, lists no Python in an image that has one
    bool base_rebuilt = false;   ///< its base's reference names another digest now: ends waivers "until: base-rebuilt"
    std::optional<Time> base_created = {};  ///< of the base image: newer than a waiver, it ends that one too
    /// Keys of the findings in the published image that it would replace. With gate.pull_requests: new-only they do not
    /// block, whether they block there or not: a change does not add them.
    std::set<std::string> published = {};
};

struct WaivedFinding {
    Finding finding = {};
    Waiver waiver = {};
};

struct Verdict {
    std::string name = {};
    std::string target = {};
    Digest manifest;
    Time decided{};  ///< when; judged again for that time, the verdict is the same
    Outcome outcome = Outcome::unknown;
    std::vector<Finding> blocking = {};
    std::vector<WaivedFinding> waived = {};
    std::vector<Finding> reported = {};             ///< below the threshold, without a fix, or pre-existing
    std::set<std::string> pre_existing = {};        ///< keys of those that would block, were they not published already
    std::vector<std::string> unknown_because = {};  ///< empty unless the outcome is unknown
    std::vector<std::string> warnings = {};         ///< what limits the verdict without making it unknown; shown first
    std::vector<Finding> suppressed = {};  ///< by a scanner's built-in rules, and found by no other: shown, never gated
    std::vector<ScannerPause> paused = {};  ///< scanners that are off by the policy: every output names them
    std::vector<Receipt> receipts = {};
    bool stand_in_bases = false;
    bool sample_data = false;
    bool base_rebuilt = false;              ///< as in Subject
    std::optional<Time> base_created = {};  ///< as in Subject

    bool may_ship() const { return outcome == Outcome::clean; }
};

/// A scan counts only if (ARCHITECTURE.md, rule 1) the scanner ended with 0, its report parses, names our configuration
/// and manifest, saw an operating system of a known release, counted packages, and used a database not older than
/// `max_database_age`. All scans have to agree on the system, and not all of them may call it past its end of life.
/// Otherwise the verdict is unknown, and its findings are still shown.
Verdict judge(Subject subject, const Policy& policy, Time now, std::chrono::hours max_database_age);

/// What the waivers of the policy did over all verdicts of a run: expired, ended by a rebuilt base, expiring within 14
/// days, matching nothing, dateless, given twice. Each with its place. Where not all images of the matrix were
/// judged, what matches nothing is a notice.
enum class Judged { all_images, some_images, unknown_targets };
Problems check_waivers(const Policy& policy, const std::vector<Verdict>& verdicts, Date today,
                       Judged judged = Judged::all_images);

/// Those that block, that are accepted and that are reported, in this order.
std::vector<const Finding*> gated_findings(const Verdict& verdict);

/// The whole run: unknown if any is unknown or nothing was judged, else vulnerable if any is, else clean.
Outcome judge_run(const std::vector<Outcome>& outcomes);

/// How old a report may be, at least: it names the day on which it was made, and not always that of its database.
inline constexpr std::chrono::hours max_report_age{7 * 24};

std::string render_verdict_json(const Verdict& verdict);
Verdict parse_verdict_json(std::string_view text, const std::string& source);
std::string render_receipts_json(const std::vector<Receipt>& receipts);
std::vector<Receipt> parse_receipts_json(std::string_view text, const std::string& source);

/// The size of an image according to its scans.
ImageSize size_of(const Verdict& verdict);

/// Of all findings, whatever became of them.
std::set<std::string> finding_keys(const Verdict& verdict);

/// The findings of `verdict` that `other` does not have, by key: it has those of another version of the same package.
std::vector<Finding> missing_from(const Verdict& other, const Verdict& verdict);

/// gate.publish: no-worse. True if everything that blocks now blocks in the published image too; never true where one
/// of the two is unknown.
bool is_no_worse(const Verdict& published, const Verdict& now);
