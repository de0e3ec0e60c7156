// A small HTTP server of the test's own, on a loopback address or a unix socket.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// What a client is answered, byte by byte, and what becomes of the connection then.
struct Reply {
    enum class Then { keep, close, reset, hang };
    std::string bytes{};
    Then then = Then::keep;
};

/// A whole answer with its length.
Reply make_reply(int status, const std::string& body, const std::string& headers = "");

class LocalServer {
  public:
    using Answer = std::function<Reply(const std::string& request)>;

    explicit LocalServer(Answer answer);
    LocalServer(Answer answer, const std::filesystem::path& unix_socket);
    ~LocalServer();

    std::string url(const std::string& path) const { return "http://" + address() + path; }
    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    std::vector<std::string> requests() const;  ///< each from its first line to the end of its body
    int connections() const { return connections_; }

  private:
    void serve();
    void accept_one();
    bool serve_one(int connection);
    bool answer_one(int connection, const std::string& request);

    Answer answer_;
    int listener_ = -1;
    int port_ = 0;
    std::map<int, std::string> open_;  ///< what came over each connection and is no whole request yet
    std::atomic<int> connections_ = 0;
    std::atomic<bool> stop_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};
