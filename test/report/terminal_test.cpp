#include "report/terminal.h"

#include <catch2/catch_test_macros.hpp>

#include "approve.h"
#include "base/text.h"
#include "report/samples.h"

namespace {

std::string without_colour(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            i = text.find('m', i);
        } else {
            plain += text[i];
        }
    }
    return plain;
}

}  // namespace

TEST_CASE("tables and endings equal their golden files") {
    approve(render_table(vulnerable_run(), false), "report/vulnerable.table.golden");
    approve(render_ending(vulnerable_run(), false), "report/vulnerable.ending.golden");
    approve(render_ending(clean_run(), false), "report/clean.ending.golden");
    approve(render_table(pre_existing_run(), false), "report/pre-existing.table.golden");
    approve(render_ending(pre_existing_run(), false), "report/pre-existing.ending.golden");
    approve(render_ending(unknown_run(), false), "report/unknown.ending.golden");
}

TEST_CASE("colour does not change the text") {
    const Run run = vulnerable_run();
    CHECK(render_table(run, true) != render_table(run, false));
    CHECK(without_colour(render_table(run, true)) == render_table(run, false));
    CHECK(without_colour(render_ending(run, true)) == render_ending(run, false));
}

TEST_CASE("without colour no control character reaches the terminal") {
    for (const std::string& text : {render_table(hostile_run(), false), render_ending(hostile_run(), false)}) {
        for (const char c : text) REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
        CHECK(text.find("\n::") == std::string::npos);
    }
}

TEST_CASE("the table of a large run is truncated and says so") {
    const std::string table = render_table(large_run(1000), false);
    CHECK(lines_of(table).size() == 2 + 1 + 1 + 50 + 1 + 2);
    CHECK(table.ends_with("and 50 more\n\nlook at out/report.html\n"));
}
