#include "report/summary_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "base/text.h"
#include "report/changes.h"
#include "report/escape.h"
#include "report/words.h"

namespace {

std::string code(std::string_view text, std::size_t max_characters = 300) {
    return text.empty() ? "" : "<code>" + escape_markdown(text, max_characters) + "</code>";
}

std::string table_row(const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells) row += " " + cell + " |";
    return row + "\n";
}

std::string table_head(const std::vector<std::string>& cells) {
    return table_row(cells) + table_row(std::vector<std::string>(cells.size(), "---"));
}

std::string render_verdict(const ImageRun& image) {
    if (!image.verdict) return "❔ not judged";
    switch (image.verdict->outcome) {
        case Outcome::clean:
            return "✅ clean";
        case Outcome::vulnerable:
            return "⛔ vulnerable";
        case Outcome::unknown:
            return "❔ unknown";
    }
    return "";
}

std::string render_contract(const ImageRun& image) {
    if (!image.contract) return "–";
    return (image.contract->is_kept() ? "✅ " : "⛔ ") + render_kept(*image.contract);
}

std::string linked(const Finding& finding) {
    const std::string link = make_link(finding);
    const std::string id = escape_markdown(finding.id, 100);
    return link.empty() ? id : "[" + id + "](" + link + ")";
}

std::string image_cell(const ImageRun& image) {
    return "**" + escape_markdown(image.image) + "**<br>" + escape_markdown(image.platform);
}

std::string package_cell(const Finding& finding) {
    const std::string package =
        escape_markdown(finding.package + (finding.version.empty() ? "" : " " + finding.version));
    return finding.path.empty() ? package : package + "<br>" + code(finding.path, 120);
}

std::string severity_cell(const Finding& finding) {
    return render_severities(finding) + (finding.known_exploited ? "<br>**known to be exploited**" : "");
}

std::string advice_cell(const FindingRow& row) {
    if (row.remedy == nullptr) return "–";
    const std::string place = render_place(row.remedy->at);
    return escape_markdown(row.remedy->text) + (place.empty() ? "" : "<br>" + code(place));
}

std::string waiver_cell(const Waiver& waiver) {
    const std::string by = waiver.owner.empty() ? "nobody is named" : waiver.owner;
    return escape_markdown(fmt::format("{} ({}, {})", waiver.reason.empty() ? "no reason is given" : waiver.reason, by,
                                       render_waiver_until(waiver))) +
           "<br>" + code(render_place(waiver.at));
}

std::string finding_row(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const std::string title = finding.title.empty() ? "" : "<br>" + escape_markdown(finding.title, 120);
    return table_row({severity_cell(finding), linked(finding) + title, package_cell(finding),
                      escape_markdown(render_fix(finding), 100), escape_markdown(render_images(row.images, run)),
                      row.waiver != nullptr ? waiver_cell(*row.waiver) : advice_cell(row)});
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

std::size_t longest_backtick_run(const std::vector<std::string>& texts) {
    std::size_t longest = 0;
    for (const std::string& text : texts) {
        std::size_t run = 0;
        for (const char c : text) {
            run = c == '`' ? run + 1 : 0;
            longest = std::max(longest, run);
        }
    }
    return longest;
}

std::vector<std::string> change_rows(const std::vector<ChangeRow>& changes, const Run& run) {
    std::vector<std::string> rows;
    for (const ChangeRow& change : changes) {
        std::vector<std::string> cells;
        for (const std::string& cell : change.cells) cells.push_back(escape_markdown(cell));
        cells.push_back(escape_markdown(render_images(change.images, run)));
        rows.push_back(table_row(cells));
    }
    return rows;
}

/// The first row that does not fit is rendered as well: it tells that no more do.
void add_row(SummaryPart& part, std::size_t& room, const std::function<std::string()>& render) {
    if (room == 0) {
        ++part.more;
        return;
    }
    part.rows.push_back(render());
    room -= std::min(room, part.rows.back().size());
}

}  // namespace

SummaryPart make_todo_part(const std::vector<ToDo>& todo) {
    SummaryPart part{.title = "What to do", .head = {}, .rows = {}, .tail = {}};
    for (const ToDo& item : todo) {
        const std::string place = render_place(item.at);
        part.rows.push_back(fmt::format("{}. {}{}{}\n", part.rows.size() + 1, escape_markdown(item.text, 400),
                                        item.because.empty() ? "" : " — " + escape_markdown(item.because),
                                        place.empty() ? "" : " (" + code(place) + ")"));
    }
    return part;
}

