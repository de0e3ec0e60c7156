// One row of image-matrix.json, field by field.
#pragma once

#include "base/json.h"
#include "plan/plan.h"

/// Reads the object at `pointer`. What is wrong with it goes to `problems`; a field that cannot be used is left empty.
Row read_row(const LinedJson& json, const std::string& pointer, const Json& object, Problems& problems);

/// What stands where another type was expected: "a number", "a list".
std::string kind_of(const Json& value);
