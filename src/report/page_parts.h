// The sections of the page, each as HTML; empty where there is nothing to show.
#pragma once

#include <string>
#include <vector>

#include "report/heading.h"
#include "report/rows.h"
#include "report/run.h"

struct PageSection {
    std::string id;  ///< for links
    std::string title;
    std::string inner;  ///< HTML; empty: the section is omitted
};

PageSection todo_section(const std::vector<ToDo>& todo);
PageSection image_section(const Run& run);
PageSection change_section(const Run& run);                      ///< what a pull request does to the published images
PageSection chart_section(const std::vector<FindingRow>& rows);  ///< two charts: by severity, by what fixes them
PageSection waiver_section(const Run& run);
PageSection receipt_section(const Run& run);
PageSection evidence_section(const Run& run);  ///< contract, bases, tags, what scanners suppressed, notes
