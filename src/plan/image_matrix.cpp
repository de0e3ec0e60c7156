// image-matrix.json: its rows, and what must not be in two of them.
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/json.h"
#include "base/reference.h"
#include "base/text.h"

namespace {

constexpr std::array known_keys = {"pythonVersion", "debianVersion", "distrolessVersion", "tags"};
constexpr std::string_view slim = "slim-";
constexpr std::string_view cc = "cc-debian";

/// What follows the prefix; nothing if the text does not begin with it.
std::string_view after(std::string_view prefix, std::string_view text) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

// One row, field by field ---------------------------------------------------------------------------------------------

/// Reads one row. What is wrong with it goes to `problems`; a field that cannot be used is left empty.
struct RowReader {
    const LinedJson& json;
    const std::string pointer;
    const Json& object;
    Problems& problems;

    Row read() {
        for (const auto& entry : object.GetObject()) {
            const std::string key = text_of(entry.name);
            if (std::ranges::find(known_keys, key) != known_keys.end()) continue;
            add(problems, json.at(child_pointer(pointer, key)), shown(key) + " is not a key of a row",
                "the keys are pythonVersion, debianVersion, tags and, if you like, distrolessVersion");
        }
        Row row;
        row.line = json.at(pointer).line;
        row.python_line = line_of("pythonVersion");
        row.debian_line = line_of("debianVersion");
        row.distroless_line = line_of("distrolessVersion");
        row.python_version = read_python();
        row.debian_version = read_debian();
        row.distroless_version = read_distroless(row.debian_version);
        row.tags = read_tags();
        return row;
    }

    int line_of(const std::string& key) const { return json.at(pointer + "/" + key).line; }

    void refuse(const std::string& key, std::string what, std::string hint) {
        add(problems, {json.file, line_of(key)}, std::move(what), std::move(hint));
    }

    /// The text of a key; empty, after saying why and how to write it, if there is none.
    std::string read_text(const std::string& key, const std::string& model) {
        if (!object.HasMember(key)) {
            refuse(key, fmt::format("\"{}\" is missing", key), model);
            return "";
        }
        const Json& value = member(object, key);
        if (!value.IsString()) {
            refuse(key, fmt::format("\"{}\" is not a text", key), model);
        } else if (value.GetStringLength() == 0) {
            refuse(key, fmt::format("\"{}\" is empty", key), model);
        }
        return text_of(value);
    }

    std::string read_python() {
        std::string version = read_text("pythonVersion", "write it as \"pythonVersion\": \"3.13.9\"");
        if (version.empty() || parse_version(version)) return version;
        refuse("pythonVersion", shown(version) + " is not a version of Python",
               "write three numbers, as in \"3.13.9\": a version tag names one release, and pre-releases are not for "
               "services");
        return "";
    }

    std::string read_debian() {
        std::string debian = read_text("debianVersion", "write it as \"debianVersion\": \"slim-trixie\"");
        const std::string_view release = after(slim, debian);
        const bool is_word = std::ranges::all_of(release, [](char c) { return c >= 'a' && c <= 'z'; });
        if (debian.empty() || (is_word && !release.empty())) return debian;
        refuse("debianVersion", shown(debian) + " is not \"slim-\" and the name of a Debian release",
               "write it as \"slim-trixie\": the images are made with Debian's packages, on "
               "python:VERSION-slim-RELEASE");
        return "";
    }

    std::string read_distroless(const std::string& debian) {
        if (!object.HasMember("distrolessVersion")) return "";
        const std::optional<DebianSuite> suite = find_suite(after(slim, debian));
        const std::string example = fmt::format("{}{}", cc, suite ? suite->number : 13);
        std::string distroless =
            read_text("distrolessVersion",
                      fmt::format("write it as \"distrolessVersion\": \"{}\", or leave the key out", example));
        const std::string_view number = after(cc, distroless);
        const bool is_distroless = number.size() == 2 && parse_number(number);
        if (distroless.empty() || (is_distroless && (!suite || distroless == example))) return distroless;
        refuse("distrolessVersion",
               is_distroless ? fmt::format("\"{}\" does not agree with \"{}\" on line {}", distroless, debian,
                                           line_of("debianVersion"))
                             : shown(distroless) + " is not \"cc-debian\" and a number",
               fmt::format("write \"{}\": Python is copied from the slim image, and needs the same libraries there; or "
                           "leave the key out: production is then made from the slim image",
                           example));
        return is_distroless ? distroless : "";
    }

