#include "system/exchange.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace fs = std::filesystem;

namespace {

constexpr std::size_t max_header_bytes = 256U << 10U;

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
    std::string copy = text;
    curl_free(text);
    return copy;
}

/// Notes errno as the reason. Always false.
bool note(int& error) {
    error = errno;
    return false;
}

}  // namespace

Address parse_address(const Request& request) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) return {"", "a malformed address"};
    const std::string host = part_of(url.get(), CURLUPART_HOST);
    const std::string port = part_of(url.get(), CURLUPART_PORT);
    Address address;
    address.server = part_of(url.get(), CURLUPART_SCHEME) + "://" + host + ":" +
                     part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT) + request.unix_socket.string();
    const std::string place =
        request.unix_socket.empty() ? host + (port.empty() ? "" : ":" + port) : request.unix_socket.string() + ":";
    address.shown = place + part_of(url.get(), CURLUPART_PATH);
    return address;
}

void Exchange::fail(const std::string& what, const std::string& hint, bool is_permanent) const {
    Error error{Exit::failed, request.method + " " + address.shown + ": " + what, hint};
    error.is_permanent = is_permanent;
    throw error;
}

bool Exchange::take_header(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > max_header_bytes) {
        refusal = "the response's headers are longer than 256 KiB";
        return false;
    }
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        response.headers.clear();  // after a 100 Continue comes a second response
    } else if (colon != std::string_view::npos) {
        response.headers.push_back(
            {std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
    }
    return true;
}

bool Exchange::take_body(std::string_view bytes) {
    body_bytes += bytes.size();
    note_status();
    if (body_bytes > request.max_body) {
        is_cut = response.status >= 400;
        if (!is_cut) refusal = fmt::format("the response is longer than {} bytes", request.max_body);
        response.body +=
            bytes.substr(0, request.max_body - std::min<std::uint64_t>(request.max_body, response.body.size()));
        return false;
    }
    if (!is_saved()) {
        response.body += bytes;
        return true;
    }
    if (!part_file.is_open() && !open_part()) return false;
    return write_all(part_file, bytes) || note(disk_error);
}

bool Exchange::open_part() {
    const fs::path path = part_path();
    part_file = FileDescriptor(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!part_file.is_open()) return note(disk_error);
    struct stat directory {};
    if (geteuid() == 0 && stat(fs::absolute(path).parent_path().c_str(), &directory) == 0) {
        // As in RealFiles: where the disk does not let us give it away, it stays ours.
        [[maybe_unused]] const int result = fchown(part_file.number(), directory.st_uid, directory.st_gid);
    }
    return true;
}

bool Exchange::finish_part() {
    if (!is_saved()) return true;
    if (!part_file.is_open() && !open_part()) return false;
    return rename(part_path().c_str(), request.save_to.c_str()) == 0 || note(disk_error);
}

void Exchange::remove_part() const {
    if (part_file.is_open()) unlink(part_path().c_str());
}

void Exchange::note_status() {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
}

bool Exchange::is_saved() const {
    return !request.save_to.empty() && (response.status == 200 || response.status == 206);
}
