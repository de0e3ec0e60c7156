#include "system/real_http.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "background_process.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "expect.h"
#include "local_server.h"
#include "own_process.h"
#include "places.h"
#include "real_world.h"
#include "system/clock.h"
#include "system/parallel.h"
#include "system/real_processes.h"

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Removes the proxy variables of the user's environment.
struct NoProxy {
    NoProxy() {
        for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"}) unsetenv(name);
    }
} const no_proxy;

/// The message of the Error; fails the test if there is none.
std::string message_of(Http& http, const Request& request) {
    const std::string message = thrown_by([&] { http.send(request); });
    REQUIRE(message != "no error");
    return message;
}

LocalServer::Handler always(const Reply& reply) {
    return [reply](const std::string&) { return reply; };
}

/// An openssl server on a loopback address, with its own certificate for "localhost".
class TlsServer {
  public:
    explicit TlsServer(const std::vector<std::string>& options = {}, const std::string& days = "2") {
        std::ofstream(file("extensions")) << "subjectAltName=DNS:localhost";
        openssl({"req", "-newkey", "rsa:2048", "-nodes", "-keyout", file("key"), "-out", file("request"), "-subj",
                 "/CN=localhost"});
        openssl({"x509", "-req", "-in", file("request"), "-signkey", file("key"), "-out", file("certificate"), "-days",
                 days, "-extfile", file("extensions")});
        if (!fs::exists(file("certificate"))) SKIP("openssl cannot make a certificate here");
        std::vector<std::string> argv = {
            "/usr/bin/openssl", "s_server", "-quiet",           "-www", "-accept", host(), "-key",
            file("key"),        "-cert",    file("certificate")};
        argv.insert(argv.end(), options.begin(), options.end());
        process_.emplace(argv, file("log"));
        process_->wait_until([&] { return is_listening(); });
    }

    std::string url(const std::string& host) const { return "https://" + host + ":" + std::to_string(port_) + "/"; }
    /// Trusts the server's certificate.
    RealHttp make_trusting() const { return RealHttp({{"SSL_CERT_FILE", file("certificate")}}); }

  private:
    std::string file(const std::string& name) const { return (directory_.path / name).string(); }
    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

    static int free_port() {
        const LocalServer free(always({}));
        return std::stoi(free.host().substr(10));
    }

    static void openssl(std::vector<std::string> argv) {
        argv.insert(argv.begin(), "openssl");
        std::ostringstream nowhere;
        RealProcesses(Relay{nowhere})
            .run({.argv = argv, .environment = {{"PATH", "/usr/bin:/bin"}}, .timeout = seconds(20), .relayed = false});
    }

    bool is_listening() const {
        RealHttp http({});
        try {
            http.send({.url = url("localhost")});
        } catch (const Error& error) {
            return render_problems(error.problems).find("Failed to connect") == std::string::npos;
        }
        return true;
    }

    WorkTree directory_;
    int port_ = free_port();
    std::optional<BackgroundProcess> process_;
};

}  // namespace

TEST_CASE("any status is a value, with its headers and its body") {
    const int status = GENERATE(200, 204, 302, 404, 429, 500);
    const std::string body = status == 204 ? "" : "some text";
    LocalServer server(always(make_reply(
        status, body, "Retry-After: 2\r\nWWW-Authenticate: Bearer one\r\nwww-authenticate:Basic two \r\nEmpty:\r\n")));
    RealHttp http({});
    const Response response = http.send({.url = server.url("/v2/")});
    CHECK(response.status == status);
    CHECK(response.body == body);
    CHECK(response.header("retry-after") == "2");
    CHECK(response.all_headers("WWW-Authenticate") == std::vector<std::string>{"Bearer one", "Basic two"});
    CHECK(response.header("empty") == "");
}

TEST_CASE("a request is sent as given, with only a User-Agent added") {
    LocalServer server(always(make_reply(200, "")));
    RealHttp http({});
    const std::string common = "Host: " + server.host() + "\r\nUser-Agent: python-image-action\r\nAccept: */*\r\n";
    http.send({.url = server.url("/a?b=c")});
    http.send({.method = "POST", .url = server.url("/p")});
    http.send({.method = "PATCH",
               .url = server.url("/p"),
               .headers = {{"Content-Type", "application/json"}, {"Empty", ""}},
               .body = "{}"});
    http.send({.method = "DELETE", .url = server.url("/d")});
    const std::vector<std::string> requests = server.requests();
    REQUIRE(requests.size() == 4);
    CHECK(requests[0] == "GET /a?b=c HTTP/1.1\r\n" + common + "\r\n");
    CHECK(requests[1] == "POST /p HTTP/1.1\r\n" + common + "Content-Length: 0\r\n\r\n");
    CHECK(requests[2] ==
          "PATCH /p HTTP/1.1\r\n" + common + "Content-Type: application/json\r\nEmpty:\r\nContent-Length: 2\r\n\r\n{}");
    CHECK(requests[3] == "DELETE /d HTTP/1.1\r\n" + common + "\r\n");
}

