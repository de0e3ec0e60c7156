// The visible half of a publication: which tag is written when, and what happens if the registry or another run
// interferes.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <set>
#include <utility>

#include "bench.h"
#include "registry/upload.h"

namespace {

using namespace std::chrono_literals;
using Fault = std::optional<Response>;

const Response absent{404, {}, ""};

bool reads(const Request& request) {
    return request.method == "HEAD" || request.method == "GET";
}

}  // namespace

TEST_CASE("each tag is read three times: for the plan, right before and right after its write") {
    Bench bench;
    bench.push(bench.matrix);
    const SampleMatrix next(bench.fake.files, "1.2.0");
    bench.fake.http.sent.clear();
    bench.push(next);
    std::map<std::string, std::string> requests;
    for (const Request& request : bench.fake.http.sent) {
        if (request.url.find("sha256:") == std::string::npos && request.url.find("/manifests/") != std::string::npos)
            requests[request.url.substr(request.url.find("/defra"))] += request.method + " ";
    }
    REQUIRE(requests.size() == next.tag_count());
    CHECK(bench.registry.count("HEAD", "/manifests/sha256:") == 1);  // whether an earlier attempt got this far
    const std::string first = "/defra/python-development/manifests/1.2.0-python3.13.3";
    std::size_t gets_of_moving_tags = 0;
    for (const auto& [tag, methods] : requests) {
        INFO(tag);
        const bool is_version = tag.find("1.2.0") != std::string::npos;
        if (tag == first) {  // it shows whether HEAD can be trusted, and is checked until the end
            CHECK(methods == "GET GET PUT HEAD HEAD ");
        } else if (!is_version && methods == "GET HEAD PUT HEAD ") {  // its manifest is not fetched again
            ++gets_of_moving_tags;
        } else {
            CHECK(methods == (is_version ? "HEAD GET PUT HEAD " : "HEAD HEAD PUT HEAD "));
        }
    }
    CHECK(gets_of_moving_tags == 1);
    CHECK(bench.registry.count("GET", "/manifests/sha256:") == next.candidates.size() - 1);
}

TEST_CASE("a tag that becomes visible late is polled") {
    Bench bench;
    int looks = 0;
    bool is_put = false;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (!request.url.ends_with("/python/manifests/latest-3.12")) return std::nullopt;
        is_put = is_put || request.method == "PUT";
        if (!is_put || !reads(request)) return std::nullopt;
        if (request.method == "HEAD") ++looks;
        return looks <= 3 ? Fault(absent) : std::nullopt;
    };
    bench.push(bench.matrix);
    CHECK(bench.fake.clock.sleeps == std::vector<std::chrono::milliseconds>{500ms, 1s, 2s});
}

TEST_CASE("a lost tag is written once more; if it is lost again, the run fails and no tag moves") {
    const std::string tag = GENERATE("1.1.0-python3.13.3", "1.1.0-python3.12.6", "latest");
    const int lost = GENERATE(1, 1000);
    INFO(tag << ", " << lost << " times");
    Bench bench;
    const SampleMatrix last(bench.fake.files, "1.0.0");
    bench.push(last);
    int losses = 0;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (!is_put_of(request, tag) || request.url.find("/defra/python/") == std::string::npos) return std::nullopt;
        return ++losses <= lost ? Fault({201, {}, ""}) : std::nullopt;
    };
    if (lost == 1) {
        bench.push(bench.matrix);
        CHECK(bench.is_published(bench.matrix));
        return;
    }
    const Error error = bench.push_fails();
    CHECK(error.exit == Exit::failed);
    CHECK(holds(error.problems.front().what, "perhaps also defra/python:" + tag));
    CHECK(holds(error.problems, "was written twice, and the registry does not show it"));
    CHECK(losses == 2);
    if (tag != "latest") {
        for (const TagName& name : names_of(last, TagKind::moving))
            CHECK(bench.registry.tags.at(name.repository + ":" + name.tag) == index_of(last, name));
    }
    bench.registry.fault = [](const Request&) { return std::nullopt; };
    bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a wrong 404 for an existing version tag overwrites nothing") {
    const bool every_head = GENERATE(false, true);
    Bench bench;
    bench.push(bench.matrix);
    const SampleMatrix other(bench.fake.files, "1.1.0", "out/other", {"other", "other"});
    const auto before = bench.registry.tags;
    std::set<std::string> asked;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (request.method != "HEAD" || request.url.find("/manifests/") == std::string::npos) return std::nullopt;
        return asked.insert(request.url).second || every_head ? Fault(absent) : std::nullopt;
    };
    Client client(bench.world, {.pushes_to = {bench.registry.host}});
    const std::vector<ExistingTag> existing =
        load_existing_tags(client, bench.registry.host, other.candidates, other.sources, 4);
    CHECK(other.publish(existing).exit == Exit::refused);

    // And if the plan does not know the tag: it is read again before it is written.
    const Error error = error_of([&] { bench.write(client, other, other.publish()); });
    CHECK(error.exit == Exit::refused);
    CHECK(error.problems.front().what == "Nothing visible changed.");
    CHECK(error.problems.at(1).hint.starts_with("raise DEFRA_VERSION"));
    CHECK(bench.registry.tags == before);
    CHECK(bench.registry.written.size() == bench.matrix.tag_count());
}

