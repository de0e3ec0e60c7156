// Debian's docker-registry (distribution 2.8) as a peer: a process of its own, its storage in memory, its port its own;
// and a proxy that cuts connections.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "real_world.h"

inline sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket that listens on a free port.
inline int listen_somewhere(int& port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, 64) != 0)
        throw std::runtime_error("no port is free");
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
    return listener;
}

class DockerRegistry {
  public:
    static constexpr const char* program = "/usr/bin/docker-registry";
    static bool is_installed() { return access(program, X_OK) == 0; }

    /// `auth`: a block of its configuration, indented by two.
    explicit DockerRegistry(const std::string& auth = "") {
        const bool has_tmpfs = std::filesystem::is_directory("/dev/shm");
        std::string name = (has_tmpfs ? "/dev/shm/registry-XXXXXX" : "/tmp/registry-XXXXXX");
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder could be made: " + name);
        folder_ = name;
        close(listen_somewhere(port_));
        std::ofstream(folder_ / "config.yml")
            << "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
            << "storage:\n  filesystem:\n    rootdirectory: " << storage().string() << "\n"
            << "http:\n  addr: 127.0.0.1:" << port_ << "\n  headers:\n    X-Peer: [" << folder_.string() << "]\n"
            << auth;
        start();
        wait_until_it_answers();
    }
    DockerRegistry(const DockerRegistry&) = delete;
    DockerRegistry& operator=(const DockerRegistry&) = delete;
    ~DockerRegistry() {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }

    int port() const { return port_; }
    std::string host() const { return "localhost:" + std::to_string(port_); }
    std::filesystem::path storage() const { return folder_ / "storage"; }
    std::filesystem::path folder() const { return folder_; }

  private:
    void start() {
        const std::string config = folder_ / "config.yml";
        const std::string log = folder_ / "log";
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        const std::array<const char*, 4> argv = {program, "serve", config.c_str(), nullptr};
        const std::array<const char*, 2> environment = {"OTEL_TRACES_EXPORTER=none", nullptr};
        const int failed = posix_spawn(&process_, program, &actions, nullptr, const_cast<char**>(argv.data()),
                                       const_cast<char**>(environment.data()));
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) throw std::runtime_error("docker-registry cannot be started");
    }

    /// And it is ours that answers: whoever else had this port would make every result wrong.
    void wait_until_it_answers() const {
        RealHttp http{Environment{}};
        for (int attempt = 0; attempt < 600; ++attempt) {
            try {
                const Response response = http.send({.url = "http://" + host() + "/v2/"});
                if (response.header("X-Peer") == folder_.string()) return;
            } catch (const Error&) {  // not yet
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        throw std::runtime_error("docker-registry does not answer");
    }

    std::filesystem::path folder_;
    int port_ = 0;
    pid_t process_ = -1;
};

/// Passes bytes on, and resets a connection after so many of them.
class FaultProxy {
  public:
    explicit FaultProxy(int upstream) : upstream_(upstream), listener_(listen_somewhere(port_)) {
        acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
    }

    std::string host() const { return "localhost:" + std::to_string(port_); }
    /// The connection over which the byte goes that makes it so many from now on is reset; once.
    void cut_after(long bytes) { left_ = bytes; }
    int cuts() const { return cuts_; }

    ~FaultProxy() {
        acceptor_.request_stop();
        acceptor_.join();
        connections_.clear();
        close(listener_);
    }

  private:
    void accept_all(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            pollfd waiting{listener_, POLLIN, 0};
            if (poll(&waiting, 1, 50) <= 0) continue;
            const int client = accept(listener_, nullptr, nullptr);
            if (client < 0) continue;
            connections_.emplace_back([this, client](const std::stop_token& end) { pass_on(client, end); });
        }
    }

    void pass_on(int client, const std::stop_token& stop) {
        const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(upstream_);
        bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        while (open && !stop.stop_requested()) {
            std::array<pollfd, 2> waiting = {pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
            if (poll(waiting.data(), 2, 50) <= 0) continue;
            if (waiting[0].revents != 0) open = pass(client, server, client);
            if (open && waiting[1].revents != 0) open = pass(server, client, client);
        }
        close(client);
        close(server);
    }

    bool pass(int from, int to, int client) {
        std::array<char, 4096> bytes{};
        const ssize_t got = read(from, bytes.data(), bytes.size());
        if (got <= 0) return false;
        const long before = left_.fetch_sub(got);
        if (before > 0 && before <= got) {
            ++cuts_;
            const linger at_once{1, 0};
            setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            [[maybe_unused]] const ssize_t some =
                send(to, bytes.data(), static_cast<std::size_t>(before), MSG_NOSIGNAL);
            return false;
        }
        return send(to, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    }

    int upstream_;
    int port_ = 0;
    int listener_;
    std::atomic<long> left_ = 0;
    std::atomic<int> cuts_ = 0;
    std::vector<std::jthread> connections_;
    std::jthread acceptor_;
};
