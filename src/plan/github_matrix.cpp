#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "plan/plan.h"
#include "plan/runners.h"

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

void refuse_too_many(const Plan& plan, const std::vector<std::size_t>& rows) {
    const std::size_t jobs = rows.size() * plan.platforms.size();
    if (jobs <= max_jobs) return;
    const Row& first_beyond = plan.matrix.rows[rows[max_jobs / plan.platforms.size()]];
    throw Error{
        Exit::bad_input,
        {{{plan.matrix.file, first_beyond.line},
          fmt::format("with this row there are more than {} jobs: {} Python versions on {} make {}", max_jobs,
                      rows.size(), counted(plan.platforms.size(), "platform"), jobs),
          "GitHub runs no larger matrix: choose fewer with --only or --platforms, or build all in one job with run"}}};
}

void write_labels(JsonWriter& json, std::string_view key, const std::vector<std::string>& labels) {
    json.open_array(key);
    for (const std::string& label : labels) json.item(label);
    json.close();
}

void write_runner(JsonWriter& json, const Runner& runner) {
    if (runner.group.empty() && runner.labels.size() == 1) {
        json.field("runs-on", runner.labels.front());
    } else if (runner.group.empty()) {
        write_labels(json, "runs-on", runner.labels);
    } else {
        json.open_object("runs-on");
        json.field("group", runner.group);
        if (!runner.labels.empty()) write_labels(json, "labels", runner.labels);
        json.close();
    }
}

}  // namespace

std::size_t count_jobs(const Plan& plan) {
    return rows_of(plan).size() * plan.platforms.size();
}

std::string render_github_matrix(const Plan& plan, const std::map<std::string, std::string>& runners) {
    const std::vector<std::size_t> rows = rows_of(plan);
    refuse_too_many(plan, rows);
    if (rows.empty()) return "";
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
    json.close();
    json.close();
    return json.one_line();
}
