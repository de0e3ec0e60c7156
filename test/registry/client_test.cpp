#include "registry/client.h"

#include <catch2/catch_test_macros.hpp>

#include "client_world.h"
#include "registry/call.h"

using namespace registry;

namespace {

const Call manifest{.host = "docker.io", .repository = "library/python", .path = "manifests/3"};
const std::string manifest_url = "https://registry-1.docker.io/v2/library/python/manifests/3";
const std::string ping_url = "https://registry-1.docker.io/v2/";
const Header bearer{"WWW-Authenticate", R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")"};

std::string authorization(const Request& request) {
    for (const Header& header : request.headers) {
        if (header.name == "Authorization") return header.value;
    }
    return "";
}

}  // namespace

TEST_CASE("A token is fetched once and reused") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    fake.http.stub("GET",
                   "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fpython%3Apull",
                   200, R"({"token":"t","expires_in":300})");
    CHECK(fake.client.send(manifest).status == 200);
    CHECK(fake.client.send(manifest).status == 200);
    REQUIRE(fake.http.sent.size() == 4);
    CHECK(authorization(fake.http.sent[2]) == "Bearer t");
    CHECK(authorization(fake.http.sent[3]) == "Bearer t");
}

TEST_CASE("A token is renewed before it expires, without another challenge from the registry") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"access_token":"first"})");
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"access_token":"second"})");
    fake.client.send(manifest);
    fake.clock.sleep(std::chrono::seconds(55));
    CHECK(fake.client.send(manifest).status == 200);
    REQUIRE(fake.http.sent.size() == 5);
    CHECK(authorization(fake.http.sent[4]) == "Bearer second");
}

TEST_CASE("A token that expires early is renewed once, after the registry rejected it") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"first","expires_in":300})");
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"second","expires_in":300})");
    fake.client.send(manifest);
    CHECK(fake.client.send(manifest).status == 200);
    CHECK(authorization(fake.http.sent.back()) == "Bearer second");
}

TEST_CASE("The details of a registry's error are shown, also if they are an object") {
    const Call call{
        .request = {.method = "PUT"}, .host = "localhost:5000", .repository = "defra/python", .path = "manifests/1"};
    CHECK(render_refusal(call,
                         {500, {}, R"({"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"full"}]})"}) ==
          "PUT localhost:5000/defra/python/manifests/1: 500: UNKNOWN unknown error (full)");
    CHECK(render_refusal(
              call, {500, {}, R"({"errors":[{"code":"UNKNOWN","message":"m","detail":{"Op":"write","Err":28}}]})"}) ==
          "PUT localhost:5000/defra/python/manifests/1: 500: UNKNOWN m ({\"Op\":\"write\",\"Err\":28})");
    CHECK(render_refusal(call,
                         {401, {}, R"({"errors":[{"code":"DENIED","message":"m","detail":[{"Action":"pull"}]}]})"}) ==
          "PUT localhost:5000/defra/python/manifests/1: 401: DENIED m");
}

TEST_CASE("An invalid Retry-After does not prevent retries, and the retries end") {
    for (const char* value : {"35.852µs", "-1", "1000000000", "Mon, 23 Nov 2020 11:00:00 GMT"}) {
        ClientWorld fake;
        fake.http.stub("GET", manifest_url, 429, "", {{"Retry-After", value}});
        INFO(value);
        CHECK(fake.client.send(manifest).status == 429);
        CHECK(fake.http.sent.size() <= 5);
        CHECK(fake.clock.steady() <= std::chrono::seconds(120));
    }
}

TEST_CASE("A pull limit is reported with its numbers and not retried") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 429,
                   R"({"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit"}]})",
                   {{"ratelimit-limit", "100;w=21600"}, {"ratelimit-remaining", "0;w=21600"}});
    const Response response = fake.client.send(manifest);
    CHECK(fake.http.sent.size() == 1);
    CHECK(render_refusal(manifest, response) ==
          "GET docker.io/library/python/manifests/3: 429: TOOMANYREQUESTS You have reached your pull rate limit; this "
          "is the pull limit, which ends by itself in a few hours, ratelimit-limit: 100;w=21600, ratelimit-remaining: "
          "0;w=21600");
}

TEST_CASE("The text of a registry's error is sanitized") {
    const auto rendered = [](const std::string& body) { return render_refusal(manifest, {500, {}, body}); };
    const std::string before = "GET docker.io/library/python/manifests/3: 500";
    CHECK(rendered("") == before);
    CHECK(rendered("<html>\n::error::x\x1b[31m") == before + ": <html> ::error::x [31m");
    CHECK(rendered(R"({"errors":[{"code":"A","message":"b\n::error::c\r##[x]"}]})") ==
          before + ": A b ::error::c ##[x]");
    CHECK(rendered("\xff\xfe") == before);
    CHECK(rendered(R"({"errors":[{"code":"A","message":")" + std::string(5000, 'x') + "\"}]}").size() < 600);
    CHECK(rendered(std::string(100000, '[')).size() < 300);
}

