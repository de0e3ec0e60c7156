// Tags and versions that two rows want to have.
#pragma once

#include "plan/plan.h"

/// Errors: a Python version in two rows, a tag given twice (also one that differs in case only), a moving tag that
/// has the form of a version tag.
Problems find_collisions(const Matrix& matrix);
