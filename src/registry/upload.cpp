#include "registry/upload.h"

#include <fmt/format.h>

#include <utility>

#include "registry/call.h"
#include "registry/manifests.h"
#include "system/relay.h"

namespace registry {

namespace {

constexpr std::uint64_t max_response = 64U << 10U;
constexpr const char* push_actions = "pull,push";

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
    throw Error{Exit::failed, what, hint};
}

Call make_call(const std::string& method, const std::string& host, const std::string& repository,
               const std::string& path) {
    return {.method = method,
            .host = host,
            .repository = repository,
            .path = path,
            .actions = push_actions,
            .max_body = max_response};
}

/// The upload's Location with the digest behind whatever query it has.
std::string with_digest(const std::string& location, const Digest& digest) {
    return location + (location.find('?') == std::string::npos ? "?" : "&") + "digest=" + digest.text();
}

/// A place to send to is gone after a broken connection, a restart of the registry or a wrong byte on the way: begin
/// again (registry.md §1, §5).
bool is_worth_a_new_upload(const Response& response) {
    return is_worth_a_retry(response.status) || response.status == 404 || response.status == 416 ||
           has_error_code(response, "BLOB_UPLOAD_INVALID") || has_error_code(response, "DIGEST_INVALID");
}

bool is_taken(const Response& response) {
    return response.status / 100 == 2;
}

Call make_put(const std::string& host, const std::string& repository, const std::string& name, const std::string& bytes,
              const std::string& media_type) {
    Call call = make_call("PUT", host, repository, "manifests/" + name);
    call.headers = {{"Content-Type", media_type}};
    call.body = bytes;
    return call;
}

/// An empty digest is as good as none.
void check_digest(const Call& call, const Response& response, const Digest& digest) {
    const std::string theirs = response.header("Docker-Content-Digest").value_or("");
    if (theirs.empty() || Digest::parse(theirs) == digest) return;
    refuse(fmt::format("{}/{} took {} and calls it {}", call.host, call.repository, digest.text(), one_line(theirs)),
           "do not use this registry, or the proxy in between");
}

class Upload {
  public:
    Upload(Client& client, Files& files, const std::string& host, const std::string& repository, const Blob& blob,
           const std::string& mount_from, bool ask_first)
        : client_(client),
          files_(files),
          host_(host),
          repository_(repository),
          blob_(blob),
          mount_from_(mount_from),
          ask_first_(ask_first) {}

    Arrival run() {
        Attempts attempts;
        while (true) {
            Call call = make_begin();
            Response response = client_.send(call);
            if (response.status == 201) return mount_from_ == repository_ ? Arrival::there_already : Arrival::mounted;
            if (is_about_mount(response)) {
                mount_from_.clear();
                ask_first_ = ask_first_ || response.status >= 500;
                continue;
            }
            if (response.status != 202 && !is_worth_a_retry(response.status)) refuse_push(client_, call, response);
            if (response.status == 202) {
                if (is_there_after_all()) return sent_ ? Arrival::sent : Arrival::found;
                call = make_send(response);
                response = client_.send(call);
                if (is_taken(response)) return Arrival::sent;
                if (!is_worth_a_new_upload(response)) refuse_push(client_, call, response);
                check_file(response);
                sent_ = ask_first_ = true;
            }
            if (!client_.wait_for_next(attempts, host_, response)) refuse_push(client_, call, response);
        }
    }

  private:
    Call make_begin() const {
        Call call = make_call("POST", host_, repository_, "blobs/uploads/");
        call.once = true;
        if (mount_from_.empty()) return call;
        call.path += "?mount=" + blob_.digest.text() + "&from=" + mount_from_;
        call.mounted_from = mount_from_;
        return call;
    }

    /// Whatever a registry has against a mount: it may still take the bytes. Where it is busy or does not respond, that
    /// is not about the mount.
    bool is_about_mount(const Response& response) const {
        if (mount_from_.empty() || response.status == 202) return false;
        return response.status >= 500 || !is_worth_a_retry(response.status);
    }

