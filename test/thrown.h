// What a piece of work throws, as users would read it.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>

#include "base/error.h"

/// The rendered problems of the Error that `work` throws, which must have this exit code; "no error" if there is none.
inline std::string thrown_by(const std::function<void()>& work, Exit exit = Exit::failed) {
    try {
        work();
    } catch (const Error& error) {
        CHECK(error.exit == exit);
        return render_problems(error.problems);
    }
    return "no error";
}
