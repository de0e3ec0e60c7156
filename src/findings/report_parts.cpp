#include "findings/report_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/text.h"

namespace {

int version_rank(const std::string& version) {
    const std::size_t digit = version.find_first_of("0123456789");
    const char major = digit == std::string::npos ? ' ' : version[digit];
    return major == '3' ? 2 : major == '4' ? 1 : 0;
}

}  // namespace

void ReportSource::refuse(const std::string& what, const std::string& hint) const {
    throw Error{Exit::failed, name + " " + what, hint};
}

Json::ConstArray ReportSource::optional_items(const Json& object, std::string_view key) const {
    const Json& value = member(object, key);
    if (!value.IsArray() && !value.IsNull()) refuse("is not understood: " + std::string(key) + " is not a list");
    const auto is_key = [&](const auto& entry) {
        return std::string_view(entry.name.GetString(), entry.name.GetStringLength()) == key;
    };
    if (object.IsObject() && std::count_if(object.MemberBegin(), object.MemberEnd(), is_key) > 1)
        refuse("is not understood: " + std::string(key) + " is given twice");
    return items_of(value);
}

std::string ReportSource::required_text(const Json& object, std::string_view key, const std::string& where) const {
    std::string text = text_at(object, key);
    if (text.empty()) refuse("is not understood: " + where + " has no " + std::string(key));
    return text;
}

double decimal_at(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    if (value.IsNumber()) return value.GetDouble();
    const std::string text = text_of(value);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string joined_words(std::vector<std::string> words) {
    std::erase(words, "");
    return joined(words, ", ");
}

Rating best_rating(const std::vector<Rating>& ratings) {
    const auto worse = [](const Rating& a, const Rating& b) {
        return std::make_tuple(a.preference, version_rank(a.version), a.score, a.vector) <
               std::make_tuple(b.preference, version_rank(b.version), b.score, b.vector);
    };
    const auto best = std::ranges::max_element(ratings, worse);
    return best == ratings.end() ? Rating{} : *best;
}

std::string rate(Finding& finding, const Rating& cvss, std::string_view word, Severity otherwise,
                 const std::string& others) {
    finding.cvss_vector = cvss.vector;
    finding.cvss_score = cvss.score;
    finding.severity = parse_severity(word).value_or(Severity::unknown);
    if (finding.severity != Severity::unknown) return "";
    if (cvss.score > 0) {
        finding.severity = cvss.score >= 9   ? Severity::critical
                           : cvss.score >= 7 ? Severity::high
                           : cvss.score >= 4 ? Severity::medium
                                             : Severity::low;
        return fmt::format("CVSS {:.1f}", cvss.score);
    }
    finding.severity = otherwise;
    return otherwise == Severity::unknown ? "" : others;
}

Detection detection_of(const Finding& finding, Scanner scanner, const std::string& id, const std::string& basis) {
    return {.scanner = scanner,
            .id = id,
            .severity = finding.severity,
            .severity_basis = basis,
            .fix = finding.fix,
            .fixed_in = finding.fixed_in,
            .version = finding.version};
}
