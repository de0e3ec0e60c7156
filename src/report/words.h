// The words for what a run knows, the same in every output.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/run.h"

std::string render_duration(std::chrono::seconds duration);  ///< "48 s", "4 min 12 s", "2 h 5 min"
std::string render_age(std::chrono::seconds age);            ///< "less than an hour", "5 hours", "3 days"
std::string render_moment(Time time);                        ///< "2026-11-23 17:50 UTC"
std::string render_bytes(std::uint64_t bytes);               ///< "41.3 MB" (10^6 bytes), "12.0 kB", "512 bytes"
std::string render_level(Level level);                       ///< "error", "warning", "notice"
std::string render_place(const Place& place);                ///< "image-matrix.json:3"; "" for no file
/// "12 days left", "the last day", "over for 3 days", "no date".
std::string render_days_left(std::optional<Date> last, Date today);
/// "3.0.16", "3.15.0a6, a pre-release", "no fix", "will not be fixed", "not known"; empty for a secret.
std::string render_fix(const Finding& finding);
std::string render_detections(const Finding& finding);      ///< "trivy (high, fixed), grype (medium, no fix)"
std::string render_contract(const ContractReport& report);  ///< "passed", "2 checks failed", "not tested"
std::string render_waiver_until(const Waiver& waiver);      ///< "until 2026-12-01", "until the base is rebuilt", …
std::string render_counts(const Counts& counts);            ///< "2 blocking, 1 pre-existing, 0 accepted, 7 not gated"

/// What makes a run a trial, each as a name and a sentence: "Stand-in bases", "These images are not …".
std::vector<std::pair<std::string, std::string>> render_trial_notes(const Run& run);

/// What is known of a vulnerability besides its severity: other names, CVSS, EPSS.
std::vector<std::string> render_finding_facts(const Finding& finding);

/// Why its verdict is unknown; empty if it is known.
std::vector<std::string> render_unknown_reasons(const ImageRun& image);

/// How an image looks at a glance; pre-existing findings are a warning.
enum class Mood { good, bad, warning };
Mood mood_of(const ImageRun& image);
std::string render_status(const ImageRun& image);  ///< "clean", "2 pre-existing", "vulnerable", "unknown", "not judged"
std::string render_result(PublicationState::Result result);  ///< "published", "already there", …

/// Why a scanner suppressed what counts here all the same; empty if none did.
std::string render_suppression(const Finding& finding);

/// "CVE-2026-1234 in openssl 3.0.15"; for a secret "aws-access-key-id in /app/.env".
std::string render_finding_name(const Finding& finding);

/// Where people read more about it: Debian's tracker for Debian packages, else the vulnerability's own record. Empty
/// for ids of an unknown form.
std::string make_link(const Finding& finding);

std::string render_gate(const Gate& gate);  ///< "medium and above, if there is a fix; …; any secret"

/// One line per scanner of the run: "trivy 0.74.0, database 5 hours old at the start"; the oldest database where they
/// differ.
std::vector<std::string> render_scanners(const Run& run);

/// The file and its revision, or that there is none.
std::string render_policy_name(const Run& run);
