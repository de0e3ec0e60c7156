// A text that RapidJSON's reader reads where it stands. Internal header.
#pragma once

#include <cstring>
#include <string>

#include "base/json_characters.h"

/// RapidJSON's Stream concept, in situ. A report is mostly texts, and these are mostly characters that mean nothing to
/// JSON: those are passed over in one go, where the reader would take and put each of them. What it has to look at it
/// is shown, so that escapes and mistakes are its own.
class TextInPlace {
  public:
    using Ch = char;

    /// From this byte on. The text is used up.
    TextInPlace(std::string& text, std::size_t from)
        : begin_(text.data() + from), end_(text.data() + text.size()), next_(begin_) {}

    char Peek() const { return *next_; }  // there is a NUL behind the last one
    char Take() { return *next_++; }
    std::size_t Tell() const { return static_cast<std::size_t>(next_ - begin_); }

    /// Called behind the quotation mark that opens a text.
    char* PutBegin() {
        char* const text = next_;
        next_ += count_next();
        put_ = next_;
        return text;
    }

    void Put(char c) {
        // A character of several bytes, whose others are still to come, is made from an escape, behind a hexadecimal
        // digit: none of its bytes is ASCII, so none equals that digit.
        const bool stands_there = c == next_[-1];
        *put_++ = c;
        if (!stands_there) return;
        const std::size_t more = count_next();
        std::memmove(put_, next_, more);
        next_ += more;
        put_ += more;
    }

    std::size_t PutEnd(char* begin) { return static_cast<std::size_t>(put_ - begin); }

  private:
    std::size_t count_next() const { return count_plain({next_, static_cast<std::size_t>(end_ - next_)}); }

    char* begin_;
    char* end_;
    char* next_;
    char* put_ = nullptr;
};
