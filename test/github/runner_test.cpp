#include "github/runner.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/text.h"
#include "expect.h"
#include "fakes/fake_world.h"

using namespace github;

namespace {

Problems many(std::size_t count, Level level) {
    Problems problems;
    for (std::size_t i = 0; i < count; ++i)
        problems.push_back({{"a.txt", static_cast<int>(i) + 1}, "wrong", "", level});
    return problems;
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// What String.TrimStart() removes (.NET: Char.IsWhiteSpace), and the byte order mark, which a decoder may drop.
const std::vector<std::string> runner_blanks = {"\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085",
                                                "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                                "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
                                                "\u2029", "\u202F", "\u205F", "\u3000", "\uFEFF"};

std::string trimmed_by_the_runner(std::string line) {
    const auto begins_line = [&](const std::string& blank) { return line.starts_with(blank); };
    while (true) {
        const auto blank = std::find_if(runner_blanks.begin(), runner_blanks.end(), begins_line);
        if (blank == runner_blanks.end()) return line;
        line.erase(0, blank->size());
    }
}

/// True if the runner would find a workflow command in the line: at its beginning, or the old form anywhere.
bool is_command_for_the_runner(const std::string& line) {
    return trimmed_by_the_runner(line).starts_with("::") || line.find("##[") != std::string::npos;
}

}  // namespace

TEST_CASE("No output line of a tool can be taken for a workflow command") {
    for (const std::string line : {"::set-output name=matrix::evil", "  ::add-mask::a", "x ##[set-output name=a]b",
                                   "##[add-matcher]/x", "\t::stop-commands::t", "##[##[error]x", "::::error::x"}) {
        INFO(line);
        REQUIRE(is_command_for_the_runner(line));
        CHECK_FALSE(is_command_for_the_runner(sanitized_line(line)));
    }
}

TEST_CASE("A command is found after any blank that the runner skips") {
    for (const std::string& first : runner_blanks) {
        for (const std::string& second : runner_blanks) {
            const std::string line = first + second + "::stop-commands::x";
            INFO(line);
            REQUIRE(is_command_for_the_runner(line));
            CHECK_FALSE(is_command_for_the_runner(sanitized_line(line)));
        }
    }
}

TEST_CASE("A file whose name holds a line and a command of its own is shown without the command") {
    std::ostringstream to;
    github::FilteredStream(to) << render_problems({{{"a\n\u00A0::stop-commands::x", 1}, "is invalid", ""}});
    CHECK(lines_of(to.str()).size() == 2);
    for (const std::string& line : lines_of(to.str())) CHECK_FALSE(is_command_for_the_runner(line));
}

TEST_CASE("An ordinary output line stays unchanged") {
    for (const std::string line : {"#12 [base 3/7] RUN std::move", "  at \u00A0std::move", ""})
        CHECK(sanitized_line(line) == line);
}

TEST_CASE("An annotation has file and line, with special characters escaped") {
    const Problems problems = {{{"a:b,c.json", 11}, "50% of\nit", "do that"}};
    CHECK(render_annotations(problems) == "::error file=a%3Ab%2Cc.json,line=11::50%25 of%0Ait%0Ahint: do that\n");
}

TEST_CASE("An annotation names its file relative to the repository, also if the work tree is a subdirectory") {
    const auto annotate = [](const std::string& file) {
        return render_annotations({{{file, 2}, "wrong", ""}}, "images/python/");
    };
    CHECK(annotate("Dockerfile") == "::error file=images/python/Dockerfile,line=2::wrong\n");
    CHECK(annotate("../policy.yml") == "::error file=images/policy.yml,line=2::wrong\n");
    CHECK(annotate("/etc/policy.yml") == "::error file=/etc/policy.yml,line=2::wrong\n");
    CHECK(annotate("") == "::error::wrong\n");
}

TEST_CASE("The path of the work tree in the repository is known in a workflow, and otherwise empty") {
    const Environment environment = {{"GITHUB_ACTIONS", "true"}, {"GITHUB_WORKSPACE", "/github/workspace"}};
    CHECK(directory_in_repository(environment, "/github/workspace/images/python") == "images/python/");
    CHECK(directory_in_repository(environment, "/github/workspace/a/../b/") == "b/");
    for (const char* other : {"/github/workspace", "/github/workspace/", "/github", "/github/workspaces/x", "/", "."})
        CHECK(directory_in_repository(environment, other).empty());
    CHECK(directory_in_repository({{"GITHUB_WORKSPACE", "/w"}}, "/w/a").empty());
    CHECK(directory_in_repository({{"GITHUB_ACTIONS", "true"}}, "/w/a").empty());
}

TEST_CASE("Ten annotations of a kind are shown; of eleven, nine and a count") {
    CHECK(count_of(render_annotations(many(10, Level::error)), "::error") == 10);
    const std::string text = render_annotations(many(11, Level::error));
    CHECK(count_of(text, "::error") == 10);
    CHECK(text.ends_with("::error::2 more of this kind, all in the log\n"));
}

TEST_CASE("The limit of ten applies to each kind of annotation") {
    Problems problems = many(10, Level::error);
    for (const Problem& problem : many(10, Level::warning)) problems.push_back(problem);
    const std::string text = render_annotations(problems);
    CHECK(count_of(text, "::error") == 10);
    CHECK(count_of(text, "::warning") == 10);
}

TEST_CASE("A multi-line output is enclosed in a delimiter") {
    CHECK(render_output("tags", "a\nb", "D") == "tags<<D\na\nb\nD\n");
}

TEST_CASE("An output that contains its delimiter is rejected") {
    CHECK_THROWS_AS(render_output("tags", "x D y", "D"), Error);
}

TEST_CASE("The size of an output is measured in UTF-16, like the runner does") {
    CHECK_NOTHROW(render_output("m", std::string(500'000, 'a'), "DELIMITER"));
    CHECK_THROWS_AS(render_output("m", std::string(500'001, 'a'), "DELIMITER"), Error);
}

TEST_CASE("Outputs are appended to the runner's file, each time with a new delimiter") {
    FakeWorld fake;
    fake.environment = {{"GITHUB_OUTPUT", "/commands/output"}};
    fake.files.texts["/commands/output"] = "before=1\n";
    save_outputs(fake.world(), {{"verdict", "clean"}});
    const std::string once = fake.files.texts["/commands/output"];
    const std::size_t start = once.find("<<") + 2;
    const std::string delimiter = once.substr(start, once.find('\n', start) - start);
    CHECK(delimiter.size() == std::string("ghadelimiter_").size() + 32);
    CHECK(once == "before=1\nverdict<<" + delimiter + "\nclean\n" + delimiter + "\n");
    CHECK(make_token() != make_token());
}

TEST_CASE("A missing output file is an error that says so") {
    FakeWorld fake;
    const Error error = error_of([&] { save_outputs(fake.world(), {{"verdict", "clean"}}); });
    CHECK(error.exit == Exit::bad_input);
    CHECK(error.problems.front().what == "GITHUB_OUTPUT is not set");
}

TEST_CASE("A summary above the limit of the runner is truncated at a line and says so") {
    FakeWorld fake;
    fake.environment = {{"GITHUB_STEP_SUMMARY", "/commands/summary"}};
    fake.files.texts["/commands/summary"] = "";
    std::string long_summary;
    while (long_summary.size() < 1'100'000) long_summary += "a line of the summary\n";
    save_summary(fake.world(), long_summary);
    const std::string& written = fake.files.texts["/commands/summary"];
    CHECK(written.size() <= 1'048'576);
    CHECK(holds(written, "This summary was cut"));
}

TEST_CASE("Our own lines are printed one by one, without the commands that they quote") {
    std::ostringstream to;
    {
        FilteredStream filtered(to);
        filtered << "it printed ##[add-mask]a\n::error::x\nan incomplete line";
        CHECK(lines_of(to.str()).size() == 2);
    }
    for (const std::string& line : lines_of(to.str())) CHECK_FALSE(is_command_for_the_runner(line));
    CHECK(to.str().ends_with("\nan incomplete line"));
}

TEST_CASE("An annotation cannot contain a command of the old form") {
    CHECK_FALSE(holds(render_annotations({{{}, "##[set-output name=a]b", ""}}), "##["));
}