TEST_CASE("A redirect to another host is followed without credentials, and never into the local network") {
    ClientWorld fake;
    const std::string blob_url = "https://registry-1.docker.io/v2/library/python/blobs/x";
    fake.http.stub("GET", blob_url, 401, "", {bearer});
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
    fake.http.stub("GET", "https://storage.example/x", 200, "the bytes");
    const Call blob{.host = "docker.io", .repository = "library/python", .path = "blobs/x"};
    SECTION("to another host") {
        fake.http.stub("GET", blob_url, 307, "", {{"Location", "https://storage.example/x"}});
        CHECK(fake.client.send(blob).body == "the bytes");
        CHECK(authorization(fake.http.sent[2]) == "Bearer t");
        CHECK(authorization(fake.http.sent.back()).empty());
    }
    SECTION("to the metadata service of a cloud") {
        fake.http.stub("GET", blob_url, 307, "", {{"Location", "http://169.254.169.254/latest"}});
        CHECK_THROWS_AS(fake.client.send(blob), Error);
        CHECK(fake.http.sent.size() == 3);
    }
    SECTION("in a loop") {
        fake.http.stub("GET", blob_url, 307, "", {{"Location", blob_url}});
        CHECK(fake.client.send(blob).status == 307);
        CHECK(fake.http.sent.size() == 3 + 10);
    }
}

TEST_CASE("Plain HTTP is used for hosts that the settings name") {
    ClientWorld fake({.plain_http = {"registry.example"}});
    fake.http.stub("GET", "http://registry.example/v2/a/manifests/1", 200, "{}");
    CHECK(fake.client.send({.host = "registry.example", .repository = "a", .path = "manifests/1"}).status == 200);
}

