#include "base/date.h"

#include <fmt/format.h>

#include "base/text.h"

namespace {

using namespace std::chrono;

/// "Z", "+01:00" or "-05:30" after an optional fraction.
std::optional<minutes> parse_offset(std::string_view rest) {
    if (rest.starts_with('.')) {
        const std::size_t end = rest.find_first_not_of("0123456789", 1);
        if (end == 1 || end == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(end);
    }
    if (rest == "Z" || rest == "z") return minutes(0);
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const auto hour = parse_number(rest.substr(1, 2));
    const auto minute = parse_number(rest.substr(4, 2));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const minutes offset = hours(*hour) + minutes(*minute);
    return rest[0] == '-' ? -offset : offset;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto y = parse_number(text.substr(0, 4));
    const auto m = parse_number(text.substr(5, 2));
    const auto d = parse_number(text.substr(8, 2));
    if (!y || !m || !d) return std::nullopt;
    const year_month_day date{year(static_cast<int>(*y)), month(static_cast<unsigned>(*m)),
                              day(static_cast<unsigned>(*d))};
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
    const auto h = parse_number(text.substr(11, 2));
    const auto m = parse_number(text.substr(14, 2));
    const auto s = parse_number(text.substr(17, 2));
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
    return parse_time(
        fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2), text.substr(17, 8)));
}
