#include "base/version.h"

#include <limits>
#include <vector>

#include "base/text.h"

std::optional<Version> parse_version(std::string_view text) {
    std::vector<int> numbers;
    for (const std::string& field : fields_of(text, '.')) {
        const std::optional<std::int64_t> number = parse_number(field);
        if (!number || *number > std::numeric_limits<int>::max()) return std::nullopt;
        numbers.push_back(static_cast<int>(*number));
    }
    if (numbers.size() != 3) return std::nullopt;
    const Version version{numbers[0], numbers[1], numbers[2]};
    // Another spelling has leading zeros, blanks or more dots.
    return render_version(version) == text ? std::optional(version) : std::nullopt;
}

std::string render_version(const Version& version) {
    return minor_version(version) + "." + std::to_string(version.patch);
}

std::string minor_version(const Version& version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}
