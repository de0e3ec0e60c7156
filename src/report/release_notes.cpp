#include "report/release_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/markup.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t max_rows = 50;
constexpr std::size_t max_notes = 100'000;  // GitHub takes 125,000 characters

std::string render_images_table(const Run& run, const PublicationRecord& record) {
    Table table{"Images", {"Image", "Pull", "Tags", "Digest"}, {}};
    for (const PublishedImage& image : record.images) {
        const std::string reference = render_pull_reference(record, image);
        const std::string name = reference.substr(0, reference.find('@')) + ":" + image.version_tag;
        const Cell pull = {.kind = Cell::Kind::code, .text = "docker pull " + name};
        std::vector<std::string> tags{image.version_tag};
        const auto planned = std::ranges::find(run.plan.images, image.name, &Image::name);
        if (planned != run.plan.images.end())
            tags.insert(tags.end(), planned->moving_tags.begin(), planned->moving_tags.end());
        table.rows.push_back({{.kind = Cell::Kind::image, .text = image.name},
                              reference.empty() ? Cell{.text = "not in a registry"} : pull,
                              {.text = joined(tags, ", ")},
                              {.kind = Cell::Kind::code, .text = image.index.text()}});
    }
    return "## Images\n\n" + render_markdown(table) + "\n";
}

/// Evidence is about bytes: where other bytes are published, the notes have to say so.
std::string render_earlier(const PublicationRecord& record) {
    std::vector<std::string> earlier;
    for (const PublishedImage& image : record.images) {
        if (!image.as_built) earlier.push_back(escape_markdown(image.name));
    }
    if (earlier.empty()) return "";
    return "> [!WARNING]\n> An earlier run published " + joined(earlier, ", ") +
           " from the same inputs. The evidence below is about images that were built again, not about those "
           "bytes.\n\n";
}

std::string render_finding_list(const std::string& title, const std::map<std::string, FindingRow>& by_key) {
    if (by_key.empty()) return "";
    std::vector<FindingRow> rows;
    for (const auto& [key, row] : by_key) rows.push_back(row);
    std::ranges::stable_sort(rows, std::ranges::greater{}, [](const FindingRow& row) {
        return std::pair(row.blocks(), row.finding->severity);  // what blocks first: a list may be cut
    });
    std::string text = fmt::format("<details><summary>{} {}</summary>\n\n", counted(rows.size(), "finding"), title);
    for (const FindingRow& row : std::span(rows).first(std::min(rows.size(), max_rows)))
        text += fmt::format("- {} {}{}\n", render_severity(row.finding->severity),
                            escape_markdown(render_finding_name(*row.finding)), row.blocks() ? " (blocks)" : "");
    if (rows.size() > max_rows) text += fmt::format("- and {} more\n", rows.size() - max_rows);
    return text + "\n</details>\n\n";
}

std::string render_finding_changes(const Run& run, const LastRelease& last) {
    if (!last.findings) return "It has no evidence, so its findings cannot be compared.\n\n";
    std::map<std::string, FindingRow> gone;
    std::map<std::string, FindingRow> added;
    for (const Finding& finding : *last.findings) gone.emplace(finding.key(), FindingRow{.finding = &finding});
    const std::vector<FindingRow> rows = gather_findings(run);  // what blocks comes first
    for (const FindingRow& row : rows) {
        if (!gone.contains(row.finding->key())) added.emplace(row.finding->key(), row);
    }
    for (const FindingRow& row : rows) gone.erase(row.finding->key());
    if (gone.empty() && added.empty()) return "The findings are the same.\n\n";
    const auto blocking = std::ranges::count_if(added, [](const auto& entry) { return entry.second.blocks(); });
    const std::string more = blocking == 0
                                 ? "more, none of which blocks"
                                 : fmt::format("more, {} of which {}", blocking, blocking == 1 ? "blocks" : "block");
    return render_finding_list("gone", gone) + render_finding_list(more, added);
}

