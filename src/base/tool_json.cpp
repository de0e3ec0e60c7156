// What tools and servers write.
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/json.h"
#include "base/text.h"
#include "base/text_in_place.h"

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// How many bytes the character that begins here takes (RFC 3629); 0 if it is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : '\0'); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    // The second byte is what keeps out overlong forms, surrogates and what is beyond U+10FFFF.
    const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || byte(1) < least || byte(1) > most) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    return length;
}

/// Where the first byte is that is part of no character; the end if there is none. Eight bytes of ASCII at a time.
std::size_t find_invalid_utf8(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::size_t at = 0;
    while (at < text.size()) {
        std::uint64_t eight = high_bits;
        if (text.size() - at >= sizeof eight) std::memcpy(&eight, text.data() + at, sizeof eight);
        if ((eight & high_bits) == 0) {
            at += sizeof eight;
            continue;
        }
        const std::size_t length = utf8_length(text.substr(at));
        if (length == 0) return at;
        at += length;
    }
    return at;
}

/// "\ud83d" is the first half of a character, "\udc0d" the second one (RFC 8259, section 7).
bool is_half(std::string_view escape, std::string_view fourth) {
    return escape.size() > 3 && escape[1] == 'u' && (escape[2] == 'd' || escape[2] == 'D') &&
           fourth.find(escape[3]) != std::string_view::npos;
}

/// Where an escape is a second half without a first one; the end if none is. The parser minds the opposite only.
std::size_t find_lone_half(std::string_view text) {
    std::size_t at = text.find('\\');
    while (at < text.size()) {
        const std::string_view escape = text.substr(at);
        if (is_half(escape, "cdefCDEF")) return at;
        at = text.find('\\', at + (is_half(escape, "89abAB") ? 12 : 2));
    }
    return text.size();
}

/// "2026-11-23T16:52:59Z INFO …" or "[0000] WARN …", and below it what the tool was asked for.
bool begins_with_log(std::string_view text) {
    const std::string_view first = trimmed(text.substr(0, text.find('\n')));
    const std::size_t bracket = first.find(']');
    const bool tagged = first.starts_with('[') && bracket != std::string_view::npos && bracket + 1 < first.size() &&
                        first.find_first_of("{\",") == std::string_view::npos;
    if (first.starts_with('{') || (first.starts_with('[') && !tagged)) return false;
    return text.find("\n{") != std::string_view::npos || text.find("\n[") != std::string_view::npos;
}

std::string parse_fault(rapidjson::ParseErrorCode code) {
    return code == rapidjson::kParseErrorDocumentRootNotSingular
               ? "behind the JSON there is more: a second document, or a log: use --output, not 2>&1"
               : rapidjson::GetParseError_En(code);
}

/// A tool's text that may be no JSON at all, and how it is refused.
struct ToolText {
    std::string_view text;
    const std::string& source;
    Exit exit;

    [[noreturn]] void refuse(const std::string& what) const { throw Error{exit, {{{}, source + " " + what, ""}}}; }

    [[noreturn]] void refuse_at(std::size_t offset, const std::string& what) const {
        const int line = line_at(text, std::min(offset, text.size()));
        refuse("is not JSON (line " + std::to_string(line) + ": " + what + ")");
    }

    /// What the parser does not look at, or would look at character by character. A file that a shell has spoilt is
    /// told by the cause, not by the character at which it stops to be JSON.
    void check() const {
        if (trimmed(text).empty()) refuse("is empty");
        if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
            refuse("is UTF-16, not UTF-8, as PowerShell writes it with >: use the tool's own --output");
        if (begins_with_log(text)) refuse("begins with a line of a log, not with JSON: use --output, not 2>&1");
        if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) refuse_at(nul, "a NUL character");
        if (const std::size_t odd = find_invalid_utf8(text); odd != text.size()) refuse_at(odd, "this is not UTF-8");
        if (const std::size_t half = find_lone_half(text); half != text.size()) refuse_at(half, "half a character");
    }
};

std::string_view without_byte_order_mark(std::string_view text) {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return text;
}

