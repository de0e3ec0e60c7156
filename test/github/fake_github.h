// A GitHub with state: releases, tags, issues, labels, code scanning. It serves both the tests over fakes (in memory)
// and the real program (over loopback). Faults can be scripted.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "system/http.h"

struct FakeGitHub {
    struct FileOfRelease {
        std::int64_t id = 0;
        std::string name;
        std::string content;
    };
    struct FakeRelease {
        std::int64_t id = 0;
        std::string tag;
        std::string name;
        std::string body;
        std::string target;
        bool draft = true;
        std::string make_latest;
        std::vector<FileOfRelease> files;
    };
    struct FakeIssue {
        std::int64_t number = 0;
        std::string title;
        std::string body;
        std::string state = "open";
        std::string state_reason;
        std::string author = "github-actions[bot]";
        std::string author_type = "Bot";
        bool pull_request = false;
        std::vector<std::string> labels;
        std::vector<std::string> comments;
        int changed = 0;  ///< the order of updates
    };
    struct FakeAnalysis {
        std::int64_t id = 0;
        std::string sarif_id;
        std::string category;
        std::string ref;
        std::string status = "complete";  ///< "pending", "failed"
        std::string text;                 ///< the SARIF itself
    };
    /// The response to the next `times` matching requests: instead of doing anything, or after it was done.
    struct Fault {
        std::string method;
        std::string path;  ///< below the repository; a pattern
        Response response;
        bool afterwards = false;
        int times = 1;
    };

    std::string base = "http://127.0.0.1";  ///< GITHUB_API_URL, set by the server that uses it
    std::string repository = "defra/images";
    std::string head = std::string(40, 'a');  ///< of the default branch
    std::string token = "canary-token-of-the-test";
    bool code_scanning = true;
    bool issues_on = true;
    std::size_t page_size = 100;

    std::vector<FakeRelease> releases;
    std::map<std::string, std::string> tags;  ///< to commits
    std::vector<FakeIssue> issues;
    std::set<std::string> labels;
    std::vector<FakeAnalysis> analyses;
    std::string next_status = "complete";  ///< of the uploads from now on
    std::vector<Fault> faults;
    std::set<std::string> enabled_workflows;
    std::function<void()> before;    ///< called before each response
    std::vector<std::string> lines;  ///< "POST releases", in order
    std::vector<std::string> bodies;

    Response respond(const std::string& method, const std::string& url, const std::vector<Header>& headers,
                     const std::string& body) {
        const std::lock_guard lock(mutex_);
        const std::string root = base + "/repos/" + repository + "/";
        if (url.starts_with(base)) record(method, url.substr(base.size()), body);
        if (url == base + "/user") return json(403, R"({"message":"Resource not accessible by integration"})");
        if (!url.starts_with(root)) return json(404, R"({"message":"Not Found"})");
        const std::string path = url.substr(root.size());
        lines.push_back(method + " " + path);
        if (before) before();
        bodies.push_back(body);
        const auto authorization =
            std::find_if(headers.begin(), headers.end(), [](const Header& h) { return h.name == "Authorization"; });
        if (authorization == headers.end() || authorization->value != "Bearer " + token)
            return json(401, R"({"message":"Bad credentials"})");
        for (Fault& fault : faults) {
            if (fault.times == 0 || fault.method != method || !matches_pattern(fault.path, path)) continue;
            --fault.times;
            if (fault.afterwards) route(method, path, body);
            return fault.response;
        }
        return route(method, path, body);
    }

    std::string requests() const {
        std::string text;
        for (const std::string& line : lines) text += line + "\n";
        return text;
    }
    std::size_t count(const std::string& pattern) const {
        return static_cast<std::size_t>(std::count_if(
            lines.begin(), lines.end(), [&](const std::string& l) { return matches_pattern(pattern, l); }));
    }
    std::size_t open_issues() const {
        return static_cast<std::size_t>(
            std::count_if(issues.begin(), issues.end(), [](const FakeIssue& i) { return i.state == "open"; }));
    }

    static Response json(int status, const std::string& body) {
        return {status, {{"Content-Type", "application/json; charset=utf-8"}}, body};
    }

