#include "registry/retry.h"

#include <algorithm>
#include <charconv>

#include "base/http_date.h"

namespace registry {

using namespace std::chrono_literals;

std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& value, Time now) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end == value.data() + value.size() && seconds >= 0) {
        return std::clamp<std::chrono::milliseconds>(std::chrono::seconds(seconds), 1s, 60s);
    }
    const std::optional<Time> date = parse_http_date(value);
    if (!date || *date <= now) return std::nullopt;
    return std::clamp<std::chrono::milliseconds>(*date - now, 1s, 60s);
}

std::chrono::milliseconds plan_wait(int attempt, std::optional<std::chrono::milliseconds> asked_for, double random) {
    if (asked_for) return *asked_for;
    const std::chrono::milliseconds ceiling =
        std::min<std::chrono::milliseconds>(1s * (1 << std::clamp(attempt - 1, 0, 10)), 30s);
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(static_cast<double>(ceiling.count()) * (0.5 + random / 2)));
}

}  // namespace registry
