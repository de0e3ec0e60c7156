#include "plan/shell_words.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.h"

namespace {

constexpr int max_variables = 100;  // each may be within another, and takes some of the stack

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Without what matches at the beginning or the end, as little or as much as can be.
std::string without(const std::string& pattern, std::string value, bool at_end, bool longest) {
    for (std::size_t i = 0; i <= value.size(); ++i) {
        const std::size_t length = longest ? value.size() - i : i;
        const std::size_t begin = at_end ? value.size() - length : 0;
        if (matches_pattern(pattern, value.substr(begin, length))) return value.erase(begin, length);
    }
    return value;
}

/// One word, from left to right.
struct Expansion {
    std::string_view text;
    const Variables& variables;
    std::string& problem;
    std::vector<std::string>& unset;
    std::size_t at = 0;

    /// Up to `stop`, which is passed over; 0 is the end of the text. Patterns keep their backslashes.
    std::string expand_to(char stop, bool is_pattern) {
        std::string expanded;
        while (at < text.size()) {
            const char c = text[at];
            if (stop != 0 && c == stop) {
                ++at;
                return expanded;
            }
            if (c == '\'') {
                expanded += read_single_quotes();
            } else if (c == '"') {
                expanded += read_double_quotes();
            } else if (c == '$') {
                expanded += read_variable();
            } else {
                ++at;
                if (c == '\\' && is_pattern) fail("a backslash in a pattern");
                if (c != '\\') {
                    expanded += c;
                } else if (at < text.size()) {
                    expanded += text[at++];
                }
            }
        }
        if (stop != 0) fail(std::string("a ") + stop + " is missing");
        return expanded;
    }

    void fail(const std::string& why) {
        if (problem.empty()) problem = why;
    }

    std::string read_single_quotes() {
        const std::size_t begin = at + 1;
        const std::size_t end = std::min(text.find('\'', begin), text.size());
        if (end == text.size()) fail("a ' is missing");
        at = std::min(end + 1, text.size());
        return std::string(text.substr(begin, end - begin));
    }

    std::string read_double_quotes() {
        std::string inside;
        for (++at; at < text.size();) {
            const char c = text[at];
            if (c == '"') {
                ++at;
                return inside;
            }
            if (c == '$') {
                inside += read_variable();
                continue;
            }
            const char after = at + 1 < text.size() ? text[at + 1] : '\0';
            if (c == '\\' && (after == '"' || after == '$' || after == '\\')) ++at;
            inside += text[at++];
        }
        fail("a \" is missing");
        return inside;
    }

    std::string read_name() {
        const std::size_t begin = at;
        while (at < text.size() && is_name_character(text[at])) ++at;
        return std::string(text.substr(begin, at - begin));
    }

    std::optional<std::string> find(const std::string& name) {
        if (const auto found = variables.find(name); found != variables.end()) return found->second;
        unset.push_back(name);
        return std::nullopt;
    }

    std::string read_variable() {
        ++at;
        if (at == text.size() || text[at] != '{') {
            const std::string name = read_name();
            return name.empty() ? "$" : find(name).value_or("");
        }
        ++at;
        const std::string name = read_name();
        if (at == text.size() || name.empty()) {
            fail(name.empty() ? "a name is missing" : "a } is missing");
            return "";
        }
        return read_operator(name);
    }

    /// Behind the name in braces.
    std::string read_operator(const std::string& name) {
        char operation = text[at++];
        const std::optional<std::string> value = find(name);
        if (operation == '}') return value.value_or("");
        const bool empty_is_unset = operation == ':';
        if (empty_is_unset && at < text.size()) operation = text[at++];
        const bool is_set = value && !(empty_is_unset && value->empty());
        const bool is_trim = (operation == '#' || operation == '%') && !empty_is_unset;
        if (!is_trim && std::string_view("-+?").find(operation) == std::string_view::npos) {
            fail(std::string("the operator ") + operation);
            return "";
        }
        const bool longest = is_trim && at < text.size() && text[at] == operation;
        if (longest) ++at;
        const std::string word = expand_to('}', is_trim);
        if (is_trim) return without(word, value.value_or(""), operation == '%', longest);
        if (is_set || operation == '-') std::erase(unset, name);
        if (operation == '-') return is_set ? *value : word;
        if (operation == '+') return is_set ? word : "";
        if (!is_set) fail(name + " is not set: " + word);
        return value.value_or("");
    }
};

/// Behind the "${" at `begin`: where its brace is closed; braces may nest.
std::size_t skip_braces(std::string_view text, std::size_t begin) {
    int depth = 0;
    for (std::size_t i = begin + 1; i < text.size(); ++i) {
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && --depth == 0) return i + 1;
    }
    return text.size();
}

}  // namespace

std::size_t end_of_word(std::string_view text, std::size_t begin, bool& is_open) {
    char quote = 0;
    std::size_t i = begin;
    while (i < text.size() && (quote != 0 || blanks.find(text[i]) == std::string_view::npos)) {
        const char c = text[i];
        if (c == '\\' && quote != '\'') {
            i += 2;
            continue;
        }
        if (c == '$' && quote != '\'' && i + 1 < text.size() && text[i + 1] == '{') {
            i = skip_braces(text, i);
            continue;
        }
        if (c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        }
        ++i;
    }
    is_open = is_open || quote != 0;
    return std::min(i, text.size());
}

std::vector<std::pair<std::size_t, std::size_t>> find_words(std::string_view text, bool& is_open) {
    std::vector<std::pair<std::size_t, std::size_t>> words;
    std::size_t begin = text.find_first_not_of(blanks);
    while (begin != std::string_view::npos) {
        const std::size_t end = end_of_word(text, begin, is_open);
        words.emplace_back(begin, end);
        begin = text.find_first_not_of(blanks, end);
    }
    return words;
}

std::string unquoted(std::string_view text) {
    std::string plain;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && quote != '\'') {
            if (++i < text.size()) plain += text[i];
        } else if (text[i] == quote) {
            quote = 0;
        } else if (quote == 0 && (text[i] == '"' || text[i] == '\'')) {
            quote = text[i];
        } else {
            plain += text[i];
        }
    }
    return plain;
}

std::string expand_variables(std::string_view text, const Variables& variables, std::string& problem,
                             std::vector<std::string>& unset) {
    if (std::ranges::count(text, '$') > max_variables) {
        problem = "more than 100 variables";
        return "";
    }
    return Expansion{text, variables, problem, unset}.expand_to(0, false);
}
