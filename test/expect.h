// What many tests ask: of a text, of problems, of what fails.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <stdexcept>
#include <string>

#include "base/error.h"

inline bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// The same of problems with their places and hints.
inline bool holds(const Problems& problems, const std::string& part) {
    return holds(render_problems(problems), part);
}

/// What each problem says, one per line.
inline std::string texts_of(const Problems& problems) {
    std::string text;
    for (const Problem& problem : problems) text += problem.what + "\n";
    return text;
}

/// What was thrown; fails the test if nothing was.
inline Error error_of(const std::function<void()>& step) {
    try {
        step();
    } catch (const Error& error) {
        return error;
    }
    throw std::logic_error("nothing was thrown");
}

/// The same as users would read it, with this exit code; "no error" if nothing was thrown.
inline std::string thrown_by(const std::function<void()>& work, Exit exit = Exit::failed) {
    try {
        work();
    } catch (const Error& error) {
        CHECK(error.exit == exit);
        return render_problems(error.problems);
    }
    return "no error";
}
