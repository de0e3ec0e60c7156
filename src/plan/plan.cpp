// From the rows of the matrix to images, to the digest of what goes into each, and to the jobs that build them.
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/reference.h"
#include "base/text.h"

namespace {

// Images --------------------------------------------------------------------------------------------------------------

constexpr std::size_t max_names = 12;

/// Development before production, for each row.
std::vector<Image> make_images(const Matrix& matrix, const Job& job, const std::string& name_space) {
    std::vector<Image> images;
    for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
        const Row& from = matrix.rows[row];
        for (const Target target : {Target::development, Target::production}) {
            Image& image = images.emplace_back();
            image.name = fmt::format("{}-{}", from.python_version, render_target(target));
            image.target = target;
            image.row = row;
            image.python_version = from.python_version;
            image.repository =
                fmt::format("{}/{}{}", name_space, job.image_name, target == Target::development ? "-development" : "");
            image.version_tag = fmt::format("{}-python{}", job.defra_version, from.python_version);
            for (const Tag& tag : from.tags) image.moving_tags.push_back(tag.name);
        }
    }
    return images;
}

void check_names(const Job& job, const std::string& name_space, Problems& problems) {
    if (!is_repository(name_space + "/x")) {
        add(problems, {}, shown(name_space) + " is not a namespace",
            "write lower-case letters and digits, as in defradigital; the registry is an option of its own");
    } else if (!is_repository(fmt::format("{}/{}-development", name_space, job.image_name))) {
        add(problems, {job.file, job.image_name_line},
            fmt::format("{} is not the name of a repository",
                        shown(name_space + "/" + job.image_name + "-development")),
            "write lower-case letters and digits, as in IMAGE_NAME=python");
    }
}

bool is_platform(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789";
    const std::vector<std::string> parts = fields_of(text, '/');
    const bool is_plain = std::ranges::all_of(
        parts, [&](const std::string& part) { return part.find_first_not_of(plain) == std::string::npos; });
    return is_plain && (parts.size() == 2 || parts.size() == 3) && parts.front() == "linux" &&
           joined(parts, "/") == text;
}

void check_platforms(const std::vector<std::string>& platforms, Problems& problems) {
    if (platforms.empty()) add(problems, {}, "no platform is given", "write for example linux/amd64");
    for (auto platform = platforms.begin(); platform != platforms.end(); ++platform) {
        if (!is_platform(*platform)) {
            add(problems, {}, shown(*platform) + " is not a platform of these images",
                "write for example linux/amd64, linux/arm64 or linux/arm/v7");
        } else if (std::find(platforms.begin(), platform, *platform) != platform) {
            add(problems, {}, shown(*platform) + " is given twice among the platforms", "remove one of the two");
        }
    }
}

bool is_chosen(const Image& image, const std::string& pattern) {
    return matches_pattern(pattern, image.name) || matches_pattern(pattern, image.python_version) ||
           matches_pattern(pattern, render_target(image.target));
}

std::vector<Image> choose(const std::vector<Image>& images, const std::vector<std::string>& only, Problems& problems) {
    std::vector<Image> chosen;
    std::vector<std::string> names;
    for (const Image& image : images) {
        names.push_back(image.name);
        if (only.empty() ||
            std::ranges::any_of(only, [&](const std::string& pattern) { return is_chosen(image, pattern); }))
            chosen.push_back(image);
    }
    for (const std::string& pattern : only) {
        if (std::ranges::any_of(chosen, [&](const Image& image) { return is_chosen(image, pattern); })) continue;
        add(problems, {}, fmt::format("no image is called {}", shown(pattern)),
            images.empty() ? "the matrix has no rows" : "there are " + joined_some(names, max_names));
    }
    return chosen;
}

// The job matrix of a workflow ----------------------------------------------------------------------------------------

constexpr std::size_t max_jobs = 256;  // of one matrix: docs.github.com, "Usage limits"
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

std::string render_target(Target target) {
    return target == Target::development ? "development" : "production";
}

std::string layout_name(const Image& image, const std::string& platform) {
    return image.name + "-" + joined(fields_of(platform, '/'), "-");
}

Plan plan_images(const Matrix& matrix, const Job& job, const std::string& name_space,
                 const std::vector<std::string>& platforms, const std::vector<std::string>& only) {
    Problems problems;
    check_names(job, name_space, problems);
    check_platforms(platforms, problems);
    const std::vector<Image> chosen = choose(make_images(matrix, job, name_space), only, problems);
    if (!problems.empty()) throw Error{Exit::bad_input, sorted_by_place(problems)};
    return {.matrix = matrix, .job = job, .images = chosen, .platforms = platforms};
}

// The digest is the SHA-256 of a text with one line per fact, so that anyone can compute it again:
//     python-image-action inputs 1
//     target production
//     python 3.13.3
//     debian slim-bookworm
//     distroless cc-debian12
//     defra-version 1.0.0
//     file sha256:… - Dockerfile
//     file sha256:… x image/prepare-slim
// Lines of files are sorted by path and end in NUL, because a path may hold a line feed. A change of this form needs
// another number in the first line. Of a file with another mode than 0644 and 0755, of a directory with another one
// than 0755 and of a link, the digest is that of a text about it (bake's inputs.cpp). Not in it: moving tags, namespace
// and image name, other rows. A commit that changes only these moves the images' date all the same: see
// load_source_date.

Digest compute_inputs(const Plan& plan, const Image& image, std::vector<InputFile> files) {
    const Row& row = plan.row_of(image);
    const bool is_distroless = image.target == Target::production && !row.distroless_version.empty();
    std::string text =
        fmt::format("python-image-action inputs 1\ntarget {}\npython {}\ndebian {}\ndistroless {}\ndefra-version {}\n",
                    render_target(image.target), row.python_version, row.debian_version,
                    is_distroless ? row.distroless_version : "-", plan.job.defra_version);
    std::ranges::sort(files, {}, &InputFile::path);
    for (const InputFile& file : files) {
        text += fmt::format("file {} {} {}", file.content.text(), file.executable ? "x" : "-", file.path);
        text += '\0';
    }
    return sha256(text);
}

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
