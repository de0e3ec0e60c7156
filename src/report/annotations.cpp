#include "report/annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/sarif_rule.h"
#include "report/words.h"

namespace {

constexpr std::size_t max_text = 2000;  ///< characters

/// Findings that become one annotation: the same one on the same line.
struct Annotated {
    FindingRow row;
    Place at;
};

std::vector<Annotated> gather_annotated(const Run& run) {
    std::vector<Annotated> all;
    std::map<std::pair<std::string, Place>, std::size_t> known;
    for (const ImageRun& image : run.images) {
        for (FindingRow& row : blocking_of(image)) {
            const Place at = find_place(row);
            const auto [place, is_new] = known.emplace(std::pair(row.finding->key(), at), all.size());
            if (is_new) {
                all.push_back({std::move(row), at});
            } else {
                all[place->second].row.images.push_back(&image);
            }
        }
    }
    std::ranges::stable_sort(
        all, [](const Annotated& a, const Annotated& b) { return a.row.finding->severity > b.row.finding->severity; });
    return all;
}

Problem make_problem(const Annotated& annotated, const Run& run) {
    const Finding& finding = *annotated.row.finding;
    return {annotated.at,
            fmt::format("{}: {}, blocks {}{}", render_finding_name(finding), render_severities(finding),
                        render_images(annotated.row.images, run),
                        finding.ignored_because.empty() ? "" : "; " + render_suppression(finding)),
            annotated.row.remedy != nullptr ? annotated.row.remedy->text
                                            : "see what it is, then fix it or accept it in the policy file"};
}

void add_unknown(const Run& run, Problems& problems) {
    for (const ImageRun& image : run.images) {
        if (!is_unknown(image)) continue;
        const std::string reasons = joined(render_unknown_reasons(image), "; ");
        problems.push_back({image.at, "the verdict on " + image.name + " is unknown: " + reasons,
                            "nothing is published without a verdict; run the scan again"});
    }
}

void add_warnings(const Run& run, Problems& problems) {
    for (const std::string& warning : warnings_of(run))
        problems.push_back({{}, warning, "the verdict does not cover this", Level::warning});
}

void add_contracts(const Run& run, Problems& problems) {
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            if (row.result != RowResult::failed) continue;
            problems.push_back({image.at, fmt::format("{} fails its contract: {}", image.name, row.check),
                                fmt::format("expected {}, found {}", row.expected, row.found)});
        }
    }
}

/// One line each, whatever a feed, an image or a file says: an annotation also goes to a terminal, where nothing may
/// steer it or turn the text round.
Problem cleaned(const Problem& problem) {
    return {{clean_line(problem.at.file, max_text), problem.at.line},
            clean_line(problem.what, max_text),
            clean_line(problem.hint, max_text),
            problem.level};
}

/// The first ones of a level, in the order given; the last one kept says how many there are besides, `not_made` among
/// them: these were omitted because as many as may be kept stand in `all`.
void add_first(const Problems& all, Level level, std::size_t not_made, const Run& run, Problems& kept) {
    Problems of_level;
    std::ranges::copy_if(all, std::back_inserter(of_level),
                         [&](const Problem& problem) { return problem.level == level; });
    if (of_level.size() + not_made <= max_annotations) {
        kept.insert(kept.end(), of_level.begin(), of_level.end());
        return;
    }
    kept.insert(kept.end(), of_level.begin(), of_level.begin() + max_annotations - 1);
    const std::size_t more = of_level.size() + not_made - max_annotations + 1;
    kept.push_back({{},
                    "and " + counted(more, "more", "more") + " of this kind",
                    run.out + "/report.html and the step summary have all of them",
                    level});
}

}  // namespace

Problems make_annotations(const Run& run) {
    Problems all;
    add_unknown(run, all);
    add_warnings(run, all);
    add_contracts(run, all);
    const std::vector<Annotated> annotated = gather_annotated(run);
    const std::size_t made = std::min<std::size_t>(annotated.size(), max_annotations);
    for (std::size_t i = 0; i < made; ++i) all.push_back(make_problem(annotated[i], run));
    append(all, sorted_by_place(run.warnings));
    Problems kept;
    for (const Level level : {Level::error, Level::warning, Level::notice})
        add_first(all, level, level == Level::error ? annotated.size() - made : 0, run, kept);
    std::ranges::transform(kept, kept.begin(), cleaned);
    return kept;
}
