#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t findings_shown = 50;
constexpr std::size_t todo_on_terminal = 5;

enum class Colour { none = 0, bold = 1, bad = 31, good = 32, warning = 33 };

/// With the numbers of ECMA-48's SGR for a colour.
std::string painted(const std::string& text, Colour colour, bool wanted) {
    if (!wanted || colour == Colour::none) return text;
    return fmt::format("\x1b[{}m{}\x1b[0m", static_cast<int>(colour), text);
}

struct Cell {
    std::string text;
    Colour colour = Colour::none;
    bool right = false;  ///< numbers stand at the right
};

using Line = std::vector<Cell>;

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// In columns, below their headings.
std::string render_lines(const std::vector<std::string>& headings, std::vector<Line> lines, bool colour) {
    Line heading;
    for (const std::string& word : headings) heading.push_back({.text = word, .colour = Colour::bold});
    lines.insert(lines.begin(), heading);
    std::vector<std::size_t> widths(headings.size());
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i].text));
    }
    std::string text;
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            const Cell& cell = line[i];
            const bool last = i + 1 == line.size();
            const std::string blanks(last ? 0 : widths[i] - width_of(cell.text), ' ');
            text += painted(cell.right ? blanks + cell.text : cell.text + blanks, cell.colour, colour);
            text += last ? "\n" : "  ";
        }
    }
    return text;
}

Line image_line(const ImageRun& image) {
    const Counts counts = count_findings(image);
    const Mood mood = mood_of(image);
    const auto number = [](std::size_t value) { return Cell{.text = std::to_string(value), .right = true}; };
    return {{.text = image.name},
            {.text = render_status(image),
             .colour = mood == Mood::good  ? Colour::good
                       : mood == Mood::bad ? Colour::bad
                                           : Colour::warning},
            {.text = image.contract ? render_contract(*image.contract) : "-",
             .colour = fails_contract(image) ? Colour::bad : Colour::none},
            number(counts.blocking),
            number(counts.waived),
            number(counts.reported),
            {.text = image.verdict ? std::string(image.verdict->manifest.brief()) : "-"}};
}

Line finding_line(const FindingRow& row, const Run& run) {
    const Finding& finding = *row.finding;
    const bool grave = finding.severity >= Severity::high;
    return {
        {.text = render_severity(finding.severity), .colour = grave ? Colour::bad : Colour::warning},
        {.text = clean_line(finding.id, 60)},
        {.text = clean_line(
             finding.kind == FindingKind::secret ? shown_path(finding) : finding.package + " " + finding.version, 60)},
        {.text = clean_line(render_fix(finding), 40)},
        {.text = clean_line(render_images(row.images, run), 80)},
        {.text = clean_line((row.remedy != nullptr ? row.remedy->text : "-") +
                                (finding.ignored_because.empty() ? "" : "; " + render_suppression(finding)),
                            400)}};
}

/// "  verdict   vulnerable: …", the following lines of one topic indented below it.
std::string render_topic(std::string_view topic, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += fmt::format("  {:<10}{}\n", text.empty() ? topic : "", clean_line(line, 400));
    }
    return text;
}

std::string render_warnings(const Run& run, bool colour) {
    std::string text;
    for (const std::string& warning : warnings_of(run))
        text += painted("warning: ", Colour::warning, colour) + clean_line(warning, 600) + "\n";
    return text;
}

std::vector<std::string> publication_lines(const Run& run) {
    if (!run.publication) return {};
    const PublicationState& state = *run.publication;
    std::string text = render_result(state.result);
    if (!state.to.empty()) text += " (" + state.to + ")";
    if (!state.tags.empty()) text += ": " + counted(state.tags.size(), "tag");
    if (!state.reason.empty()) text += ": " + state.reason;
    std::vector<std::string> lines{text};
    if (!state.release.empty()) lines.push_back("release " + state.release);
    return lines;
}

std::vector<std::string> todo_lines(const Run& run) {
    const std::vector<ToDo> todo = make_todo(run, gather_findings(run, FindingState::blocking));
    std::vector<std::string> lines;
    for (const ToDo& item : std::span(todo).first(std::min(todo.size(), todo_on_terminal))) {
        const std::string place = render_place(item.at);
        lines.push_back(fmt::format("{}{}{}{}", place, place.empty() ? "" : ": ", item.text,
                                    item.because.empty() ? "" : " - " + item.because));
    }
    if (todo.size() > todo_on_terminal)
        lines.push_back(fmt::format("and {} more: {}/report.html", todo.size() - todo_on_terminal, run.out));
    return lines;
}

}  // namespace

std::string render_table(const Run& run, bool colour) {
    std::vector<Line> images;
    for (const ImageRun& image : run.images) images.push_back(image_line(image));
    std::string text = render_warnings(run, colour);
    text += render_lines({"IMAGE", "VERDICT", "CONTRACT", "BLOCK", "ACCEPTED", "NOT GATED", "DIGEST"}, images, colour);
    const std::vector<FindingRow> blocking = gather_findings(run, FindingState::blocking);
    std::vector<Line> findings;
    for (const FindingRow& row : std::span(blocking).first(std::min(blocking.size(), findings_shown)))
        findings.push_back(finding_line(row, run));
    if (!findings.empty())
        text += "\n" +
                render_lines({"SEVERITY", "FINDING", "PACKAGE", "FIXED IN", "IMAGES", "WHAT TO DO"}, findings, colour);
    if (blocking.size() > findings_shown) text += fmt::format("and {} more\n", blocking.size() - findings_shown);
    return text + fmt::format("\nlook at {}/report.html\n", run.out);
}

std::string render_ending(const Run& run, bool colour) {
    const bool good = outcome_of(run) == Outcome::clean && !is_contract_broken(run) && !render_pre_existing_count(run);
    std::string text = painted(clean_line(render_heading(run)), good ? Colour::good : Colour::bad, colour) + "\n";
    text += render_warnings(run, colour);
    std::string made = counted(run.images.size(), "image");
    if (!run.bases.empty()) made += " from " + counted(run.bases.size(), "base");
    if (has_stand_in_bases(run) && !run.bases.empty()) made += ", stand-ins among them";
    if (run.started > Time{}) made += ", in " + render_duration(run.finished - run.started);
    text += render_topic("made", {made});
    const auto tested =
        std::ranges::count_if(run.images, [](const ImageRun& image) { return image.contract.has_value(); });
    const auto passed = tested - std::ranges::count_if(run.images, fails_contract);
    if (tested > 0)
        text += render_topic("contract", {fmt::format("passed by {} of {}", passed,
                                                      counted(static_cast<std::size_t>(tested), "image"))});
    text += render_topic("scanned", render_scanners(run));
    const Counts counts = count_findings(run);
    const Outcome outcome = outcome_of(run);
    const bool only_old = outcome == Outcome::clean && counts.pre_existing > 0;
    text +=
        render_topic("verdict", {(only_old ? "nothing new" : render_outcome(outcome)) + ": " + render_counts(counts)});
    text += render_topic("published", publication_lines(run));
    text += render_topic("to do", todo_lines(run));
    text += render_topic("look at", {run.out + "/report.html", run.out + "/summary.md"});
    return text;
}