  private:
    /// For test/peers/github-api, which validates every request against GitHub's own description of its API.
    static void record(const std::string& method, const std::string& path, const std::string& body) {
        const char* file = std::getenv("RECORD_REQUESTS");
        if (file == nullptr) return;
        JsonWriter line;
        line.open_object();
        line.field("method", method);
        line.field("path", path);
        line.field("body", body.starts_with("{") ? body : "");
        line.close();
        static std::ofstream requests(file);
        requests << line.one_line() << std::endl;
    }

    static std::string query_value(const std::string& path, const std::string& name) {
        const std::size_t at = path.find(name + "=");
        if (at == std::string::npos) return "";
        const std::size_t from = at + name.size() + 1;
        return path.substr(from, path.find('&', from) - from);
    }

    static std::string decoded(const std::string& text) {
        std::string plain;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '%' && i + 2 < text.size()) {
                plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
                i += 2;
            } else {
                plain += text[i];
            }
        }
        return plain;
    }

    Response route(const std::string& method, const std::string& path, const std::string& body) {
        const std::string plain = path.substr(0, path.find('?'));
        const std::vector<std::string> parts = fields_of(plain, '/');
        const rapidjson::Document sent =
            body.starts_with("{") ? parse_tool_json(body, "a request") : rapidjson::Document();
        if (parts.empty()) return not_found();
        if (parts[0] == "releases") return route_releases(method, path, parts, sent, body);
        if (parts[0] == "git" && parts.size() == 4 && parts[2] == "tags") return respond_with_tag(decoded(parts[3]));
        if (parts[0] == "commits") return json(200, R"({"sha":")" + head + "\"}");
        if (parts[0] == "issues") return issues_on ? route_issues(method, path, parts, sent) : gone();
        if (parts[0] == "labels") return route_labels(method, parts, sent);
        if (parts[0] == "code-scanning") return route_code_scanning(method, path, parts, sent);
        if (parts[0] == "actions" && method == "PUT") {
            enabled_workflows.insert(decoded(parts[2]));
            return {204, {}, ""};
        }
        return not_found();
    }

    static Response not_found() { return json(404, R"({"message":"Not Found","status":"404"})"); }
    static Response gone() { return json(410, R"({"message":"Issues has been disabled in this repository."})"); }

    Response list(const std::string& path, const std::vector<std::string>& items) const {
        const std::string page_text = query_value(path, "&page");
        const std::size_t page = page_text.empty() ? 1 : std::stoul(page_text);
        std::string body = "[";
        for (std::size_t i = (page - 1) * page_size; i < std::min(items.size(), page * page_size); ++i)
            body += (body == "[" ? "" : ",") + items[i];
        Response response = json(200, body + "]");
        if (page * page_size < items.size()) {
            const std::size_t at = path.find("&page=");
            response.headers.push_back({"Link", "<" + base + "/repos/" + repository + "/" + path.substr(0, at) +
                                                    "&page=" + std::to_string(page + 1) +
                                                    ">; rel=\"next\", <x>; rel=\"last\""});
        }
        return response;
    }

    // releases -----------------------------------------------------------------------------------------------------
    std::string show(const FakeRelease& release) const {
        JsonWriter writer;
        writer.open_object();
        writer.field("id", release.id);
        writer.field("tag_name", release.tag);
        writer.field("name", release.name);
        writer.field("body", release.body);
        writer.field("target_commitish", release.target.empty() ? "master" : release.target);
        writer.field("draft", release.draft);
        writer.field("html_url", "https://github.example/" + repository + "/releases/" + release.tag);
        writer.field("upload_url", base + "/repos/" + repository + "/releases/" + std::to_string(release.id) +
                                       "/assets{?name,label}");
        writer.open_array("assets");
        for (const FileOfRelease& file : release.files) {
            writer.open_object();
            writer.field("id", file.id);
            writer.field("name", file.name);
            writer.field("size", file.content.size());
            writer.field("digest", sha256(file.content).text());
            writer.field("state", "uploaded");
            writer.close();
        }
        writer.close();
        writer.close();
        return writer.one_line();
    }

    Response route_releases(const std::string& method, const std::string& path, const std::vector<std::string>& parts,
                            const Json& sent, const std::string& body) {
        if (method == "GET" && parts.size() == 1) {
            std::vector<std::string> items;
            for (auto release = releases.rbegin(); release != releases.rend(); ++release)
                items.push_back(show(*release));
            return list(path, items);
        }
        if (method == "POST" && parts.size() == 1) return create_release(sent);
        if (parts[1] == "assets") return route_asset(method, std::stoll(parts[2]));
        const auto release = std::find_if(releases.begin(), releases.end(),
                                          [&](const FakeRelease& r) { return std::to_string(r.id) == parts[1]; });
        if (release == releases.end()) return not_found();
        if (parts.size() == 3) return add_file(*release, decoded(query_value(path, "name")), body);
        if (method == "DELETE") {
            releases.erase(release);
            return {204, {}, ""};
        }
        if (method == "PATCH") publish(*release, sent);
        return json(200, show(*release));
    }

    Response create_release(const Json& sent) {
        const std::string tag = text_at(sent, "tag_name");
        const bool published = std::any_of(releases.begin(), releases.end(),
                                           [&](const FakeRelease& r) { return !r.draft && r.tag == tag; });
        if (published) {
            return json(
                422,
                R"({"message":"Validation Failed","errors":[{"resource":"Release","code":"already_exists","field":"tag_name"}]})");
        }
        releases.push_back({.id = ++last_id_,
                            .tag = tag,
                            .name = text_at(sent, "name"),
                            .body = text_at(sent, "body"),
                            .target = text_at(sent, "target_commitish"),
                            .draft = member(sent, "draft").IsTrue(),
                            .make_latest = "",
                            .files = {}});
        return json(201, show(releases.back()));
    }

    void publish(FakeRelease& release, const Json& sent) {
        release.name = text_at(sent, "name");
        release.body = text_at(sent, "body");
        release.draft = !member(sent, "draft").IsFalse();
        release.make_latest = text_at(sent, "make_latest");
        if (sent.HasMember("target_commitish")) release.target = text_at(sent, "target_commitish");
        if (!release.draft && !tags.contains(release.tag))
            tags[release.tag] = release.target.empty() ? head : release.target;
    }

    Response add_file(FakeRelease& release, const std::string& name, const std::string& content) {
        if (!release.draft) return json(422, R"({"message":"Cannot upload assets to an immutable release."})");
        const bool there = std::any_of(release.files.begin(), release.files.end(),
                                       [&](const FileOfRelease& f) { return f.name == name; });
        if (there) {
            return json(
                422,
                R"({"message":"Validation Failed","errors":[{"resource":"ReleaseAsset","code":"already_exists","field":"name"}]})");
        }
        release.files.push_back({++last_id_, name, content});
        return json(201, R"({"state":"uploaded"})");
    }

    Response route_asset(const std::string& method, std::int64_t id) {
        for (FakeRelease& release : releases) {
            const auto file = std::find_if(release.files.begin(), release.files.end(),
                                           [&](const FileOfRelease& f) { return f.id == id; });
            if (file == release.files.end()) continue;
            if (method == "GET") return {200, {}, file->content};
            release.files.erase(file);
            return {204, {}, ""};
        }
        return not_found();
    }

    Response respond_with_tag(const std::string& tag) const {
        const auto found = tags.find(tag);
        if (found == tags.end()) return not_found();
        return json(200, R"({"object":{"type":"commit","sha":")" + found->second + "\"}}");
    }

    // issues -------------------------------------------------------------------------------------------------------
    std::string show(const FakeIssue& issue) const {
        JsonWriter writer;
        writer.open_object();
        writer.field("number", issue.number);
        writer.field("title", issue.title);
        writer.field("body", issue.body);
        writer.field("state", issue.state);
        writer.field("html_url", "https://github.example/" + repository + "/issues/" + std::to_string(issue.number));
        writer.open_object("user");
        writer.field("login", issue.author);
        writer.field("type", issue.author_type);
        writer.close();
        if (issue.pull_request) {
            writer.open_object("pull_request");
            writer.close();
        }
        writer.close();
        return writer.one_line();
    }

    Response route_issues(const std::string& method, const std::string& path, const std::vector<std::string>& parts,
                          const Json& sent) {
        if (method == "GET") {
            std::vector<FakeIssue> chosen;
            const std::string label = query_value(path, "labels");
            for (const FakeIssue& issue : issues) {
                const bool labelled = std::find(issue.labels.begin(), issue.labels.end(), label) != issue.labels.end();
                if (label.empty() || labelled) chosen.push_back(issue);
            }
            std::stable_sort(chosen.begin(), chosen.end(),
                             [](const FakeIssue& a, const FakeIssue& b) { return a.changed > b.changed; });
            std::vector<std::string> items;
            for (const FakeIssue& issue : chosen) items.push_back(show(issue));
            return list(path, items);
        }
        if (method == "POST" && parts.size() == 1) {
            FakeIssue issue{.number = static_cast<std::int64_t>(issues.size()) + 1,
                            .title = text_at(sent, "title"),
                            .body = text_at(sent, "body")};
            for (const Json& label : items_at(sent, "labels")) issue.labels.push_back(text_of(label));
            issue.changed = ++changes_;
            issues.push_back(issue);
            return json(201, show(issue));
        }
        FakeIssue& issue = issues.at(std::stoul(parts[1]) - 1);
        issue.changed = ++changes_;
        if (method == "POST") {
            issue.comments.push_back(text_at(sent, "body"));
            return json(201, "{}");
        }
        for (auto [key, value] : {std::pair{"title", &issue.title},
                                  {"body", &issue.body},
                                  {"state", &issue.state},
                                  {"state_reason", &issue.state_reason}}) {
            if (sent.HasMember(key)) *value = text_at(sent, key);
        }
        return json(200, show(issue));
    }

    Response route_labels(const std::string& method, const std::vector<std::string>& parts, const Json& sent) {
        if (method == "GET") return labels.contains(parts.at(1)) ? json(200, "{}") : not_found();
        labels.insert(text_at(sent, "name"));
        return json(201, "{}");
    }

    // code scanning ------------------------------------------------------------------------------------------------
    Response route_code_scanning(const std::string& method, const std::string& path,
                                 const std::vector<std::string>& parts, const Json& sent) {
        if (!code_scanning) {
            return json(403,
                        R"({"message":"Advanced Security must be enabled for this repository to use code scanning."})");
        }
        if (method == "POST") {
            const std::string sarif = unpacked(text_at(sent, "sarif"));
            const rapidjson::Document log = parse_tool_json(sarif, "an upload");
            const std::string id = text_at(member(member(log, "runs")[0], "automationDetails"), "id");
            analyses.push_back({.id = ++last_id_,
                                .sarif_id = "sarif-" + std::to_string(last_id_),
                                .category = id.substr(0, id.rfind('/')),
                                .ref = text_at(sent, "ref"),
                                .status = next_status,
                                .text = sarif});
            return json(202, R"({"id":")" + analyses.back().sarif_id + "\"}");
        }
        if (method == "DELETE") {
            std::erase_if(analyses, [&](const FakeAnalysis& a) { return std::to_string(a.id) == parts[2]; });
            return json(200, "{}");
        }
        if (parts[1] == "sarifs") {
            for (const FakeAnalysis& analysis : analyses) {
                if (analysis.sarif_id == parts[2])
                    return json(
                        200, R"({"processing_status":")" + analysis.status + R"(","errors":["the file is invalid"]})");
            }
            return not_found();
        }
        std::vector<std::string> items;
        for (auto one = analyses.rbegin(); one != analyses.rend(); ++one) {
            if (one->status != "complete") continue;
            JsonWriter writer;
            writer.open_object();
            writer.field("id", one->id);
            writer.field("sarif_id", one->sarif_id);
            writer.field("category", one->category);
            writer.field("created_at", "2026-11-23T03:00:00Z");
            writer.field("error", "");
            writer.field("warning", "");
            writer.close();
            items.push_back(writer.one_line());
        }
        return list(path, items);
    }

    static std::string unpacked(const std::string& base64_text) {
        static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string bytes;
        unsigned bits = 0;
        int pending_bits = 0;
        for (const char c : base64_text) {
            if (c == '=') break;
            bits = (bits << 6U) | static_cast<unsigned>(letters.find(c));
            pending_bits += 6;
            if (pending_bits < 8) continue;
            pending_bits -= 8;
            bytes += static_cast<char>((bits >> static_cast<unsigned>(pending_bits)) & 0xFFU);
        }
        return gunzip(bytes, "an upload", 100U << 20U);
    }

    std::mutex mutex_;
    std::int64_t last_id_ = 100;
    int changes_ = 0;
};
