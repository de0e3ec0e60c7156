#include "plan/dockerfile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "plan/shell_words.h"

namespace {

/// Part of an instruction, with the place of each of its bytes in the file.
struct Words {
    std::string text;
    std::vector<std::size_t> offsets;

    void add(std::string_view more, std::size_t offset) {
        for (std::size_t i = 0; i < more.size(); ++i) offsets.push_back(offset + i);
        text += more;
    }
    Words from(std::size_t begin) const {
        begin = std::min(text.find_first_not_of(blanks, begin), text.size());
        return {text.substr(begin), {offsets.begin() + static_cast<std::ptrdiff_t>(begin), offsets.end()}};
    }
};

struct Instruction {
    std::string name;                ///< in lower case
    std::vector<std::string> flags;  ///< "--from=uv", without quotation marks
    Words rest;                      ///< behind the flags
    int line = 0;
    bool is_trigger = false;  ///< behind ONBUILD
};

std::string_view without_leading_blanks(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(blanks), text.size()));
}

/// An exec form, ["a", "b"]; nothing for any other text.
std::optional<std::vector<std::string>> parse_exec_form(const std::string& text) {
    const rapidjson::Document json = parse_json_or_null(text);
    if (!json.IsArray()) return std::nullopt;
    std::vector<std::string> words;
    for (const auto& word : json.GetArray()) {
        if (!word.IsString()) return std::nullopt;
        words.emplace_back(word.GetString(), word.GetStringLength());
    }
    return words;
}

// Instructions -----------------------------------------------------------------------------------------------------

const std::vector<std::string> known_instructions = {
    "add",   "arg",        "cmd",     "copy", "entrypoint", "env",        "expose", "from",   "healthcheck",
    "label", "maintainer", "onbuild", "run",  "shell",      "stopsignal", "user",   "volume", "workdir"};

struct Heredoc {
    std::string end;
    bool strips_tabs = false;
};

/// The here-documents that a line begins: `RUN <<EOF`, `COPY <<-'a.txt' 3<<"B C" /a`.
std::vector<Heredoc> find_heredocs(std::string_view line) {
    bool is_open = false;
    std::vector<Heredoc> heredocs;
    for (const auto& [begin, end] : find_words(line, is_open)) {
        std::string_view word = line.substr(begin, end - begin);
        word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
        if (!word.starts_with("<<") || word.find('<', 2) != std::string_view::npos) continue;
        word.remove_prefix(2);
        const bool strips_tabs = word.starts_with('-');
        if (strips_tabs) word.remove_prefix(1);
        if (!word.empty()) heredocs.push_back({unquoted(word), strips_tabs});
    }
    return is_open ? std::vector<Heredoc>{} : heredocs;
}

/// Takes the words that begin with "--" off the front of `rest`.
std::vector<std::string> take_flags(Words& rest) {
    std::vector<std::string> flags;
    while (rest.text.starts_with("--")) {
        bool is_open = false;
        const std::size_t end = end_of_word(rest.text, 0, is_open);
        flags.push_back(unquoted(std::string_view(rest.text).substr(0, end)));
        rest = rest.from(end);
        if (flags.back() == "--") break;
    }
    return flags;
}

std::string value_of_flag(const Instruction& instruction, const std::string& prefix) {
    std::string value;
    for (const std::string& flag : instruction.flags) {
        if (flag.starts_with(prefix)) value = flag.substr(prefix.size());
    }
    return value;
}

