#include "system/real_http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>

#include "base/text.h"
#include "system/cancellation.h"
#include "system/descriptor.h"

namespace fs = std::filesystem;

namespace {

constexpr long connect_seconds = 10;
constexpr long low_speed_seconds = 60;
constexpr std::size_t max_header_bytes = 256U << 10U;

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
    std::string copy = text;
    curl_free(text);
    return copy;
}

/// What may be shown of a request's URL: "ghcr.io/v2/", neither user, query nor fragment.
std::string render_address(const Request& request) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    if (curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) return "a malformed address";
    const std::string port = part_of(url.get(), CURLUPART_PORT);
    const std::string server = part_of(url.get(), CURLUPART_HOST) + (port.empty() ? "" : ":" + port);
    const std::string socket = request.unix_socket.string();
    return (socket.empty() ? server : socket + ":") + part_of(url.get(), CURLUPART_PATH);
}

/// Notes errno as the reason. Always false.
bool note(int& error) {
    error = errno;
    return false;
}

/// One exchange while it is under way, for libcurl's callbacks, which know of it by a pointer.
struct Exchange {
    const Request& request;
    CURL* handle;
    std::string address;
    Response response{};
    FileDescriptor body_file{};  ///< what is sent
    FileDescriptor part_file{};  ///< what comes: beside Request::save_to until it is whole
    std::size_t header_bytes = 0;
    std::uint64_t body_bytes = 0;
    std::string refusal{};  ///< why we ended it ourselves
    bool is_cut = false;    ///< we ended it ourselves, and keep what came: the beginning of a long error page
    int disk_error = 0;     ///< errno, if the disk did
    std::array<char, CURL_ERROR_SIZE> curl_error{};

    /// Throws Error{failed} that names method, host and path.
    [[noreturn]] void fail(const std::string& what, const std::string& hint = "", bool is_permanent = true) const {
        Error error{Exit::failed, request.method + " " + address + ": " + what, hint};
        error.is_permanent = is_permanent;
        throw error;
    }

