#include "base/date.h"

#include <fmt/format.h>

#include <string>

namespace {

using namespace std::chrono;

/// A number of exactly this many digits, or nothing.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    if (text.size() < at + count) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

/// "Z", "+01:00" or "-05:30" after an optional fraction.
std::optional<minutes> parse_offset(std::string_view rest) {
    if (rest.starts_with('.')) {
        const std::size_t end = rest.find_first_not_of("0123456789", 1);
        if (end == 1 || end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end);
    }
    if (rest == "Z" || rest == "z") return minutes(0);
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const std::optional<int> hour = digits(rest, 1, 2);
    const std::optional<int> minute = digits(rest, 4, 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const minutes offset = hours(*hour) + minutes(*minute);
    return rest[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const std::optional<int> y = digits(text, 0, 4);
    const std::optional<int> m = digits(text, 5, 2);
    const std::optional<int> d = digits(text, 8, 2);
    if (!y || !m || !d) return std::nullopt;
    const year_month_day date{year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d))};
    if (!date.ok()) return std::nullopt;
    return sys_days(date);
}

std::string render_date(Date date) {
    const year_month_day ymd(date);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

std::optional<Time> parse_time(std::string_view text) {
    if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return std::nullopt;
    const std::optional<Date> date = parse_date(text.substr(0, 10));
    const std::optional<int> h = digits(text, 11, 2);
    const std::optional<int> m = digits(text, 14, 2);
    const std::optional<int> s = digits(text, 17, 2);
    const std::optional<minutes> offset = parse_offset(text.substr(19));
    if (!date || !h || !m || !s || !offset || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (*h > 23 || *m > 59 || *s > 60) return std::nullopt;
    return Time(*date) + hours(*h) + minutes(*m) + seconds(*s) - *offset;
}

std::string render_time(Time time) {
    const Date date = day_of(time);
    const hh_mm_ss clock(time - date);
    return fmt::format("{}T{:02}:{:02}:{:02}Z", render_date(date), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

std::optional<Time> parse_http_date(std::string_view text) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text[16] != ' ' || text.substr(25) != " GMT") return std::nullopt;
    const std::size_t month = months.find(text.substr(8, 3));
    if (month % 3 != 0 || month > 33) return std::nullopt;
    const std::string number = std::to_string(month / 3 + 1);
    const std::string iso = std::string(text.substr(12, 4)) + "-" + (number.size() == 1 ? "0" : "") + number + "-" +
                            std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z";
    return parse_time(iso);
}
