#include "verdict/name_rule.h"

#include <regex>

namespace {

/// A package has a short name; the time of a regular expression may grow exponentially with the length of the text.
constexpr std::size_t longest_name = 256;

bool found_in(const std::string& name, const std::regex& pattern) {
    try {
        return name.size() <= longest_name && std::regex_search(name, pattern);
    } catch (const std::regex_error&) {
        return false;  // too complex: the rule fits nothing, and the finding stays
    }
}

}  // namespace

std::optional<NameRule> parse_name_rule(const std::string& text) {
    if (text.find_first_of("^$*+?[](){}|\\") == std::string::npos) {
        return [text](const std::string& name) { return name == text; };
    }
    try {
        return [pattern = std::regex("^" + text + "$")](const std::string& name) { return found_in(name, pattern); };
    } catch (const std::regex_error&) {
        return std::nullopt;
    }
}