TEST_CASE("a registry that rejects every HEAD with 404 or 405 gets the right tags") {
    const int status = GENERATE(404, 405);
    Bench bench;
    bench.push(SampleMatrix(bench.fake.files, "1.0.0"));
    bench.registry.fault = [&](const Request& request) -> Fault {
        return request.method == "HEAD" ? Fault({status, {}, ""}) : std::nullopt;
    };
    bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("no version tag is lost if the registry hides its repositories from anonymous reads") {
    const bool asks_at_once = GENERATE(true, false);
    const std::string scheme = GENERATE("Basic realm=\"x\"", "Bearer realm=\"http://localhost:5001/token\"");
    INFO(scheme << (asks_at_once ? ", asked for at /v2/" : ", asked for at the first upload"));
    Bench bench;
    bench.push(bench.matrix);
    const SampleMatrix other(bench.fake.files, "1.1.0", "out/other", {"other", "other"});
    const auto before = bench.registry.tags;
    bench.fake.http.stub("GET", "http://localhost:5001/token*", 200, R"({"token":"t"})");
    bench.registry.fault = [&](const Request& request) -> Fault {
        const auto is_login = [](const Header& header) { return header.name == "Authorization"; };
        if (std::any_of(request.headers.begin(), request.headers.end(), is_login)) return std::nullopt;
        const bool is_ping = request.url.ends_with("/v2/");
        if (is_ping && !asks_at_once) return Response{200, {}, "{}"};
        if (is_ping || !reads(request)) return Response{401, {{"WWW-Authenticate", scheme}}, ""};
        return absent;
    };
    Client client(bench.world, {.credentials = {{bench.registry.host, {"user", Secret("canary")}}},
                                .pushes_to = {bench.registry.host}});
    const Error error = error_of([&] {
        const Publication publication =
            other.publish(load_existing_tags(client, bench.registry.host, other.candidates, other.sources, 4));
        CHECK(publication.is_refused() == asks_at_once);
        if (publication.is_refused()) throw Error{publication.exit, publication.problems};
        bench.write(client, other, publication);
    });
    CHECK(error.exit == Exit::refused);
    CHECK(holds(error.problems, "raise DEFRA_VERSION"));
    CHECK(bench.registry.tags == before);
}

TEST_CASE("a retried write of a tag reads the tag again first") {
    Bench bench;
    const SampleMatrix newer(bench.fake.files, "1.2.0", "out/newer");
    bench.push(SampleMatrix(bench.fake.files, "1.0.0", "out/last"));
    bool is_first = true;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (!is_put_of(request, "latest-3.12") || !std::exchange(is_first, false)) return std::nullopt;
        bench.put(newer);
        return FakeRegistry::error(503, "UNAVAILABLE");
    };
    const Error error = bench.push_fails();
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what.starts_with("4 of 4 version tags written"));
    CHECK(error.problems.at(1).what.starts_with("another run published 1.2.0 meanwhile, which is newer, and keeps "));
    CHECK(bench.is_published(newer));
    const Seen versions = bench.seen(bench.matrix);
    for (const TagName& name : names_of(bench.matrix, TagKind::version))
        CHECK(versions.at(name) == index_of(bench.matrix, name));
}

