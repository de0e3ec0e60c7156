#include "base/json.h"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace {

constexpr std::size_t max_file_size = 1024 * 1024;
constexpr std::size_t max_people_depth = 32;
constexpr unsigned strict =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;

/// Notes where in the text each value stands, and keys that are given twice. A value is noted when its token has been
/// read; no token of JSON spans lines, so that is its line. RapidJSON calls Default for what has no function here.
struct LineRecorder : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, LineRecorder> {
    struct Level {
        bool is_array = false;
        std::string pointer{};
        std::string key{};
        int index = 0;
        std::map<std::string, int> keys{};
    };

    const rapidjson::MemoryStream& stream;
    LinedJson& lined;
    Problems& problems;
    std::vector<Level> levels{};
    std::size_t counted = 0;
    int line = 1;

    LineRecorder(const rapidjson::MemoryStream& text, LinedJson& target, Problems& repeated)
        : stream(text), lined(target), problems(repeated) {}

    bool Default() {
        note();
        return true;
    }
    bool StartObject() { return open(false); }
    bool StartArray() { return open(true); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }

    bool Key(const char* text, rapidjson::SizeType size, bool) {
        Level& level = levels.back();
        level.key.assign(text, size);
        const auto [first, is_new] = level.keys.emplace(level.key, current_line());
        if (!is_new) {
            add(problems, {lined.file, current_line()},
                "the key \"" + level.key + "\" is already given on line " + std::to_string(first->second),
                "keep one of the two");
        }
        return true;
    }

    int current_line() {
        while (counted < stream.Tell()) line += stream.begin_[counted++] == '\n' ? 1 : 0;
        return line;
    }

    /// The pointer of the value that begins.
    std::string note() {
        std::string pointer;
        if (!levels.empty()) {
            Level& level = levels.back();
            pointer = child_pointer(level.pointer, level.is_array ? std::to_string(level.index++) : level.key);
        }
        lined.lines[pointer] = current_line();
        return pointer;
    }

    bool open(bool is_array) {
        if (levels.size() == max_people_depth) return false;
        levels.push_back({.is_array = is_array, .pointer = note()});
        return true;
    }

    bool close() {
        levels.pop_back();
        return true;
    }
};

/// What a person would say is wrong at this place.
Problem describe_error(std::string_view text, std::size_t offset, rapidjson::ParseErrorCode code,
                       const std::string& file) {
    const Place at{file, line_at(text, offset)};
    const char here = offset < text.size() ? text[offset] : '\0';
    const std::string_view before = trimmed(text.substr(0, offset));
    if (code == rapidjson::kParseErrorTermination) {
        return {at, "nested deeper than " + std::to_string(max_people_depth) + " levels", ""};
    }
    if (code == rapidjson::kParseErrorStringInvalidEncoding)
        return {at, "this text is not UTF-8", "save the file as UTF-8"};
    if (offset >= text.size()) return {at, "the file ends in the middle", "a bracket or a quotation mark is missing"};
    if (here == '/' || here == '#') return {at, "a comment", "JSON has no comments: remove it"};
    if ((here == ']' || here == '}') && before.ends_with(',')) {
        return {{file, line_at(text, before.data() + before.size() - 1 - text.data())},
                "a comma after the last entry",
                "remove this comma"};
    }
    if (here == '\'') return {at, "a text in single quotation marks", "JSON wants double quotation marks"};
    if (code == rapidjson::kParseErrorObjectMissCommaOrCurlyBracket ||
        code == rapidjson::kParseErrorArrayMissCommaOrSquareBracket) {
        return {at, "a comma or a closing bracket is missing before this place", ""};
    }
    return {at, "this is not JSON: " + std::string(rapidjson::GetParseError_En(code)), ""};
}

}  // namespace

Place LinedJson::at(const std::string& pointer) const {
    std::string nearest = pointer;
    while (true) {
        if (const auto found = lines.find(nearest); found != lines.end()) return {file, found->second};
        if (nearest.empty()) return {file, 0};
        nearest.resize(nearest.rfind('/'));
    }
}

std::string child_pointer(const std::string& parent, std::string_view key) {
    std::string pointer = parent + "/";
    for (const char c : key) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return pointer;
}

LinedJson parse_people_json(std::string_view text, const std::string& file, Problems& repeated) {
    if (text.size() > max_file_size) throw Error{Exit::bad_input, {file}, "the file is larger than 1 MiB", ""};
    refuse_unreadable(text, file);
    if (trimmed(text).empty()) throw Error{Exit::bad_input, {file}, "the file is empty", ""};
    LinedJson lined{.file = file};
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    LineRecorder recorder(stream, lined, repeated);
    reader.Parse<strict>(stream, recorder);
    if (reader.HasParseError()) {
        repeated.push_back(describe_error(text, reader.GetErrorOffset(), reader.GetParseErrorCode(), file));
        throw Error{Exit::bad_input, sorted_by_place(repeated)};
    }
    lined.root.Parse<strict>(text.data(), text.size());
    return lined;
}

