#include "system/cancellation.h"

#include <signal.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cerrno>

#include "base/error.h"

// A signal belongs to the whole process, so what it sets does too.
namespace {

std::atomic<bool> cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

/// An eventfd(2) that a signal makes readable.
int make_event() {
    const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event >= 0) return event;
    throw Error{Exit::failed, "no event descriptor could be made",
                "too many files are open: raise the limit (ulimit -n)"};
}

int& wake_up_event() {
    static int event = make_event();
    return event;
}

void note_signal(int) {
    const int before = errno;
    if (!cancelled.exchange(true)) [[maybe_unused]]
        const int result = eventfd_write(wake_up_event(), 1);
    errno = before;
}

void handle(int signal_number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, nullptr);
}

}  // namespace

void watch_for_cancellation() {
    wake_up_event() = make_event();  // before a handler needs it, and not shared with the process that forked us
    handle(SIGPIPE, SIG_IGN);
    handle(SIGINT, note_signal);
    handle(SIGTERM, note_signal);
    struct sigaction hangup {};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) handle(SIGHUP, note_signal);
}

bool is_cancelled() {
    return cancelled;
}

void stop_if_cancelled() {
    if (is_cancelled()) throw Error{Exit::cancelled, "cancelled", ""};
}

int cancellation_descriptor() {
    return wake_up_event();
}
