#include "base/http_date.h"

#include <string>

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