std::string render_changes(const Run& run, const PublicationRecord& record, const std::optional<LastRelease>& last) {
    if (!last) return "";
    std::set<std::string> before;
    std::set<std::string> now;
    const auto python_of = [](const std::string& image) { return image.substr(0, image.find('-')); };
    for (const std::string& image : last->images) before.insert(python_of(image));
    for (const PublishedImage& image : record.images) now.insert(python_of(image.name));
    std::vector<std::string> added;
    std::vector<std::string> gone;
    std::ranges::set_difference(now, before, std::back_inserter(added));
    std::ranges::set_difference(before, now, std::back_inserter(gone));
    std::string text = "## Since " + escape_markdown(last->version) + "\n\n";
    if (!added.empty()) text += "- new: Python " + escape_markdown(joined(added, ", ")) + "\n";
    if (!gone.empty()) text += "- no longer: Python " + escape_markdown(joined(gone, ", ")) + "\n";
    if (added.empty() && gone.empty()) text += "- the same versions of Python\n";
    return text + "\n" + render_finding_changes(run, *last);
}

std::string render_accepted(const Run& run) {
    Table table{"", {"Severity", "Finding", "Why", "By", "Until"}, {}};
    const std::vector<FindingRow> waived = gather_findings(run, FindingState::waived);
    for (const FindingRow& row : std::span(waived).first(std::min(waived.size(), max_rows))) {
        table.rows.push_back({{.text = render_severity(row.finding->severity)},
                              {.text = render_finding_name(*row.finding)},
                              {.text = row.waiver->reason},
                              {.text = row.waiver->owner},
                              {.text = render_waiver_until(*row.waiver)}});
    }
    if (waived.empty()) return "Nothing that would block was accepted.\n\n";
    const std::string more =
        waived.size() > max_rows ? fmt::format("\nand {} more, in the evidence\n", waived.size() - max_rows) : "";
    return "## Accepted risks\n\n" + render_markdown(table) + more + "\n";
}

std::string render_proof(const Run& run) {
    std::string text =
        "## Evidence\n\nThe files below hold both scanners' reports, inventories (SBOM, CycloneDX), receipts, the "
        "policy as it was, verdicts and contract results. They give the same verdict again: "
        "<code>python-image-action judge --release " +
        escape_markdown(run.plan.job.defra_version) + "</code>\n\n";
    text += "Scanned by " + escape_markdown(joined(render_scanners(run), "; ")) +
            ". What blocks: " + render_gate(run.policy.gate) + ".";
    if (!run.revision.empty()) text += " Made from <code>" + escape_markdown(run.revision) + "</code>";
    if (!run.address.empty()) text += " by [this run](" + run.address + ")";
    return text + ".\n";
}

}  // namespace

std::string render_release_notes(const Run& run, const PublicationRecord& record,
                                 const std::optional<LastRelease>& last) {
    const std::string end = render_proof(run);
    std::string text;
    if (has_stand_in_bases(run) || has_sample_data(run))
        text = "> [!CAUTION]\n> A trial: " + escape_markdown(render_heading(run)) + ". Never use these images.\n\n";
    // With gate.publish: no-worse images are published although findings block.
    if (const std::optional<std::string> blocking = render_blocking_count(run))
        text += "> [!WARNING]\n> " + *blocking +
                ". The policy allowed these images because those that they replace are no better.\n\n";
    text += render_earlier(record) + render_images_table(run, record);
    if (!run.bases.empty()) text += "## What they are based on\n\n" + render_markdown(make_base_table(run)) + "\n";
    text += render_changes(run, record, last) + render_accepted(run);
    const std::string note = "\n_Cut here: report.html has all._\n\n";
    if (text.size() + end.size() > max_notes) {
        text.resize(text.rfind('\n', max_notes - end.size() - note.size()));
        text += note;
    }
    return text + end;
}