/// Passes parse events on to a document, and those of a listed entry to a small one of its own.
class ListReader {
  public:
    ListReader(PooledDocument& target, const std::vector<std::string>& lists,
               const std::function<void(const Json&)>& take)
        : target_(target), lists_(lists), take_(take) {}

    bool Null() { return document().Null() && end_value(); }
    bool Bool(bool v) { return document().Bool(v) && end_value(); }
    bool Int(int v) { return document().Int(v) && end_value(); }
    bool Uint(unsigned v) { return document().Uint(v) && end_value(); }
    bool Int64(std::int64_t v) { return document().Int64(v) && end_value(); }
    bool Uint64(std::uint64_t v) { return document().Uint64(v) && end_value(); }
    bool Double(double v) { return document().Double(v) && end_value(); }
    bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
    bool StartObject() { return document().StartObject() && open(); }
    bool EndObject(rapidjson::SizeType n) { return close() && document().EndObject(n) && end_value(); }

    /// An entry is looked at while the text is there; the document is kept.
    bool String(const char* s, rapidjson::SizeType n, bool) {
        return document().String(s, n, !in_list()) && end_value();
    }

    bool Key(const char* s, rapidjson::SizeType n, bool) {
        is_listed_ = !in_list() && std::find(lists_.begin(), lists_.end(), std::string_view(s, n)) != lists_.end();
        return document().Key(s, n, !in_list());
    }

    bool StartArray() {
        if (!document().StartArray()) return false;
        const bool begins = is_listed_;
        open();
        if (begins) list_ = depth_;
        return true;
    }

    bool EndArray(rapidjson::SizeType n) {
        if (depth_ == list_) list_ = 0;
        return close() && document().EndArray(n) && end_value();
    }

  private:
    bool in_list() const { return list_ != 0; }
    PooledDocument& document() { return in_list() ? entry_ : target_; }

    bool open() {
        is_listed_ = false;
        ++depth_;
        return true;
    }

    bool close() {
        --depth_;
        return true;
    }

    bool end_value() {
        is_listed_ = false;
        if (!in_list() || depth_ != list_) return true;
        auto all_is_passed_on = [](PooledDocument&) { return true; };
        entry_.Populate(all_is_passed_on);
        take_(entry_);
        entry_.SetNull();
        pool_.Clear();
        return target_.Uint(count_++);
    }

    PooledDocument& target_;
    const std::vector<std::string>& lists_;
    const std::function<void(const Json&)>& take_;
    std::size_t depth_ = 0;   ///< of objects and lists that are open
    std::size_t list_ = 0;    ///< the depth within the list that is being read; 0: none is
    bool is_listed_ = false;  ///< the key that was just read names a list
    unsigned count_ = 0;
    std::array<char, 65536> memory_;  // more than an entry needs, as a rule
    rapidjson::MemoryPoolAllocator<> pool_{memory_.data(), memory_.size()};
    PooledDocument entry_{&pool_, 1024, &pool_};
};

}  // namespace

rapidjson::Document parse_tool_json(std::string_view text, const std::string& source, Exit exit) {
    const ToolText tool{without_byte_order_mark(text), source, exit};
    tool.check();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(tool.text.data(), tool.text.size());
    if (document.HasParseError()) tool.refuse_at(document.GetErrorOffset(), parse_fault(document.GetParseError()));
    return document;
}

PooledDocument parse_tool_lists(std::string text, const std::string& source, const std::vector<std::string>& lists,
                                const std::function<void(const Json&)>& take) {
    const ToolText tool{without_byte_order_mark(text), source, Exit::failed};
    tool.check();
    TextInPlace stream(text, text.size() - tool.text.size());
    rapidjson::Reader reader;
    PooledDocument document;
    const auto read = [&](PooledDocument& target) {
        ListReader entries(target, lists, take);
        return !reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseInsituFlag>(stream, entries).IsError();
    };
    document.Populate(read);
    if (reader.HasParseError()) {
        tool.refuse("is not JSON (byte " + std::to_string(reader.GetErrorOffset() + 1) + " of " +
                    std::to_string(tool.text.size()) + ": " + parse_fault(reader.GetParseErrorCode()) + ")");
    }
    return document;
}
