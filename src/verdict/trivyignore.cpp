// .trivyignore, as Trivy reads it (facts: scanners.md §1; trivy pkg/result/ignore.go).
#include <fmt/format.h>

#include "base/text.h"
#include "verdict/policy.h"

namespace {

/// Trivy's date is the first day on which the entry no longer applies; ours is the last on which it does.
std::optional<Date> last_day_before(std::optional<Date> date) {
    if (!date) return std::nullopt;
    return *date - std::chrono::days(1);
}

/// The comment behind an id, or the one right above it: the nearest that this format has to a reason.
std::string reason_of(std::string_view line, const std::string& comment_above) {
    const std::size_t hash = line.find('#');
    return hash == std::string_view::npos ? comment_above : std::string(trimmed(line.substr(hash + 1)));
}

std::optional<std::string> expiry_of(const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
        if (field.starts_with("exp:")) return field.substr(4);
    }
    return std::nullopt;
}

std::vector<std::string> words_of(std::string line) {
    for (char& c : line) {
        if (c == '\t' || c == '\v' || c == '\f') c = ' ';
    }
    return fields_of(line, ' ');
}

}  // namespace

std::vector<Waiver> parse_trivyignore(std::string_view text, const std::string& file, Problems& warnings) {
    std::vector<Waiver> waivers;
    std::string comment_above;
    Place at{file, 0};
    for (const std::string& line : lines_of(text)) {
        ++at.line;
        const std::string_view content = trimmed(line);
        if (content.empty() || content.starts_with('#')) {
            comment_above = content.empty() ? "" : std::string(trimmed(content.substr(1)));
            continue;
        }
        const std::vector<std::string> words = words_of(std::string(content));
        const std::optional<std::string> expiry = expiry_of(words);
        const std::optional<Date> dead_from = expiry ? parse_date(*expiry) : std::nullopt;
        if (expiry && !dead_from) {
            warnings.push_back({at,
                                fmt::format("\"exp:{}\" is not a day, so trivy does not ignore {}", *expiry, words[0]),
                                "write it as exp:2026-12-31", Level::warning});
            continue;
        }
        Waiver waiver;
        waiver.id = words[0];
        waiver.include_aliases = false;
        waiver.reason = reason_of(content, comment_above);
        waiver.review_by = last_day_before(dead_from);
        waiver.only_for = Scanner::trivy;
        waiver.at = at;
        waivers.push_back(std::move(waiver));
    }
    return waivers;
}
