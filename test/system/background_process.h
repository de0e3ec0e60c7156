// A server process that runs during a test.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

/// Waits for a child process. Negative if a signal ended it.
inline int exit_code_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

class BackgroundProcess {
  public:
    /// Starts it with only PATH and OTEL_TRACES_EXPORTER=none (no traces from registries) in its environment. Its
    /// output goes to the file `log`.
    BackgroundProcess(std::vector<std::string> words, std::filesystem::path log) : log_(std::move(log)) {
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        std::string untraced = "OTEL_TRACES_EXPORTER=none";
        std::array<char*, 3> environment = {path.data(), untraced.data(), nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        const int failed = posix_spawn(&process_, argv.front(), &actions, nullptr, argv.data(), environment.data());
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) throw std::runtime_error(words.front() + " cannot be started");
    }
    BackgroundProcess(const BackgroundProcess&) = delete;
    BackgroundProcess& operator=(const BackgroundProcess&) = delete;
    ~BackgroundProcess() {
        kill(process_, SIGTERM);
        waitpid(process_, nullptr, 0);
    }

    /// Throws with the log if that does not become true within a minute.
    void wait_until(const std::function<bool()>& is_so) const {
        for (int attempt = 0; attempt < 1200; ++attempt) {
            if (is_so()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        std::ifstream log(log_);
        throw std::runtime_error("it does not respond: " + std::string(std::istreambuf_iterator<char>(log), {}));
    }

  private:
    std::filesystem::path log_;
    pid_t process_ = -1;
};
