#include <fmt/format.h>

#include "base/json.h"
#include "plan/plan.h"
#include "plan/row.h"
#include "plan/siblings.h"
#include "plan/tags.h"

namespace {

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
