#include "bake/bake.h"

#include <catch2/catch_test_macros.hpp>

namespace {

// The output of buildx 0.36.1 for a failed step of one of two targets.
constexpr const char* failed_step =
    "#8 [p production 1/1] RUN echo one && exit 3\n"
    "#8 0.270 one\n"
    "#8 ERROR: process \"/bin/sh -c echo one && exit 3\" did not complete successfully: exit code: 3\n"
    "\n"
    "#9 [d development 1/1] RUN sleep 1 && echo dev\n"
    "#9 CANCELED\n"
    "------\n"
    " > [p production 1/1] RUN echo one && exit 3:\n"
    "0.270 one\n"
    "0.271 429 Too Many Requests: connection reset\n"
    "------\n"
    "Dockerfile:4\n"
    "--------------------\n"
    "   3 |     FROM slim AS production\n"
    "   4 | >>> RUN echo one && exit 3\n"
    "--------------------\n"
    "ERROR: target p: failed to solve: process \"/bin/sh -c echo one && exit 3\" did not complete successfully: exit "
    "code: 3\n";

std::string error_line(const std::string& error) {
    return "#1 DONE\nERROR: failed to solve: " + error + "\n";
}

std::string reported(const std::string& progress, const std::string& dockerfile = "Dockerfile") {
    return render_problems({parse_bake_failure(progress, dockerfile, "/out")});
}

}  // namespace

TEST_CASE("a failed step is reported with its output, at its line of the Dockerfile") {
    CHECK(reported(failed_step) ==
          "Dockerfile:4: the build failed: target p: failed to solve: process \"/bin/sh -c echo one && exit 3\" did "
          "not complete successfully: exit code: 3\n"
          "   > [p production 1/1] RUN echo one && exit 3:\n"
          "  0.270 one\n"
          "  0.271 429 Too Many Requests: connection reset\n"
          "  hint: the step failed in the image: fix it, or what it downloads from\n");
}

TEST_CASE("only the end of a long step output is reported") {
    std::string progress = "------\n > [a 1/1] RUN many:\n";
    for (int i = 0; i < 1000; ++i) progress += "line " + std::to_string(i) + "\n";
    progress += "------\nERROR: failed\n";
    const std::string what = parse_bake_failure(progress, "Dockerfile", "/out").what;
    CHECK(what.starts_with("the build failed: failed\n > [a 1/1] RUN many:\nline 961\n"));
    CHECK(what.ends_with("line 999"));
}

TEST_CASE("a failure outside a step is reported with bake's last message") {
    CHECK(reported("ERROR: no builder \"absent\" found\n") ==
          "the build failed: no builder \"absent\" found\n"
          "  hint: docker buildx ls shows the builders that there are\n");
    CHECK(reported("ERROR: Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?\n") ==
          "the build failed: Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?\n"
          "  hint: start the Docker Engine, or set DOCKER_HOST\n");
    CHECK(reported("") ==
          "the build failed\n"
          "  hint: the end of that log says more\n");
}

TEST_CASE("only network errors are retried") {
    for (const char* error :
         {"python:3: unexpected status from HEAD request to https://registry-1.docker.io/v2/x: 429 Too Many Requests",
          "toomanyrequests: You have reached your pull rate limit",
          "failed to copy: httpReadSeeker: failed open: unexpected status code https://gcr.io/v2/x: 503 Service "
          "Unavailable",
          "read tcp 10.0.0.2:40->1.2.3.4:443: read: connection reset by peer",
          "failed to do request: Head \"https://ghcr.io/v2/x\": net/http: TLS handshake timeout",
          "failed to do request: Head \"https://ghcr.io/v2/x\": dial tcp 1.2.3.4:443: i/o timeout",
          "failed to copy: unexpected EOF"}) {
        INFO(error);
        CHECK(is_network_fault(error_line(error)));
    }
    for (const char* error :
         {"python:3: not found", "unexpected status from HEAD request to https://gcr.io/v2/x: 401 Unauthorized",
          "unexpected status code sha256:5035035035: 404 Not Found", "lookup registry-1.docker.io: no such host"}) {
        INFO(error);
        CHECK_FALSE(is_network_fault(error_line(error)));
    }
    CHECK_FALSE(is_network_fault(failed_step));
    CHECK_FALSE(is_network_fault(
        "#3 ERROR: 503 Service Unavailable\nERROR: failed to solve: target stage \"nono\" could not be found\n"));
    CHECK_FALSE(is_network_fault(""));
}

