#include "build/dockerfile.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace {

using Variables = std::map<std::string, std::string>;

/// One instruction with its continuation lines joined.
struct Instruction {
    std::string name;  ///< in lower case
    std::string rest;
    int line = 0;
};

std::vector<std::string> words_of(std::string_view text) {
    std::string blanks_only(text);
    std::replace(blanks_only.begin(), blanks_only.end(), '\t', ' ');
    return fields_of(blanks_only, ' ');
}

/// The words that end the here-documents which this instruction begins: `RUN <<EOF`, `COPY <<-'a.txt' /a`.
std::vector<std::string> heredoc_ends(const std::string& instruction) {
    std::vector<std::string> ends;
    for (std::string word : words_of(instruction)) {
        if (!word.starts_with("<<") || word.starts_with("<<<")) continue;
        word.erase(0, word.starts_with("<<-") ? 3 : 2);
        std::erase_if(word, [](char c) { return c == '"' || c == '\''; });
        if (!word.empty()) ends.push_back(word);
    }
    return ends;
}

bool may_hold_heredoc(const std::string& name) {
    return name == "run" || name == "copy" || name == "add";
}

Instruction split_instruction(const std::string& text, int line) {
    const std::size_t end = text.find_first_of(" \t");
    const std::string rest = end == std::string::npos ? "" : text.substr(end);
    return {lower_case(text.substr(0, end)), std::string(trimmed(rest)), line};
}

std::vector<Instruction> parse_instructions(std::string_view dockerfile) {
    std::vector<Instruction> instructions;
    std::vector<std::string> heredocs;  // whose ends are still to come
    std::string pending;
    int begin = 0;
    int number = 0;
    for (const std::string& line : lines_of(dockerfile)) {
        ++number;
        const std::string text(trimmed(line));
        if (!heredocs.empty()) {
            if (text == heredocs.front()) heredocs.erase(heredocs.begin());
            continue;
        }
        if (text.empty() || text.starts_with('#')) continue;  // also between continuation lines
        if (pending.empty()) begin = number;
        pending += text;
        if (pending.ends_with('\\')) {
            pending.back() = ' ';
            continue;
        }
        instructions.push_back(split_instruction(pending, begin));
        if (may_hold_heredoc(instructions.back().name)) heredocs = heredoc_ends(pending);
        pending.clear();
    }
    if (!pending.empty()) instructions.push_back(split_instruction(pending, begin));
    return instructions;
}

std::string unquoted(std::string text) {
    const bool quoted =
        text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    return quoted ? text.substr(1, text.size() - 2) : text;
}

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string without_prefix(const std::string& value, const std::string& pattern, bool longest) {
    for (std::size_t i = 0; i <= value.size(); ++i) {
        const std::size_t length = longest ? value.size() - i : i;
        if (matches_pattern(pattern, value.substr(0, length))) return value.substr(length);
    }
    return value;
}

std::string without_suffix(const std::string& value, const std::string& pattern, bool longest) {
    for (std::size_t i = 0; i <= value.size(); ++i) {
        const std::size_t begin = longest ? i : value.size() - i;
        if (matches_pattern(pattern, value.substr(begin))) return value.substr(0, begin);
    }
    return value;
}

/// What stands between the braces: NAME, or NAME and an operator with its word.
std::string expand_braces(const std::string& inside, const Variables& variables, std::string& problem) {
    const auto end =
        static_cast<std::size_t>(std::find_if_not(inside.begin(), inside.end(), is_name_character) - inside.begin());
    const auto found = variables.find(inside.substr(0, end));
    const std::string value = found == variables.end() ? "" : found->second;
    const std::string rest = inside.substr(end);
    if (rest.empty()) return value;
    for (const std::string operation : {":-", ":+", "%%", "##", "%", "#", "-", "+"}) {
        if (!rest.starts_with(operation)) continue;
        const std::string word = expand_variables(rest.substr(operation.size()), variables, problem);
        if (operation == ":-") return value.empty() ? word : value;
        if (operation == ":+") return value.empty() ? "" : word;
        if (operation == "-") return found == variables.end() ? word : value;
        if (operation == "+") return found == variables.end() ? "" : word;
        const bool longest = operation.size() == 2;
        return operation[0] == '%' ? without_suffix(value, word, longest) : without_prefix(value, word, longest);
    }
    problem = "${" + inside + "}";
    return "";
}

