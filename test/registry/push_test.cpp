#include "registry/push.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "bench.h"
#include "registry/upload.h"

TEST_CASE("a whole matrix arrives, byte for byte, and every tag names what was judged") {
    Bench bench;
    const Pushed pushed = bench.push(bench.matrix);
    CHECK(bench.is_right(bench.matrix));
    CHECK(pushed.warnings.empty());
    for (const auto& [repository, blobs] : bench.registry.blobs) {
        for (const auto& [digest, bytes] : blobs) CHECK(sha256(bytes) == digest);
    }
}

TEST_CASE("no tag is written before everything by digest is there, no alias before every version tag") {
    Bench bench;
    bench.push(bench.matrix);
    const std::vector<std::string>& written = bench.registry.written;
    REQUIRE(written.size() == 10);
    CHECK(std::all_of(written.begin(), written.begin() + 4,
                      [](const std::string& tag) { return tag.find("1.1.0-python") != std::string::npos; }));
    const auto line_of = [&](auto&& is) {
        const auto& sent = bench.fake.http.sent;
        return std::find_if(sent.begin(), sent.end(), is) - sent.begin();
    };
    const auto first_tag =
        line_of([](const Request& r) { return r.method == "PUT" && r.url.find("python3.1") != std::string::npos; });
    CHECK(bench.registry.count("PUT", "/manifests/sha256:") == 12);
    CHECK(std::none_of(bench.fake.http.sent.begin() + first_tag, bench.fake.http.sent.end(), [](const Request& r) {
        return r.method == "PUT" && (r.url.find("/manifests/sha256:") != std::string::npos || !r.body_file.empty());
    }));
}

TEST_CASE("a layer that two repositories share goes over the line once and is mounted into the other") {
    Bench bench;
    const Pushed pushed = bench.push(bench.matrix);
    std::vector<std::string> files;
    for (const Request& request : bench.fake.http.sent) {
        if (!request.body_file.empty()) files.push_back(request.body_file.filename());
    }
    std::sort(files.begin(), files.end());
    CHECK(std::adjacent_find(files.begin(), files.end()) == files.end());
    CHECK(pushed.mounted == 4);  // base, two Python layers and the attestations' configuration
    CHECK(pushed.sent == files.size());
}

TEST_CASE("a completed publication run again costs one request per tag and nothing else") {
    Bench bench;
    bench.push(bench.matrix);
    bench.fake.http.sent.clear();
    const Pushed pushed = bench.push(bench.matrix);
    CHECK(bench.fake.http.sent.size() == bench.matrix.tag_count());
    CHECK(bench.registry.count("HEAD") == bench.matrix.tag_count() - 1);
    CHECK(pushed.requests == 0);
}

TEST_CASE("a new version sends only what is new, and gets each index that a moving tag names once") {
    Bench bench;
    bench.push(bench.matrix);
    SampleMatrix next(bench.fake.files, "1.2.0");
    bench.fake.http.sent.clear();
    const Pushed pushed = bench.push(next);
    CHECK(bench.is_right(next));
    CHECK(bench.is_right(bench.matrix) == false);
    CHECK(bench.registry.count("GET", "/manifests/sha256:") == 3);  // the fourth came with its tag
    CHECK(pushed.sent == 12);  // of each image its configuration, its own layer and its provenance
    CHECK(pushed.present == 4);
    CHECK(pushed.mounted == 4);
}

TEST_CASE("a registry that does not mount is asked before bytes are sent that it has") {
    Bench bench;
    bench.registry.mounts = false;
    bench.push(bench.matrix);
    SampleMatrix next(bench.fake.files, "1.2.0");
    const Pushed pushed = bench.push(next);
    CHECK(bench.is_right(next));
    CHECK(pushed.sent == 12);
    CHECK(pushed.present == 8);
}

TEST_CASE("a mount that is refused is an upload instead") {
    Bench bench;
    bench.registry.fault = [](const Request& request) -> std::optional<Response> {
        if (request.url.find("?mount=") == std::string::npos) return std::nullopt;
        return Response{403, {}, ""};
    };
    bench.push(bench.matrix);
    CHECK(bench.is_right(bench.matrix));
}

TEST_CASE("whatever breaks before the first tag changes nothing that anybody sees, and that is said first (R4, R12)") {
    for (const int status : {500, 403}) {
        Bench bench;
        bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
            if (request.method != "PUT" || request.url.find("/manifests/sha256:") == std::string::npos)
                return std::nullopt;
            return FakeRegistry::error(status, "DENIED");
        };
        const Error error = bench.push_fails();
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.front().what == "Nothing visible changed.");
        CHECK(error.problems.back().what.starts_with("not touched: defra/python-development:1.1.0-python3.13.3, "));
        CHECK(bench.registry.tags.empty());
    }
}