TEST_CASE("a step for another architecture than the machine's is recognised") {
    const Problem problem = parse_bake_failure(
        "#9 0.1 exec /bin/sh: exec format error\n"
        "------\n > [production 2/3] RUN true:\n0.1 exec /bin/sh: exec format error\n------\n"
        "ERROR: failed to solve: process \"/bin/sh -c true\" did not complete successfully: exit code: 255\n",
        "Dockerfile", "/out");
    CHECK(problem.hint.find("another processor than this machine has") != std::string::npos);
}

TEST_CASE("an invalid Dockerfile is not a network error and has a line") {
    const std::string progress =
        "Dockerfile:5\n--------------------\n   5 | >>> EOF\n--------------------\n"
        "ERROR: failed to solve: dockerfile parse error on line 5: unknown instruction: EOF (did you mean ENV?)\n";
    CHECK_FALSE(is_network_fault(progress));
    CHECK_FALSE(
        is_network_fault("ERROR: failed to solve: dockerfile parse error on line 5: unknown instruction: EOF\n"));
    CHECK(is_network_fault("ERROR: failed to do request: Head \"https://gcr.io/v2/x\": EOF\n"));
    CHECK(reported(progress, "images/py/Dockerfile") ==
          "images/py/Dockerfile:5: the build failed: failed to solve: dockerfile parse error on line 5: unknown "
          "instruction: EOF (did you mean ENV?)\n"
          "  hint: fix the Dockerfile\n");
}

TEST_CASE("the hint of a failure names its cause") {
    const auto hint = [](const std::string& error) {
        return parse_bake_failure("ERROR: " + error + "\n", "Dockerfile", "/my/out").hint;
    };
    for (const char* error :
         {"dockerfile parse error on line 4: duplicate flag specified: from",
          "only one escape parser directive can be used",
          "Syntax error - can't find = in \"`\". Must be of the form: name=value",
          "failed to parse stage name \"busybox:\": invalid reference format",
          "cannot copy from stage \"data\", it needs to be defined before current stage \"development\"",
          "failed to process \"<<\\\"two\": unexpected end of statement while looking for matching double-quote"}) {
        INFO(error);
        CHECK(hint(error) == "fix the Dockerfile");
    }
    CHECK(hint("write /my/out/images.building/x/blobs: no space left on device") ==
          "make room on the disk that /my/out is on");
    CHECK(hint("write /var/lib/docker/x: no space left on device").starts_with("make room where the engine keeps"));
    CHECK(
        hint("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock") ==
        "let this user use the engine's socket: add it to the group docker, or run as root");
    CHECK(hint("failed to compute cache key: failed to calculate checksum of ref x: \"/a\": not found") ==
          "is the file there, and does .dockerignore let it in?");
    CHECK(hint("header key \"exclude\" contains value with non-printable ASCII characters")
              .starts_with("work in a directory whose path is plain ASCII"));
    CHECK(hint("debian:12: could not resolve image due to policy: source \"x\" denied by policy")
              .starts_with("only pinned images are read"));
    CHECK(hint("x509: certificate signed by unknown authority").starts_with("the engine does not trust"));
    CHECK(parse_bake_failure("------\n > [a 1/1] RUN pip:\nSSL: CERTIFICATE_VERIFY_FAILED\n------\nERROR: process did "
                             "not complete successfully: exit code: 1\n",
                             "Dockerfile", "/out")
              .hint.ends_with("name its bundle with --build-ca"));
}
