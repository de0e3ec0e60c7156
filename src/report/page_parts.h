// Parts of the page as HTML, each empty where there is nothing to show.
#pragma once

#include <string>
#include <vector>

#include "report/heading.h"
#include "report/rows.h"

std::string render_todo(const std::vector<ToDo>& todo);
std::string render_cards(const Run& run);                        ///< one for each image
std::string render_charts(const std::vector<FindingRow>& rows);  ///< by severity, and by what fixes them
std::string render_terms(const Run& run);                        ///< what is accepted for a time
