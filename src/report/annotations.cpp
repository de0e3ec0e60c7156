#include "report/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/sarif.h"
#include "report/words.h"

namespace {

constexpr std::size_t max_text = 2000;  ///< characters

Problems make_image_problems(const Run& run) {
    Problems problems;
    for (const ImageRun& image : run.images) {
        const std::string reasons = joined(render_unknown_reasons(image), "; ");
        if (is_unknown(image))
            problems.push_back({image.at, "the verdict on " + image.name + " is unknown: " + reasons,
                                "nothing is published without a verdict; run the scan again"});
    }
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            if (row.result == RowResult::failed)
                add(problems, image.at, fmt::format("{} fails its contract: {}", image.name, row.check),
                    fmt::format("expected {}, found {}", row.expected, row.found));
        }
    }
    return problems;
}

/// The first ones of a level, in the order given; the last one kept says how many there are besides, `not_made` among
/// them: these were omitted because as many as may be kept stand in `all`.
void add_first(const Problems& all, Level level, std::size_t not_made, const Run& run, Problems& kept) {
    const std::size_t count = static_cast<std::size_t>(std::ranges::count(all, level, &Problem::level)) + not_made;
    const std::size_t shown = count <= max_annotations ? count : max_annotations - 1;
    const std::size_t before = kept.size();
    for (const Problem& problem : all) {
        if (problem.level == level && kept.size() - before < shown) kept.push_back(problem);
    }
    if (shown < count)
        kept.push_back({{},
                        "and " + counted(count - shown, "more", "more") + " of this kind",
                        run.out + "/report.html and the step summary have all of them",
                        level});
}

}  // namespace

Problems make_annotations(const Run& run) {
    Problems all = make_image_problems(run);
    for (const std::string& warning : warnings_of(run))
        all.push_back({{}, warning, "the verdict does not cover this", Level::warning});
    const std::vector<FindingRow> rows = gather_findings(run, FindingState::blocking);
    const std::size_t made = std::min<std::size_t>(rows.size(), max_annotations);
    for (const FindingRow& row : std::span(rows).first(made)) {
        const Finding& finding = *row.finding;
        const std::string suppression = finding.ignored_because.empty() ? "" : "; " + render_suppression(finding);
        add(all, find_place(row),
            fmt::format("{}: {}, blocks {}{}", render_finding_name(finding), render_severities(finding),
                        render_images(row.images, run), suppression),
            row.remedy != nullptr ? row.remedy->text : "see what it is, then fix it or accept it in the policy file");
    }
    append(all, sorted_by_place(run.warnings));
    Problems kept;
    for (const Level level : {Level::error, Level::warning, Level::notice})
        add_first(all, level, level == Level::error ? rows.size() - made : 0, run, kept);
    // One line each, whatever a feed, an image or a file says: an annotation also goes to a terminal, where nothing may
    // steer it or turn the text round.
    for (Problem& problem : kept) {
        for (std::string* text : {&problem.at.file, &problem.what, &problem.hint}) *text = clean_line(*text, max_text);
    }
    return kept;
}
