#include "base/json.h"

#include <catch2/catch_test_macros.hpp>

#include "expect.h"

namespace {

std::string message_of(const std::string& text) {
    const auto parse = [&] {
        Problems repeated;
        parse_people_json(text, "m.json", repeated);
        if (!repeated.empty()) throw Error{Exit::bad_input, repeated};
    };
    return thrown_by(parse, Exit::bad_input);
}

std::string tool_message_of(const std::string& text) {
    return thrown_by([&] { parse_tool_json(text, "trivy's report"); });
}

std::string report_message_of(std::string text) {
    return thrown_by([&] { parse_report_json(text, "trivy's report"); });
}

std::string compact(const Json& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return buffer.GetString();
}

}  // namespace

TEST_CASE("every value of a user's file has its line") {
    Problems repeated;
    const LinedJson json = parse_people_json(R"({
  "images": [
    { "tag": "latest",
      "a/b~c": 1 },

    [ true, null, 1.5 ]
  ]
}
)",
                                             "m.json", repeated);
    CHECK(repeated.empty());
    const auto line = [&](const char* pointer) { return json.at(pointer).line; };
    CHECK(json.at("").file == "m.json");
    CHECK(line("") == 1);
    CHECK(line("/images") == 2);
    CHECK(line("/images/0") == 3);
    CHECK(line("/images/0/tag") == 3);
    CHECK(line("/images/0/a~1b~0c") == 4);
    CHECK(line("/images/1/2") == 6);
    CHECK(line("/images/0/none") == 3);
    CHECK(line("/none/of/it") == 1);
    CHECK(text_at(json.root["images"][0], "tag") == "latest");
}

TEST_CASE("an error in a user's file is reported in plain words, with its line") {
    CHECK(message_of("[\n  1,\n  2,\n]") == "m.json:3: a comma after the last entry\n  hint: remove this comma\n");
    CHECK(message_of("{\n \"a\": 1,\n}") == "m.json:2: a comma after the last entry\n  hint: remove this comma\n");
    CHECK(message_of("[\n  // note\n  1]") == "m.json:2: a comment\n  hint: JSON has no comments: remove it\n");
    CHECK(message_of("{\n  'a': 1}") ==
          "m.json:2: a text in single quotation marks\n  hint: JSON wants double quotation marks\n");
    CHECK(message_of("[1\n 2]") == "m.json:2: a comma or a closing bracket is missing before this place\n");
    CHECK(message_of("{\"a\": 1\n \"b\": 2}") ==
          "m.json:2: a comma or a closing bracket is missing before this place\n");
    CHECK(message_of("{\"a\": [1,\n") ==
          "m.json:2: the file ends in the middle\n  hint: a bracket or a quotation mark is missing\n");
    CHECK(message_of("[\"a\xFF\"]") == "m.json:1: this text is not UTF-8\n  hint: save the file as UTF-8\n");
    CHECK(message_of("{}\n{}").starts_with("m.json:2: this is not JSON: "));
    CHECK(message_of("[NaN]").starts_with("m.json:1: this is not JSON: "));
    CHECK(message_of("[1e400]").starts_with("m.json:1: this is not JSON: "));
    CHECK(message_of("[\"\\ud800\"]").starts_with("m.json:1: this is not JSON: "));
}

TEST_CASE("an empty, large or wrongly encoded user's file is rejected as a whole") {
    CHECK(message_of("") == "m.json: the file is empty\n");
    CHECK(message_of(" \r\n") == "m.json: the file is empty\n");
    CHECK(message_of("\xEF\xBB\xBF{}") ==
          "m.json:1: the file begins with a byte order mark\n  hint: save it as UTF-8 without BOM\n");
    CHECK(message_of(std::string("\xFF\xFE{\0}\0", 6)) == "m.json:1: the file is UTF-16\n  hint: save it as UTF-8\n");
    CHECK(message_of(std::string("[\n1\0]", 5)) == "m.json:2: a NUL character\n  hint: remove it\n");
    CHECK(message_of("\"" + std::string(1024 * 1024, 'x') + "\"") == "m.json: the file is larger than 1 MiB\n");
}

TEST_CASE("all repeated keys are reported at once, each with both lines") {
    CHECK(message_of("{\n \"a\": 1,\n \"b\": {\"c\": 1,\n \"c\": 2},\n \"a\": 3\n}") ==
          "m.json:4: the key \"c\" is already given on line 3\n  hint: keep one of the two\n"
          "m.json:5: the key \"a\" is already given on line 2\n  hint: keep one of the two\n");
    CHECK(message_of("[{\"a\": 1}, {\"a\": 1}]") == "no error");
}