SummaryPart make_image_part(const Run& run) {
    SummaryPart part{
        .title = "Images",
        .head = table_head({"Image", "Verdict", "Blocks", "Waived", "Below the gate", "Contract", "Digest"}),
        .rows = {},
        .tail = {}};
    for (const ImageRun& image : run.images) {
        const Counts counts = count_findings(image);
        part.rows.push_back(
            table_row({image_cell(image), render_verdict(image), fmt::format("{}", counts.blocking),
                       fmt::format("{}", counts.waived), fmt::format("{}", counts.reported), render_contract(image),
                       image.verdict ? code(image.verdict->manifest.brief()) : "–"}));
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

SummaryPart make_change_part(const Run& run) {
    SummaryPart part{
        .title = "What this change does, compared with the published images",
        .head = table_head({"Image", "Published", "Size to pull", "Unpacked", "Packages", "Findings", "Contract"}),
        .rows = {},
        .tail = {}};
    for (const ChangeRow& row : gather_changes(run)) {
        std::vector<std::string> cells = {image_cell(*row.images.front()), code(row.cells.front())};
        for (std::size_t i = 1; i < row.cells.size(); ++i) cells.push_back(escape_markdown(row.cells[i]));
        part.rows.push_back(table_row(cells));
    }
    return part;
}

SummaryPart make_finding_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = table_head({"Image", "Change", "Severity", "Finding", "Package"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.change) continue;
        const auto add = [&](const std::vector<Finding>& findings, const std::string& change) {
            for (const Finding& finding : findings) {
                part.rows.push_back(table_row({escape_markdown(image.name), change, severity_cell(finding),
                                               linked(finding), package_cell(finding)}));
            }
        };
        add(image.change->added, "adds");
        add(image.change->gone, "removes");
    }
    part.title = fmt::format("Findings that come or go: {}", part.rows.size());
    return part;
}

SummaryPart make_package_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = table_head({"Package", "Type", "Published", "Now", "Images"}),
                     .rows = change_rows(gather_package_changes(run), run),
                     .tail = {},
                     .folded = true};
    part.title = fmt::format("Packages that come, go or change: {}", part.rows.size());
    return part;
}

SummaryPart make_contract_change_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = table_head({"Promise", "Row", "Published", "Now", "Images"}),
                     .rows = change_rows(gather_contract_changes(run), run),
                     .tail = {},
                     .folded = true};
    part.title = fmt::format("Rows of the contract that end otherwise: {}", part.rows.size());
    return part;
}

SummaryPart make_finding_part(const Run& run, const std::vector<FindingRow>& rows, FindingState state,
                              std::size_t room) {
    const std::string last = state == FindingState::waived ? "Why it is accepted" : "What to do";
    SummaryPart part{.title = {},
                     .head = table_head({"Severity", "Finding", "Package", "Fixed in", "Images", last}),
                     .rows = {},
                     .tail = {},
                     .folded = state != FindingState::blocking};
    for (const FindingRow& row : rows) {
        if (row.state == state) add_row(part, room, [&] { return finding_row(row, run); });
    }
    const std::size_t count = part.rows.size() + part.more;
    switch (state) {
        case FindingState::blocking:
            part.title = "What blocks";
            break;
        case FindingState::waived:
            part.title = counted(count, "waived finding");
            break;
        case FindingState::reported:
            part.title = counted(count, "finding") + " below the gate";
            break;
    }
    return part;
}

SummaryPart make_paste_part(const std::vector<FindingRow>& rows, std::size_t room) {
    SummaryPart part{
        .title = "Waivers to paste, where a finding is accepted", .head = {}, .rows = {}, .tail = {}, .folded = true};
    std::unordered_set<std::string_view> known;
    for (const FindingRow& row : rows) {
        if (row.remedy == nullptr || row.remedy->waiver.empty() || !known.insert(row.remedy->waiver).second) continue;
        add_row(part, room, [&] { return clean_block(row.remedy->waiver); });
    }
    const std::string fence(std::max<std::size_t>(3, longest_backtick_run(part.rows) + 1), '`');
    part.head = fence + "yaml\n";
    part.tail = fence + "\n";
    return part;
}

