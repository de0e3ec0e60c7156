#include "report/escape.h"

#include <catch2/catch_test_macros.hpp>

#include "report/samples.h"

TEST_CASE("one line stays one line, whatever its characters") {
    CHECK(clean_line(" a\r\nb\tc\x1b[31m\x7f d ") == "a b c [31m d");
    CHECK(clean_line("") == "");
    CHECK(clean_line("\n\n") == "");
    CHECK(clean_line("caf\xc3\xa9 \xf0\x9f\x90\x8d") == "caf\xc3\xa9 \xf0\x9f\x90\x8d");
}

TEST_CASE("a control character is found at any position") {
    const std::string text = "abcdefghijklmnopqrstuvwxy";
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char control : {'\t', '\n', '\x1b', '\x7f', '\x1f', '\0'}) {
            std::string one = text;
            one[at] = control;
            std::string cleaned = text;
            cleaned[at] = ' ';
            if (at == 0) cleaned.erase(0, 1);
            if (at + 1 == text.size()) cleaned.pop_back();
            CHECK(clean_line(one) == cleaned);
        }
        CHECK(clean_line(std::string(text).insert(at, "é")) == std::string(text).insert(at, "é"));
        CHECK(clean_line(std::string(text).insert(at, "\u200b")) == text);
        if (at == 0) continue;
        CHECK(clean_line(std::string(text).insert(at, "  ")) == std::string(text).insert(at, " "));
        CHECK(clean_line(std::string(text).insert(at, " ")) == std::string(text).insert(at, " "));
        CHECK(escape_html(std::string(text).insert(at, "<")) == std::string(text).insert(at, "&lt;"));
    }
    CHECK(clean_line(text + " !\"#~ " + text) == text + " !\"#~ " + text);
}

TEST_CASE("invalid UTF-8 becomes a replacement character") {
    const std::string replaced = "\xEF\xBF\xBD";
    CHECK(clean_line("a\xff z") == "a" + replaced + " z");
    CHECK(clean_line("\xc3") == replaced);                                               // truncated
    CHECK(clean_line("\xc0\xaf") == replaced + replaced);                                // an overlong '/'
    CHECK(clean_line("\xed\xa0\x80") == replaced + replaced + replaced);                 // half a surrogate pair
    CHECK(clean_line("\xf4\x90\x80\x80") == replaced + replaced + replaced + replaced);  // above U+10FFFF
}

TEST_CASE("invisible characters are taken out") {
    CHECK(clean_line("pay\xe2\x80\xaepal") == "paypal");
    CHECK(clean_line("a\xe2\x80\x8b"
                     "b\xef\xbb\xbf"
                     "c\xe2\x81\xa6"
                     "d") == "abcd");
}

TEST_CASE("a long text is truncated between characters, with a mark") {
    CHECK(clean_line("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9…");
    CHECK(clean_line("\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9");
    CHECK(clean_line("ab   ", 2) == "ab");
}

TEST_CASE("mark-up, mentions, references and URLs are escaped in Markdown") {
    CHECK(escape_markdown("a|b") == "a\\|b");
    CHECK(escape_markdown("`x` *y* _z_ ~w~") == "\\`x\\` \\*y\\* \\_z\\_ \\~w\\~");
    CHECK(escape_markdown("<img src=x>&amp;") == "&lt;img src=x&gt;&amp;amp;");
    CHECK(escape_markdown("[a](http://b.example)") == "\\[a\\](http:&#8203;//b.example)");
    CHECK(escape_markdown("@octocat and DEFRA/x#1, GH-7") == "@&#8203;octocat and DEFRA/x#&#8203;1, GH-&#8203;7");
    CHECK(escape_markdown("www.evil.example") == "www&#8203;.evil.example");
    CHECK(escape_markdown("$x$") == "<span>$</span>x<span>$</span>");
    CHECK(escape_markdown("\\| \\") == "\\\\\\| \\\\");
}

TEST_CASE("text is escaped in HTML, also in attributes") {
    CHECK(escape_html("<b a=\"1\" b='2'>&</b>") == "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;&lt;/b&gt;");
}

TEST_CASE("placeholders and links are removed from a SARIF message") {
    CHECK(escape_sarif("{0} [a](b) {{x}}") == "(0) (a)(b) ((x))");
    const std::string text = escape_sarif(hostile_text, 10000);
    CHECK(text.find_first_of("{}[]\n\r\x1b") == std::string::npos);
}

TEST_CASE("a block keeps its line breaks and indentation but no other control characters") {
    CHECK(clean_block("- id: x\r\n    why:  \x1b[31mred\n") == "- id: x\n    why: [31mred\n");
    CHECK(clean_block("") == "");
}
