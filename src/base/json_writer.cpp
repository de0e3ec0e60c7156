#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/json.h"

void JsonWriter::open_object() {
    open('{');
}

void JsonWriter::open_object(std::string_view key) {
    write_key(key);
    open('{');
}

void JsonWriter::open_array() {
    open('[');
}

void JsonWriter::open_array(std::string_view key) {
    write_key(key);
    open('[');
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

void JsonWriter::field(std::string_view key, std::string_view value) {
    write_key(key);
    item(value);
}

void JsonWriter::field(std::string_view key, std::int64_t value) {
    write_key(key);
    item(value);
}

void JsonWriter::field(std::string_view key, bool value) {
    write_key(key);
    begin();
    text_ += value ? "true" : "false";
}

void JsonWriter::field(std::string_view key, double value) {
    write_key(key);
    begin();
    fmt::format_to(std::back_inserter(text_), "{}", value);
}

void JsonWriter::item(std::string_view value) {
    begin();
    write_text(value);
}

void JsonWriter::item(std::int64_t value) {
    begin();
    fmt::format_to(std::back_inserter(text_), "{}", value);
}

void JsonWriter::list(std::string_view key, const std::vector<std::string>& items) {
    open_array(key);
    for (const std::string& text : items) item(text);
    close();
}

std::string JsonWriter::text() {
    while (!open_.empty()) close();
    return text_ + '\n';
}

std::string JsonWriter::one_line() {
    const std::string indented = text();
    rapidjson::Document document;
    document.Parse(indented.data(), indented.size());
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
    rapidjson::StringBuffer quoted;
    rapidjson::Writer<rapidjson::StringBuffer>(quoted).String(text.data(),
                                                              static_cast<rapidjson::SizeType>(text.size()));
    text_.append(quoted.GetString(), quoted.GetSize());
}
