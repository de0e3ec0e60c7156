// Every fault observed in a registry, at the level of the command: 1.0.0 is published, then 1.1.0 with the fault, then
// 1.1.0 again without it. After each run the tags and digests in the registry, the exit code and the first line are
// checked.
#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <set>
#include <utility>

#include "commands/publish_scene.h"

namespace {

using Fault = std::optional<Response>;
using Tags = std::map<std::string, Digest>;

constexpr const char* token_url = "http://localhost:5001/token*";
const Response absent{404, {}, ""};

bool is_read(const Request& request) {
    return request.method == "GET" || request.method == "HEAD";
}

bool is_of_tag(const Request& request) {
    return request.url.find("/manifests/") != std::string::npos &&
           request.url.find("/manifests/sha256:") == std::string::npos;
}

bool is_put_of_manifest(const Request& request) {
    return request.method == "PUT" && request.url.find("/manifests/") != std::string::npos;
}

bool is_mount(const Request& request) {
    return request.url.find("?mount=") != std::string::npos;
}

std::string authorization(const Request& request) {
    for (const Header& header : request.headers) {
        if (header.name == "Authorization") return header.value;
    }
    return "";
}

Response challenge(const std::string& schemes) {
    return {401, {{"WWW-Authenticate", schemes}}, ""};
}

const std::string bearer = R"(Bearer realm="http://localhost:5001/token",service="registry")";

/// True for the first call with each text.
class FirstTime {
  public:
    bool operator()(const std::string& text) const { return seen_->insert(text).second; }

