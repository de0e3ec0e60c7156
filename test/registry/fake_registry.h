// An in-memory registry, as strict as a real one, with injectable faults.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/json.h"
#include "fakes/fake_world.h"
#include "oci/layout.h"

struct FakeRegistry {
    using Fault = std::function<std::optional<Response>(const Request&)>;

    std::string host = "localhost:5000";
    std::map<std::string, std::map<Digest, std::string>> blobs;      ///< by repository
    std::map<std::string, std::map<Digest, std::string>> manifests;  ///< by repository
    std::map<std::string, Digest> tags;                              ///< by "repository:tag"
    std::vector<std::string> written;  ///< the tags in the order in which they were written
    bool mounts = true;
    Fault fault = [](const Request&) { return std::nullopt; };  ///< the response in place of serving a request
    Fault loses = [](const Request&) { return std::nullopt; };  ///< the response in place of the real one

    explicit FakeRegistry(FakeWorld& fake) : fake_(fake) {
        for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
            fake.http.stub_with(method, "http://localhost:5000/v2/*", [this](const Request& request) {
                const std::lock_guard lock(mutex_);
                if (const std::optional<Response> instead = fault(request)) return *instead;
                const Response response = serve(request);
                if (const std::optional<Response> instead = loses(request)) return *instead;
                return response;
            });
        }
    }

    std::size_t count(const std::string& method, const std::string& part = "") const {
        std::size_t count = 0;
        for (const Request& request : fake_.http.sent)
            count += request.method == method && request.url.find(part) != std::string::npos;
        return count;
    }

    [[noreturn]] static void cut(const Request& request) {
        throw Error{Exit::failed, request.method + ": connection reset by peer", ""};
    }

    static Response error(int status, const std::string& code) {
        return {status, {}, fmt::format(R"({{"errors":[{{"code":"{}","message":"the registry's message"}}]}})", code)};
    }

  private:
    Response serve(const Request& request) {
        const std::string path = request.url.substr(std::string("http://localhost:5000/v2/").size());
        for (const char* kind : {"/manifests/", "/blobs/uploads/", "/blobs/", "/tags/list"}) {
            const std::size_t at = path.find(kind);
            if (at == std::string::npos) continue;
            const std::string repository = path.substr(0, at);
            const std::string name = path.substr(at + std::string(kind).size());
            if (kind == std::string("/manifests/")) return serve_manifest(request, repository, name);
            if (kind == std::string("/blobs/uploads/")) return serve_upload(request, repository, name);
            if (kind == std::string("/blobs/")) return serve_blob(request, repository, name);
            return serve_tags(repository);
        }
        return error(404, "NAME_UNKNOWN");
    }

    Response serve_tags(const std::string& repository) const {
        std::string list;
        for (const auto& [name, digest] : tags) {
            if (!name.starts_with(repository + ":")) continue;
            list += (list.empty() ? "\"" : ",\"") + name.substr(repository.size() + 1) + "\"";
        }
        return {200, {}, fmt::format(R"({{"name":"{}","tags":[{}]}})", repository, list)};
    }

    Response serve_manifest(const Request& request, const std::string& repository, const std::string& name) {
        if (request.method == "PUT") return put_manifest(request, repository, name);
        std::optional<Digest> digest = Digest::parse(name);
        if (!digest && tags.contains(repository + ":" + name)) digest = tags.at(repository + ":" + name);
        if (!digest || !manifests[repository].contains(*digest)) return error(404, "MANIFEST_UNKNOWN");
        return {200, {{"Docker-Content-Digest", digest->text()}}, manifests[repository].at(*digest)};
    }

    Response put_manifest(const Request& request, const std::string& repository, const std::string& name) {
        const Manifest manifest = parse_manifest(request.body, name);
        if (request.headers.at(0).value != manifest.media_type) return error(400, "MANIFEST_INVALID");
        std::vector<Descriptor> needed = manifest.layers;
        if (manifest.config) needed.push_back(*manifest.config);
        for (const Descriptor& one : needed) {
            if (!blobs[repository].contains(one.digest)) return error(400, "MANIFEST_BLOB_UNKNOWN");
        }
        for (const Descriptor& child : manifest.children) {
            if (!manifests[repository].contains(child.digest)) return error(400, "MANIFEST_BLOB_UNKNOWN");
        }
        const Digest digest = sha256(request.body);
        if (name.starts_with("sha256:") && name != digest.text()) return error(400, "DIGEST_INVALID");
        manifests[repository].insert_or_assign(digest, request.body);
        if (!name.starts_with("sha256:")) {
            tags.insert_or_assign(repository + ":" + name, digest);
            written.push_back(repository + ":" + name);
        }
        return {201, {{"Docker-Content-Digest", digest.text()}}, ""};
    }

    Response serve_upload(const Request& request, const std::string& repository, const std::string& rest) {
        if (request.method == "DELETE") return {204, {}, ""};
        if (request.method == "PUT") {
            const std::string bytes = request.body_file.empty() ? request.body : fake_.files.read(request.body_file);
            const std::size_t at = rest.find("digest=");
            if (at == std::string::npos || sha256(bytes).text() != rest.substr(at + 7))
                return error(400, "DIGEST_INVALID");
            blobs[repository].insert_or_assign(sha256(bytes), bytes);
            return {201, {}, ""};
        }
        if (mounts && rest.starts_with("?mount=")) {
            const Digest digest = *Digest::parse(rest.substr(7, 71));
            const std::string from = rest.substr(rest.find("&from=") + 6);
            if (blobs[from].contains(digest)) {
                blobs[repository].insert_or_assign(digest, blobs[from].at(digest));
                return {201, {}, ""};
            }
        }
        return {202, {{"Location", "/v2/" + repository + "/blobs/uploads/1?_state=x"}}, ""};
    }

    Response serve_blob(const Request& request, const std::string& repository, const std::string& name) {
        const std::optional<Digest> digest = Digest::parse(name);
        if (!digest || !blobs[repository].contains(*digest)) return error(404, "BLOB_UNKNOWN");
        const std::string& bytes = blobs[repository].at(*digest);
        for (const Header& header : request.headers) {
            if (header.name != "Range") continue;
            const std::size_t begin = std::stoul(header.value.substr(6));
            const std::size_t end = std::stoul(header.value.substr(header.value.find('-') + 1));
            return {206, {}, bytes.substr(begin, end - begin + 1)};
        }
        return {200, {}, bytes};
    }

    FakeWorld& fake_;
    std::mutex mutex_;
};
