// The sections of the page, each as HTML; empty where there is nothing to show.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/rows.h"
#include "report/todo.h"

/// Characters of a single text: more helps nobody.
inline constexpr std::size_t longest_text = 2000;

struct PageSection {
    std::string id;  ///< for links
    std::string title;
    std::string inner;  ///< HTML; empty: the section is omitted
};

PageSection todo_section(const std::vector<ToDo>& todo);
PageSection image_section(const Run& run);
PageSection change_section(const Run& run);  ///< what a pull request does to the published images
PageSection chart_section(const std::vector<FindingRow>& rows);
PageSection finding_section(const Run& run, const std::vector<FindingRow>& rows);
PageSection waiver_section(const Run& run);
PageSection receipt_section(const Run& run);
PageSection evidence_section(const Run& run);  ///< contract, bases, tags, remarks

/// The rows that finding_section has no place for, for the page's script; nothing if there are none. They may be nearly
/// all of the page, so that they are written straight into it.
void append_rest(std::string& page, const Run& run, const std::vector<FindingRow>& rows);

/// A link where the vulnerability has an address, its id where not.
std::string render_linked_id(const Finding& finding);
std::string render_package(const Finding& finding);  ///< package and version, and below them the path
std::string render_badge(Severity severity);
std::string render_code(std::string_view text);
/// `count` things folded away under a title; empty if there are none.
std::string render_more(const std::string& title, std::size_t count, const std::string& inner);
