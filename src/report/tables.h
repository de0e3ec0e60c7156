// The tables that the summary and the page have in common: what is in them, in plain text; markup writes
// them.
#pragma once

#include <string>
#include <vector>

#include "report/rows.h"

struct Cell {
    enum class Kind { text, code, image, severity, id, package };  ///< the last three are of the finding
    Kind kind = Kind::text;
    std::string text = {};
    const Finding* finding = nullptr;
    std::string below = {};      ///< a second line, in small print
    bool is_below_code = false;  ///< that line is a digest
    std::string mark = {};       ///< a warning beside it: "sample data"
    std::string folded = {};     ///< a command line; the summary has no room for it
    bool is_bad = false;
    bool is_number = false;
};

/// With the line of the remedy or of the exception; "–" without either.
Cell make_decision_cell(const FindingRow& row);
/// Of which commit the reports are, and when and how long it ran: what stands beside the heading or below everything.
std::vector<Cell> make_facts(const Run& run);

/// It looks into the Run that it was made from, which has to live on.
struct Table {
    std::string title;
    std::vector<std::string> headings;
    std::vector<std::vector<Cell>> rows;
};

/// What a change does to each image at a glance; the three that follow have the details. "–": could not be compared.
Table make_change_table(const Run& run);
Table make_finding_change_table(const Run& run);
Table make_package_change_table(const Run& run);
Table make_contract_change_table(const Run& run);
Table make_contract_table(const Run& run, bool with_passed_rows);
Table make_base_table(const Run& run);
Table make_tag_table(const Run& run);
Table make_receipt_table(const Run& run);
Table make_suppressed_table(const Run& run);
Table make_note_table(const Problems& notes);  ///< about the policy and the other files
