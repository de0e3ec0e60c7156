#include "local_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "base/text.h"

namespace {

void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string("the test's server: ") + what + ": " + std::strerror(errno));
}

/// The length of the first request in these bytes, with its body; 0 if it is incomplete.
std::size_t request_length(const std::string& bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    const std::string head = lower_case(bytes.substr(0, end));
    const std::size_t at = head.find("content-length: ");
    const std::size_t body = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    return bytes.size() < end + 4 + body ? 0 : end + 4 + body;
}

}  // namespace

Reply make_reply(int status, const std::string& body, const std::string& headers) {
    return {"HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n" + headers + "\r\n" + body};
}

LocalServer::LocalServer(Handler handler)
    : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
    require(listen(listener_, 16) == 0, "listen");
    require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

LocalServer::LocalServer(Handler handler, const std::filesystem::path& unix_socket)
    : handler_(std::move(handler)), listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_socket.string().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    require(listen(listener_, 16) == 0, "listen");
    thread_ = std::thread([this] { serve(); });
}

LocalServer::~LocalServer() {
    stop_ = true;
    thread_.join();
    for (const auto& [connection, bytes] : open_) close(connection);
    close(listener_);
}

std::vector<std::string> LocalServer::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void LocalServer::serve() {
    while (!stop_) {
        std::vector<pollfd> waiting = {{listener_, POLLIN, 0}};
        for (const auto& [connection, bytes] : open_) waiting.push_back({connection, POLLIN, 0});
        poll(waiting.data(), waiting.size(), 20);
        if (waiting.front().revents != 0) accept_one();
        for (std::size_t i = 1; i < waiting.size(); ++i) {
            if (waiting[i].revents == 0 || serve_one(waiting[i].fd)) continue;
            open_.erase(waiting[i].fd);
            close(waiting[i].fd);
        }
    }
}

void LocalServer::accept_one() {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    ++connections_;
    open_[connection];
}

/// False if the connection has ended.
bool LocalServer::serve_one(int connection) {
    std::array<char, 65536> buffer{};
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    std::string& bytes = open_[connection];
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    while (const std::size_t length = request_length(bytes)) {
        const std::string request = bytes.substr(0, length);
        bytes.erase(0, length);
        if (!respond_one(connection, request)) return false;
    }
    return true;
}

bool LocalServer::respond_one(int connection, const std::string& request) {
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }
    const Reply reply = handler_(request);
    for (std::size_t sent = 0; sent < reply.bytes.size() && !stop_;) {
        const ssize_t count = send(connection, reply.bytes.data() + sent, reply.bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return false;
        sent += static_cast<std::size_t>(count);
    }
    if (reply.then == Reply::Then::reset) {
        const linger at_once{1, 0};
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    return reply.then == Reply::Then::keep || reply.then == Reply::Then::hang;
}
