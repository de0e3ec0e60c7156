#include "plan/row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/names.h"
#include "plan/support.h"

namespace {

constexpr std::array known_keys = {"pythonVersion", "debianVersion", "distrolessVersion", "tags"};
constexpr std::string_view slim = "slim-";
constexpr std::string_view cc = "cc-debian";

bool is_lower_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_two_digits(std::string_view text) {
    return text.size() == 2 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What follows the prefix; nothing if the text does not begin with it.
std::string_view after(std::string_view prefix, std::string_view text) {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

class RowReader {
  public:
    RowReader(const LinedJson& json, std::string pointer, const Json& object, Problems& problems)
        : json_(json), pointer_(std::move(pointer)), object_(object), problems_(problems) {}

    void refuse_unknown_keys();
    std::string read_python();
    std::string read_debian();
    std::string read_distroless(const std::string& debian);
    std::vector<Tag> read_tags();
    int line_of(const std::string& key) const { return json_.at(pointer_ + "/" + key).line; }

  private:
    bool has(const std::string& key) const { return object_.HasMember(key); }
    std::string read_text(const std::string& key, const std::string& model);
    void read_tag(const Json& value, const Place& at, std::vector<Tag>& tags);

    void refuse(const std::string& key, std::string what, std::string hint) {
        problems_.push_back({{json_.file, line_of(key)}, std::move(what), std::move(hint)});
    }

    const LinedJson& json_;
    std::string pointer_;
    const Json& object_;
    Problems& problems_;
};

void RowReader::refuse_unknown_keys() {
    for (const auto& entry : object_.GetObject()) {
        const std::string key = text_of(entry.name);
        if (std::find(known_keys.begin(), known_keys.end(), key) != known_keys.end()) continue;
        problems_.push_back({json_.at(child_pointer(pointer_, key)), shown(key) + " is not a key of a row",
                             "the keys are pythonVersion, debianVersion, tags and, if you like, distrolessVersion"});
    }
}

/// The text of a key; empty, after saying why and how to write it, if there is none.
std::string RowReader::read_text(const std::string& key, const std::string& model) {
    if (!has(key)) {
        refuse(key, fmt::format("\"{}\" is missing", key), model);
        return "";
    }
    const Json& value = member(object_, key);
    if (!value.IsString()) {
        refuse(key, fmt::format("\"{}\" is {}, not a text", key, kind_of(value)), model);
    } else if (value.GetStringLength() == 0) {
        refuse(key, fmt::format("\"{}\" is empty", key), model);
    }
    return text_of(value);
}

std::string RowReader::read_python() {
    std::string version = read_text("pythonVersion", "write it as \"pythonVersion\": \"3.13.9\"");
    if (version.empty() || parse_version(version)) return version;
    refuse("pythonVersion", shown(version) + " is not a version of Python",
           "write three numbers, as in \"3.13.9\": a version tag names one release, and pre-releases are not for "
           "services");
    return "";
}

std::string advise_debian(const std::string& debian) {
    if (debian == "slim")
        return "write the release too, as in \"slim-trixie\": what \"slim\" alone means changes one day";
    if (find_suite(debian)) {
        return fmt::format(
            "write \"slim-{}\": the full image has compilers and hundreds of packages that no service needs", debian);
    }
    return "write it as \"slim-trixie\": the images are made with Debian's packages, on python:VERSION-slim-RELEASE";
}

std::string RowReader::read_debian() {
    std::string debian = read_text("debianVersion", "write it as \"debianVersion\": \"slim-trixie\"");
    if (debian.empty() || is_lower_word(after(slim, debian))) return debian;
    refuse("debianVersion", shown(debian) + " is not \"slim-\" and the name of a Debian release",
           advise_debian(debian));
    return "";
}

std::string RowReader::read_distroless(const std::string& debian) {
    if (!has("distrolessVersion")) return "";
    const std::optional<DebianSuite> suite = find_suite(after(slim, debian));
    const std::string example = fmt::format("{}{}", cc, suite ? suite->number : 13);
    std::string distroless = read_text(
        "distrolessVersion", fmt::format("write it as \"distrolessVersion\": \"{}\", or leave the key out", example));
    if (distroless.empty()) return "";
    const std::string_view number = after(cc, distroless);
    if (!is_two_digits(number)) {
        refuse(
            "distrolessVersion", shown(distroless) + " is not \"cc-debian\" and a number",
            fmt::format("write \"{}\", the smallest distroless image that has what Python needs; or leave the key out: "
                        "production is then made from the slim image",
                        example));
        return "";
    }
    if (suite && number != std::to_string(suite->number)) {
        refuse(
            "distrolessVersion",
            fmt::format("\"{}\" does not agree with \"{}\" on line {}", distroless, debian, line_of("debianVersion")),
            fmt::format("{} is Debian {}: write \"{}\", because Python is copied from the one to the other and needs "
                        "the same libraries there",
                        suite->name, suite->number, example));
    }
    return distroless;
}

void RowReader::read_tag(const Json& value, const Place& at, std::vector<Tag>& tags) {
    const std::string name = text_of(value);
    if (!value.IsString()) {
        problems_.push_back(
            {at, fmt::format("this tag is {}, not a text", kind_of(value)), "write it in quotation marks"});
    } else if (!is_tag(name)) {
        problems_.push_back({at, shown(name) + " cannot be a tag",
                             "a tag has at most 128 letters, digits, dots, dashes and underscores, and does not begin "
                             "with a dot or a dash"});
    } else {
        tags.push_back({name, at.line});
    }
}

std::vector<Tag> RowReader::read_tags() {
    const Json& list = member(object_, "tags");
    if (!has("tags")) {
        refuse("tags", "\"tags\" is missing", "write \"tags\": [] if no moving tag shall point to these images");
    } else if (!list.IsArray()) {
        refuse("tags", fmt::format("\"tags\" is {}, not a list", kind_of(list)),
               "write it as \"tags\": [\"latest-3.13\"]");
    }
    std::vector<Tag> tags;
    int index = 0;
    for (const Json& value : items_of(list))
        read_tag(value, json_.at(fmt::format("{}/tags/{}", pointer_, index++)), tags);
    return tags;
}

}  // namespace

Row read_row(const LinedJson& json, const std::string& pointer, const Json& object, Problems& problems) {
    RowReader reader(json, pointer, object, problems);
    reader.refuse_unknown_keys();
    Row row;
    row.line = json.at(pointer).line;
    row.python_line = reader.line_of("pythonVersion");
    row.debian_line = reader.line_of("debianVersion");
    row.distroless_line = reader.line_of("distrolessVersion");
    row.python_version = reader.read_python();
    row.debian_version = reader.read_debian();
    row.distroless_version = reader.read_distroless(row.debian_version);
    row.tags = reader.read_tags();
    return row;
}

std::string kind_of(const Json& value) {
    switch (value.GetType()) {
        case rapidjson::kNullType:
            return "null";
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            return "true or false";
        case rapidjson::kObjectType:
            return "an object";
        case rapidjson::kArrayType:
            return "a list";
        case rapidjson::kStringType:
            return "a text";
        case rapidjson::kNumberType:
            return "a number";
    }
    return "";
}