TEST_CASE("a user's file may be nested at most 32 levels deep") {
    CHECK(message_of(std::string(32, '[') + std::string(32, ']')) == "no error");
    CHECK(message_of(std::string(33, '[') + std::string(33, ']')) == "m.json:1: nested deeper than 32 levels\n");
    CHECK(message_of(std::string(200'000, '[')) == "m.json:1: nested deeper than 32 levels\n");
}

TEST_CASE("invalid JSON from a tool is reported by name, and any depth is accepted") {
    CHECK(tool_message_of("") == "trivy's report is empty\n");
    CHECK(tool_message_of("\n") == "trivy's report is empty\n");
    CHECK(tool_message_of("{\n\"a\": }").starts_with("trivy's report is not JSON (line 2: "));
    CHECK(tool_message_of("{} {}").starts_with("trivy's report is not JSON (line 1: "));
    CHECK(tool_message_of("<html>").starts_with("trivy's report is not JSON (line 1: "));
    CHECK(tool_message_of("[\"\xC3\x28\"]").starts_with("trivy's report is not JSON (line 1: "));
    CHECK(tool_message_of(std::string(500'000, '[') + std::string(500'000, ']')) == "no error");
    CHECK(text_at(parse_tool_json("{\"a\": \"b\"}", "x"), "a") == "b");
}

/// The message without its location: a line in one of them, a byte offset in the other.
std::string reason_in(const std::string& message) {
    const std::size_t place = message.find('(');
    return place == std::string::npos ? message : message.substr(0, place) + message.substr(message.find(':', place));
}

TEST_CASE("an invalid report gets the same message as other text, with the byte offset") {
    for (const std::string text :
         {"", "\n", "{\n\"a\": }", "{} {}", "<html>", "[\"\xC3\x28\"]", "{\"list\": [\n{\"a\": \"x\\n\",\n]}",
          "{\"list\": [1, 2", "{\"list\": [\"abc", "{\"list\":\n[\"\\x\"]}", "\xEF\xBB\xBF{\n"}) {
        CHECK(report_message_of(text) != "no error");
        CHECK(reason_in(report_message_of(text)) == reason_in(tool_message_of(text)));
    }
    CHECK(report_message_of("{\"list\": [1, x").starts_with("trivy's report is not JSON (byte 14 of 14: "));
    CHECK(report_message_of(std::string("{\"list\": [\n\0]}", 14)) ==
          tool_message_of(std::string("{\"list\": [\n\0]}", 14)));
    CHECK(report_message_of("{\"list\": [" + std::string(500'000, '[') + std::string(500'000, ']') + "]}") ==
          "no error");
    CHECK(report_message_of("\xEF\xBB\xBF{}") == "no error");
}

TEST_CASE("in-situ parsing finds the same strings as another parser, wherever the escapes are") {
    const std::vector<std::string> pieces = {"",        "x",  "\\n",      "\\\"",        "\\\\",   "\\/",
                                             "\\u00e9", "é",  "\\u0031",  "\\u0000",     "🐍",      "\\ud83d\\udc0d",
                                             "\x7f",    "1é", "1\\u0031", "\\\\\\u000a", "\\u20ac"};
    for (std::size_t before = 0; before < 18; ++before) {
        std::string texts;
        for (const std::string& first : pieces) {
            for (const std::string& second : pieces) {
                for (const std::size_t between : {0, 1, 7, 8, 9})
                    texts += "\"" + std::string(before, '.') + first + std::string(between, '-') + second + "\",";
            }
        }
        const std::string list = "[" + texts + "\"\"]";
        std::string report = "{\"list\": " + list + ", \"a\\tb\":1}";
        const rapidjson::Document read = parse_report_json(report, "it");
        CHECK(compact(member(read, "list")) == compact(parse_tool_json(list, "it")));
        CHECK(number_at(read, "a\tb") == 1);
    }
}

TEST_CASE("half a surrogate pair is rejected: it would not be UTF-8") {
    for (const std::string half :
         {R"(\udc00)", R"(\uDFFF)", R"(x\udc0dy)", R"(\ud83d\udc0d\udc0d)", R"(\\\udc00)", R"(\ud83d)"}) {
        CHECK(report_message_of("{\"list\": [\"" + half + "\"]}") != "no error");
        CHECK(tool_message_of("[1,\n\"" + half + "\"]") != "no error");
    }
    CHECK(tool_message_of(R"(["\udc00"])") == "trivy's report is not JSON (line 1: half a character)\n");
    for (const std::string whole :
         {R"(\ud83d\udc0d)", R"(\\udc00)", R"(\ue000)", R"(\ud7ff)", R"(\ud83d\udc0d\ud83d\udc0d)"}) {
        CHECK(report_message_of("{\"list\": [\"" + whole + "\"]}") == "no error");
        CHECK(tool_message_of("[\"" + whole + "\"]") == "no error");
    }
}

TEST_CASE("a control character in a string is rejected at any position") {
    for (char c = 1; c < ' '; ++c) {
        for (std::size_t before = 0; before < 18; ++before) {
            const std::string text = "[\"" + std::string(before, 'x') + c + "and more than eight\"]";
            CHECK(reason_in(report_message_of(text)) == reason_in(tool_message_of(text)));
            CHECK(report_message_of(text).find("byte " + std::to_string(before + 3) + " ") != std::string::npos);
        }
    }
}

TEST_CASE("a missing value or one of another type is empty") {
    const rapidjson::Document json = parse_tool_json(
        R"({"text": "a\u0000b", "number": 7, "large": 9007199254740993, "half": 1.5, "list": [1, 2]})", "x");
    CHECK(text_at(json, "text") == std::string("a\0b", 3));
    CHECK(text_at(json, "number").empty());
    CHECK(text_at(json, "none").empty());
    CHECK(text_at(member(json, "list"), "none").empty());
    CHECK(number_at(json, "number") == 7);
    CHECK(number_at(json, "large") == 9007199254740993);
    CHECK(number_at(json, "half") == 0);
    CHECK(number_at(json, "text") == 0);
    CHECK(items_at(json, "list").Size() == 2);
    CHECK(items_at(json, "text").Empty());
    CHECK(items_at(json, "none").Empty());
    CHECK(member(json, "none").IsNull());
    CHECK(member(member(json, "none"), "deeper").IsNull());
    CHECK(view_at(json, "none").empty());
}

TEST_CASE("JSON is written in the order of the calls, indented or in one line") {
    JsonWriter writer;
    writer.open_object();
    writer.field("text", "a\"b\n</é");
    writer.field("number", -5);
    writer.field("large", std::int64_t{9007199254740993});
    writer.field("yes", true);
    writer.open_array("list");
    writer.item("x");
    writer.item(std::int64_t{1});
    writer.open_object();
    writer.close();
    writer.close();
    writer.open_object("inner");
    writer.field("size", std::size_t{3});
    writer.close();
    writer.close();
    const std::string flat = writer.one_line();
    CHECK(writer.text() ==
          "{\n  \"text\": \"a\\\"b\\n</é\",\n  \"number\": -5,\n  \"large\": 9007199254740993,\n  \"yes\": true,\n  "
          "\"list\": [\n    \"x\",\n    1,\n"
          "    {}\n  ],\n  \"inner\": {\n    \"size\": 3\n  }\n}\n");
    CHECK(flat ==
          "{\"text\":\"a\\\"b\\n</"
          "é\",\"number\":-5,\"large\":9007199254740993,\"yes\":true,\"list\":[\"x\",1,{}],\"inner\":{\"size\":3}}");
}

TEST_CASE("an entry of a long list is written on one line") {
    JsonWriter writer;
    writer.open_object();
    writer.open_array("list");
    writer.open_object_in_line();
    writer.field("a", 1);
    writer.open_array("b");
    writer.item("c");
    writer.open_object_in_line();
    writer.field("d", 0.5);
    writer.close();
    writer.close();
    writer.open_object("e");
    writer.close();
    writer.close();
    writer.open_object_in_line();
    writer.close();
    writer.close();
    writer.field("after", "");
    writer.close();
    CHECK(writer.text() ==
          "{\n  \"list\": [\n    {\"a\":1,\"b\":[\"c\",{\"d\":0.5}],\"e\":{}},\n    {}\n  ],\n  \"after\": \"\"\n}\n");
}

TEST_CASE("written JSON can be read back, whatever its characters") {
    for (int c = 0; c < 128; ++c) {
        for (std::size_t before = 0; before < 18; ++before) {
            const std::string text = std::string(before, 'x') + static_cast<char>(c) + "é" + static_cast<char>(c);
            JsonWriter writer;
            writer.open_object();
            writer.field(text, text);
            writer.close();
            CHECK(text_at(parse_tool_json(writer.text(), "it"), text) == text);
        }
    }
    JsonWriter writer;
    writer.open_array();
    writer.item("\x1b\b\f\r\t\x7f");
    writer.close();
    CHECK(writer.text() == "[\n  \"\\u001B\\b\\f\\r\\t\x7f\"\n]\n");
    JsonWriter foreign;
    foreign.open_array();
    foreign.item("/opt/caf\xE9, \xC3\xA9\xF0\x9F\x90\x8D\xC3");
    CHECK(text_of(parse_tool_json(foreign.text(), "it")[0]) == "/opt/caf\uFFFD, é🐍\uFFFD");
    for (const double number : {0.0, 1.0, 9.8, 0.00043, 1e-9, 123456789.125, -2.5}) {
        JsonWriter one;
        one.open_object();
        one.field("n", number);
        one.close();
        CHECK(member(parse_tool_json(one.text(), "it"), "n").GetDouble() == number);
    }
}
