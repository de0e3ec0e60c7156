// What reading the two scanners' reports has in common. Internal header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "findings/finding.h"

/// One report that is being read, and how it is refused: a shape that is not understood must never read as "clean".
struct ReportSource {
    std::string name;  ///< for messages

    [[noreturn]] void refuse(const std::string& what, const std::string& hint = "it may be damaged; scan again") const;
    /// Absent and null are empty (Go writes both). Refused: anything else that is not a list, and a key that is given
    /// twice, of which only the first list would be read.
    Json::ConstArray optional_items(const Json& object, std::string_view key) const;
    /// `where` names the object in the message: "a vulnerability".
    std::string required_text(const Json& object, std::string_view key, const std::string& where) const;
};

/// The number, also as a string ("9.8"), or 0 if it is absent or none.
double decimal_at(const Json& object, std::string_view key);

/// "a, b": those that are not empty.
std::string joined_words(std::vector<std::string> words);

/// One CVSS rating of several.
struct Rating {
    int preference = 0;   ///< of who made it; more is better
    std::string version;  ///< "V3" and "3.1" are the third
    std::string vector;
    double score = 0;
};

/// The most preferred source's; version 3 before 4 before 2; then the highest score. An empty one if there is none.
Rating best_rating(const std::vector<Rating>& ratings);

/// Gives the finding its CVSS rating and its severity. The scanner's word counts; without one the CVSS score (CVSS 3.1
/// §5), then `otherwise`, which others say of the same vulnerability. Returns where the severity comes from, as in
/// Detection: empty for the scanner's own word, or if nothing is known.
std::string rate(Finding& finding, const Rating& cvss, std::string_view word, Severity otherwise,
                 const std::string& others);

/// What this scanner says, taken from the finding that was read from its report. `basis`: what rate() returned.
Detection detection_of(const Finding& finding, Scanner scanner, const std::string& id, const std::string& basis = {});
