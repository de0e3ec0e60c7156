#include "system/processes.h"

#include <catch2/catch_test_macros.hpp>

#include "system/http.h"
#include "system/world.h"

TEST_CASE("a command is rendered as typed in a shell") {
    const auto shown = [](const std::vector<std::string>& argv) { return render_command({.argv = argv}); };
    CHECK(shown({"docker", "buildx", "bake", "--file=out/bake.json"}) == "docker buildx bake --file=out/bake.json");
    CHECK(shown({"sh", "-c", "echo $HOME"}) == "sh -c 'echo $HOME'");
    CHECK(shown({"a b", "", "it's"}) == R"('a b' '' 'it'\''s')");
    CHECK(shown({"printf", "one\ntwo's \\"}) == R"(printf 'one two'\''s \')");
}

TEST_CASE("a failed command is reported with its end, its arguments and its last output") {
    const Command command{.argv = {"/usr/bin/trivy", "image", "a b"}, .timeout = std::chrono::seconds(90)};
    CHECK(render_failure(command, {.exit_code = 1, .err = "INFO one\n\nFATAL \x1B[31mtwo\x1B[0m\r\n"}) ==
          "trivy ended with exit code 1\n"
          "ran:  /usr/bin/trivy image 'a b'\n"
          "said: INFO one\n"
          "      FATAL two");
    CHECK(render_failure(command, {.exit_code = 137}) ==
          "trivy was ended by SIGKILL (exit code 137)\nran:  /usr/bin/trivy image 'a b'");
    CHECK(render_failure(command, {.exit_code = 143, .timed_out = true}) ==
          "trivy was ended after 90 s without a result\nran:  /usr/bin/trivy image 'a b'");
    CHECK(render_failure(command, {.exit_code = 143, .truncated = true}) ==
          "trivy was ended because it wrote more than 256 MiB\nran:  /usr/bin/trivy image 'a b'");
    CHECK(render_failure(command, {.exit_code = 127}) ==
          "trivy is not there, neither as a file nor in the PATH\nran:  /usr/bin/trivy image 'a b'");
    CHECK(render_failure(command, {.exit_code = 255}) ==
          "trivy ended with exit code 255\nran:  /usr/bin/trivy image 'a b'");
}

TEST_CASE("a failed command without stderr is reported with the end of its stdout") {
    std::string out;
    for (int line = 1; line <= 12; ++line) out += "line " + std::to_string(line) + "\n";
    const std::string text = render_failure({.argv = {"make"}}, {.exit_code = 2, .out = out, .err = " \n"});
    CHECK(text.starts_with("make ended with exit code 2\nran:  make\nsaid: line 3\n      line 4\n"));
    CHECK(text.ends_with("\n      line 12"));
}

TEST_CASE("a child process gets only the variables of the allow-list") {
    const Environment ours = {{"PATH", "/bin"},
                              {"HOME", "/root"},
                              {"https_proxy", "http://proxy:3128"},
                              {"SSL_CERT_FILE", "/ca"},
                              {"GITHUB_TOKEN", "secret"},
                              {"ACTIONS_RUNTIME_TOKEN", "secret"},
                              {"INPUT_TOKEN", "secret"},
                              {"LD_PRELOAD", "/evil.so"},
                              {"DOCKER_CONFIG", "/somewhere"},
                              {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret"}};
    CHECK(child_environment(ours) ==
          Environment{
              {"PATH", "/bin"}, {"HOME", "/root"}, {"https_proxy", "http://proxy:3128"}, {"SSL_CERT_FILE", "/ca"}});
}

TEST_CASE("response headers are case-insensitive") {
    const Response response{.status = 401,
                            .headers = {{"www-authenticate", "Bearer one"}, {"WWW-Authenticate", "Basic two"}}};
    CHECK(response.header("Www-Authenticate") == "Bearer one");
    CHECK(response.all_headers("WWW-AUTHENTICATE") == std::vector<std::string>{"Bearer one", "Basic two"});
    CHECK(response.header("Location") == std::nullopt);
}