    std::vector<Tag> read_tags() {
        const Json& list = member(object, "tags");
        if (!object.HasMember("tags")) {
            refuse("tags", "\"tags\" is missing", "write \"tags\": [] if no moving tag shall point to these images");
        } else if (!list.IsArray()) {
            refuse("tags", "\"tags\" is not a list", "write it as \"tags\": [\"latest-3.13\"]");
        }
        std::vector<Tag> tags;
        int index = 0;
        for (const Json& value : items_of(list)) {
            const Place at = json.at(fmt::format("{}/tags/{}", pointer, index++));
            const std::string name = text_of(value);
            if (!value.IsString()) {
                add(problems, at, "this tag is not a text", "write it in quotation marks");
            } else if (!is_tag(name)) {
                add(problems, at, shown(name) + " cannot be a tag",
                    "a tag has at most 128 letters, digits, dots, dashes and underscores, and does not begin with a "
                    "dot or a dash");
            } else {
                tags.push_back({name, at.line});
            }
        }
        return tags;
    }
};

// Tags and versions that two rows want --------------------------------------------------------------------------------

constexpr std::string_view version_mark = "-python";

/// "1.0.0-python3.13.3", of whatever release.
bool is_like_version_tag(std::string_view tag) {
    const std::size_t mark = tag.find(version_mark);
    return mark != std::string_view::npos && tag.front() >= '0' && tag.front() <= '9' &&
           parse_version(tag.substr(mark + version_mark.size()));
}

/// The Python version that a tag's last part names: 3.13 of "latest-3.13"; nothing if it names none.
std::optional<std::string_view> version_in_tag(std::string_view tag) {
    const std::string_view last = tag.substr(tag.rfind('-') + 1);
    const bool is_version = parse_version(last) || parse_version(std::string(last) + ".0");
    return last.starts_with("3.") && is_version ? std::optional(last) : std::nullopt;
}

void check_claims(const Matrix& matrix, Problems& problems) {
    std::map<std::string, int> versions;
    std::map<std::string, Tag> firsts;
    for (const Row& row : matrix.rows) {
        const auto [version, is_first] = versions.emplace(row.python_version, row.python_line);
        if (!is_first && !row.python_version.empty()) {
            add(problems, {matrix.file, row.python_line},
                fmt::format("Python {} is already given on line {}", row.python_version, version->second),
                "both rows would write the same version tag: keep one of the two");
        }
        for (const Tag& tag : row.tags) {
            const Place at{matrix.file, tag.line};
            const auto [first, is_new] = firsts.emplace(lower_case(tag.name), tag);
            const auto& [name, line] = first->second;
            if (!is_new && name == tag.name) {
                add(problems, at, fmt::format("the tag \"{}\" is already given on line {}", name, line),
                    "a tag can point to one image only");
            } else if (!is_new) {
                add(problems, at,
                    fmt::format("the tag \"{}\" and \"{}\" on line {} differ in capitals only", tag.name, name, line),
                    "a registry tells them apart, but people do not: keep one of the two");
            }
            if (is_like_version_tag(tag.name)) {
                add(problems, at, fmt::format("\"{}\" has the form of a version tag", tag.name),
                    "version tags are made from DEFRA_VERSION and pythonVersion and written once; the tags "
                    "listed here move with every release: choose another name");
            }
            const std::optional<std::string_view> named = version_in_tag(tag.name);
            if (!named || row.python_version.empty()) continue;
            if ((row.python_version + ".").starts_with(std::string(*named) + ".")) continue;
            add(problems, at, fmt::format("the tag \"{}\" is given to Python {}", tag.name, row.python_version),
                fmt::format("services that ask for {} would get another Python", *named), Level::warning);
        }
    }
}

// The file ------------------------------------------------------------------------------------------------------------

/// The field that only the matrix of a sibling repository has, and that repository.
constexpr std::array<std::pair<const char*, const char*>, 3> siblings = {{{"nodeVersion", "defra-docker-node"},
                                                                          {"netVersion", "defra-docker-dotnetcore"},
                                                                          {"sdkVersion", "defra-docker-dotnetcore"}}};

/// If the rows are those of a sibling repository: one problem, on the line that gave it away. A matrix in which any row
/// has a pythonVersion is ours.
std::optional<Problem> recognise_sibling(const LinedJson& json) {
    std::optional<Problem> recognised;
    for (rapidjson::SizeType index = 0; index < items_of(json.root).Size(); ++index) {
        const Json& row = json.root[index];
        if (!member(row, "pythonVersion").IsNull()) return std::nullopt;
        for (const auto& [key, repository] : siblings) {
            if (recognised || member(row, key).IsNull()) continue;
            recognised = Problem{
                json.at(fmt::format("/{}/{}", index, key)),
                fmt::format("this is a matrix of {}: its rows have \"{}\" and no \"pythonVersion\"", repository, key),
                "what works for its images already: scan and judge, by the references of images that are published.\n"
                "What does not: matrix, check, build, test, publish and run, which know Python's files only"};
        }
    }
    return recognised;
}

std::vector<Row> read_rows(const LinedJson& json, Problems& problems) {
    std::vector<Row> rows;
    int index = 0;
    for (const Json& object : items_of(json.root)) {
        const std::string pointer = fmt::format("/{}", index++);
        if (object.IsObject()) {
            rows.push_back(RowReader{json, pointer, object, problems}.read());
        } else {
            add(problems, json.at(pointer), "this row is not an object",
                "a row is written in curly brackets: {\"pythonVersion\": …}");
        }
    }
    return rows;
}

}  // namespace

Matrix parse_matrix(std::string_view text, const std::string& file, Date today, Problems& warnings) {
    Problems problems;
    const LinedJson json = parse_people_json(text, file, problems);
    Matrix matrix{.file = file};
    if (!json.root.IsArray()) {
        add(problems, json.at(""), "the matrix is not a list of rows",
            "write it as [{\"pythonVersion\": …}, {\"pythonVersion\": …}]");
    } else if (const std::optional<Problem> sibling = recognise_sibling(json)) {
        problems.push_back(*sibling);
    } else if (json.root.Empty()) {
        add(problems, json.at(""), "the matrix has no rows", "no image will be made", Level::warning);
    } else {
        matrix.rows = read_rows(json, problems);
        check_claims(matrix, problems);
        append(problems, check_support(matrix, today));
    }
    if (has_errors(problems)) throw Error{Exit::bad_input, sorted_by_place(problems)};
    append(warnings, problems);
    return matrix;
}