    // The next four return false, and the reason is in `refusal` or `disk_error`, if the exchange is to be ended.
    bool take_header(std::string_view line) {
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

    bool take_body(std::string_view bytes) {
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

    bool open_part() {
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

    bool finish_part() {
        if (!is_saved()) return true;
        if (!part_file.is_open() && !open_part()) return false;
        return rename(part_path().c_str(), request.save_to.c_str()) == 0 || note(disk_error);
    }

    /// What came of an exchange that failed.
    void remove_part() const {
        if (part_file.is_open()) unlink(part_path().c_str());
    }

    void note_status() {
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        response.status = static_cast<int>(status);
    }

    bool is_saved() const { return !request.save_to.empty() && (response.status == 200 || response.status == 206); }

    std::filesystem::path part_path() const { return request.save_to.string() + ".part"; }
};

using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
    return static_cast<Exchange*>(exchange)->take_header({data, size * count}) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
    return static_cast<Exchange*>(exchange)->take_body({data, size * count}) ? size * count : 0;
}

std::size_t on_read(char* data, std::size_t size, std::size_t count, void* exchange) {
    const ssize_t got = read(static_cast<Exchange*>(exchange)->body_file.number(), data, size * count);
    return got < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(got);
}

/// libcurl sends a body again from its beginning if the kept connection turned out to be closed.
int on_seek(void* exchange, curl_off_t offset, int origin) {
    const int file = static_cast<Exchange*>(exchange)->body_file.number();
    return lseek(file, offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

/// Whether a cancellation of the run concerns this request.
bool is_called_off(const Request& request) {
    return is_cancelled() && !request.cleans_up;
}

int on_progress(void* exchange, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return is_called_off(static_cast<Exchange*>(exchange)->request) ? 1 : 0;
}

List make_headers(const Exchange& exchange) {
    List list(nullptr, &curl_slist_free_all);
    const auto add = [&](const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); };
    bool has_type = false;
    for (const Header& header : exchange.request.headers) {
        if ((header.name + header.value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            exchange.fail("a header that was to be sent holds a line break");
        }
        has_type = has_type || lower_case(header.name) == "content-type";
        // libcurl takes "Name:" for "leave this header out" and "Name;" for an empty one.
        add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    add("Expect:");                       // no waiting for a "100 Continue" that most servers never send
    if (!has_type) add("Content-Type:");  // libcurl's own would be that of a web form
    return list;
}

void set_body_file(Exchange& exchange) {
    const fs::path& path = exchange.request.body_file;
    exchange.body_file = FileDescriptor(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!exchange.body_file.is_open() || fstat(exchange.body_file.number(), &status) != 0)
        refuse_path(path, "cannot be read");
    if (!S_ISREG(status.st_mode)) throw Error{Exit::failed, {path.string()}, "this is not a regular file", ""};
    curl_easy_setopt(exchange.handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(exchange.handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(status.st_size));
    curl_easy_setopt(exchange.handle, CURLOPT_READFUNCTION, &on_read);
    curl_easy_setopt(exchange.handle, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(exchange.handle, CURLOPT_SEEKFUNCTION, &on_seek);
    curl_easy_setopt(exchange.handle, CURLOPT_SEEKDATA, &exchange);
}

void set_method_and_body(Exchange& exchange) {
    const Request& request = exchange.request;
    const bool carries_body =
        !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (request.method == "HEAD") {
        curl_easy_setopt(exchange.handle, CURLOPT_NOBODY, 1L);
        return;
    }
    if (!request.body_file.empty()) {
        set_body_file(exchange);
    } else if (carries_body) {
        curl_easy_setopt(exchange.handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(exchange.handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(exchange.handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void set_address_and_limits(const Exchange& exchange) {
    const Request& request = exchange.request;
    CURL* handle = exchange.handle;
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "python-image-action");
    if (!request.unix_socket.empty()) curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
    if (request.only_once) curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    if (request.timeout.count() > 0) {
        curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
    } else {
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, low_speed_seconds);
    }
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
}

void set_callbacks(Exchange& exchange) {
    CURL* handle = exchange.handle;
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // libcurl's own alarm is no good with threads
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange.curl_error.data());
    curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

const char* hint_for(CURL* handle, CURLcode code) {
    long proxy_said = 0;
    curl_easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &proxy_said);
    if (proxy_said == 407)
        return "the proxy wants a name and a password: put them into the address that HTTPS_PROXY holds";
    constexpr const char* unreachable =
        "is the name right, is the network there, and does it want a proxy (HTTPS_PROXY, NO_PROXY)?";
    static const std::map<CURLcode, const char*> hints = {
        {CURLE_COULDNT_RESOLVE_HOST, unreachable},
        {CURLE_COULDNT_CONNECT, unreachable},
        {CURLE_COULDNT_RESOLVE_PROXY, "check HTTP_PROXY and HTTPS_PROXY"},
        {CURLE_PEER_FAILED_VERIFICATION,
         "if your network has a certificate authority of its own, name its file in SSL_CERT_FILE"},
        {CURLE_SSL_CACERT_BADFILE, "check the file that SSL_CERT_FILE or CURL_CA_BUNDLE names"},
        {CURLE_UNSUPPORTED_PROTOCOL, "only http and https are spoken"}};
    const auto found = hints.find(code);
    return found == hints.end() ? "" : found->second;
}

/// Names, connections and servers may work at the next attempt; what is wrong with the certificate or the URL stays so.
bool is_permanent(CURLcode code) {
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
}

void perform(Exchange& exchange) {
    const CURLcode code = curl_easy_perform(exchange.handle);
    exchange.note_status();
    if (exchange.is_cut) return;
    if (code == CURLE_OK && exchange.finish_part()) return;
    exchange.remove_part();
    if (is_called_off(exchange.request)) stop_if_cancelled();
    errno = exchange.disk_error;
    if (exchange.disk_error != 0) refuse_path(exchange.request.save_to, "cannot be written");
    // A write may have been done all the same: that is found out by the attempt after it.
    if (!exchange.refusal.empty()) exchange.fail(exchange.refusal, "", exchange.request.method == "GET");
    const std::string why = exchange.curl_error.data();
    exchange.fail(why.empty() ? curl_easy_strerror(code) : why, hint_for(exchange.handle, code), is_permanent(code));
}

}  // namespace

RealHttp::RealHttp(const Environment& environment) {
    ca_file_ = text_at(environment, "CURL_CA_BUNDLE");
    if (ca_file_.empty()) ca_file_ = text_at(environment, "SSL_CERT_FILE");
    ca_directory_ = text_at(environment, "SSL_CERT_DIR");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        throw Error{Exit::failed, "libcurl cannot be set up", ""};
    }
}

Response RealHttp::send(const Request& request) {
    if (is_called_off(request)) stop_if_cancelled();
    Handle handle = take_handle();
    Exchange exchange{.request = request, .handle = handle.get(), .address = render_address(request)};
    const List headers = make_headers(exchange);
    curl_easy_setopt(exchange.handle, CURLOPT_HTTPHEADER, headers.get());
    if (!ca_file_.empty()) curl_easy_setopt(exchange.handle, CURLOPT_CAINFO, ca_file_.c_str());
    if (!ca_directory_.empty()) curl_easy_setopt(exchange.handle, CURLOPT_CAPATH, ca_directory_.c_str());
    set_address_and_limits(exchange);
    set_callbacks(exchange);
    set_method_and_body(exchange);
    perform(exchange);
    give_back(std::move(handle));
    return std::move(exchange.response);
}

RealHttp::Handle RealHttp::take_handle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {curl_easy_init(), &curl_easy_cleanup};
    Handle handle = std::move(idle_.back());
    idle_.pop_back();
    curl_easy_reset(handle.get());  // forgets the last request, keeps the connections
    return handle;
}

void RealHttp::give_back(Handle handle) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
}
