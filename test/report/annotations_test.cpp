#include "report/annotations.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "report/escape.h"
#include "report/samples.h"

TEST_CASE("a blocking finding is an error on the line to edit, once for all images that share the line") {
    Run run = vulnerable_run();
    run.images[3].contract.reset();
    const Problems expected{{{"image-matrix.json", 2},
                             "CVE-2026-1001 in openssl 3.0.17-1~deb12u2: critical (trivy: critical, grype: high), "
                             "blocks 3.13.3-development, 3.13.3-production",
                             "rebuild: python:3.13.3-slim-bookworm was rebuilt on 2026-11-20"},
                            {{"image-matrix.json", 3},
                             "CVE-2026-2002 in python 3.13.3: high, blocks 3.13.3-production",
                             "raise pythonVersion to 3.13.5"},
                            {{"vulnerability-policy.yml", 18},
                             "the exception for CVE-2024-9999 ended on 2026-11-20",
                             "remove it, or decide anew",
                             Level::warning}};
    CHECK(make_annotations(run) == expected);
}

TEST_CASE("an unknown verdict and a failed contract are errors too") {
    Run run = unknown_run();
    const Problems problems = make_annotations(run);
    REQUIRE(problems.size() == 3);
    CHECK(problems[0].what ==
          "the verdict on 3.13.3-production-linux-amd64 is unknown: grype ended with exit code 1: the database could "
          "not be downloaded");
    CHECK(problems[1].what == "the verdict on 3.12.6-production-linux-amd64 is unknown: it was not judged");
    CHECK(make_annotations(vulnerable_run())[0].what ==
          "3.12.6-production-linux-amd64 fails its contract: the user is numeric and not root");
    CHECK(make_annotations(clean_run()).empty());
}

TEST_CASE("at most ten annotations of a kind: the most severe ones, and a last one that counts the rest") {
    const Problems problems = make_annotations(large_run(5'000));
    REQUIRE(problems.size() == max_annotations);
    CHECK(problems[0].what.find(": critical") != std::string::npos);
    CHECK(problems[9].what == "and 491 more of this kind");
    CHECK(problems[9].hint == "out/report.html and the step summary have all of them");
    Run run = large_run(100);
    CHECK(make_annotations(run).size() == 10);
    CHECK(make_annotations(run)[9].what.starts_with("CVE-"));  // exactly ten: none is dropped
}

TEST_CASE("control and invisible characters never reach an annotation") {
    Run run = hostile_run();
    Problems problems = make_annotations(run);
    run.images[0].verdict.reset();
    for (ImageRun& image : run.images) image.contract.reset();
    for (const Problem& problem : make_annotations(run)) problems.push_back(problem);
    REQUIRE(problems.size() > 4);
    for (const Problem& problem : problems) {
        for (const std::string& text : {problem.at.file, problem.what, problem.hint}) {
            INFO(text);
            CHECK(text == clean_line(text, text.size()));
        }
    }
}