TEST_CASE("a concurrent run never changes version tags, and moving tags only go forwards") {
    Bench bench;
    const SampleMatrix last(bench.fake.files, "1.0.0", "out/last");
    bench.push(last);
    bool is_first = true;
    std::function<void()> meanwhile;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (request.body_file.empty() || !std::exchange(is_first, false)) return std::nullopt;
        meanwhile();
        return std::nullopt;
    };
    SECTION("a newer version is published: ours gets its version tags but moves nothing") {
        const SampleMatrix newer(bench.fake.files, "1.2.0", "out/newer");
        meanwhile = [&] { bench.put(newer); };
        const Error error = bench.push_fails();
        CHECK(error.exit == Exit::failed);
        CHECK(error.problems.front().what == "4 of 4 version tags written, no moving tag moved.");
        CHECK(bench.is_published(newer));
    }
    SECTION("an older version is published: ours replaces it") {
        const SampleMatrix older(bench.fake.files, "1.0.1", "out/older");
        meanwhile = [&] { bench.put(older); };
        bench.push(bench.matrix);
        CHECK(bench.is_published(bench.matrix));
    }
    SECTION("the same version is published from other inputs: nothing is overwritten") {
        const SampleMatrix other(bench.fake.files, "1.1.0", "out/other", {"other", "other"});
        meanwhile = [&] { bench.put(other); };
        const Error error = bench.push_fails();
        CHECK(error.exit == Exit::refused);
        CHECK(error.problems.front().what == "Nothing visible changed.");
        CHECK(holds(error.problems, "raise DEFRA_VERSION"));
        CHECK(bench.is_published(other));
    }
    SECTION("the same version is published from the same inputs with other bytes: a re-run reuses them") {
        const SampleMatrix other(bench.fake.files, "1.1.0", "out/other", {"other", ""});
        meanwhile = [&] { bench.put(other); };
        const Error error = bench.push_fails();
        CHECK(error.exit == Exit::failed);
        CHECK(holds(error.problems, "run it again"));
        CHECK(bench.is_published(other));
    }
    SECTION("a moving tag is set to an image of unknown age: it is left alone") {
        const std::string foreign = render_index({}, {});
        meanwhile = [&] {
            bench.registry.manifests["defra/python"].emplace(sha256(foreign), foreign);
            bench.registry.tags.insert_or_assign("defra/python:latest", sha256(foreign));
        };
        const Error error = bench.push_fails();
        CHECK(error.exit == Exit::failed);
        CHECK(holds(error.problems, "defra/python:latest was moved by another run to " + sha256(foreign).text()));
        CHECK(bench.registry.tags.at("defra/python:latest") == sha256(foreign));
    }
}

TEST_CASE("a run that finds an older version at its moving tags rewrites them") {
    Bench bench;
    const SampleMatrix older(bench.fake.files, "1.0.1", "out/older");
    bench.push(SampleMatrix(bench.fake.files, "1.0.0", "out/last"));
    bool is_first = true;
    bench.registry.loses = [&](const Request& request) -> Fault {
        if (!is_put_of(request, "latest") || !std::exchange(is_first, false)) return std::nullopt;
        bench.put(older);
        return std::nullopt;
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a moving tag that has disappeared before its write is an error") {
    Bench bench;
    bench.push(SampleMatrix(bench.fake.files, "1.0.0", "out/last"));
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (!request.body_file.empty()) bench.registry.tags.erase("defra/python:latest");
        return std::nullopt;
    };
    CHECK(holds(bench.push_fails().problems, "defra/python:latest was there and is gone"));
}

TEST_CASE("the first push creates a repository that cannot be read before") {
    const int status = GENERATE(401, 403);
    Bench bench;
    bench.registry.fault = [&](const Request& request) -> Fault {
        const bool exists = !bench.registry.blobs["defra/python"].empty();
        if (exists || !reads(request) || request.url.find("/defra/python/") == std::string::npos) return std::nullopt;
        return FakeRegistry::error(status, "DENIED");
    };
    bench.push(bench.matrix);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a write-only repository gets no tag") {
    Bench bench;
    bench.registry.fault = [&](const Request& request) -> Fault {
        return reads(request) ? Fault(FakeRegistry::error(403, "DENIED")) : std::nullopt;
    };
    CHECK(bench.push_fails().problems.front().what == "Nothing visible changed.");
    CHECK(bench.registry.tags.empty());
}

