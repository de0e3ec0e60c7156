#include "registry/push.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "bench.h"
#include "registry/upload.h"

TEST_CASE("a whole matrix arrives unchanged, and every tag names the judged index") {
    Bench bench;
    const Pushed pushed = bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
    CHECK(pushed.warnings.empty());
    for (const auto& [repository, blobs] : bench.registry.blobs) {
        for (const auto& [digest, bytes] : blobs) CHECK(sha256(bytes) == digest);
    }
}

TEST_CASE("no tag is written before all its content, and no moving tag before every version tag") {
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

TEST_CASE("a layer shared by two repositories is uploaded once and mounted into the other") {
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

TEST_CASE("repeating a completed publication takes one request per tag") {
    Bench bench;
    bench.push(bench.matrix);
    bench.fake.http.sent.clear();
    const Pushed pushed = bench.push(bench.matrix);
    CHECK(bench.fake.http.sent.size() == bench.matrix.tag_count());
    CHECK(bench.registry.count("HEAD") == bench.matrix.tag_count() - 1);
    CHECK(pushed.requests == 0);
}

TEST_CASE("a new version uploads only new content and fetches each index behind a moving tag once") {
    Bench bench;
    bench.push(bench.matrix);
    SampleMatrix next(bench.fake.files, "1.2.0");
    bench.fake.http.sent.clear();
    const Pushed pushed = bench.push(next);
    CHECK(bench.is_published(next));
    CHECK(bench.is_published(bench.matrix) == false);
    CHECK(bench.registry.count("GET", "/manifests/sha256:") == 3);  // the fourth came with its tag
    CHECK(pushed.sent == 12);  // of each image its configuration, its own layer and its provenance
    CHECK(pushed.present == 4);
    CHECK(pushed.mounted == 4);
}

TEST_CASE("without mounts, a blob is only uploaded after a HEAD request returned 404") {
    Bench bench;
    bench.registry.mounts = false;
    bench.push(bench.matrix);
    SampleMatrix next(bench.fake.files, "1.2.0");
    const Pushed pushed = bench.push(next);
    CHECK(bench.is_published(next));
    CHECK(pushed.sent == 12);
    CHECK(pushed.present == 8);
}

TEST_CASE("a failure before the first tag changes nothing visible, and the error says so first") {
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

TEST_CASE("if the third tag is rejected, the error lists what was written, and a second run completes it") {
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
    CHECK(holds(error.problems.front().hint, "press Re-run failed jobs"));
    CHECK(bench.registry.tags.size() <= 3);

    bench.registry.fault = [](const Request&) { return std::nullopt; };
    bench.registry.written.clear();
    const std::size_t missing = 10 - bench.registry.tags.size();
    bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
    CHECK(bench.registry.written.size() == missing);
}

TEST_CASE("a moving tag that cannot be moved leaves every version tag readable") {
    Bench bench;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "latest")) return std::nullopt;
        return FakeRegistry::error(403, "DENIED");
    };
    const Error error = bench.push_fails();
    CHECK(error.problems.front().what.starts_with("4 of 4 version tags written, "));
    CHECK(holds(error.problems.front().what, "of 6 moving tags moved"));
}

TEST_CASE("responses lost after the registry acted do not matter") {
    Bench bench;
    std::size_t requests = 0;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (++requests % 5 == 0) FakeRegistry::cut(request);
        return std::nullopt;
    };
    bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("an interrupted upload is restarted at a new upload URL") {
    Bench bench;
    std::size_t broken = 0;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (request.body_file.empty() || broken == 2) return std::nullopt;
        if (++broken == 1) FakeRegistry::cut(request);
        return FakeRegistry::error(404, "BLOB_UPLOAD_INVALID");
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
    CHECK(broken == 2);
    CHECK(bench.fake.clock.sleeps.size() == 2);
}

TEST_CASE("a registry that does not find a blob yet after its upload is retried") {
    Bench bench;
    std::size_t refused = 0;
    bench.registry.fault = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "1.1.0-python3.13.3") || ++refused > 1) return std::nullopt;
        return FakeRegistry::error(400, "MANIFEST_BLOB_UNKNOWN");
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("an immutable tag is an error without a retry, and the error shows its digest") {
    const int status = GENERATE(400, 403, 409);
    // One repository only: of two that reject at the same time, the second may get no further request.
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
    CHECK(holds(error.problems,
                fmt::format("/python/manifests/latest: {}: TAG_IMMUTABLE the registry's message", status)));
    CHECK(holds(error.problems, "defra/python:latest names " + std::string(sha256("old").brief()) + " still"));
    CHECK(std::count_if(bench.fake.http.sent.begin(), bench.fake.http.sent.end(), is_of_python) == 1);
}

