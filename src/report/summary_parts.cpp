#include "report/summary_parts.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/escape.h"
#include "report/summary_cells.h"
#include "report/words.h"

namespace {

constexpr std::size_t todo_told = 12;  ///< nobody reads more; the page has all

std::string render_verdict(const ImageRun& image, std::size_t forgiven) {
    if (!image.verdict) return "❔ not judged";
    switch (image.verdict->outcome) {
        case Outcome::clean:
            return forgiven > 0 ? fmt::format("⚠️ {} forgiven", forgiven) : "✅ clean";
        case Outcome::vulnerable:
            return "⛔ vulnerable";
        case Outcome::unknown:
            return "❔ unknown";
    }
    return "";
}

std::string render_contract(const ImageRun& image) {
    if (!image.contract) return "–";
    const std::string by =
        image.contract->reused ? ", tested by " + escape_markdown(image.contract->tested_by, 200) : "";
    return (image.contract->passed() ? "✅ " : "⛔ ") + render_kept(*image.contract) + by;
}

std::string render_level(Level level) {
    switch (level) {
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::notice:
            return "notice";
    }
    return "";
}

}  // namespace

SummaryPart make_todo_part(const std::vector<ToDo>& todo) {
    SummaryPart part{.title = "What to do", .head = {}, .rows = {}, .tail = {}};
    for (const ToDo& item : todo) {
        if (part.rows.size() == todo_told) {
            part.tail = fmt::format("\nand {} more, in report.html\n", todo.size() - todo_told);
            break;
        }
        const std::string place = render_place(item.at);
        part.rows.push_back(fmt::format("{}. {}{}{}\n", part.rows.size() + 1, escape_markdown(item.text, 400),
                                        item.because.empty() ? "" : " — " + escape_markdown(item.because),
                                        place.empty() ? "" : " (" + markdown_code(place) + ")"));
    }
    return part;
}

SummaryPart make_image_part(const Run& run) {
    SummaryPart part{
        .title = "Images",
        .head = markdown_head({"Image", "Verdict", "Blocks", "Accepted", "Not gated", "Contract", "Digest"}),
        .rows = {},
        .tail = {}};
    for (const ImageRun& image : run.images) {
        const Counts counts = count_findings(image);
        part.rows.push_back(
            markdown_row({image_cell(image), render_verdict(image, counts.forgiven), fmt::format("{}", counts.blocking),
                          fmt::format("{}", counts.waived), fmt::format("{}", counts.reported), render_contract(image),
                          image.verdict ? markdown_code(image.verdict->manifest.brief()) : "–"}));
    }
    return part;
}

SummaryPart make_unknown_part(const Run& run) {
    SummaryPart part{.title = "What is unknown, and why", .head = {}, .rows = {}, .tail = {}};
    for (const ImageRun& image : run.images) {
        if (image.verdict && image.verdict->outcome != Outcome::unknown) continue;
        std::vector<std::string> reasons =
            image.verdict ? image.verdict->unknown_because : std::vector<std::string>{"it was not judged"};
        if (reasons.empty()) reasons.emplace_back("no reason is given");
        for (const std::string& reason : reasons) {
            part.rows.push_back("- **" + escape_markdown(image.name) + "**: " + escape_markdown(reason, 600) + "\n");
        }
    }
    return part;
}

SummaryPart make_pause_part(const Run& run) {
    SummaryPart part{.title = "Scanners that are off", .head = {}, .rows = {}, .tail = {}};
    for (const ScannerPause& pause : pauses_of(run)) {
        part.rows.push_back(fmt::format("- **{}** until {} ({}): {}, says {} ({})\n", render_scanner(pause.scanner),
                                        render_date(pause.until), render_days_left(pause.until, decision_day(run)),
                                        escape_markdown(pause.reason), escape_markdown(pause.owner),
                                        markdown_code(render_place(pause.at))));
    }
    return part;
}

SummaryPart make_policy_part(const Run& run) {
    SummaryPart part{
        .title = {}, .head = markdown_head({"Level", "Where", "What", "Hint"}), .rows = {}, .tail = {}, .folded = true};
    Problems problems = run.policy_warnings;
    problems.insert(problems.end(), run.other_warnings.begin(), run.other_warnings.end());
    for (const Problem& problem : sorted_by_place(problems)) {
        part.rows.push_back(markdown_row({render_level(problem.level), markdown_code(render_place(problem.at)),
                                          escape_markdown(problem.what, 400), escape_markdown(problem.hint, 400)}));
    }
    part.title = counted(part.rows.size(), "remark") + " about the policy and the files";
    return part;
}

SummaryPart make_contract_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = markdown_head({"Image", "Result", "Check", "Expected", "Found", "Because"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    std::size_t passed = 0;
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            if (row.result == RowResult::passed) {
                ++passed;
                continue;
            }
            part.rows.push_back(markdown_row({escape_markdown(image.name), render_row_result(row.result),
                                              escape_markdown(row.check), escape_markdown(row.expected),
                                              escape_markdown(row.found), escape_markdown(row.because)}));
        }
    }
    part.title = fmt::format("Contract: {} passed, {} not", counted(passed, "check"), part.rows.size());
    return part;
}

SummaryPart make_base_part(const Run& run) {
    SummaryPart part{.title = "Bases",
                     .head = markdown_head({"Reference", "Built on", "Age", "Now"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const UsedBase& base : run.bases) {
        const bool rebuilt = base.current && base.built_on && *base.current != *base.built_on;
        const std::string now = !base.current ? "not known"
                                : rebuilt     ? "**rebuilt**: " + markdown_code(base.current->brief())
                                              : "the same";
        part.rows.push_back(markdown_row({markdown_code(base.reference) + (base.stand_in ? " **(stand-in)**" : ""),
                                          base.built_on ? markdown_code(base.built_on->brief()) : "–",
                                          base.made ? render_age(run.finished - *base.made) : "not known", now}));
    }
    return part;
}

SummaryPart make_tag_part(const Run& run) {
    SummaryPart part{
        .title = {}, .head = markdown_head({"Reference", "Digest"}), .rows = {}, .tail = {}, .folded = true};
    if (!run.publication) return part;
    for (const WrittenTag& tag : run.publication->tags)
        part.rows.push_back(markdown_row({markdown_code(tag.reference), markdown_code(tag.digest.text())}));
    part.title = counted(part.rows.size(), "tag") + " written";
    return part;
}

SummaryPart make_receipt_part(const Run& run) {
    SummaryPart part{
        .title = "Scan receipts",
        .head = markdown_head({"Image", "Digest", "Scanner", "Database", "Age", "Packages", "Took", "Result"}),
        .rows = {},
        .tail = {},
        .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Receipt& receipt : image.verdict->receipts) {
            part.rows.push_back(markdown_row(
                {escape_markdown(image.name), markdown_code(receipt.manifest.text()),
                 render_scanner(receipt.scanner) + " " + escape_markdown(receipt.scanner_version, 60),
                 escape_markdown(receipt.database, 200) + (receipt.sample_data ? " **(sample data)**" : ""),
                 receipt.database_date ? render_age(run.finished - *receipt.database_date) : "not known",
                 receipt.packages == 0 ? "–" : fmt::format("{}", receipt.packages),
                 fmt::format("{:.0f} s", receipt.seconds) +
                     (receipt.reused.empty() ? "" : ", by " + escape_markdown(receipt.reused, 200)),
                 receipt.failure.empty() ? "counts" : escape_markdown(receipt.failure, 400)}));
        }
    }
    return part;
}