TEST_CASE("a moving tag without a manifest moves once it is adopted") {
    Bench bench;
    const Digest gone = sha256("gone");
    bench.registry.loses = [&](const Request& request) -> Fault {
        const bool is_latest = request.method == "HEAD" && request.url.ends_with("/python/manifests/latest");
        const bool is_put = bench.registry.tags.contains("defra/python:latest");
        if (!is_latest || is_put) return std::nullopt;
        return Response{200, {{"Docker-Content-Digest", gone.text()}}, ""};
    };
    Client client(bench.world, {.pushes_to = {bench.registry.host}});
    const std::vector<ExistingTag> existing =
        load_existing_tags(client, bench.registry.host, bench.matrix.candidates, bench.matrix.sources, 4);
    REQUIRE(existing.size() == 1);
    CHECK(bench.matrix.publish(existing).exit == Exit::refused);
    const Publication adopting = plan_publication(bench.matrix.plan, bench.matrix.candidates, bench.matrix.verdicts,
                                                  existing, {.stand_ins_may = true, .adopt_moving_tags = true});
    bench.write(client, bench.matrix, adopting);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a failed mount is replaced by an upload, and a 404 for a manifest is retried") {
    const int status = GENERATE(500, 501, 403);
    Bench bench;
    std::set<std::string> seen;
    bench.registry.fault = [&](const Request& request) -> Fault {
        if (request.url.find("?mount=") != std::string::npos) return FakeRegistry::error(status, "UNKNOWN");
        const bool is_manifest = request.method == "PUT" && request.url.find("/manifests/") != std::string::npos;
        return is_manifest && seen.insert(request.url).second ? Fault(absent) : std::nullopt;
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a HEAD request precedes the retry of an upload that got no response") {
    Bench bench;
    std::map<std::string, int> sends;
    bench.registry.mounts = false;
    bench.registry.loses = [&](const Request& request) -> Fault {
        if (!request.body_file.empty() && ++sends[request.url.substr(0, 60) + request.body_file.string()] == 1)
            FakeRegistry::cut(request);
        return std::nullopt;
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
    for (const auto& [file, count] : sends) CHECK(count == 1);
}

TEST_CASE("an upload without a Location is an error; an empty digest header is ignored") {
    Bench bench;
    SECTION("no Location") {
        bench.registry.loses = [](const Request& request) -> Fault {
            return request.method == "POST" ? Fault({202, {}, ""}) : std::nullopt;
        };
        CHECK(holds(bench.push_fails().problems, "named no place to send it to (no Location)"));
    }
    SECTION("an empty Docker-Content-Digest") {
        bench.registry.loses = [](const Request& request) -> Fault {
            return request.method == "PUT" ? Fault({201, {{"Docker-Content-Digest", ""}}, ""}) : std::nullopt;
        };
        bench.push(bench.matrix);
        CHECK(bench.is_published(bench.matrix));
    }
}

TEST_CASE("a registry that rewrites an index is named as the cause, and the tag as visible") {
    Bench bench;
    bench.registry.loses = [&](const Request& request) -> Fault {
        const bool is_tag = request.method == "PUT" && request.url.find("/manifests/1.1.0") != std::string::npos;
        if (!is_tag) return std::nullopt;
        const std::string rewritten = request.body + "\n";
        bench.registry.manifests["defra/python-development"].emplace(sha256(rewritten), rewritten);
        bench.registry.tags.insert_or_assign("defra/python-development:1.1.0-python3.13.3", sha256(rewritten));
        return Response{201, {}, ""};
    };
    const Error error = bench.push_fails();
    CHECK(error.exit == Exit::failed);
    CHECK(error.problems.front().what == "1 of 4 version tags written, no moving tag moved.");
    CHECK(holds(error.problems, "the registry rewrites what it is sent"));
    CHECK(bench.registry.tags.size() == 1);
}

TEST_CASE("a registry that is unavailable for seven seconds is retried") {
    Bench bench;
    bench.registry.fault = [&](const Request&) -> Fault {
        if (bench.fake.clock.steady() >= 7s) return std::nullopt;
        return FakeRegistry::error(503, "UNAVAILABLE");
    };
    bench.push(bench.matrix, 1);
    CHECK(bench.is_published(bench.matrix));
}

TEST_CASE("a rollback stops where another run moved a tag meanwhile") {
    Bench bench;
    bench.push(bench.matrix);
    const SampleMatrix next(bench.fake.files, "1.2.0", "out/next");
    const SampleMatrix newest(bench.fake.files, "1.3.0", "out/newest");
    bench.push(next);
    std::vector<TagName> names = names_of(bench.matrix, TagKind::version);
    for (const TagName& name : names_of(bench.matrix, TagKind::moving)) names.push_back(name);
    Client client(bench.world, {.pushes_to = {bench.registry.host}});
    const Publication back = plan_rollback(bench.matrix.plan, load_existing_tags(client, bench.registry.host, names, 4),
                                           "1.1.0", "1.2.0 does not start");
    REQUIRE(back.steps.size() == 6);
    SECTION("no other run publishes: the tags go back") {
        bench.write(client, bench.matrix, back);
        CHECK(bench.is_published(bench.matrix));
    }
    SECTION("another run publishes a newer version: it stays") {
        bench.put(newest);
        CHECK_THROWS_AS(bench.write(client, bench.matrix, back), Error);
        CHECK(bench.is_published(newest));
    }
}
