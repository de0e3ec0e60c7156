#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "plan/plan.h"

namespace {

constexpr std::size_t max_jobs = 256;  // of one matrix: docs.github.com, "Usage limits" (facts: runner.md §1.6)
constexpr const char* usual_runner = "ubuntu-24.04";

/// The rows that have an image in the plan, in order: one job makes both targets.
std::vector<std::size_t> rows_of(const Plan& plan) {
    std::vector<std::size_t> rows;
    for (const Image& image : plan.images) {
        if (rows.empty() || rows.back() != image.row) rows.push_back(image.row);
    }
    return rows;
}

void write_runner(JsonWriter& json, const Runner& runner) {
    if (runner.group.empty() && runner.labels.size() == 1) {
        json.field("runs-on", runner.labels.front());
    } else if (runner.group.empty()) {
        json.list("runs-on", runner.labels);
    } else {
        json.open_object("runs-on");
        json.field("group", runner.group);
        if (!runner.labels.empty()) json.list("labels", runner.labels);
        json.close();
    }
}

bool is_label(std::string_view text) {
    return !text.empty() && text.find_first_of(" \t\r\n[]{}\"") == std::string_view::npos;
}

std::optional<std::vector<std::string>> parse_labels(const Json& value) {
    std::vector<std::string> labels;
    if (value.IsString()) labels.push_back(text_of(value));
    for (const Json& one : items_of(value)) labels.push_back(text_of(one));
    const bool good = !labels.empty() && std::ranges::all_of(labels, is_label);
    return good ? std::optional(labels) : std::nullopt;
}

/// With no other key than these two.
std::optional<Runner> parse_group(const Json& object) {
    const auto labels = parse_labels(member(object, "labels"));
    const Runner runner{text_at(object, "group"), labels.value_or(std::vector<std::string>{})};
    const bool good = !runner.group.empty() && object.MemberCount() == (labels ? 2 : 1);
    return good ? std::optional(runner) : std::nullopt;
}

}  // namespace

std::size_t count_jobs(const Plan& plan) {
    return rows_of(plan).size() * plan.platforms.size();
}

std::string render_github_matrix(const Plan& plan, const std::map<std::string, std::string>& runners) {
    const std::vector<std::size_t> rows = rows_of(plan);
    if (rows.empty()) return "";
    if (const std::size_t jobs = count_jobs(plan); jobs > max_jobs) {
        throw Error{
            Exit::bad_input,
            {plan.matrix.file, plan.matrix.rows[rows[max_jobs / plan.platforms.size()]].line},
            fmt::format("with this row there are more than {} jobs: {} Python versions on {} make {}", max_jobs,
                        rows.size(), counted(plan.platforms.size(), "platform"), jobs),
            "GitHub runs no larger matrix: choose fewer with --only or --platforms, or build all in one job with run"};
    }
    JsonWriter json;
    json.open_object();
    json.open_array("include");
    for (const std::size_t row : rows) {
        for (const std::string& platform : plan.platforms) {
            const auto runner = runners.find(platform);
            json.open_object();
            json.field("python", plan.matrix.rows[row].python_version);
            json.field("platform", platform);
            // They were checked when the options were read.
            write_runner(json, parse_runner(runner == runners.end() ? usual_runner : runner->second).value());
            json.close();
        }
    }
    return json.one_line();
}

std::optional<Runner> parse_runner(std::string_view text) {
    const std::string_view word = trimmed(text);
    if (is_label(word)) return Runner{.labels = {std::string(word)}};
    const rapidjson::Document json = parse_json_or_null(word);
    if (json.IsObject()) return parse_group(json);
    const auto labels = json.IsArray() ? parse_labels(json) : std::nullopt;
    return labels ? std::optional(Runner{.labels = *labels}) : std::nullopt;
}

std::vector<std::string> split_runners(std::string_view text) {
    std::vector<std::string> entries;
    std::string entry;
    int depth = 0;
    for (const char c : std::string(text) + ",") {
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (depth > 0 || (c != ',' && c != '\n')) {
            entry += c;
            continue;
        }
        if (const std::string_view whole = trimmed(entry); !whole.empty()) entries.emplace_back(whole);
        entry.clear();
    }
    return entries;
}
