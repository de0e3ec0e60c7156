// out/report.html: one self-contained page, for a screen of any size and for paper. It loads nothing from anywhere.
#pragma once

#include <string>

#include "report/run.h"

std::string render_page(const Run& run);
