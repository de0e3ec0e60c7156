#include "system/relay.h"

#include <algorithm>
#include <cstddef>

namespace {

constexpr std::size_t max_line = 8192;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// At most this many bytes of the text, without a character that would be cut in two.
std::string_view beginning_of(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && is_continuation(text[most])) --most;
    return text.substr(0, most);
}

/// Where the escape sequence that begins at `at` ends (ECMA-48): a control sequence (§5.4) at its final byte, a string
/// such as a window title (§5.6) at BEL or at ESC and a backslash.
std::size_t end_of_escape(std::string_view line, std::size_t at) {
    const char kind = at + 1 < line.size() ? line[at + 1] : '\0';
    at = std::min(at + 2, line.size());
    if (kind == '[') {
        while (at < line.size() && line[at] >= 0x20 && line[at] < 0x40) ++at;
        return std::min(at + 1, line.size());
    }
    if (std::string_view("]PX^_").find(kind) == std::string_view::npos) return at;
    for (; at < line.size(); ++at) {
        if (line[at] == '\a') return at + 1;
        if (line[at] == '\x1B') return at + 1 < line.size() && line[at + 1] == '\\' ? at + 2 : at;
    }
    return at;
}

bool is_control_character(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

/// U+0080 to U+009F, which some terminals obey like escape sequences.
bool is_c1_control(std::string_view line, std::size_t at) {
    return line[at] == '\xC2' && at + 1 < line.size() && static_cast<unsigned char>(line[at + 1]) < 0xA0 &&
           is_continuation(line[at + 1]);
}

}  // namespace

std::string plain_line(std::string_view line) {
    std::string plain;
    for (std::size_t at = 0; at < line.size();) {
        if (line[at] == '\x1B') {
            at = end_of_escape(line, at);
        } else if (is_c1_control(line, at)) {
            plain += replacement;
            at += 2;
        } else if (is_control_character(line[at])) {
            plain += replacement;
            ++at;
        } else {
            plain += line[at++];
        }
    }
    return plain;
}

std::string one_line(std::string text, std::size_t most) {
    std::ranges::replace(text, '\n', ' ');
    std::ranges::replace(text, '\r', ' ');
    return plain_line(beginning_of(text, most));
}

void LineCutter::add(std::string_view bytes, const Take& take) {
    while (!bytes.empty()) {
        if (after_cr_ && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            after_cr_ = false;
            continue;
        }
        after_cr_ = false;
        const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
        // One byte more than fits, so that a line of exactly that length is not taken for a longer one.
        pending_.append(bytes.substr(0, std::min(end, max_line + 1 - pending_.size())));
        if (end == bytes.size()) return;
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        end_line(take);
    }
}

void LineCutter::finish(const Take& take) {
    if (!pending_.empty()) end_line(take);
    after_cr_ = false;
}

void LineCutter::end_line(const Take& take) {
    if (pending_.size() > max_line) pending_ = std::string(beginning_of(pending_, max_line)) + "…";
    take(pending_);
    pending_.clear();
}
