// Bounded concurrency: the only place where threads are made.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

/// Runs all the work, at most `jobs` pieces at a time. Every piece is run, also after another one has failed; then
/// throws one Error with the Problems of all that failed, in the order of `work` (the first one's exit code; a
/// cancellation wins). An exception that is not an Error is a bug of the program: the first one is thrown on as it is.
void in_parallel(std::size_t jobs, const std::vector<std::function<void()>>& work);

/// The same for the pieces 0 … `count` - 1 of one kind of work.
void in_parallel(std::size_t jobs, std::size_t count, const std::function<void(std::size_t)>& piece);
