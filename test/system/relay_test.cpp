#include "system/relay.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

namespace {

/// The lines of a text that arrives in chunks of this size.
std::vector<std::string> cut(std::string_view text, std::size_t piece) {
    std::vector<std::string> lines;
    LineCutter cutter;
    const LineCutter::Take take = [&](std::string_view line) { lines.emplace_back(line); };
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) cutter.add(text.substr(0, piece), take);
    cutter.finish(take);
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a stream is split at LF, CR and CRLF, wherever its chunks end") {
    const std::string text = "one\ntwo\r\nthree\rfour\n\nfive\r\r\nlast";
    const Lines lines = {"one", "two", "three", "four", "", "five", "", "last"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(cut(text, piece) == lines);
}

TEST_CASE("the last line counts once, with or without a line end") {
    CHECK(cut("a\n", 9) == Lines{"a"});
    CHECK(cut("a\r", 9) == Lines{"a"});
    CHECK(cut("a", 9) == Lines{"a"});
    CHECK(cut("", 9).empty());
}

TEST_CASE("a line of 8 KiB is complete; a longer one is truncated and says so") {
    const std::string full(8192, 'x');
    CHECK(cut(full + "\nnext", 1000) == Lines{full, "next"});
    CHECK(cut(full + "x\nnext", 1000) == Lines{full + "…", "next"});
    CHECK(cut(full + std::string(100000, 'y'), 4096) == Lines{full + "…"});
}

TEST_CASE("a line is never truncated inside a character") {
    const std::string almost(8190, 'x');
    CHECK(cut(almost + "€\nnext", 4096) == Lines{almost + "…", "next"});
    CHECK(cut(almost + "éz\nnext", 4096) == Lines{almost + "é…", "next"});
}

TEST_CASE("terminal control sequences are removed from a line, and nothing else") {
    CHECK(plain_line("plain\ttext, é € 😀") == "plain\ttext, é € 😀");
    CHECK(plain_line("\x1B[1;31mred\x1B[0m") == "red");
    CHECK(plain_line("\x1B]0;a title\x07"
                     "after") == "after");
    CHECK(plain_line("\x1B]8;;https://example.org\x1B\\link") == "link");
    CHECK(plain_line("\x1BPdevice\x1B\\x \x1B"
                     "c!") == "x !");
    CHECK(plain_line(std::string_view("a\0b\bc\x7F", 6)) == "a\uFFFDb\uFFFDc\uFFFD");
    CHECK(plain_line("\xC2\x9B"
                     "31m \xC2\xA0") == "\uFFFD31m \xC2\xA0");
    CHECK(plain_line("cut \x1B[31") == "cut ");
    CHECK(plain_line("cut \x1B") == "cut ");
}
