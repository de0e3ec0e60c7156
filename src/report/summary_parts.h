// The parts of the summary, each a list of rows that can be cut short.
#pragma once

#include <string>
#include <vector>

#include "report/rows.h"
#include "report/tables.h"
#include "report/todo.h"

/// A heading, something before the rows, rows of one piece each, something after them.
struct SummaryPart {
    std::string title = {};
    std::string head = {};
    std::vector<std::string> rows = {};
    std::string tail = {};
    bool folded = false;
};

// A part without rows is omitted from the summary.
SummaryPart make_table_part(const Table& table, bool folded = true);
SummaryPart make_todo_part(const std::vector<ToDo>& todo);
SummaryPart make_image_part(const Run& run);
SummaryPart make_unknown_part(const Run& run);
SummaryPart make_pause_part(const Run& run);
SummaryPart make_finding_part(const Run& run, const std::vector<FindingRow>& rows, FindingState state);
SummaryPart make_paste_part(const std::vector<FindingRow>& rows);
