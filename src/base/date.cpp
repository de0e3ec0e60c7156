#include "base/date.h"

#include <array>
#include <ctime>

#include "base/text.h"

namespace {

using namespace std::chrono;

/// As strftime(3) writes it, in UTC.
std::string render_as(Time time, const char* form) {
    const std::time_t since_1970 = time.time_since_epoch().count();
    std::tm fields{};
    gmtime_r(&since_1970, &fields);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), form, &fields)};
}

/// The time that strptime(3) reads, in UTC. Only what is written in this very form, and exists: no blanks, no 30
/// February, no year before 1900.
std::optional<Time> parse_as(std::string_view text, const char* form) {
    std::tm fields{};
    if (strptime(std::string(text).c_str(), form, &fields) == nullptr || fields.tm_year < 0) return std::nullopt;
    const Time time{seconds(timegm(&fields))};
    return render_as(time, form) == text ? std::optional(time) : std::nullopt;
}

/// "Z", "+01:00" or "-05:30" after an optional fraction.
std::optional<minutes> parse_offset(std::string_view rest) {
    if (rest.starts_with('.')) {
        const std::size_t end = rest.find_first_not_of("0123456789", 1);
        if (end == 1 || end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end);
    }
    if (rest == "Z") return minutes(0);
    const std::optional<Time> offset = rest.empty() ? std::nullopt : parse_as(rest.substr(1), "%H:%M");
    if (!offset || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
    const minutes size = floor<minutes>(*offset - day_of(*offset));
    return rest[0] == '-' ? -size : size;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    const std::optional<Time> midnight = parse_as(text, "%Y-%m-%d");
    return midnight ? std::optional(day_of(*midnight)) : std::nullopt;
}

std::string render_date(Date date) {
    return render_as(date, "%Y-%m-%d");
}

std::optional<Time> parse_time(std::string_view text) {
    const std::string upper = upper_case(text);
    const std::optional<Time> time = parse_as(std::string_view(upper).substr(0, 19), "%Y-%m-%dT%H:%M:%S");
    const std::optional<minutes> offset = time ? parse_offset(std::string_view(upper).substr(19)) : std::nullopt;
    return offset ? std::optional(*time - *offset) : std::nullopt;
}

std::string render_time(Time time) {
    return render_as(time, "%Y-%m-%dT%H:%M:%SZ");
}

std::optional<Time> parse_http_date(std::string_view text) {
    return parse_as(text, "%a, %d %b %Y %H:%M:%S GMT");
}