TEST_CASE("Credentials go to the token server and never to the registry") {
    ClientWorld fake({.credentials = {{"docker.io", {"user", Secret("canary")}}}});
    fake.http.stub("GET", ping_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
    fake.client.send(manifest);
    CHECK(authorization(fake.http.sent[0]).empty());
    CHECK(authorization(fake.http.sent[1]) == "Basic dXNlcjpjYW5hcnk=");
    CHECK(authorization(fake.http.sent[2]) == "Bearer t");
}

TEST_CASE("A realm in the local network gets no request, also if a token server redirects to it") {
    ClientWorld fake({.credentials = {{"docker.io", {"user", Secret("canary")}}}});
    SECTION("named by the registry") {
        fake.http.stub("GET", ping_url, 401, "", {{"WWW-Authenticate", R"(Bearer realm="https://169.254.169.254/x")"}});
        CHECK_THROWS_AS(fake.client.send(manifest), Error);
        CHECK(fake.http.sent.size() == 1);
    }
    SECTION("named by its token server") {
        fake.http.stub("GET", ping_url, 401, "", {bearer});
        fake.http.stub("GET", "https://auth.docker.io/token*", 307, "", {{"Location", "https://169.254.169.254/x"}});
        CHECK_THROWS_AS(fake.client.send(manifest), Error);
        CHECK(fake.http.sent.size() == 2);
    }
}

TEST_CASE("A busy token server is retried, and its failure is reported") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", manifest_url, 200, "{}");
    SECTION("busy") {
        fake.http.stub("GET", "https://auth.docker.io/token*", 429, "", {{"Retry-After", "3"}});
        fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
        CHECK(fake.client.send(manifest).status == 200);
        CHECK(fake.clock.sleeps == std::vector<std::chrono::milliseconds>{std::chrono::seconds(3)});
    }
    SECTION("failing") {
        fake.http.stub("GET", "https://auth.docker.io/token*", 500, "<html>");
        const Error error = error_of([&] { fake.client.send(manifest); });
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.front().what == "docker.io: it gave no token (500)");
        CHECK(fake.http.sent.size() == 1 + 5);
    }
}

TEST_CASE("Basic authentication is used if the registry offers nothing else") {
    ClientWorld fake({.credentials = {{"localhost:5000", {"u", Secret("p")}}}});
    fake.http.stub("GET", "http://localhost:5000/v2/", 401, "", {{"WWW-Authenticate", "Basic realm=\"r\""}});
    fake.http.stub("GET", "http://localhost:5000/v2/a/manifests/1", 200, "{}");
    CHECK(fake.client.send({.host = "localhost:5000", .repository = "a", .path = "manifests/1"}).status == 200);
    CHECK(authorization(fake.http.sent[1]) == "Basic dTpw");
}

TEST_CASE("A login for one path of a host is not used for the others: they are asked without one") {
    ClientWorld fake({.credentials = {{"localhost:5000/a", {"u", Secret("p")}}}});
    fake.http.stub("GET", "http://localhost:5000/v2/", 401, "", {{"WWW-Authenticate", "Basic realm=\"r\""}});
    fake.http.stub("GET", "http://localhost:5000/v2/*", 200, "{}");
    fake.client.send({.host = "localhost:5000", .repository = "a/x", .path = "manifests/1"});
    CHECK(fake.client.send({.host = "localhost:5000", .repository = "b/x", .path = "manifests/1"}).status == 200);
    CHECK(authorization(fake.http.sent[1]) == "Basic dTpw");
    CHECK(authorization(fake.http.sent[2]).empty());
}

TEST_CASE("A second 401 is final: no further token is requested") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
    CHECK(fake.client.send(manifest).status == 401);
    CHECK(fake.http.sent.size() == 3);
}

TEST_CASE("429 is retried after Retry-After, for every method, and reported once") {
    for (const char* method : {"GET", "HEAD", "PUT"}) {
        ClientWorld fake;
        fake.http.stub(method, manifest_url, 429, "", {{"Retry-After", "2"}});
        fake.http.stub(method, manifest_url, 200, "{}");
        Call call = manifest;
        call.request.method = method;
        INFO(method);
        CHECK(fake.client.send(call).status == 200);
        CHECK(fake.clock.sleeps == std::vector<std::chrono::milliseconds>{std::chrono::seconds(2)});
        CHECK(fake.log.str() == "docker.io responds with 429: trying again in 2 s\n");
        CHECK(fake.client.requests() == 2);
    }
}

TEST_CASE("An endless token response is read once, and the error reports its length") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, std::string(100'000, ' '));
    const Error error = error_of([&] { fake.client.send(manifest); });
    CHECK(error.exit == Exit::failed);
    CHECK(holds(error.problems.front().what, "the response is too large"));
    CHECK(fake.http.sent.size() == 2);
    CHECK(fake.clock.sleeps.empty());
}

TEST_CASE("After five failed attempts the request fails") {
    ClientWorld fake;
    fake.http.stub("GET", manifest_url, 503);
    CHECK(fake.client.send(manifest).status == 503);
    CHECK(fake.http.sent.size() == 5);
}

TEST_CASE("A missing response is retried like a 503, then reported with its cause") {
    ClientWorld fake;
    fake.http.fail("GET", manifest_url, "connection reset by peer");
    const Error error = error_of([&] { fake.client.send(manifest); });
    CHECK(error.exit == Exit::failed);
    CHECK(holds(error.problems.front().what, "connection reset by peer"));
    CHECK(fake.http.sent.size() == 5);
}

TEST_CASE("A mirror is used in place of the registry, with its own path prefix") {
    ClientWorld fake({.mirrors = {{"docker.io", "localhost:5000/hub"}}});
    fake.http.stub("GET", "http://localhost:5000/hub/v2/x", 200);
    fake.http.stub("GET", "http://localhost:5000/v2/hub/library/python/manifests/3", 200, "{}");
    CHECK(fake.client.send(manifest).status == 200);
}

TEST_CASE("Credentials are used from the first request, also if only /v2/ asks for a login") {
    ClientWorld fake({.credentials = {{"localhost:5000", {"u", Secret("p")}}}});
    const std::string url = "http://localhost:5000/v2/a/manifests/1";
    fake.http.stub("GET", "http://localhost:5000/v2/", 401, "",
                   {{"WWW-Authenticate", R"(Negotiate, Basic realm="b", Bearer realm = "http://localhost:5001/t")"}});
    fake.http.stub("GET", "http://localhost:5001/t*", 200, R"({"token":"t"})");
    fake.http.stub_with("GET", url, [](const Request& request) {
        return authorization(request) == "Bearer t" ? Response{200, {}, "{}"} : Response{404, {}, ""};
    });
    const Call call{.host = "localhost:5000", .repository = "a", .path = "manifests/1"};
    CHECK(fake.client.send(call).status == 200);
    CHECK(fake.client.send(call).status == 200);
    CHECK(fake.http.lines().find("/v2/\n") == fake.http.lines().rfind("/v2/\n"));
}

TEST_CASE("Each token request has exactly one scope") {
    ClientWorld fake;
    const std::string url = "https://ghcr.io/v2/a/blobs/uploads/?mount=x&from=b";
    fake.http.stub("POST", url, 401, "", {{"WWW-Authenticate", R"(Bearer realm="https://ghcr.io/token")"}});
    fake.http.stub("POST", url, 202);
    fake.http.stub_with("GET", "https://ghcr.io/token*", [](const Request& request) {
        const bool two = request.url.find("scope=") != request.url.rfind("scope=");
        return two ? Response{400, {}, "duplicate field scope"} : Response{200, {}, R"({"token":"t"})"};
    });
    CHECK(fake.client
              .send({.request = {.method = "POST"},
                     .host = "ghcr.io",
                     .repository = "a",
                     .path = "blobs/uploads/?mount=x&from=b",
                     .actions = "pull,push",
                     .mounted_from = "b"})
              .status == 202);
    CHECK(fake.http.sent.back().url == url);
    CHECK(authorization(fake.http.sent.back()) == "Bearer t");
}

TEST_CASE("307 and 308 keep the method and body; other redirects of a write are not followed") {
    ClientWorld fake;
    Call put = manifest;
    put.request.method = "PUT";
    put.request.body = "the bytes";
    for (const int status : {307, 308}) {
        fake.http.stub("PUT", manifest_url, status, "", {{"Location", "/v2/elsewhere"}});
        fake.http.stub("PUT", "https://registry-1.docker.io/v2/elsewhere", 201);
        CHECK(fake.client.send(put).status == 201);
        CHECK(fake.http.sent.back().body == "the bytes");
    }
    fake.http.stub("PUT", manifest_url, 302, "", {{"Location", "https://login.example/?secret"}});
    const Response refused = fake.client.send(put);
    CHECK(refused.status == 302);
    CHECK(render_refusal(put, refused) == "PUT docker.io/library/python/manifests/3: 302 to https://login.example/");
}

TEST_CASE("A Location is accepted in every valid form of a URL, and rejected in all others") {
    const auto asked_for = [](const std::string& location) {
        ClientWorld fake;
        fake.http.stub("PUT", "*", 201);
        try {
            fake.client.send({.request = {.method = "PUT"},
                              .host = "ghcr.io",
                              .repository = "a",
                              .path = "blobs/uploads/",
                              .location = location});
        } catch (const Error& error) {
            CHECK(fake.http.sent.empty());
            return error.problems.front().what;
        }
        return fake.http.sent.front().url;
    };
    const std::string uploads = "https://ghcr.io/v2/a/blobs/uploads/";
    CHECK(asked_for("UUID?_state=x&u=http://y") == uploads + "UUID?_state=x&u=http://y");
    CHECK(asked_for("?_state=x") == uploads + "?_state=x");
    CHECK(asked_for("/v2/a/b") == "https://ghcr.io/v2/a/b");
    CHECK(asked_for("//storage.example/b") == "https://storage.example/b");
    CHECK(asked_for("http://ghcr.io/v2/a/b") == "https://ghcr.io/v2/a/b");
    CHECK(asked_for("//10.0.0.1/b") == "ghcr.io sends us to https://10.0.0.1/b");
    CHECK(asked_for("/v2/a b") == "ghcr.io sends us to https://ghcr.io/v2/a b");
}

TEST_CASE("An error that repeats the request shows no secret, however encoded") {
    ClientWorld fake({.credentials = {{"localhost:5000", {"u", Secret("canary/")}}}});
    fake.http.stub("GET", "http://localhost:5000/v2/", 401, "", {{"WWW-Authenticate", "Basic realm=\"r\""}});
    fake.http.stub_with("GET", "http://localhost:5000/v2/a/manifests/1", [](const Request& request) {
        return Response{403, {}, "you sent " + authorization(request) + ", that is u:canary/ or canary%2F"};
    });
    const Call call{.host = "localhost:5000", .repository = "a", .path = "manifests/1"};
    const std::string text = render_refusal(call, fake.client.send(call));
    CHECK(text == "GET localhost:5000/a/manifests/1: 403: you sent Basic ***, that is u:*** or ***");
}

TEST_CASE("A token with a line break or a denied request fails at once and names the unused credentials") {
    const Problem unused{{}, "credsStore is not used", "", Level::warning};
    ClientWorld fake({.unused_credentials = {unused}});
    fake.http.stub("GET", manifest_url, 401, "", {bearer});
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"a\nb"})");
    const Error error = error_of([&] { fake.client.send(manifest); });
    CHECK(holds(error.problems, "a token with characters that no token has"));
    CHECK(error.problems.back() == unused);
    CHECK(fake.http.sent.size() == 2);
}

TEST_CASE("If several entries match a host, the most specific one is used") {
    const std::map<std::string, Credentials> known = {{"quay.io", {"host", Secret("1")}},
                                                      {"quay.io/defra", {"path", Secret("2")}}};
    CHECK(find_credentials(known, "quay.io", "defra/python")->user == "path");
    CHECK(find_credentials(known, "quay.io", "defrax/python")->user == "host");
    CHECK(find_credentials(known, "quay.io.example", "defra/python") == nullptr);
}