SummaryPart make_left_out_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = table_head({"Image", "Severity", "Finding", "Package", "Why"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Finding& finding : image.verdict->left_out) {
            part.rows.push_back(table_row({escape_markdown(image.name), severity_cell(finding), linked(finding),
                                           package_cell(finding), escape_markdown(finding.ignored_because)}));
        }
    }
    part.title = counted(part.rows.size(), "finding") + " left out by a scanner's own rules";
    return part;
}

SummaryPart make_pause_part(const Run& run) {
    SummaryPart part{.title = "Scanners that are off", .head = {}, .rows = {}, .tail = {}};
    for (const ScannerPause& pause : run.policy.pauses) {
        part.rows.push_back(fmt::format("- **{}** until {} ({}): {}, says {} ({})\n", render_scanner(pause.scanner),
                                        render_date(pause.until), render_days_left(pause.until, day_of(run.finished)),
                                        escape_markdown(pause.reason), escape_markdown(pause.owner),
                                        code(render_place(pause.at))));
    }
    return part;
}

SummaryPart make_policy_part(const Run& run) {
    SummaryPart part{
        .title = {}, .head = table_head({"Level", "Where", "What", "Hint"}), .rows = {}, .tail = {}, .folded = true};
    Problems problems = run.policy_warnings;
    problems.insert(problems.end(), run.other_warnings.begin(), run.other_warnings.end());
    for (const Problem& problem : sorted_by_place(problems)) {
        part.rows.push_back(table_row({render_level(problem.level), code(render_place(problem.at)),
                                       escape_markdown(problem.what, 400), escape_markdown(problem.hint, 400)}));
    }
    part.title = counted(part.rows.size(), "remark") + " about the policy and the files";
    return part;
}

SummaryPart make_contract_part(const Run& run) {
    SummaryPart part{.title = {},
                     .head = table_head({"Image", "Result", "Promise", "Expected", "Found", "Because"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    std::size_t kept = 0;
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            if (row.result == RowResult::kept) {
                ++kept;
                continue;
            }
            part.rows.push_back(
                table_row({escape_markdown(image.name), render_row_result(row.result), escape_markdown(row.promise),
                           escape_markdown(row.expected), escape_markdown(row.found), escape_markdown(row.because)}));
        }
    }
    part.title = fmt::format("Contract: {} kept, {} not", counted(kept, "row"), part.rows.size());
    return part;
}

SummaryPart make_base_part(const Run& run) {
    SummaryPart part{.title = "Bases",
                     .head = table_head({"Reference", "Built on", "Age", "Now"}),
                     .rows = {},
                     .tail = {},
                     .folded = true};
    for (const UsedBase& base : run.bases) {
        const bool rebuilt = base.current && base.built_on && *base.current != *base.built_on;
        const std::string now = !base.current ? "not known"
                                : rebuilt     ? "**rebuilt**: " + code(base.current->brief())
                                              : "the same";
        part.rows.push_back(table_row({code(base.reference) + (base.stand_in ? " **(stand-in)**" : ""),
                                       base.built_on ? code(base.built_on->brief()) : "–",
                                       base.made ? render_age(run.finished - *base.made) : "not known", now}));
    }
    return part;
}

SummaryPart make_tag_part(const Run& run) {
    SummaryPart part{.title = {}, .head = table_head({"Reference", "Digest"}), .rows = {}, .tail = {}, .folded = true};
    if (!run.publication) return part;
    for (const WrittenTag& tag : run.publication->tags)
        part.rows.push_back(table_row({code(tag.reference), code(tag.digest.text())}));
    part.title = counted(part.rows.size(), "tag") + " written";
    return part;
}

SummaryPart make_receipt_part(const Run& run) {
    SummaryPart part{
        .title = "Scan receipts",
        .head = table_head({"Image", "Digest", "Scanner", "Database", "Age", "Packages", "Took", "Result"}),
        .rows = {},
        .tail = {},
        .folded = true};
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Receipt& receipt : image.verdict->receipts) {
            part.rows.push_back(
                table_row({escape_markdown(image.name), code(receipt.manifest.text()),
                           render_scanner(receipt.scanner) + " " + escape_markdown(receipt.scanner_version, 60),
                           escape_markdown(receipt.database, 200) + (receipt.sample_data ? " **(sample data)**" : ""),
                           receipt.database_date ? render_age(run.finished - *receipt.database_date) : "not known",
                           fmt::format("{}", receipt.packages), fmt::format("{:.0f} s", receipt.seconds),
                           receipt.failure.empty() ? "a usable report" : escape_markdown(receipt.failure, 400)}));
        }
    }
    return part;
}