const Json& member(const Json& object, std::string_view key) {
    static const Json absent;
    if (!object.IsObject()) return absent;
    const auto found = object.FindMember(Json(key.data(), static_cast<rapidjson::SizeType>(key.size())));
    return found == object.MemberEnd() ? absent : found->value;
}

std::string text_of(const Json& value) {
    return value.IsString() ? std::string(value.GetString(), value.GetStringLength()) : std::string();
}

std::string text_at(const Json& object, std::string_view key) {
    return text_of(member(object, key));
}

std::string_view view_at(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength()) : std::string_view();
}

std::int64_t number_at(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.IsInt64() ? value.GetInt64() : 0;
}

Json::ConstArray items_of(const Json& value) {
    static const Json none(rapidjson::kArrayType);
    return value.IsArray() ? value.GetArray() : none.GetArray();
}

Json::ConstArray items_at(const Json& object, std::string_view key) {
    return items_of(member(object, key));
}

std::vector<std::string> texts_at(const Json& object, std::string_view key) {
    std::vector<std::string> texts;
    for (const Json& item : items_at(object, key)) texts.push_back(text_of(item));
    return texts;
}

void JsonWriter::open_object_in_line() {
    open('{');
    if (line_ == 0) line_ = open_.size();
}

void JsonWriter::close() {
    const char bracket = open_.back();
    open_.pop_back();
    if (!is_first_ && line_ == 0) start_line();
    text_ += bracket == '{' ? '}' : ']';
    is_first_ = false;
    if (open_.size() < line_) line_ = 0;
}

JsonScalar unless_empty(std::string_view text) {
    return text.empty() ? JsonScalar() : JsonScalar(text);
}

void JsonWriter::field(std::string_view key, const JsonScalar& value) {
    if (std::holds_alternative<std::monostate>(value)) return;
    write_key(key);
    item(value);
}

void JsonWriter::object(JsonFields fields) {
    open('{');
    for (const auto& [key, value] : fields) field(key, value);
    close();
}

void JsonWriter::object(std::string_view key, JsonFields fields) {
    write_key(key);
    object(fields);
}

void JsonWriter::item(const JsonScalar& value) {
    begin();
    if (const auto* text = std::get_if<std::string_view>(&value)) return write_text(*text);
    if (const auto* flag = std::get_if<bool>(&value)) text_ += *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) text_ += std::to_string(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&value)) text_ += std::to_string(*number);
    if (const auto* number = std::get_if<double>(&value)) fmt::format_to(std::back_inserter(text_), "{}", *number);
}

void JsonWriter::list(std::string_view key, const std::vector<std::string>& items) {
    open_array(key);
    for (const std::string& text : items) item(text);
    close();
}

std::string JsonWriter::text() {
    while (!open_.empty()) close();
    text_ += '\n';
    return std::move(text_);
}

std::string JsonWriter::one_line() {
    while (!open_.empty()) close();
    rapidjson::Document document;
    document.Parse(text_.data(), text_.size());
    rapidjson::StringBuffer flat;
    rapidjson::Writer<rapidjson::StringBuffer> writer(flat);
    document.Accept(writer);
    return {flat.GetString(), flat.GetSize()};
}

void JsonWriter::open(char bracket) {
    begin();
    text_ += bracket;
    open_ += bracket;
    is_first_ = true;
}

void JsonWriter::open(std::string_view key, char bracket) {
    write_key(key);
    open(bracket);
}

void JsonWriter::begin() {
    const bool stands_alone = open_.empty() || is_after_key_;
    is_after_key_ = false;
    if (stands_alone) return;
    if (!is_first_) text_ += ',';
    is_first_ = false;
    if (line_ == 0) start_line();
}

void JsonWriter::start_line() {
    text_ += '\n';
    text_.append(2 * open_.size(), ' ');
}

void JsonWriter::write_key(std::string_view key) {
    begin();
    write_text(key);
    text_ += line_ == 0 ? ": " : ":";
    is_after_key_ = true;
}

void JsonWriter::write_text(std::string_view text) {
    // Most texts have nothing to escape, and a report has hundreds of thousands of them.
    if (std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c >= 0x80 || c == '"' || c == '\\'; })) {
        text_.append(1, '"').append(text).append(1, '"');
        return;
    }
    std::string valid;  // the name of a file in an image may be of any bytes
    while (!text.empty()) {
        const auto [character, length] = first_character(text);
        valid += character == U'\uFFFD' ? "\xEF\xBF\xBD" : text.substr(0, length);
        text.remove_prefix(length);
    }
    rapidjson::StringBuffer quoted;
    rapidjson::Writer<rapidjson::StringBuffer>(quoted).String(valid.data(),
                                                              static_cast<rapidjson::SizeType>(valid.size()));
    text_.append(quoted.GetString(), quoted.GetSize());
}