  private:
    std::shared_ptr<std::set<std::string>> seen_ = std::make_shared<std::set<std::string>>();
};

struct RegistryFault {
    const char* name;  ///< the number of the fault and its description
    std::function<void(PublishScene&)> begin;
    Exit exit = Exit::failed;         ///< if the fault ends the publication
    std::vector<std::string> says{};  ///< messages, if the fault ends the publication
};

void log_in(PublishScene& scene) {
    scene.options["docker-username"] = "user";
    scene.options["docker-token"] = "canary-token";
}

/// A token server that grants the token "t" if `grants` accepts the scopes in the URL.
void serve_tokens(PublishScene& scene, std::function<Response(const std::string& url)> grants) {
    scene.fake.http.stub_with("GET", token_url,
                              [grants = std::move(grants)](const Request& request) { return grants(request.url); });
}

Response token(const std::string&) {
    return {200, {}, R"({"token":"t"})"};
}

/// Every request needs this authorization; otherwise the registry responds with `otherwise`.
void require(PublishScene& scene, const std::string& value, const Response& otherwise) {
    scene.registry.fault = [=](const Request& request) -> Fault {
        return authorization(request) == value ? std::nullopt : Fault(otherwise);
    };
}

/// Redirects every POST and PUT to another port, which carries it out.
void redirect_writes(PublishScene& scene, int status) {
    scene.registry.fault = [=](const Request& request) -> Fault {
        for (const Header& header : request.headers) {
            if (header.name == "X-Redirected") return std::nullopt;
        }
        if (is_read(request)) return std::nullopt;
        std::string there = request.url;
        there.replace(there.find(":5000"), 5, ":5002");
        return Response{status, {{"Location", there}}, ""};
    };
    for (const char* method : {"POST", "PUT"}) {
        scene.fake.http.stub_with(method, "http://localhost:5002/v2/*", [&scene](Request request) {
            request.url.replace(request.url.find(":5002"), 5, ":5000");
            request.headers.push_back({"X-Redirected", ""});
            return scene.fake.http.send(request);
        });
    }
}

void put_docker_config(PublishScene& scene, const std::string& config) {
    scene.fake.files.texts["/home/user/.docker/config.json"] = config;
}

/// Computes the Location of each upload from the request's URL without its query.
void place_uploads(PublishScene& scene, std::function<std::string(const std::string& url)> place) {
    scene.registry.loses = [place = std::move(place)](const Request& request) -> Fault {
        if (request.method != "POST") return std::nullopt;
        return Response{202, {{"Location", place(request.url.substr(0, request.url.find('?')))}}, ""};
    };
    scene.registry.mounts = false;
}

/// Faults that do not prevent or change the publication.
std::vector<RegistryFault> faults_to_get_over() {
    return {
        {"F4, W6: every HEAD gets 405",
         [](PublishScene& scene) {
             scene.registry.fault = [](const Request& request) {
                 return request.method == "HEAD" ? Fault({405, {}, ""}) : std::nullopt;
             };
         }},
        {"F4: every HEAD gets 404",
         [](PublishScene& scene) {
             scene.registry.fault = [](const Request& request) {
                 return request.method == "HEAD" ? Fault(absent) : std::nullopt;
             };
         }},
        {"F5: every tag is accepted once and lost",
         [](PublishScene& scene) {
             scene.registry.fault = [first_time = FirstTime()](const Request& request) -> Fault {
                 if (!is_put_of_manifest(request) || !is_of_tag(request) || !first_time(request.url))
                     return std::nullopt;
                 return Response{201, {}, ""};
             };
         }},
        {"F6: the token server takes no second scope",
         [](PublishScene& scene) {
             log_in(scene);
             require(scene, "Bearer t", challenge(bearer));
             scene.registry.mounts = false;
             serve_tokens(scene, [](const std::string& url) {
                 return url.find("scope=") == url.rfind("scope=") ? token(url)
                                                                  : Response{400, {}, "duplicate field scope"};
             });
         }},
        {"F6: the token server denies the other repository",
         [](PublishScene& scene) {
             log_in(scene);
             require(scene, "Bearer t", challenge(bearer));
             scene.registry.mounts = false;
             serve_tokens(scene, [](const std::string& url) {
                 return url.find("scope=") == url.rfind("scope=") ? token(url) : Response{401, {}, ""};
             });
         }},
        {"F7: a token for pull alone cannot read",
         [](PublishScene& scene) {
             log_in(scene);
             require(scene, "Bearer push", challenge(bearer));
             serve_tokens(scene, [](const std::string& url) {
                 const bool pushes = url.find("%3Apull%2Cpush") != std::string::npos;
                 return Response{200, {}, pushes ? R"({"token":"push"})" : R"({"token":"pull"})"};
             });
         }},
        {"W3: mounts get 500",
         [](PublishScene& scene) {
             scene.registry.fault = [](const Request& request) {
                 return is_mount(request) ? Fault(FakeRegistry::error(500, "UNKNOWN")) : std::nullopt;
             };
         }},
        {"W3: mounts get 501",
         [](PublishScene& scene) {
             scene.registry.fault = [](const Request& request) {
                 return is_mount(request) ? Fault({501, {}, ""}) : std::nullopt;
             };
         }},
        {"W4: each manifest gets 404 BLOB_UNKNOWN once",
         [](PublishScene& scene) {
             scene.registry.fault = [first_time = FirstTime()](const Request& request) -> Fault {
                 if (!is_put_of_manifest(request) || !first_time(request.url)) return std::nullopt;
                 return FakeRegistry::error(404, "BLOB_UNKNOWN");
             };
         }},
        {"W4: each manifest gets 404 without a body once",
         [](PublishScene& scene) {
             scene.registry.fault = [first_time = FirstTime()](const Request& request) -> Fault {
                 return is_put_of_manifest(request) && first_time(request.url) ? Fault(absent) : std::nullopt;
             };
         }},
        {"W5: writes are redirected with 307", [](PublishScene& scene) { redirect_writes(scene, 307); }},
        {"W5: writes are redirected with 308", [](PublishScene& scene) { redirect_writes(scene, 308); }},
        {"W9: config.json has the host and another path of it",
         [](PublishScene& scene) {
             put_docker_config(
                 scene,
                 R"({"auths":{"localhost:5000":{"auth":"aG9zdDpwdw=="},"localhost:5000/other":{"auth":"b3RoZXI6cHc="}}})");
             require(scene, "Basic aG9zdDpwdw==", challenge("Basic realm=\"x\""));
         }},
        {"W9: config.json has a NUL behind the password",
         [](PublishScene& scene) {
             put_docker_config(scene, R"({"auths":{"localhost:5000":{"auth":"aG9zdDpwdwAA"}}})");
             require(scene, "Basic aG9zdDpwdw==", challenge("Basic realm=\"x\""));
         }},
        {"W11: Negotiate, Basic and Bearer are offered, Bearer is accepted",
         [](PublishScene& scene) {
             log_in(scene);
             require(scene, "Bearer t", challenge("Negotiate, Basic realm=\"x\", " + bearer));
             serve_tokens(scene, token);
         }},
        {"W11: there are blanks around the = of a challenge",
         [](PublishScene& scene) {
             log_in(scene);
             require(scene, "Bearer t",
                     challenge(R"(Bearer realm = "http://localhost:5001/token" , service= "registry")"));
             serve_tokens(scene, token);
         }},
        {"W11: only /v2/ asks for a login, everything else gets 404",
         [](PublishScene& scene) {
             log_in(scene);
             scene.registry.fault = [](const Request& request) -> Fault {
                 if (authorization(request) == "Bearer t") return std::nullopt;
                 return request.url.ends_with("/v2/") ? challenge(bearer) : absent;
             };
             serve_tokens(scene, token);
         }},
        {"W12: a Location is relative",
         [](PublishScene& scene) { place_uploads(scene, [](const std::string&) { return "1?_state=x"; }); }},
        {"W12: a Location has no scheme",
         [](PublishScene& scene) {
             place_uploads(scene, [](const std::string& url) { return url.substr(5) + "1?_state=x"; });
         }},
        {"W12: an empty digest follows 201",
         [](PublishScene& scene) {
             scene.registry.loses = [](const Request& request) -> Fault {
                 return request.method == "PUT" ? Fault({201, {{"Docker-Content-Digest", ""}}, ""}) : std::nullopt;
             };
         }},
        {"W15: the response to each blob is lost once",
         [](PublishScene& scene) {
             scene.registry.loses = [first_time = FirstTime()](const Request& request) -> Fault {
                 if (!request.body_file.empty() && first_time(request.body_file.string() + request.url))
                     FakeRegistry::cut(request);
                 return std::nullopt;
             };
         }},
    };
}

/// Faults that end the run without a new tag, and with a reason.
std::vector<RegistryFault> faults_that_end_it() {
    return {
        {.name = "W2: a login page of 100 kB with status 403",
         .begin =
             [](PublishScene& scene) {
                 scene.registry.fault = [](const Request& request) {
                     return is_read(request) ? std::nullopt
                                             : Fault({403, {}, "<html>log in" + std::string(100'000, 'x')});
                 };
             },
         .says = {"403", "<html>log in"}},
        {.name = "W2: a Location with a blank in it",
         .begin = [](PublishScene& scene) { place_uploads(scene, [](const std::string& url) { return url + "a b"; }); },
         .says = {"this is not a URL"}},
        {.name = "W2: a token with a line break",
         .begin =
             [](PublishScene& scene) {
                 log_in(scene);
                 require(scene, "Bearer t", challenge(bearer));
                 serve_tokens(scene, [](const std::string&) { return Response{200, {}, R"({"token":"a\nb"})"}; });
             },
         .says = {"a token with characters that no token has"}},
        {.name = "W5: writes are sent to a login page",
         .begin =
             [](PublishScene& scene) {
                 scene.registry.fault = [](const Request& request) {
                     return is_read(request) ? std::nullopt
                                             : Fault({302, {{"Location", "https://login.example/?secret"}}, ""});
                 };
             },
         .says = {"302 to https://login.example/"}},
        {.name = "W7: config.json has a credential helper",
         .begin =
             [](PublishScene& scene) {
                 put_docker_config(scene, R"({"credsStore":"desktop","auths":{"localhost:5000":{}}})");
                 require(scene, "Basic aG9zdDpwdw==", challenge("Basic realm=\"x\""));
             },
         .says = {"credsStore is not used"}},
        {.name = "W7: config.json has an identity token",
         .begin =
             [](PublishScene& scene) {
                 put_docker_config(scene,
                                   R"({"auths":{"localhost:5000":{"auth":"aG9zdDpwdw==","identitytoken":"x"}}})");
                 require(scene, "Basic aG9zdDpwdw==", challenge("Basic realm=\"x\""));
             },
         .says = {"the identity token for localhost:5000 is not used"}},
        {.name = "W8: the request is repeated in the error",
         .begin =
             [](PublishScene& scene) {
                 log_in(scene);
                 scene.registry.fault = [](const Request& request) -> Fault {
                     if (authorization(request).empty()) return challenge("Basic realm=\"x\"");
                     return Response{403, {}, "you sent " + authorization(request) + " (user:canary-token)"};
                 };
             },
         .says = {"you sent Basic *** (user:***)"}},
        {.name = "W12: an upload without a Location",
         .begin =
             [](PublishScene& scene) {
                 scene.registry.mounts = false;
                 scene.registry.loses = [](const Request& request) -> Fault {
                     return request.method == "POST" ? Fault({202, {}, ""}) : std::nullopt;
                 };
             },
         .says = {"named no place to send it to (no Location)"}},
        {.name = "W10: a moving tag names a manifest that is gone",
         .begin =
             [](PublishScene& scene) {
                 scene.registry.loses = [](const Request& request) -> Fault {
                     if (request.method != "HEAD" || !request.url.ends_with("/python/manifests/latest"))
                         return std::nullopt;
                     return Response{200, {{"Docker-Content-Digest", sha256("gone").text()}}, ""};
                 };
             },
         .exit = Exit::refused,
         .says = {"defradigital/python:latest is of unknown age", "--adopt-alias"}},
    };
}

/// Faults that hide that 1.1.0 was published from other inputs: it must not be overwritten.
std::vector<RegistryFault> faults_that_hide_a_version() {
    const auto hide = [](PublishScene& scene, const std::string& value, const std::string& schemes, bool asks_at_once) {
        log_in(scene);
        serve_tokens(scene, token);
        scene.registry.fault = [=](const Request& request) -> Fault {
            if (authorization(request) == value) return std::nullopt;
            if (request.url.ends_with("/v2/")) return asks_at_once ? challenge(schemes) : Response{200, {}, "{}"};
            return is_read(request) ? absent : challenge(schemes);
        };
    };
    const std::string basic = "Basic dXNlcjpjYW5hcnktdG9rZW4=";  // user:canary-token
    const std::string realm = "Basic realm=\"x\"";
    return {
        {"F1: anonymous reads get 404; Basic", [=](PublishScene& scene) { hide(scene, basic, realm, true); }},
        {"F1: anonymous reads get 404; Bearer", [=](PublishScene& scene) { hide(scene, "Bearer t", bearer, true); }},
        {"F1: the same, and only a write asks for the login; Basic",
         [=](PublishScene& scene) { hide(scene, basic, realm, false); }},
        {"F1: the same, and only a write asks for the login; Bearer",
         [=](PublishScene& scene) { hide(scene, "Bearer t", bearer, false); }},
        {"F4: the first HEAD of each tag gets 404",
         [](PublishScene& scene) {
             scene.registry.fault = [first_time = FirstTime()](const Request& request) {
                 return request.method == "HEAD" && is_of_tag(request) && first_time(request.url) ? Fault(absent)
                                                                                                  : std::nullopt;
             };
         }},
        {"F4: the first HEAD and the first GET of each tag get 404",
         [](PublishScene& scene) {
             scene.registry.fault = [first_time = FirstTime()](const Request& request) {
                 return is_read(request) && is_of_tag(request) && first_time(request.method + request.url)
                            ? Fault(absent)
                            : std::nullopt;
             };
         }},
        {"F4: every HEAD gets 404",
         [](PublishScene& scene) {
             scene.registry.fault = [](const Request& request) {
                 return request.method == "HEAD" ? Fault(absent) : std::nullopt;
             };
         }},
    };
}

/// 1.0.0 is published, and 1.1.0 is built.
struct Faulty : PublishScene {
    Tags before;

    Faulty() {
        fake.build("1.0.0");
        REQUIRE(publish_or_end().exit == Exit::done);
        fake.build("1.1.0");
        before = registry.tags;
    }

    void check_says(const Problems& problems, const std::vector<std::string>& parts) {
        const std::string text = render_problems(problems) + fake.log.str() + fake.out.str();
        for (const std::string& part : parts) CHECK(render_problems(problems).find(part) != std::string::npos);
        for (const char* secret : {"canary-token", "dXNlcjpjYW5hcnktdG9rZW4="})
            CHECK(text.find(secret) == std::string::npos);
    }

    Ended publish_again() {
        registry.fault = registry.loses = [](const Request&) { return std::nullopt; };
        registry.mounts = true;
        return publish_or_end();
    }
};

Tags published_without_a_fault() {
    Faulty scene;
    REQUIRE(scene.publish_or_end().exit == Exit::done);
    return scene.registry.tags;
}

}  // namespace

TEST_CASE("Registry faults that a publication survives") {
    const Tags right = published_without_a_fault();
    REQUIRE(right.size() == 14);
    for (const RegistryFault& one : faults_to_get_over()) {
        INFO(one.name);
        Faulty scene;
        one.begin(scene);
        const Ended ended = scene.publish_or_end();
        INFO(render_problems(ended.problems));
        CHECK(ended.exit == Exit::done);
        CHECK(scene.registry.tags == right);
        scene.check_says(ended.problems, {});
        CHECK(scene.publish_again().exit == Exit::done);
        CHECK(scene.registry.tags == right);
    }
}

TEST_CASE("Registry faults that end a publication with a reason and unchanged tags") {
    const Tags right = published_without_a_fault();
    for (const RegistryFault& one : faults_that_end_it()) {
        INFO(one.name);
        Faulty scene;
        one.begin(scene);
        const Ended ended = scene.publish_or_end();
        INFO(render_problems(ended.problems));
        CHECK(ended.exit == one.exit);
        CHECK(ended.problems.front().what == "Nothing visible changed.");
        CHECK(scene.registry.tags == scene.before);
        scene.check_says(ended.problems, one.says);
        scene.fake.files.texts.erase("/home/user/.docker/config.json");
        CHECK(scene.publish_again().exit == Exit::done);
        CHECK(scene.registry.tags == right);
    }
}

TEST_CASE("A version hidden by the registry is rejected, and none of its tags is overwritten") {
    for (const RegistryFault& one : faults_that_hide_a_version()) {
        INFO(one.name);
        Faulty scene;
        scene.fake.files.texts["Dockerfile"] += "RUN true\n";
        REQUIRE(scene.publish_or_end().exit == Exit::done);
        scene.fake.files.texts["Dockerfile"] += "RUN false\n";
        const Tags before = scene.registry.tags;
        one.begin(scene);
        for (const Ended& ended : {scene.publish_or_end(), scene.publish_again()}) {
            INFO(render_problems(ended.problems));
            CHECK(ended.exit == Exit::refused);
            CHECK(ended.problems.front().what == "Nothing visible changed.");
            CHECK(render_problems(ended.problems).find("raise DEFRA_VERSION") != std::string::npos);
            CHECK(scene.registry.tags == before);
        }
    }
}

TEST_CASE("The first push creates a repository that cannot be read before") {
    for (const int status : {401, 403}) {
        INFO(status);
        PublishScene scene;
        scene.registry.fault = [&](const Request& request) -> Fault {
            for (const auto& [repository, blobs] : scene.registry.blobs) {
                if (!blobs.empty() && request.url.find("/" + repository + "/") != std::string::npos)
                    return std::nullopt;
            }
            return is_read(request) ? Fault(FakeRegistry::error(status, "DENIED")) : std::nullopt;
        };
        const Ended ended = scene.publish_or_end();
        INFO(render_problems(ended.problems));
        CHECK(ended.exit == Exit::done);
        CHECK(scene.registry.tags.size() == 10);
    }
}

TEST_CASE("Hosts are case-insensitive (W14)") {
    PublishScene scene;
    for (const char* method : {"GET", "HEAD", "POST", "PUT"}) {
        scene.fake.http.stub_with(method, "http://LOCALHOST:5000/v2/*", [&scene](Request request) {
            request.url.replace(7, 9, "localhost");
            return scene.fake.http.send(request);
        });
    }
    scene.options["to"] = "LOCALHOST:5000";
    CHECK(scene.publish_or_end().exit == Exit::done);
    CHECK(scene.registry.tags.size() == 10);
    scene.options["to"] = "localhost:99999";
    CHECK_THROWS_AS(scene.publish(), Error);
}
