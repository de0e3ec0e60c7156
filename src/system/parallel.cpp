#include "system/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "base/error.h"

namespace {

/// One Error with the problems of all; what is not an Error is rethrown as it is.
void throw_gathered(const std::vector<std::exception_ptr>& failures) {
    std::optional<Error> gathered;
    for (const std::exception_ptr& failure : failures) {
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const Error& error) {
            if (!gathered) gathered = Error{error.exit};
            if (error.exit == Exit::cancelled) gathered->exit = Exit::cancelled;
            append(gathered->problems, error.problems);
        }
    }
    if (gathered) throw *gathered;
}

}  // namespace

void in_parallel(std::size_t jobs, const std::vector<std::function<void()>>& work) {
    in_parallel(jobs, work.size(), [&](std::size_t i) { work[i](); });
}

void in_parallel(std::size_t jobs, std::size_t count, const std::function<void(std::size_t)>& piece) {
    std::vector<std::exception_ptr> failures(count);
    std::atomic<std::size_t> next = 0;
    const auto work_off = [&] {
        for (std::size_t i = next++; i < count; i = next++) {
            try {
                piece(i);
            } catch (...) {
                failures[i] = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> others;  // their end is awaited where this block ends
        for (std::size_t thread = 1; thread < std::min(jobs, count); ++thread) others.emplace_back(work_off);
        work_off();
    }
    throw_gathered(failures);
}
