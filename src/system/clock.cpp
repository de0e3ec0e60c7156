#include "system/clock.h"

#include <poll.h>

#include <algorithm>

#include "system/cancellation.h"

using std::chrono::milliseconds;

Time RealClock::now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

milliseconds RealClock::steady() {
    return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

void RealClock::sleep(milliseconds duration) {
    const milliseconds end = steady() + duration;
    stop_if_cancelled();
    for (milliseconds left = duration; left.count() > 0; left = end - steady()) {
        pollfd cancellation{cancellation_descriptor(), POLLIN, 0};
        poll(&cancellation, 1, static_cast<int>(std::min(left, milliseconds(std::chrono::hours(1))).count()));
        stop_if_cancelled();
    }
}