TEST_CASE("the third tag is refused: what is written and what is not is said, and a second run ends it (R22)") {
    Bench bench;
    std::size_t tags = 0;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        const bool is_tag = request.method == "PUT" && request.url.find("/manifests/1.1.0") != std::string::npos;
        if (is_tag && ++tags == 3) return FakeRegistry::error(403, "DENIED");
        return std::nullopt;
    };
    const Error error = bench.push_fails();
    CHECK((error.problems.front().what.starts_with("2 of 4 version tags written, no moving tag moved") ||
           error.problems.front().what.starts_with("3 of 4 version tags written, no moving tag moved")));
    CHECK(error.problems.front().hint.find("press Re-run failed jobs") != std::string::npos);
    CHECK(bench.registry.tags.size() <= 3);

    bench.registry.fault = [](const Request&) { return std::nullopt; };
    bench.registry.written.clear();
    const std::size_t missing = 10 - bench.registry.tags.size();
    bench.push(bench.matrix);
    CHECK(bench.is_right(bench.matrix));
    CHECK(bench.registry.written.size() == missing);
}

TEST_CASE("an alias that cannot be moved leaves every version tag readable") {
    Bench bench;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "latest")) return std::nullopt;
        return FakeRegistry::error(403, "DENIED");
    };
    const Error error = bench.push_fails();
    CHECK(error.problems.front().what.starts_with("4 of 4 version tags written, "));
    CHECK(error.problems.front().what.find("of 6 moving tags moved") != std::string::npos);
}

TEST_CASE("answers that are lost after the registry acted end right (R5)") {
    Bench bench;
    std::size_t requests = 0;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (++requests % 5 == 0) FakeRegistry::cut(request);
        return std::nullopt;
    };
    bench.push(bench.matrix);
    CHECK(bench.is_right(bench.matrix));
}

TEST_CASE("an upload that breaks is begun anew, with a new place to send to (R5)") {
    Bench bench;
    std::size_t broken = 0;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (request.body_file.empty() || broken == 2) return std::nullopt;
        if (++broken == 1) FakeRegistry::cut(request);
        return FakeRegistry::error(404, "BLOB_UPLOAD_INVALID");
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_right(bench.matrix));
    CHECK(broken == 2);
    CHECK(bench.fake.clock.sleeps.size() == 2);
}

TEST_CASE("a registry that does not find yet what it has been given is asked once more (R4, registry.md §7)") {
    Bench bench;
    std::size_t refused = 0;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "1.1.0-python3.13.3") || ++refused > 1) return std::nullopt;
        return FakeRegistry::error(400, "MANIFEST_BLOB_UNKNOWN");
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_right(bench.matrix));
}

TEST_CASE("an immutable tag is an error without a retry, with what it names (R23)") {
    const int status = GENERATE(400, 403, 409);
    // Of one repository only: of two that refuse at once the second may not be asked any more.
    const auto is_of_python = [](const Request& request) {
        return is_put_of(request, "latest") && request.url.find("/defra/python/") != std::string::npos;
    };
    Bench bench;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (!is_of_python(request)) return std::nullopt;
        bench.registry.tags.insert_or_assign("defra/python:latest", sha256("old"));
        bench.registry.manifests["defra/python"].insert_or_assign(sha256("old"), "old");
        return FakeRegistry::error(status, "TAG_IMMUTABLE");
    };
    const Error error = bench.push_fails();
    const std::string text = render_problems(error.problems);
    CHECK(text.find(fmt::format("/python/manifests/latest: {}: TAG_IMMUTABLE the registry's words", status)) !=
          std::string::npos);
    CHECK(text.find("defra/python:latest names " + std::string(sha256("old").brief()) + " still") != std::string::npos);
    CHECK(std::count_if(bench.fake.http.sent.begin(), bench.fake.http.sent.end(), is_of_python) == 1);
}

TEST_CASE("a tag that may not be written, but is right, is right") {
    Bench bench;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "latest")) return std::nullopt;
        return FakeRegistry::error(403, "DENIED");
    };
    CHECK(bench.push(bench.matrix).warnings.empty());
    CHECK(bench.is_right(bench.matrix));
}

TEST_CASE("a cancellation begins nothing new and says what is visible") {
    Bench bench;
    std::size_t tags = 0;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (request.method == "PUT" && request.url.find("/manifests/1.1.0") != std::string::npos && ++tags == 2)
            throw Error{Exit::cancelled, "cancelled", ""};
        return std::nullopt;
    };
    const Error error = bench.push_fails();
    CHECK(error.exit == Exit::cancelled);
    CHECK(error.problems.front().what.find(
              "of 4 version tags written, no moving tag moved, perhaps also defra/python") != std::string::npos);
    CHECK(bench.registry.written.size() <=
          4);  // the other repository's writer may have been on its way to both of its own
}

/// How a push comes to nothing, from one request on.
enum class End { killed_before, killed_after, cut, server_error, too_many_requests };

