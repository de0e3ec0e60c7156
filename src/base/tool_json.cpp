// What tools and servers write.
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

constexpr std::size_t ascii_block = 64;  ///< bytes

bool is_ascii_block(const char* text) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < ascii_block; ++i) bits |= static_cast<unsigned char>(text[i]);
    return bits < 0x80;
}

/// Where the first character is that is not UTF-8; the end if there is none. RapidJSON's parser would check the same,
/// but then it would read strings character by character.
std::size_t find_invalid_utf8(std::string_view text) {
    unsigned character = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        while (text.size() - at > ascii_block && is_ascii_block(text.data() + at)) at += ascii_block;
        if (static_cast<unsigned char>(text[at]) < 0x80) continue;
        rapidjson::MemoryStream stream(text.data() + at, text.size() - at);
        if (!rapidjson::UTF8<>::Decode(stream, &character)) return at;
        at += stream.Tell() - 1;
    }
    return text.size();
}

/// Where an escape is the second half of a character ("\udc0d") without a first one ("\ud83d"); the end if none is
/// (RFC 8259, section 7). The parser minds the opposite only.
std::size_t find_lone_half(std::string_view text) {
    std::size_t at = text.find('\\');
    while (at < text.size()) {
        const std::string escape = lower_case(text.substr(at, 4));
        const bool is_half = escape.size() == 4 && escape.starts_with("\\ud") && escape[3] >= '8';
        if (is_half && escape[3] >= 'c') return at;
        at = text.find('\\', at + (is_half ? 12 : 2));
    }
    return text.size();
}

/// "2026-11-23T16:52:59Z INFO …" or "[0000] WARN …", and below it what the tool was asked for.
bool begins_with_log(std::string_view text) {
    const std::string_view begin = trimmed(text);
    if (begin.starts_with('{') || (begin.starts_with('[') && !begin.starts_with("[0"))) return false;
    return text.find("\n{") != std::string_view::npos || text.find("\n[") != std::string_view::npos;
}

std::string parse_fault(rapidjson::ParseErrorCode code) {
    return code == rapidjson::kParseErrorDocumentRootNotSingular
               ? "behind the JSON there is more: a second document, or a log: use --output, not 2>&1"
               : rapidjson::GetParseError_En(code);
}

/// A tool's text that may be no JSON at all, and how it is rejected.
struct ToolText {
    std::string_view text;
    const std::string& source;
    Exit exit;

    [[noreturn]] void refuse(const std::string& what) const { throw Error{exit, source + " " + what, ""}; }

    [[noreturn]] void refuse_at(std::size_t offset, const std::string& what) const {
        const int line = line_at(text, std::min(offset, text.size()));
        refuse("is not JSON (line " + std::to_string(line) + ": " + what + ")");
    }

    /// What the parser does not look at, or would look at character by character. The message about a file that a
    /// shell has damaged names the cause, not the character at which it stops being JSON.
    void check() const {
        if (trimmed(text).empty()) refuse("is empty");
        if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
            refuse("is UTF-16, not UTF-8, as PowerShell writes it with >: use the tool's own --output");
        if (begins_with_log(text)) refuse("begins with a line of a log, not with JSON: use --output, not 2>&1");
        if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) refuse_at(nul, "a NUL character");
        if (const std::size_t bad = find_invalid_utf8(text); bad != text.size()) refuse_at(bad, "this is not UTF-8");
        if (const std::size_t half = find_lone_half(text); half != text.size()) refuse_at(half, "half a character");
    }
};

std::string_view without_byte_order_mark(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return text;
}

}  // namespace

rapidjson::Document parse_tool_json(std::string_view text, const std::string& source, Exit exit) {
    const ToolText tool{without_byte_order_mark(text), source, exit};
    tool.check();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(tool.text.data(), tool.text.size());
    if (document.HasParseError()) tool.refuse_at(document.GetErrorOffset(), parse_fault(document.GetParseError()));
    return document;
}

rapidjson::Document parse_json_or_null(std::string_view text) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    if (document.HasParseError()) document.SetNull();
    return document;
}

rapidjson::Document parse_report_json(std::string& text, const std::string& source) {
    const ToolText tool{without_byte_order_mark(text), source, Exit::failed};
    tool.check();
    rapidjson::Document document;
    document.ParseInsitu<rapidjson::kParseIterativeFlag>(text.data() + (text.size() - tool.text.size()));
    if (document.HasParseError()) {
        tool.refuse("is not JSON (byte " + std::to_string(document.GetErrorOffset() + 1) + " of " +
                    std::to_string(tool.text.size()) + ": " + parse_fault(document.GetParseError()) + ")");
    }
    return document;
}
