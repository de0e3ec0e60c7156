// What a terminal shows: the table of images and the lines at the end of `run`.
#pragma once

#include <string>

#include "report/run.h"

/// One row per image, one per blocking finding (the first 50; the rest is counted). Without `colour` there is no
/// control character in it.
std::string render_table(const Run& run, bool colour);

/// The dozen lines at the end of `run`: what was made, the verdict, what to do (the first five), where to look.
std::string render_ending(const Run& run, bool colour);
