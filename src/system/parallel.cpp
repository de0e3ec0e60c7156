#include "system/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <thread>

#include "base/error.h"

namespace {

/// How one piece of work failed.
struct Failure {
    std::optional<Error> error;
    std::exception_ptr mistake;
};

Failure run_one(const std::function<void()>& piece) {
    try {
        piece();
    } catch (const Error& error) {
        return {error, nullptr};
    } catch (...) {
        return {std::nullopt, std::current_exception()};
    }
    return {};
}

void throw_gathered(const std::vector<Failure>& failures) {
    std::optional<Error> gathered;
    for (const Failure& failure : failures) {
        if (failure.mistake) std::rethrow_exception(failure.mistake);
        if (!failure.error) continue;
        if (!gathered) gathered = Error{failure.error->exit};
        if (failure.error->exit == Exit::cancelled) gathered->exit = Exit::cancelled;
        gathered->problems.insert(gathered->problems.end(), failure.error->problems.begin(),
                                  failure.error->problems.end());
    }
    if (gathered) throw *gathered;
}

}  // namespace

void in_parallel(std::size_t jobs, const std::vector<std::function<void()>>& work) {
    std::vector<Failure> failures(work.size());
    std::atomic<std::size_t> next = 0;
    const auto work_off = [&] {
        for (std::size_t piece = next++; piece < work.size(); piece = next++) failures[piece] = run_one(work[piece]);
    };
    {
        std::vector<std::jthread> others;  // their end is awaited where this block ends
        for (std::size_t thread = 1; thread < std::min(jobs, work.size()); ++thread) others.emplace_back(work_off);
        work_off();
    }
    throw_gathered(failures);
}
