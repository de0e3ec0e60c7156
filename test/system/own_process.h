// Work that is interrupted by a signal to its whole process group, as a terminal's Ctrl-C does, without ending the
// test.
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

/// The exit code of a process of its own that does the work: 130 if the work ended in Error{cancelled}, 0 if it ended
/// by itself. `after` this long the signal is sent to its group.
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
