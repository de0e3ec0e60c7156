#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "commands/commands.h"
#include "commands/work_tree.h"

TEST_CASE("matrix prints the job matrix and the number of jobs") {
    WorkTreeWorld fake;
    const Result result = run_matrix(fake.world(), parse_settings({}));
    CHECK(result.exit == Exit::done);
    CHECK(result.outputs.at("count") == "2");
    CHECK(result.outputs.at("versions") == "3.13.3,3.12.6");
    CHECK(fake.out.str() == result.outputs.at("matrix") + "\n");
    CHECK(holds(result.outputs.at("matrix"), "\"python\":\"3.13.3\""));
}

TEST_CASE("No output of matrix names the registry or the namespace: a masked user name would blank it") {
    WorkTreeWorld fake;
    for (const auto& [name, value] : run_matrix(fake.world(), parse_settings({})).outputs) {
        INFO(name);
        CHECK_FALSE(holds(value, "defradigital"));
    }
}

TEST_CASE("Errors in both files are reported together") {
    WorkTreeWorld fake;
    fake.files.texts["image-matrix.json"] =
        R"([{"pythonVersion": "3.13", "debianVersion": "slim-bookworm", "tags": []}])";
    fake.files.texts["JOB.env"] = "DEFRA_VERSION=one\nIMAGE_NAME=python\n";
    const Error error = error_of([&] { run_matrix(fake.world(), parse_settings({})); });
    CHECK(error.exit == Exit::bad_input);
    CHECK(holds(error.problems, "image-matrix.json:1:"));
    CHECK(holds(error.problems, "JOB.env:1:"));
}

TEST_CASE("A missing file is named") {
    WorkTreeWorld fake;
    fake.files.texts.erase("JOB.env");
    const Error error = error_of([&] { run_matrix(fake.world(), parse_settings({})); });
    CHECK(error.problems ==
          Problems{{{"JOB.env", 0}, "there is no such file", "it holds DEFRA_VERSION and IMAGE_NAME"}});
}

TEST_CASE("SOURCE_DATE_EPOCH must be a whole number of seconds") {
    for (const char* wrong : {"abc", "1700000000.5", "-5", "99999999999999", " 1"}) {
        WorkTreeWorld fake;
        fake.environment["SOURCE_DATE_EPOCH"] = wrong;
        INFO(wrong);
        const Error error = error_of([&] { run_matrix(fake.world(), parse_settings({})); });
        CHECK(error.exit == Exit::bad_input);
        CHECK(error.problems.at(0).what == "SOURCE_DATE_EPOCH is \"" + std::string(wrong) + "\"");
    }
    for (const char* right : {"", "0", "253402300799"}) {
        WorkTreeWorld fake;
        fake.environment["SOURCE_DATE_EPOCH"] = right;
        CHECK(run_matrix(fake.world(), parse_settings({})).exit == Exit::done);
    }
}

TEST_CASE("A shallow clone is reported if it hides the commit that dates the images") {
    struct Clone {
        std::string last_commit;
        std::string shallow;
        bool reported;
    };
    for (const Clone& clone : {Clone{"1763800000 \n", "true\n", true},       // history ends at that commit
                               Clone{"1763800000 aaaa\n", "true\n", false},  // the commit is in the clone
                               Clone{"1763800000 \n", "false\n", false}}) {  // the first commit of the repository
        WorkTreeWorld fake;
        fake.processes.stub({"git", "-c", "safe.directory=*", "log"}, clone.last_commit);
        fake.processes.stub({"git", "-c", "safe.directory=*", "rev-parse", "--is-shallow-repository"}, clone.shallow);
        for (const auto& command : {run_matrix, run_check}) {
            const Problems problems = command(fake.world(), parse_settings({})).problems;
            const auto is_about_clone = [](const Problem& p) { return p.what.starts_with("the clone is shallow"); };
            INFO(clone.last_commit << clone.shallow);
            CHECK(std::any_of(problems.begin(), problems.end(), is_about_clone) == clone.reported);
        }
    }
}