TEST_CASE("a tag that may not be written but is already right counts as written") {
    Bench bench;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (!is_put_of(request, "latest")) return std::nullopt;
        return FakeRegistry::error(403, "DENIED");
    };
    CHECK(bench.push(bench.matrix).warnings.empty());
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a cancellation starts nothing new and reports what is visible") {
    Bench bench;
    std::size_t tags = 0;
    bench.registry.loses = [&](const Request& request) -> std::optional<Response> {
        if (request.method == "PUT" && request.url.find("/manifests/1.1.0") != std::string::npos && ++tags == 2)
            throw Error{Exit::cancelled, "cancelled", ""};
        return std::nullopt;
    };
    const Error error = bench.push_fails();
    CHECK(error.exit == Exit::cancelled);
    CHECK(holds(error.problems.front().what,
                "of 4 version tags written, no moving tag moved, perhaps also defra/python"));
    CHECK(bench.registry.written.size() <=
          4);  // the other repository's writer may already have started both of its own
}

/// How a push fails, from one request on.
enum class End { killed_before, killed_after, cut, server_error, too_many_requests };

TEST_CASE("a fault at any request never shows a wrong state, and the next run completes the push") {
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
        if (request.method == "PUT") {  // nothing else changes the visible state
            Seen both = bench.seen(next);
            both.merge(bench.seen(last));
            right = right && is_consistent(both, last, next);
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
        CHECK(bench.is_published(next));
    }
}

TEST_CASE("bytes changed on disk since the scan are never published") {
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

TEST_CASE("progress is reported in steps that never decrease") {
    Bench bench;
    Client client(bench.world, {});
    std::vector<std::size_t> reported;
    const Publication publication = bench.matrix.publish();
    run_publication_to_registry(
        bench.world, client, publication, bench.matrix.sources,
        {.host = bench.registry.host, .jobs = 4, .note_done = [&](std::size_t done) { reported.push_back(done); }});
    CHECK(reported.front() == 12);
    CHECK(reported.back() == publication.steps.size());
    CHECK(std::is_sorted(reported.begin(), reported.end()));
}

TEST_CASE("push permission is checked before the build") {
    FakeWorld fake;
    const World world = fake.world();
    const std::string uploads = "https://registry-1.docker.io/v2/defra/python/blobs/uploads/";
    const Header bearer{"WWW-Authenticate",
                        R"(Bearer realm="https://auth.docker.io/token",service="s",error="insufficient_scope")"};
    fake.http.stub("GET", "https://auth.docker.io/token*", 200, R"({"token":"t"})");
    SECTION("allowed: an upload is started and cancelled") {
        fake.http.stub("POST", uploads, 202, "", {{"Location", uploads + "1"}});
        fake.http.stub("DELETE", uploads + "1", 204);
        Client client(world, {});
        try_push(client, "docker.io", "defra/python");
        CHECK(fake.http.sent.back().method == "DELETE");
    }
    SECTION("denied: reported once, without further token requests") {
        fake.http.stub("GET", "https://registry-1.docker.io/v2/", 401, "", {bearer});
        fake.http.stub("POST", uploads, 401, R"({"errors":[{"code":"UNAUTHORIZED","message":"access denied"}]})",
                       {bearer});
        Client client(world, {.credentials = {{"docker.io", {"user", Secret("canary")}}}});
        const Error error = error_of([&] { try_push(client, "docker.io", "defra/python"); });
        CHECK(error.exit == Exit::failed);
        CHECK(render_problems(error.problems) ==
              "the credentials do not allow a push to docker.io/defra/python (POST "
              "docker.io/defra/python/blobs/uploads/: 401: UNAUTHORIZED access denied)\n"
              "  hint: use an access token that may write to this repository\n");
        CHECK(std::count_if(fake.http.sent.begin(), fake.http.sent.end(), [](const Request& request) {
                  return request.url.find("/token") != std::string::npos;
              }) <= 2);
    }
}