    Call make_send(const Response& begun) const {
        const std::string location = begun.header("Location").value_or("");
        if (location.empty()) {
            refuse(
                fmt::format("{}/{} began an upload and named no place to send it to (no Location)", host_, repository_),
                "do not use this registry, or the proxy in between");
        }
        Call call = make_call("PUT", host_, repository_, "blobs/uploads/");
        call.location = with_digest(location, blob_.digest);
        call.headers = {{"Content-Type", "application/octet-stream"}};
        call.body_file = blob_.file;
        call.timeout = std::chrono::seconds(0);
        call.once = true;
        return call;
    }

    /// Only where the registry may not have understood the mount, or has been sent the blob before.
    bool is_there_after_all() {
        if (!std::exchange(ask_first_, false)) return false;
        return client_.send(make_call("HEAD", host_, repository_, "blobs/" + blob_.digest.text())).status == 200;
    }

    /// A registry that does not find the digest in our bytes may be right.
    void check_file(const Response& response) const {
        if (!has_error_code(response, "DIGEST_INVALID") || files_.digest_of(blob_.file) == blob_.digest) return;
        throw Error{Exit::failed,
                    {blob_.file.string()},
                    "the bytes are not what their name says: they were changed since the build",
                    "build and scan the image again"};
    }

    Client& client_;
    Files& files_;
    const std::string& host_;
    const std::string& repository_;
    const Blob& blob_;
    std::string mount_from_;
    bool ask_first_;
    bool sent_ = false;  ///< at least once, without a good response
};

/// Registries that lag behind themselves do not find what they have just been given (registry.md §7); their data may be
/// there at the second look.
bool is_worth_a_second_look(const Response& response) {
    return response.status == 404 || (response.status == 400 && (has_error_code(response, "MANIFEST_BLOB_UNKNOWN") ||
                                                                 has_error_code(response, "DIGEST_INVALID")));
}

}  // namespace

void refuse_push(const Client& client, const Call& call, const Response& response) {
    if (response.status == 401 || response.status == 403) {
        const bool known = client.has_credentials(call.host, call.repository);
        client.refuse_denied(
            fmt::format("{} push to {}/{} ({})",
                        known ? "the credentials do not allow a" : "there are no credentials for a", call.host,
                        call.repository, render_refusal(call, response)),
            known ? "use an access token that may write to this repository" : "give a user name and an access token");
    }
    refuse(render_refusal(call, response), "what is sent already is not sent again: run it again");
}

Arrival upload_blob(Client& client, Files& files, const std::string& host, const std::string& repository,
                    const Blob& blob, const std::string& mount_from, bool ask_first) {
    return Upload(client, files, host, repository, blob, mount_from, ask_first).run();
}

void put_manifest(Client& client, const std::string& host, const std::string& repository, const std::string& bytes,
                  const std::string& media_type) {
    const Digest digest = sha256(bytes);
    const Call call = make_put(host, repository, digest.text(), bytes, media_type);
    Response response = client.send(call);
    Attempts attempts;
    if (is_worth_a_second_look(response) && client.wait_for_next(attempts, host, response))
        response = client.send(call);
    if (!is_taken(response)) refuse_push(client, call, response);
    check_digest(call, response, digest);
}

TagPut put_tag(Client& client, const std::string& host, const std::string& repository, const std::string& tag,
               const std::string& bytes, const std::string& media_type) {
    TagPut put;
    put.call = make_put(host, repository, tag, bytes, media_type);
    put.call.once = true;
    put.response = client.send(put.call);
    put.taken = is_taken(put.response);
    put.is_worth_a_retry = is_worth_a_retry(put.response.status);
    put.is_worth_a_second_look = is_worth_a_second_look(put.response);
    if (put.taken) check_digest(put.call, put.response, sha256(bytes));
    return put;
}

void try_push(Client& client, const std::string& host, const std::string& repository) {
    const Call begin = make_call("POST", host, repository, "blobs/uploads/");
    const Response begun = client.send(begin);
    if (begun.status != 202) refuse_push(client, begin, begun);
    Call end = make_call("DELETE", host, repository, "blobs/uploads/");
    end.location = begun.header("Location").value_or("");
    end.once = true;
    if (!end.location.empty()) client.send(end);  // the response does not matter: uploads end by themselves
}

}  // namespace registry
