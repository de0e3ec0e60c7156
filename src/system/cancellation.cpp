#include "system/cancellation.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "base/error.h"

// A signal belongs to the whole process, so what it sets does too.
namespace {

std::atomic<bool> cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        throw Error{Exit::failed, "no pipe could be made", "too many files are open: raise the limit (ulimit -n)"};
    }
    return ends;
}

std::array<int, 2>& wake_up_pipe() {
    static std::array<int, 2> ends = make_pipe();
    return ends;
}

void note_signal(int) {
    const int before = errno;
    if (!cancelled.exchange(true)) [[maybe_unused]]
        const ssize_t written = write(wake_up_pipe()[1], "!", 1);
    errno = before;
}

void handle(int signal_number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, nullptr);
}

bool is_ignored(int signal_number) {
    struct sigaction action {};
    sigaction(signal_number, nullptr, &action);
    return action.sa_handler == SIG_IGN;
}

}  // namespace

void watch_for_cancellation() {
    wake_up_pipe() = make_pipe();  // before a handler needs it, and not shared with the process that forked us
    handle(SIGPIPE, SIG_IGN);
    handle(SIGINT, note_signal);
    handle(SIGTERM, note_signal);
    if (!is_ignored(SIGHUP)) handle(SIGHUP, note_signal);
}

bool is_cancelled() {
    return cancelled;
}

void stop_if_cancelled() {
    if (is_cancelled()) throw Error{Exit::cancelled, "cancelled", ""};
}

int cancellation_descriptor() {
    return wake_up_pipe()[0];
}
