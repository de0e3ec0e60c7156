// Shows the message of an unexpected Error.
#include <catch2/catch_translate_exception.hpp>

#include "base/error.h"

CATCH_TRANSLATE_EXCEPTION(const Error& error) {
    return render_problems(error.problems);
}
