#include "base/error.h"

#include <algorithm>
#include <utility>

namespace {

std::string render_place(const Place& at) {
    if (at.file.empty()) return "";
    return at.line > 0 ? at.file + ":" + std::to_string(at.line) + ": " : at.file + ": ";
}

std::string render_level(Level level) {
    return level == Level::error ? "" : level == Level::warning ? "warning: " : "note: ";
}

std::string indented(const std::string& text) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == '\n') out += "  ";
    }
    return out;
}

}  // namespace

Error::Error(Exit code, Problems all) : exit(code), problems(std::move(all)) {}

Error::Error(Exit code, std::string what, std::string hint) : Error(code, Place{}, std::move(what), std::move(hint)) {}

Error::Error(Exit code, Place at, std::string what, std::string hint)
    : Error(code, {Problem{std::move(at), std::move(what), std::move(hint)}}) {}

std::optional<Error> failure_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.exit == Exit::cancelled) throw;
        return error;
    }
    return std::nullopt;
}

bool has_errors(const Problems& problems) {
    return std::ranges::find(problems, Level::error, &Problem::level) != problems.end();
}

Problems at_level(Level level, Problems problems) {
    for (Problem& problem : problems) problem.level = level;
    return problems;
}

void add(Problems& all, Place at, std::string what, std::string hint, Level level) {
    all.push_back({std::move(at), std::move(what), std::move(hint), level});
}

void append(Problems& all, const Problems& more) {
    all.insert(all.end(), more.begin(), more.end());
}

Problems sorted_by_place(Problems problems) {
    std::ranges::stable_sort(problems, {}, &Problem::at);
    return problems;
}

std::string render_problems(const Problems& problems) {
    std::string out;
    for (const Problem& problem : sorted_by_place(problems)) {
        out += render_place(problem.at) + render_level(problem.level) + indented(problem.what) + "\n";
        if (!problem.hint.empty()) out += "  hint: " + indented(problem.hint) + "\n";
    }
    return out;
}
