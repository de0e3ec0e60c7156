// An Error that a test did not expect is shown with what it says.
#include <catch2/catch_translate_exception.hpp>

#include "base/error.h"

CATCH_TRANSLATE_EXCEPTION(const Error& error) {
    return render_problems(error.problems);
}
