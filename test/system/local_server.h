// A small HTTP server for tests, on a loopback address or a unix socket.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

/// The bytes of a response, and what happens to the connection afterwards.
struct Reply {
    enum class Then { keep, close, reset, hang };
    std::string bytes{};
    Then then = Then::keep;
};

/// A complete response with Content-Length.
Reply make_reply(int status, const std::string& body, const std::string& headers = "");

class LocalServer {
  public:
    using Handler = std::function<Reply(const std::string& request)>;

    explicit LocalServer(Handler handler);
    LocalServer(Handler handler, const std::filesystem::path& unix_socket);
    ~LocalServer();

    std::string url(const std::string& path) const { return "http://" + host() + path; }
    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
    std::vector<std::string> requests() const;  ///< each from its request line to the end of its body
    int connections() const { return connections_; }

  private:
    void serve();
    void accept_one();
    bool serve_one(int connection);
    bool respond_one(int connection, const std::string& request);

    Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::map<int, std::string> open_;  ///< the incomplete request received over each connection
    std::atomic<int> connections_ = 0;
    std::atomic<bool> stop_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};