bool is_stage_name(const std::string& name) {
    return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

/// Splits the file into instructions, without comments and here-documents, and fills a Dockerfile from them.
class DockerfileReader {
  public:
    DockerfileReader(Dockerfile& dockerfile, Problems& problems) : dockerfile_(dockerfile), problems_(problems) {}

    void read() {
        while (next_line()) {
            const std::string_view line = without_leading_blanks(line_);
            if (read_directive(line) || line.empty() || line.starts_with('#')) continue;
            const int first = number_;
            Words words;
            bool goes_on = add_line(line, words);
            while (goes_on && next_line()) {
                const std::string_view more = without_leading_blanks(line_);
                if (!more.empty() && !more.starts_with('#')) goes_on = add_line(line_, words);
            }
            if (words.from(0).text.empty()) continue;
            Instruction instruction = split(words.from(0), first);
            if (instruction.name == "onbuild") {
                instruction = split(instruction.rest, first);
                instruction.is_trigger = true;
            }
            read_instruction(instruction);
            const bool has_body = instruction.name == "run" || instruction.name == "copy" || instruction.name == "add";
            if (has_body && !parse_exec_form(instruction.rest.text)) skip_heredocs(words.text, first);
        }
    }

  private:
    bool next_line() {
        if (next_ >= text_.size()) return false;
        begin_ = next_;
        const std::size_t end = std::min(text_.find('\n', begin_), text_.size());
        line_ = text_.substr(begin_, end - begin_);
        while (line_.ends_with('\r')) line_.remove_suffix(1);
        next_ = end + 1;
        ++number_;
        return true;
    }

    /// "# name=value" in the first lines of the file, below "#!…" (parser/directives.go): any other line ends them.
    bool read_directive(std::string_view line) {
        if (!may_be_directive_) return false;
        if (number_ == 1 && line.starts_with("#!")) return true;
        const std::size_t equals = std::min(line.find('='), line.size());
        const std::string name = line.starts_with('#') ? lower_case(trimmed(line.substr(1, equals - 1))) : "";
        const std::string value(trimmed(line.substr(std::min(equals + 1, line.size()))));
        may_be_directive_ = !value.empty() && (name == "syntax" || name == "escape" || name == "check");
        if (!may_be_directive_) return false;
        if (name == "syntax" && line_.starts_with('#')) {  // an indented one names no frontend
            dockerfile_.syntax = value.substr(0, value.find(' '));
            dockerfile_.syntax_line = number_;
        }
        if (name == "escape" && value != "\\")
            add_problem(number_, "the escape directive is " + shown(value), R"(remove the line: only \ is read here)");
        return true;
    }

    /// True if the line is continued by the next one: it ends in one backslash, and blanks.
    bool add_line(std::string_view line, Words& words) const {
        const std::size_t offset = begin_ + static_cast<std::size_t>(line.data() - line_.data());
        const std::size_t last = line.find_last_not_of(" \t");
        const bool goes_on = last != line.npos && line[last] == '\\' && (last == 0 || line[last - 1] != '\\');
        words.add(goes_on ? line.substr(0, last) : line, offset);
        return goes_on;
    }

    Instruction split(const Words& words, int line) {
        const std::size_t end = std::min(words.text.find_first_of(blanks), words.text.size());
        Instruction instruction{lower_case(words.text.substr(0, end)), {}, words.from(end), line};
        if (std::ranges::find(known_instructions, instruction.name) == known_instructions.end()) {
            const std::string meant = nearest_word(instruction.name, known_instructions);
            add_problem(line, "unknown instruction " + shown(words.text.substr(0, end)),
                        meant.empty() ? "is it the end of a here-document, or a line that the one above continues?"
                                      : "did you mean " + upper_case(meant) + "?");
        }
        instruction.flags = take_flags(instruction.rest);
        return instruction;
    }

    void skip_heredocs(std::string_view line, int begun) {
        for (const Heredoc& heredoc : find_heredocs(line)) {
            bool is_over = false;
            while (!is_over && next_line()) {
                std::string_view text = line_;
                while (heredoc.strips_tabs && text.starts_with('\t')) text.remove_prefix(1);
                is_over = text == heredoc.end;
            }
            if (is_over) continue;
            add_problem(begun, "the here-document " + shown(heredoc.end) + " that begins here has no end",
                        "its end stands alone on a line, without blanks around it");
        }
    }

    void add_problem(int line, const std::string& what, const std::string& hint) {
        add(problems_, {dockerfile_.file, line}, what, hint);
    }

    // What the instructions mean -----------------------------------------------------------------------------------

    void read_instruction(const Instruction& instruction) {
        if (instruction.name == "arg" && !instruction.is_trigger) read_arguments(instruction);
        if (instruction.name == "from" && !instruction.is_trigger) read_from(instruction);
        if (dockerfile_.stages.empty()) return;
        if (instruction.name == "copy" || instruction.name == "add") read_copy(instruction);
        if (instruction.name == "run") read_mounts(instruction);
    }

    void read_arguments(const Instruction& instruction) {
        const Words& rest = instruction.rest;
        bool is_open = false;
        for (const auto& [begin, end] : find_words(rest.text, is_open)) {
            const std::string word = rest.text.substr(begin, end - begin);
            const std::size_t equals = word.find('=');
            DockerfileArgument argument{.name = word.substr(0, equals),
                                        .line = line_at(dockerfile_.text, rest.offsets[begin]),
                                        .is_global = dockerfile_.stages.empty()};
            if (equals != std::string::npos) {
                argument.value = word.substr(equals + 1);
                argument.offset =
                    argument.value->empty() ? rest.offsets[end - 1] + 1 : rest.offsets[begin + equals + 1];
                argument.length = rest.offsets[end - 1] + 1 - argument.offset;
            }
            dockerfile_.arguments.push_back(argument);
        }
        if (is_open) add_problem(instruction.line, "a quotation mark of this ARG is not closed", "close it");
    }

    void read_from(const Instruction& instruction) {
        const std::string& text = instruction.rest.text;
        std::string spaced = text;
        std::ranges::replace_if(
            spaced, [](char c) { return blanks.find(c) != blanks.npos; }, ' ');
        const std::vector<std::string> words = fields_of(spaced, ' ');
        Stage stage;
        stage.line = instruction.line;
        stage.platform = value_of_flag(instruction, "--platform=");
        if (!words.empty()) stage.from = words[0];
        const bool is_named = words.size() == 3 && lower_case(words[1]) == "as";
        if (is_named) stage.name = lower_case(words[2]);
        if (words.size() != 1 && !is_named) {
            add_problem(stage.line, "this FROM is neither FROM image nor FROM image AS name: " + shown(text), "");
        } else if (is_named && !is_stage_name(stage.name)) {
            add_problem(stage.line, shown(words[2]) + " is not a name for a stage",
                        "it begins with a letter; letters, digits, dots, dashes and underscores follow");
        } else if (const auto [first, is_new] = lines_.emplace(stage.name, stage.line); is_named && !is_new) {
            add_problem(stage.line,
                        fmt::format("a stage {} begins on line {} already", shown(stage.name), first->second),
                        "which of the two is meant depends on where it is named: give each a name of its own");
        }
        dockerfile_.stages.push_back(std::move(stage));
    }

    void add_source(const std::string& name, const Instruction& instruction, bool may_be_number, const char* what) {
        Stage& stage = dockerfile_.stages.back();
        (instruction.is_trigger ? stage.triggers : stage.sources).push_back({name, instruction.line, may_be_number});
        if (name.find('$') == std::string::npos) return;
        add_problem(instruction.line,
                    fmt::format("{} names {}, and variables are not expanded there", what, shown(name)),
                    "begin a stage with FROM …, where they are, and name that stage");
    }

    void read_copy(const Instruction& instruction) {
        const std::string from = value_of_flag(instruction, "--from=");
        if (!from.empty()) return add_source(from, instruction, true, "COPY --from");
        std::vector<std::string> words;
        if (const auto exec = parse_exec_form(instruction.rest.text)) {
            words = *exec;
        } else {
            bool is_open = false;
            for (const auto& [begin, end] : find_words(instruction.rest.text, is_open))
                words.push_back(unquoted(instruction.rest.text.substr(begin, end - begin)));
        }
        if (!words.empty()) words.pop_back();  // the destination
        for (const std::string& word : words) {
            const bool is_remote = word.find("://") != std::string::npos || word.starts_with("git@");
            dockerfile_.adds_remote |= is_remote || word.starts_with('$');
            if (!is_remote && word.find("<<") == std::string::npos) add_context_path(word);
        }
    }

    /// A path with a variable may be anything below the directory in front of it.
    void add_context_path(std::string path) {
        if (const std::size_t dollar = path.find('$'); dollar != std::string::npos) {
            const std::size_t slash = path.rfind('/', dollar);
            path = slash == std::string::npos ? "." : path.substr(0, slash);
        }
        dockerfile_.context_paths.push_back(path);
    }

    void read_mounts(const Instruction& instruction) {
        for (const std::string& flag : instruction.flags) {
            if (!flag.starts_with("--mount=")) continue;
            Variables mount = {{"type", "bind"}};
            for (const std::string& quoted : fields_of(flag.substr(8), ',')) {
                const std::string field = unquoted(quoted);  // values separated by commas (RFC 4180)
                const std::size_t equals = field.find('=');
                std::string key = lower_case(field.substr(0, equals));
                if (key == "src") key = "source";
                mount[key] = equals == std::string::npos ? "" : field.substr(equals + 1);
            }
            if (const std::string from = mount["from"]; !from.empty()) {
                add_source(from, instruction, false, "RUN --mount");
            } else if (mount["type"] == "bind") {
                add_context_path(mount["source"].empty() ? "." : mount["source"]);
            }
        }
    }

    Dockerfile& dockerfile_;
    Problems& problems_;
    std::string_view text_ = dockerfile_.text;
    std::string_view line_;
    std::size_t begin_ = 0;                                         ///< of line_
    std::size_t next_ = text_.starts_with("\xEF\xBB\xBF") ? 3 : 0;  ///< a byte order mark is passed over
    int number_ = 0;
    bool may_be_directive_ = true;
    std::map<std::string, int> lines_;  ///< of the stages, by name
};

}  // namespace

Dockerfile parse_dockerfile(std::string_view text, const std::string& file) {
    Dockerfile dockerfile;
    dockerfile.file = file;
    dockerfile.text = text;
    Problems problems;
    DockerfileReader(dockerfile, problems).read();
    if (dockerfile.stages.empty() && problems.empty())
        add(problems, {file}, "there is no FROM: no image can be made from this", "see the Dockerfile reference");
    if (!problems.empty()) throw Error{Exit::bad_input, sorted_by_place(problems)};
    return dockerfile;
}

std::optional<int> line_of_stage(const Dockerfile& dockerfile, const std::string& name) {
    for (const Stage& stage : dockerfile.stages) {
        if (!name.empty() && stage.name == name) return stage.line;
    }
    return std::nullopt;
}
