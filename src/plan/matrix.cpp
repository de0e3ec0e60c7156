#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/json.h"
#include "plan/plan.h"
#include "plan/row.h"
#include "plan/tags.h"

namespace {

struct Sibling {
    const char* key;  ///< the field that only this one has
    const char* repository;
    const char* images;
};

constexpr std::array siblings = {
    Sibling{"nodeVersion", "defra-docker-node", "Node.js"},
    Sibling{"netVersion", "defra-docker-dotnetcore", ".NET"},
    Sibling{"sdkVersion", "defra-docker-dotnetcore", ".NET"},
};

Problem explain(const Sibling& sibling, Place at) {
    return {std::move(at),
            fmt::format("this is a matrix of {} ({}): its rows have \"{}\" and no \"pythonVersion\"",
                        sibling.repository, sibling.images, sibling.key),
            fmt::format(
                "what works for {} images already: scan and judge, by the references of images that are published.\n"
                "What does not: matrix, check, build, test, publish and run, which know Python's files only",
                sibling.images)};
}

/// If the rows are those of a sibling repository, defra-docker-node or defra-docker-dotnetcore (defra-pipeline.md §2):
/// one problem that says so, on the line that gave it away, with what works for it and what does not. A matrix in which
/// any row has a pythonVersion is ours, whatever else stands in it.
std::optional<Problem> recognise_sibling(const LinedJson& json) {
    std::optional<Problem> recognised;
    for (rapidjson::SizeType index = 0; index < items_of(json.root).Size(); ++index) {
        const Json& row = json.root[index];
        if (!member(row, "pythonVersion").IsNull()) return std::nullopt;
        for (const Sibling& sibling : siblings) {
            if (recognised || member(row, sibling.key).IsNull()) continue;
            recognised = explain(sibling, json.at(fmt::format("/{}/{}", index, sibling.key)));
        }
    }
    return recognised;
}

void append(Problems& problems, const Problems& more) {
    problems.insert(problems.end(), more.begin(), more.end());
}

void throw_errors(const Problems& problems) {
    if (has_errors(problems)) throw Error{Exit::bad_input, sorted_by_place(problems)};
}

std::vector<Row> read_rows(const LinedJson& json, Problems& problems) {
    std::vector<Row> rows;
    int index = 0;
    for (const Json& object : items_of(json.root)) {
        const std::string pointer = fmt::format("/{}", index++);
        if (object.IsObject()) {
            rows.push_back(read_row(json, pointer, object, problems));
        } else {
            problems.push_back({json.at(pointer), fmt::format("this row is {}, not an object", kind_of(object)),
                                "a row is written in curly brackets: {\"pythonVersion\": …}"});
        }
    }
    return rows;
}

/// Everything that can be read of the file; every mistake goes to `problems`. Throws only where the text is no JSON.
Matrix read_matrix(std::string_view text, const std::string& file, Problems& problems) {
    const LinedJson json = parse_people_json(text, file, problems);
    Matrix matrix{.file = file, .rows = {}};
    if (!json.root.IsArray()) {
        problems.push_back({json.at(""), fmt::format("the matrix is {}, not a list of rows", kind_of(json.root)),
                            "write it as [{\"pythonVersion\": …}, {\"pythonVersion\": …}]"});
    } else if (const std::optional<Problem> sibling = recognise_sibling(json)) {
        problems.push_back(*sibling);
    } else if (json.root.Empty()) {
        problems.push_back({json.at(""), "the matrix has no rows", "no image will be made", Level::warning});
    } else {
        matrix.rows = read_rows(json, problems);
        append(problems, find_collisions(matrix));
    }
    return matrix;
}

}  // namespace

Matrix parse_matrix(std::string_view text, const std::string& file) {
    Problems problems;
    Matrix matrix = read_matrix(text, file, problems);
    throw_errors(problems);
    return matrix;
}

Matrix parse_matrix(std::string_view text, const std::string& file, Date today, Problems& warnings) {
    Problems problems;
    Matrix matrix = read_matrix(text, file, problems);
    append(problems, check_tags(matrix));
    append(problems, check_support(matrix, today));
    throw_errors(problems);
    append(warnings, problems);
    return matrix;
}