/// Where the brace that is open at `begin` is closed; braces may nest.
std::size_t find_closing_brace(std::string_view text, std::size_t begin) {
    int depth = 1;
    for (std::size_t i = begin; i < text.size(); ++i) {
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && --depth == 0) return i;
    }
    return std::string_view::npos;
}

/// Reads instruction after instruction; what is wrong is gathered.
class StageReader {
  public:
    StageReader(std::string file, const Variables& arguments) : file_(std::move(file)), arguments_(arguments) {}

    void read(const Instruction& instruction) {
        if (instruction.name == "from") read_from(instruction);
        if (instruction.name == "arg" && stages_.empty()) read_default(instruction);
        if (stages_.empty()) return;
        if (instruction.name == "copy") read_copy(instruction);
        if (instruction.name == "run") read_mounts(instruction);
    }

    std::vector<Stage> finish() {
        if (stages_.empty() && problems_.empty()) {
            problems_.push_back(
                {{file_, 0}, "there is no FROM: no image can be made from this", "see the Dockerfile reference"});
        }
        if (!problems_.empty()) throw Error{Exit::bad_input, problems_};
        return std::move(stages_);
    }

  private:
    std::string expand(const std::string& text, int line) {
        std::string problem;
        std::string expanded = expand_variables(text, variables_, problem);
        if (!problem.empty()) {
            problems_.push_back({{file_, line},
                                 "\"" + problem + "\" cannot be expanded here",
                                 "use ${NAME}, ${NAME:-default} or ${NAME%%pattern}"});
        }
        return expanded;
    }

    void read_default(const Instruction& instruction) {
        for (const std::string& word : words_of(instruction.rest)) {
            const std::size_t equals = word.find('=');
            const std::string name = word.substr(0, equals);
            if (const auto given = arguments_.find(name); given != arguments_.end()) {
                variables_[name] = given->second;
            } else if (equals != std::string::npos) {
                variables_[name] = expand(unquoted(word.substr(equals + 1)), instruction.line);
            }
        }
    }

    void read_from(const Instruction& instruction) {
        std::vector<std::string> words = words_of(instruction.rest);
        std::erase_if(words, [](const std::string& word) { return word.starts_with("--"); });
        Stage stage;
        stage.line = instruction.line;
        if (!words.empty()) stage.from = expand(unquoted(words[0]), instruction.line);
        if (words.size() == 3 && lower_case(words[1]) == "as") stage.name = lower_case(words[2]);
        if (stage.from.empty()) {
            problems_.push_back(
                {{file_, instruction.line}, "this FROM names no image", "check the ARG that it is made from"});
        }
        stages_.push_back(std::move(stage));
    }

    void read_copy(const Instruction& instruction) {
        for (const std::string& word : words_of(instruction.rest)) {
            if (!word.starts_with("--")) break;
            if (word.starts_with("--from=")) stages_.back().copies_from.push_back(word.substr(7));
        }
    }

    void read_mounts(const Instruction& instruction) {
        for (const std::string& word : words_of(instruction.rest)) {
            if (!word.starts_with("--")) break;
            if (!word.starts_with("--mount=")) continue;
            for (const std::string& field : fields_of(word.substr(8), ',')) {
                if (field.starts_with("from=")) stages_.back().copies_from.push_back(field.substr(5));
            }
        }
    }

    std::string file_;
    const Variables& arguments_;
    Variables variables_;
    std::vector<Stage> stages_;
    Problems problems_;
};

}  // namespace

std::string expand_variables(std::string_view text, const Variables& variables, std::string& problem) {
    std::string expanded;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '$' || i + 1 == text.size()) {
            expanded += text[i++];
            continue;
        }
        const bool braced = text[i + 1] == '{';
        const std::size_t begin = i + (braced ? 2 : 1);
        std::size_t end = begin;
        while (!braced && end < text.size() && is_name_character(text[end])) ++end;
        if (braced) end = find_closing_brace(text, begin);
        if (end == std::string_view::npos || end == begin) {
            problem = std::string(text.substr(i));
            return "";
        }
        expanded += expand_braces(std::string(text.substr(begin, end - begin)), variables, problem);
        i = end + (braced ? 1 : 0);
    }
    return expanded;
}

std::vector<Stage> parse_stages(std::string_view dockerfile, const std::string& file, const Variables& arguments) {
    StageReader reader(file, arguments);
    for (const Instruction& instruction : parse_instructions(dockerfile)) reader.read(instruction);
    return reader.finish();
}