TEST_CASE(
    "whatever happens at whichever request, nothing wrong is ever to be seen, and the next run ends it (R4, R5, D8)") {
    const End end =
        GENERATE(End::killed_before, End::killed_after, End::cut, End::server_error, End::too_many_requests);
    Bench bench;
    const SampleMatrix& last = bench.matrix;
    const SampleMatrix next(bench.fake.files, "1.2.0");
    bench.push(last);
    const auto blobs = bench.registry.blobs;
    const auto manifests = bench.registry.manifests;
    const auto tags = bench.registry.tags;
    bench.fake.http.sent.clear();
    bench.push(next, 1);
    const std::size_t requests = bench.fake.http.sent.size();

    std::size_t seen = 0;
    std::size_t fatal = 0;
    const auto die = [] { throw Error{Exit::cancelled, "killed", ""}; };
    const auto come_to_nothing = [&](const Request& request) -> std::optional<Response> {
        if (++seen < fatal) return std::nullopt;
        if (end == End::cut) FakeRegistry::cut(request);
        if (end == End::server_error) return FakeRegistry::error(503, "UNAVAILABLE");
        if (end == End::too_many_requests) return FakeRegistry::error(429, "TOOMANYREQUESTS");
        if (end == End::killed_before || seen > fatal) die();
        return std::nullopt;
    };
    bool right = true;
    const auto look = [&](const Request& request) -> std::optional<Response> {
        if (request.method == "PUT") {  // nothing else changes what is to be seen
            Seen both = bench.seen(next);
            both.merge(bench.seen(last));
            right = right && may_be_seen(both, last, next);
        }
        if (end == End::killed_after && seen == fatal) die();
        return std::nullopt;
    };
    const bool killed = end == End::killed_before || end == End::killed_after;
    for (fatal = 1; fatal <= requests; fatal += killed ? 1 : 7) {
        INFO("request " << fatal << " of " << requests);
        bench.registry.blobs = blobs;
        bench.registry.manifests = manifests;
        bench.registry.tags = tags;
        seen = 0;
        bench.registry.fault = come_to_nothing;
        bench.registry.loses = look;
        CHECK_THROWS_AS(bench.push(next, 1), Error);
        seen = 0;
        bench.registry.fault = [](const Request&) { return std::nullopt; };
        bench.push(next, 1);
        bench.fake.http.sent.clear();
        CHECK(right);
        CHECK(bench.is_right(next));
    }
}

TEST_CASE("bytes that were changed on disk since the scan are never published") {
    Bench bench;
    const Layout& layout = bench.matrix.sources.layouts.begin()->second;
    SECTION("a layer") {
        bench.fake.files.texts[blob_path(layout.directory, layout.layers.back().digest)] = "something else";
        CHECK(bench.push_fails().problems.at(1).what ==
              "the bytes are not what their name says: they were changed since the build");
    }
    SECTION("a manifest") {
        bench.fake.files.texts[blob_path(layout.directory, layout.manifest)] += " ";
        CHECK(bench.push_fails().problems.at(1).what == "the bytes are not what their name says");
    }
    CHECK(bench.registry.tags.empty());
}

TEST_CASE("the journal is told how far it is, and never backwards") {
    Bench bench;
    Client client(bench.world, {});
    std::vector<std::size_t> told;
    const Publication publication = bench.matrix.publish();
    run_publication_to_registry(
        bench.world, client, publication, bench.matrix.sources,
        {.host = bench.registry.host, .jobs = 4, .note_done = [&](std::size_t done) { told.push_back(done); }});
    CHECK(told.front() == 12);
    CHECK(told.back() == publication.steps.size());
    CHECK(std::is_sorted(told.begin(), told.end()));
}

TEST_CASE("whether the credentials may push is known before anything is built (R12)") {
    FakeWorld fake;
    const World world = fake.world();
    const std::string uploads = "https://registry-1.docker.io/v2/defra/python/blobs/uploads/";
    const Header bearer{"WWW-Authenticate",
                        R"(Bearer realm="https://auth.docker.io/token",service="s",error="insufficient_scope")"};
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
    SECTION("they may: the upload is begun and ended again") {
        fake.http.stub("POST", uploads, 202, "", {{"Location", uploads + "1"}});
        fake.http.stub("DELETE", uploads + "1", 204);
        Client client(world, {});
        try_push(client, "docker.io", "defra/python");
        CHECK(fake.http.sent.back().method == "DELETE");
    }
    SECTION("they may not: said once, with no storm of tokens") {
        fake.http.stub("GET", "https://registry-1.docker.io/v2/", 401, "", {bearer});
        fake.http.stub("POST", uploads, 401, R"({"errors":[{"code":"UNAUTHORIZED","message":"access denied"}]})",
                       {bearer});
        Client client(world, {.credentials = {{"docker.io", {"user", Secret("canary")}}}});
        try {
            try_push(client, "docker.io", "defra/python");
            FAIL("nothing was thrown");
        } catch (const Error& error) {
            CHECK(error.exit == Exit::failed);
            CHECK(render_problems(error.problems) ==
                  "the credentials do not allow a push to docker.io/defra/python (POST "
                  "docker.io/defra/python/blobs/uploads/: 401: UNAUTHORIZED access denied)\n"
                  "  hint: use an access token that may write to this repository\n");
        }
        CHECK(std::count_if(fake.http.sent.begin(), fake.http.sent.end(), [](const Request& request) {
                  return request.url.find("/token") != std::string::npos;
              }) <= 2);
    }
}
