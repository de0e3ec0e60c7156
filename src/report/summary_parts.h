// The parts of the summary, each a list of rows that can be cut short.
#pragma once

#include <string>
#include <vector>

#include "report/rows.h"
#include "report/todo.h"

/// A heading, something before the rows, rows of one piece each, something after them.
struct SummaryPart {
    std::string title;
    std::string head;
    std::vector<std::string> rows;
    std::string tail;
    bool folded = false;
    std::size_t more = 0;  ///< rows that were not even rendered: there is no room for them
};

// A part without rows is omitted from the summary.
SummaryPart make_todo_part(const std::vector<ToDo>& todo);
SummaryPart make_image_part(const Run& run);
SummaryPart make_unknown_part(const Run& run);
SummaryPart make_change_part(const Run& run);  ///< at a glance; the three that follow have the details
SummaryPart make_finding_change_part(const Run& run);
SummaryPart make_package_change_part(const Run& run);
SummaryPart make_contract_change_part(const Run& run);
SummaryPart make_finding_part(const Run& run, const std::vector<FindingRow>& rows, FindingState state,
                              std::size_t room);
SummaryPart make_paste_part(const std::vector<FindingRow>& rows, std::size_t room);
SummaryPart make_suppressed_part(const Run& run);
SummaryPart make_pause_part(const Run& run);
SummaryPart make_policy_part(const Run& run);
SummaryPart make_contract_part(const Run& run);
SummaryPart make_base_part(const Run& run);
SummaryPart make_tag_part(const Run& run);
SummaryPart make_receipt_part(const Run& run);
