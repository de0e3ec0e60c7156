// Runs work in a child process and interrupts it with a signal to its process group, like Ctrl-C in a terminal.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "base/error.h"
#include "system/cancellation.h"
#include "system/clock.h"

/// Returns the exit code of the child: 130 if the work ended in Error{cancelled}, 0 if it completed. The signal is sent
/// `after` this long.
inline int exit_code_when_interrupted(std::chrono::milliseconds after, int signal_number,
                                      const std::function<void()>& work) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        setpgid(0, 0);
        watch_for_cancellation();
        std::thread([=] {
            std::this_thread::sleep_for(after);
            kill(0, signal_number);
        }).detach();
        try {
            work();
        } catch (const Error& error) {
            _exit(static_cast<int>(error.exit));
        }
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Waits until it is cancelled, does this, and remains cancelled.
inline std::function<void()> wait_and_then(const std::function<void()>& work) {
    return [work] {
        try {
            RealClock().sleep(std::chrono::seconds(20));
        } catch (const Error&) {
            work();
            throw;
        }
    };
}