TEST_CASE("a request inherits nothing from the previous one on the same connection") {
    LocalServer server(always(make_reply(200, "")));
    RealHttp http({});
    http.send(
        {.method = "PUT", .url = server.url("/1"), .headers = {{"Authorization", "Bearer secret"}}, .body = "text"});
    http.send({.url = server.url("/2")});
    http.send({.method = "HEAD", .url = server.url("/3")});
    http.send({.url = server.url("/4")});
    CHECK(server.connections() == 1);
    CHECK(server.requests()[1].find("Authorization") == std::string::npos);
    CHECK(server.requests()[1].starts_with("GET /2 "));
    CHECK(server.requests()[3].starts_with("GET /4 "));
}

TEST_CASE("connections are reused, also by several threads") {
    LocalServer server(always(make_reply(200, "x")));
    RealHttp http({});
    std::atomic<int> responses = 0;
    const auto ask = [&] {
        if (http.send({.url = server.url("/")}).body == "x") ++responses;
    };
    in_parallel(4, std::vector<std::function<void()>>(40, ask));
    CHECK(responses == 40);
    CHECK(server.requests().size() == 40);
    CHECK(server.connections() <= 4);
}

TEST_CASE("a connection closed by the server is replaced, and the body is sent again") {
    LocalServer server([](const std::string&) {
        Reply reply = make_reply(200, "");
        reply.then = Reply::Then::close;
        return reply;
    });
    WorkTree directory;
    std::ofstream(directory.path / "blob") << "content";
    RealHttp http({});
    for (int i = 0; i < 3; ++i) {
        const Request request{.method = "PUT", .url = server.url("/blob"), .body_file = directory.path / "blob"};
        CHECK(http.send(request).status == 200);
        RealClock().sleep(milliseconds(50));
    }
    for (const std::string& request : server.requests()) CHECK(request.ends_with("\r\n\r\ncontent"));
    CHECK(server.requests().size() == 3);
}

TEST_CASE("a request that must not be repeated is sent once, also if the server closes a reused connection") {
    const LocalServer server([](const std::string& request) {
        return request.starts_with("POST") ? Reply{"", Reply::Then::reset} : make_reply(200, "");
    });
    RealHttp http({});
    const auto posts = [&] {
        const std::vector<std::string> sent = server.requests();
        return std::count_if(sent.begin(), sent.end(), [](const std::string& r) { return r.starts_with("POST"); });
    };
    http.send({.url = server.url("/")});
    message_of(http, {.method = "POST", .url = server.url("/"), .body = "one", .only_once = true});
    CHECK(posts() == 1);
    http.send({.url = server.url("/")});
    message_of(http, {.method = "POST", .url = server.url("/"), .body = "as often as it takes"});
    CHECK(posts() > 2);
}

TEST_CASE("a HEAD response has no body, whatever its Content-Length") {
    LocalServer server(always({"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nDocker-Content-Digest: d\r\n\r\n"}));
    RealHttp http({});
    const Response response = http.send({.method = "HEAD", .url = server.url("/m")});
    CHECK(response.header("docker-content-digest") == "d");
    CHECK(response.body.empty());
}

TEST_CASE("a file is sent from disk unchanged") {
    WorkTree directory;
    std::string bytes;
    for (unsigned i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * i >> 3U);
    std::ofstream(directory.path / "blob", std::ios::binary) << bytes;
    LocalServer server(always(make_reply(201, "")));
    RealHttp http({});
    CHECK(http.send({.method = "PUT", .url = server.url("/u"), .body_file = directory.path / "blob"}).status == 201);
    const std::string request = server.requests().front();
    CHECK(request.find("Content-Length: 3000000\r\n") != std::string::npos);
    CHECK(request.find("Expect") == std::string::npos);
    CHECK(sha256(request.substr(request.find("\r\n\r\n") + 4)) == sha256(bytes));
    CHECK(message_of(http, {.method = "PUT", .url = server.url("/u"), .body_file = directory.path / "none"}) ==
          (directory.path / "none").string() + ": cannot be read: No such file or directory\n");
}

