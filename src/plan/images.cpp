#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "plan/names.h"
#include "plan/plan.h"

namespace {

constexpr std::size_t names_told = 12;

std::string version_tag_of(const Job& job, const Row& row) {
    return fmt::format("{}-python{}", job.defra_version, row.python_version);
}

Image make_image(const Matrix& matrix, const Job& job, const std::string& name_space, std::size_t row, Target target) {
    const Row& from = matrix.rows[row];
    Image image;
    image.name = fmt::format("{}-{}", from.python_version, render_target(target));
    image.target = target;
    image.row = row;
    image.python_version = from.python_version;
    image.repository =
        fmt::format("{}/{}{}", name_space, job.image_name, target == Target::development ? "-development" : "");
    image.version_tag = version_tag_of(job, from);
    for (const Tag& tag : from.tags) image.moving_tags.push_back(tag.name);
    return image;
}

std::vector<Image> make_images(const Matrix& matrix, const Job& job, const std::string& name_space) {
    std::vector<Image> images;
    for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
        images.push_back(make_image(matrix, job, name_space, row, Target::development));
        images.push_back(make_image(matrix, job, name_space, row, Target::production));
    }
    return images;
}

/// Both repositories have the same tags, so one look at the rows is enough.
void check_claims(const Matrix& matrix, const Job& job, Problems& problems) {
    std::map<std::string, int> lines;
    const auto claim = [&](const std::string& tag, int line) {
        const auto [first, is_new] = lines.emplace(tag, line);
        if (is_new) return;
        problems.push_back({{matrix.file, line},
                            fmt::format("the tag \"{}\" is already claimed on line {}", tag, first->second),
                            "a tag can point to one image only"});
    };
    for (const Row& row : matrix.rows) claim(version_tag_of(job, row), row.python_line);
    for (const Row& row : matrix.rows) {
        for (const Tag& tag : row.tags) claim(tag.name, tag.line);
    }
}

void check_names(const Job& job, const std::string& name_space, Problems& problems) {
    if (!is_repository(name_space + "/x")) {
        problems.push_back(
            {{},
             shown(name_space) + " is not a namespace",
             "write lower-case letters and digits, as in defradigital; the registry is an option of its own"});
    } else if (!is_repository(fmt::format("{}/{}-development", name_space, job.image_name))) {
        problems.push_back({{job.file, job.image_name_line},
                            fmt::format("{} is not the name of a repository",
                                        shown(name_space + "/" + job.image_name + "-development")),
                            "write lower-case letters and digits, as in IMAGE_NAME=python"});
    }
}

bool is_platform(std::string_view text) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789";
    const std::vector<std::string> parts = fields_of(text, '/');
    const bool is_plain = std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
        return part.find_first_not_of(plain) == std::string::npos;
    });
    return is_plain && (parts.size() == 2 || parts.size() == 3) && parts.front() == "linux" &&
           joined(parts, "/") == text;
}

void check_platforms(const std::vector<std::string>& platforms, Problems& problems) {
    if (platforms.empty()) problems.push_back({{}, "no platform is given", "write for example linux/amd64"});
    for (auto platform = platforms.begin(); platform != platforms.end(); ++platform) {
        if (!is_platform(*platform)) {
            problems.push_back({{},
                                shown(*platform) + " is not a platform of these images",
                                "write for example linux/amd64, linux/arm64 or linux/arm/v7"});
        } else if (std::find(platforms.begin(), platform, *platform) != platform) {
            problems.push_back({{}, shown(*platform) + " is given twice among the platforms", "remove one of the two"});
        }
    }
}

bool is_chosen(const Image& image, const std::string& pattern) {
    return matches_pattern(pattern, image.name) || matches_pattern(pattern, image.python_version) ||
           matches_pattern(pattern, render_target(image.target));
}

std::string name_some(const std::vector<Image>& images) {
    std::vector<std::string> names;
    for (const Image& image : images) names.push_back(image.name);
    if (names.size() > names_told) {
        const std::string rest = fmt::format("and {} more", names.size() - names_told);
        names.resize(names_told);
        names.push_back(rest);
    }
    return joined(names, ", ");
}

std::vector<Image> choose(const std::vector<Image>& images, const std::vector<std::string>& only, Problems& problems) {
    for (const std::string& pattern : only) {
        if (std::any_of(images.begin(), images.end(), [&](const Image& image) { return is_chosen(image, pattern); }))
            continue;
        problems.push_back({{},
                            fmt::format("no image is called {}", shown(pattern)),
                            images.empty() ? "the matrix has no rows" : "there are " + name_some(images)});
    }
    std::vector<Image> chosen;
    std::copy_if(images.begin(), images.end(), std::back_inserter(chosen), [&](const Image& image) {
        return only.empty() || std::any_of(only.begin(), only.end(),
                                           [&](const std::string& pattern) { return is_chosen(image, pattern); });
    });
    return chosen;
}

}  // namespace

std::string render_target(Target target) {
    switch (target) {
        case Target::development:
            return "development";
        case Target::production:
            return "production";
    }
    return "";
}

std::string layout_name(const Image& image, const std::string& platform) {
    std::string suffix = platform;
    std::replace(suffix.begin(), suffix.end(), '/', '-');
    return image.name + "-" + suffix;
}

Plan plan_images(const Matrix& matrix, const Job& job, const std::string& name_space,
                 const std::vector<std::string>& platforms, const std::vector<std::string>& only) {
    Problems problems;
    check_claims(matrix, job, problems);
    check_names(job, name_space, problems);
    check_platforms(platforms, problems);
    const std::vector<Image> chosen = choose(make_images(matrix, job, name_space), only, problems);
    if (!problems.empty()) throw Error{Exit::bad_input, sorted_by_place(problems)};
    return {.matrix = matrix, .job = job, .images = chosen, .platforms = platforms};
}
