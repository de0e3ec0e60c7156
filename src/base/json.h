// JSON (RFC 8259): files that people write, with their lines; texts that tools write; and writing it.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/error.h"

using Json = rapidjson::Value;

/// A file that a person wrote, and the line of every value in it.
struct LinedJson {
    rapidjson::Document root;
    std::string file;
    std::map<std::string, int> lines;  ///< by JSON pointer: "/0/tags/1"; "" is the root

    Place at(const std::string& pointer) const;  ///< the line of that value, or of the nearest one around it
};

/// Reads a person's file, strictly. Throws Error{bad_input}, with the line, for: a byte order mark, a NUL, text that is
/// not UTF-8, comments, trailing commas, more than 1 MiB, nesting deeper than 32 (deeper pointers would cost quadratic
/// time). Keys given twice go to `repeated`, to be reported together with whatever else is wrong in the file.
LinedJson parse_people_json(std::string_view text, const std::string& file, Problems& repeated);

/// The JSON pointer of a key in the object at `parent` (RFC 6901: "a/b" is written "a~1b").
std::string child_pointer(const std::string& parent, std::string_view key);

/// Reads what a tool or a server wrote. `source` names it in the message ("trivy's report of 3.13.3-production").
/// Throws Error{exit} if it is empty or not JSON. Read without recursion, so depth costs no stack.
rapidjson::Document parse_tool_json(std::string_view text, const std::string& source, Exit exit = Exit::failed);

/// The same for what need not be JSON, such as the page of a proxy: null then.
rapidjson::Document parse_json_or_null(std::string_view text);

/// The same for a scanner's report of any size, in place: the strings stay where they are in `text`, which is used up
/// and has to live as long as the document. Throws Error{failed}; an error's place is given in bytes, not in lines.
rapidjson::Document parse_report_json(std::string& text, const std::string& source);

// Looking things up without surprises: what is absent, or is of another type, is an empty value.
const Json& member(const Json& object, std::string_view key);        ///< null if absent or not an object
std::string text_of(const Json& value);                              ///< "" unless a string
std::string text_at(const Json& object, std::string_view key);       ///< text_of(member(…))
std::string_view view_at(const Json& object, std::string_view key);  ///< the same where it stands: no copy
std::int64_t number_at(const Json& object, std::string_view key);    ///< 0 unless an integer
Json::ConstArray items_of(const Json& value);                        ///< no items unless an array
Json::ConstArray items_at(const Json& object, std::string_view key);
std::vector<std::string> texts_at(const Json& object, std::string_view key);  ///< text_of each item

/// A value in an object or an array. Numbers are finite, and written as the shortest text that reads back the same.
/// std::monostate: the field is omitted.
using JsonScalar = std::variant<std::monostate, std::string_view, std::int64_t, std::uint64_t, bool, double>;
JsonScalar unless_empty(std::string_view text);  ///< omitted if there is no text
using JsonFields = std::initializer_list<std::pair<std::string_view, JsonScalar>>;

/// Writes JSON in the order in which it is called. Indented by two blanks, ends in a line feed. Bytes that are not
/// UTF-8 become U+FFFD.
class JsonWriter {
  public:
    void open_object() { open('{'); }
    void open_object(std::string_view key) { open(key, '{'); }
    void open_array() { open('['); }
    void open_array(std::string_view key) { open(key, '['); }
    void open_object_in_line();  ///< on one line, with all that is in it: for the entries of long lists
    void close();                ///< the object or array opened last

    void field(std::string_view key, const JsonScalar& value);
    void object(JsonFields fields);  ///< a whole object
    void object(std::string_view key, JsonFields fields);
    void item(const JsonScalar& value);
    void list(std::string_view key, const std::vector<std::string>& items);  ///< an array of strings

    /// The whole text, which the writer then no longer has: it may be many megabytes. Closes what is still open.
    std::string text();
    /// The same without blanks and line feeds: one line.
    std::string one_line();

  private:
    void open(char bracket);
    void open(std::string_view key, char bracket);
    void begin();  ///< a key or a value: what has to stand before it
    void start_line();
    void write_key(std::string_view key);
    void write_text(std::string_view text);

    std::string text_;
    std::string open_;      ///< '{' or '[' per level
    std::size_t line_ = 0;  ///< the level of the object that is written on one line; 0: none is
    bool is_first_ = true;  ///< nothing stands yet in what was opened last
    bool is_after_key_ = false;
};