TEST_CASE("a body of status 200 or 206 is streamed to disk, any other is returned") {
    WorkTree directory;
    const fs::path file = directory.path / "blob";
    const int status = GENERATE(200, 206, 404);
    LocalServer server(always(make_reply(status, std::string(300'000, 'b'))));
    RealHttp http({});
    const Response response = http.send({.url = server.url("/b"), .save_to = file});
    CHECK(response.status == status);
    CHECK(response.body.size() == (status == 404 ? 300'000U : 0U));
    CHECK(fs::exists(file) == (status != 404));
    CHECK_FALSE(fs::exists(file.string() + ".part"));
    if (status != 404) CHECK(text_of_file(file) == std::string(300'000, 'b'));
}

TEST_CASE("an unwritable target file is reported, and the received data is discarded") {
    WorkTree directory;
    LocalServer server(always(make_reply(200, "text")));
    RealHttp http({});
    const fs::path nowhere = directory.path / "none" / "blob";
    CHECK(message_of(http, {.url = server.url("/b"), .save_to = nowhere}) ==
          nowhere.string() + ": cannot be written: No such file or directory\n");
    const fs::path taken = directory.path / "taken";
    fs::create_directories(taken);
    CHECK(message_of(http, {.url = server.url("/b"), .save_to = taken}) ==
          taken.string() + ": cannot be written: Is a directory\n");
    LocalServer empty(always(make_reply(200, "")));
    CHECK(message_of(http, {.url = empty.url("/b"), .save_to = nowhere}) ==
          nowhere.string() + ": cannot be written: No such file or directory\n");
    fs::remove(taken);
    CHECK(fs::is_empty(directory.path));
}

TEST_CASE("an empty body makes an empty file") {
    WorkTree directory;
    LocalServer server(always(make_reply(200, "")));
    RealHttp http({});
    http.send({.url = server.url("/b"), .save_to = directory.path / "empty"});
    CHECK(fs::file_size(directory.path / "empty") == 0);
}

TEST_CASE("a truncated body is an error and leaves no file") {
    WorkTree directory;
    LocalServer server(always({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::Then::close}));
    RealHttp http({});
    const std::string expected = "GET " + server.host() + "/b: transfer closed with 5 bytes remaining to read\n";
    CHECK(message_of(http, {.url = server.url("/b?token=secret")}) == expected);
    CHECK(message_of(http, {.url = server.url("/b"), .save_to = directory.path / "blob"}) == expected);
    CHECK(fs::is_empty(directory.path));
}

TEST_CASE("a truncated chunked body is an error") {
    LocalServer server(
        always({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Reply::Then::close}));
    RealHttp http({});
    CHECK(message_of(http, {.url = server.url("/b")}) ==
          "GET " + server.host() + "/b: transfer closed with outstanding read data remaining\n");
}

TEST_CASE("a reset connection is an error") {
    LocalServer server(always({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::Then::reset}));
    RealHttp http({});
    const std::string message = message_of(http, {.method = "PUT", .url = server.url("/b?x=y"), .body = "b"});
    CHECK(message == "PUT " + server.host() + "/b: Recv failure: Connection reset by peer\n");
}

TEST_CASE("a response that takes longer than the timeout is an error") {
    const std::string start =
        GENERATE(std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
    LocalServer server(always({start, Reply::Then::hang}));
    RealHttp http({});
    RealClock clock;
    const milliseconds before = clock.steady();
    const std::string message = message_of(http, {.url = server.url("/slow"), .timeout = seconds(1)});
    CHECK(message.starts_with("GET " + server.host() + "/slow: Operation timed out after "));
    CHECK(clock.steady() - before < seconds(5));
}

TEST_CASE("at most max_body bytes of a body are read") {
    WorkTree directory;
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    std::string endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 2000; ++i) endless += chunk;
    LocalServer server(always({endless, Reply::Then::hang}));
    RealHttp http({});
    const std::string expected = "GET " + server.host() + "/huge: the response is longer than 100000 bytes\n";
    CHECK(message_of(http, {.url = server.url("/huge"), .max_body = 100'000}) == expected);
    CHECK(message_of(http, {.url = server.url("/huge"), .save_to = directory.path / "huge", .max_body = 100'000}) ==
          expected);
    CHECK(fs::is_empty(directory.path));
    const auto is_permanent = [&](const std::string& method) {
        try {
            http.send({.method = method, .url = server.url("/huge"), .max_body = 100'000});
        } catch (const Error& error) {
            return error.is_permanent;
        }
        throw std::logic_error("nothing was thrown");
    };
    CHECK(is_permanent("GET"));
    CHECK_FALSE(is_permanent("PUT"));  // it may have been carried out: the next attempt shows it
}

TEST_CASE("the status and the beginning of a long error page are returned") {
    LocalServer server(always(make_reply(403, "<html>log in" + std::string(200'000, ' ') + "</html>")));
    RealHttp http({});
    const Response response = http.send({.url = server.url("/v2/"), .max_body = 100'000});
    CHECK(response.status == 403);
    CHECK(response.body.size() == 100'000);
    CHECK(response.body.starts_with("<html>log in"));
}

TEST_CASE("endless headers are an error") {
    std::string bytes = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 100; ++i) bytes += "X-Long: " + std::string(4000, 'x') + "\r\n";
    LocalServer server(always({bytes + "\r\n", Reply::Then::close}));
    RealHttp http({});
    CHECK(message_of(http, {.url = server.url("/")}) ==
          "GET " + server.host() + "/: the response's headers are longer than 256 KiB\n");
}

TEST_CASE("a redirect is returned, not followed") {
    LocalServer other(always(make_reply(200, "other")));
    LocalServer server(always(make_reply(307, "", "Location: " + other.url("/there") + "\r\n")));
    RealHttp http({});
    const Response response = http.send({.url = server.url("/"), .headers = {{"Authorization", "Bearer secret"}}});
    CHECK(response.status == 307);
    CHECK(response.header("location") == other.url("/there"));
    CHECK(other.connections() == 0);
}

TEST_CASE("a server on a unix socket is used without a proxy") {
    WorkTree directory;
    const fs::path socket = directory.path / "engine.sock";
    LocalServer server(always(make_reply(200, "pong")), socket);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    RealHttp http({});
    const Response response = http.send({.url = "http://engine/v1.43/_ping", .unix_socket = socket});
    unsetenv("http_proxy");
    CHECK(response.body == "pong");
    CHECK(server.requests().front().starts_with("GET /v1.43/_ping HTTP/1.1\r\nHost: engine\r\n"));
    const std::string message =
        message_of(http, {.url = "http://engine/_ping", .unix_socket = directory.path / "none.sock"});
    CHECK(message.starts_with("GET " + (directory.path / "none.sock").string() + ":/_ping: "));
}

TEST_CASE("the environment's proxy is used") {
    LocalServer proxy(always(make_reply(200, "by proxy")));
    setenv("http_proxy", ("http://" + proxy.host()).c_str(), 1);
    RealHttp http({});
    const Response response = http.send({.url = "http://registry.test/v2/"});
    unsetenv("http_proxy");
    CHECK(response.body == "by proxy");
    CHECK(proxy.requests().front().starts_with("GET http://registry.test/v2/ HTTP/1.1\r\n"));
}

TEST_CASE("an unreachable server is reported with a hint, without the query") {
    int port = 0;
    {
        const LocalServer gone(always({}));
        port = std::stoi(gone.host().substr(10));
    }
    RealHttp http({});
    const std::string url = "http://127.0.0.1:" + std::to_string(port);
    const std::string message =
        message_of(http, {.url = url + "/v2/?token=secret#part", .headers = {{"Authorization", "secret"}}});
    CHECK(message.starts_with("GET 127.0.0.1:" + std::to_string(port) + "/v2/: Failed to connect to 127.0.0.1 port "));
    CHECK(message.ends_with(
        "\n  hint: is the name right, is the network there, and does it want a proxy (HTTPS_PROXY, NO_PROXY)?\n"));
    CHECK(message.find("secret") == std::string::npos);
}

TEST_CASE("other schemes, credentials in URLs and line breaks in headers are rejected and not shown") {
    LocalServer server(always(make_reply(200, "")));
    RealHttp http({});
    CHECK(message_of(http, {.url = "file:///etc/passwd"}) ==
          "GET /etc/passwd: Protocol \"file\" not supported or disabled in libcurl\n  hint: only http and https are "
          "spoken\n");
    const std::string login = message_of(http, {.url = "http://user:secret@" + server.host() + "/"});
    CHECK(login.starts_with("GET " + server.host() + "/: "));
    CHECK(login.find("secret") == std::string::npos);
    CHECK(message_of(http, {.url = server.url("/"), .headers = {{"X", "secret\r\nY: z"}}}) ==
          "GET " + server.host() + "/: a header that was to be sent holds a line break\n");
    CHECK(message_of(http, {.url = "http://[secret"}).starts_with("GET a malformed address: "));
    CHECK(server.connections() == 0);
}

TEST_CASE("a server's certificate must be signed by an authority in SSL_CERT_FILE, for this host") {
    const TlsServer server;
    RealHttp trusting = server.make_trusting();
    CHECK(trusting.send({.url = server.url("localhost")}).status == 200);
    RealHttp strict({});
    const std::string message = message_of(strict, {.url = server.url("localhost")});
    CHECK(message.find("certificate") != std::string::npos);
    CHECK(message.ends_with(
        "hint: if your network has a certificate authority of its own, name its file in SSL_CERT_FILE\n"));
    CHECK(message_of(trusting, {.url = server.url("127.0.0.1")}).find("certificate") != std::string::npos);
}

TEST_CASE("an expired server certificate is rejected") {
    const TlsServer server({}, "-1");
    RealHttp trusting = server.make_trusting();
    const std::string message = message_of(trusting, {.url = server.url("localhost")});
    INFO(message);
    CHECK(message.find("certificate") != std::string::npos);
}

TEST_CASE("a server with an obsolete TLS version is rejected") {
    const TlsServer server({"-tls1_1", "-cipher", "ALL@SECLEVEL=0"});
    RealHttp trusting = server.make_trusting();
    const std::string message = message_of(trusting, {.url = server.url("localhost")});
    INFO(message);
    CHECK(message.find("Failed to connect") == std::string::npos);
}

TEST_CASE("an unknown host name is reported with a hint") {
    RealHttp http({});
    const std::string message = message_of(http, {.url = "http://no-such-host.invalid/v2/"});
    CHECK(message.starts_with("GET no-such-host.invalid/v2/: Could not resolve host"));
    CHECK(
        message.ends_with("hint: is the name right, is the network there, and does it want a proxy (HTTPS_PROXY, "
                          "NO_PROXY)?\n"));
}

TEST_CASE("a proxy that requires a password is reported with a hint") {
    LocalServer proxy(always(make_reply(407, "", "Proxy-Authenticate: Basic realm=\"p\"\r\n")));
    setenv("https_proxy", ("http://" + proxy.host()).c_str(), 1);
    RealHttp http({});
    const std::string message = message_of(http, {.url = "https://registry.test/v2/"});
    unsetenv("https_proxy");
    INFO(message);
    CHECK(message.find("407") != std::string::npos);
    CHECK(
        message.ends_with("hint: the proxy wants a name and a password: put them into the address that HTTPS_PROXY "
                          "holds\n"));
}

TEST_CASE("hosts in NO_PROXY are used without the proxy") {
    LocalServer proxy(always(make_reply(200, "by proxy")));
    LocalServer server(always(make_reply(200, "by itself")));
    setenv("http_proxy", ("http://" + proxy.host()).c_str(), 1);
    setenv("no_proxy", "127.0.0.1", 1);
    RealHttp http({});
    const Response response = http.send({.url = server.url("/")});
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    CHECK(response.body == "by itself");
}

TEST_CASE("an interrupt ends a running transfer") {
    RealClock clock;
    const milliseconds before = clock.steady();
    const int exit_code = exit_code_when_interrupted(milliseconds(700), SIGINT, [] {
        LocalServer server(always({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Reply::Then::hang}));
        RealHttp({}).send({.url = server.url("/")});
    });
    CHECK(exit_code == 130);
    CHECK(clock.steady() - before < seconds(6));
}

TEST_CASE("clean-up requests are sent after a cancellation too") {
    const int exit_code = exit_code_when_interrupted(milliseconds(100), SIGINT, [] {
        LocalServer server(always({"HTTP/1.1 204 No Content\r\n\r\n"}));
        wait_and_then([&] {
            Request request{.method = "DELETE", .url = server.url("/")};
            request.cleans_up = true;
            if (RealHttp({}).send(request).status != 204) throw Error{Exit::failed};
        })();
    });
    CHECK(exit_code == 130);
}
