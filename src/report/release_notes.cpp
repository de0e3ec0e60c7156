#include "report/release_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "report/escape.h"
#include "report/heading.h"
#include "report/rows.h"
#include "report/words.h"

namespace {

constexpr std::size_t max_rows = 50;
constexpr std::size_t max_notes = 100'000;  // GitHub takes 125,000 characters

std::string python_of(const std::string& image) {
    return image.substr(0, image.find('-'));
}

std::vector<std::string> moving_tags_of(const Plan& plan, const std::string& image) {
    const auto found = std::ranges::find(plan.images, image, &Image::name);
    return found == plan.images.end() ? std::vector<std::string>{} : found->moving_tags;
}

std::string render_trial_note(const Run& run) {
    if (!has_stand_in_bases(run) && !has_sample_data(run)) return "";
    return "> [!CAUTION]\n> A trial: " + escape_markdown(render_heading(run)) + ". Never use these images.\n\n";
}

std::string render_images_table(const Run& run, const PublicationRecord& record) {
    std::string text = "## Images\n\n| Image | Pull | Tags | Digest |\n| --- | --- | --- | --- |\n";
    for (const PublishedImage& image : record.images) {
        const std::string reference = render_pull_reference(record, image);
        std::vector<std::string> tags = moving_tags_of(run.plan, image.name);
        tags.insert(tags.begin(), image.version_tag);
        text += fmt::format(
            "| **{}** | {} | {} | <code>{}</code> |\n", escape_markdown(image.name),
            reference.empty()
                ? "not in a registry"
                : "<code>docker pull " +
                      escape_markdown(reference.substr(0, reference.find('@')) + ":" + image.version_tag) + "</code>",
            escape_markdown(joined(tags, ", ")), image.index.text());
    }
    return text + "\n";
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

std::string render_bases(const Run& run) {
    if (run.bases.empty()) return "";
    std::string text = "## What they are based on\n\n| Base | Digest | Made on |\n| --- | --- | --- |\n";
    for (const UsedBase& base : run.bases) {
        text += fmt::format("| {}{} | <code>{}</code> | {} |\n", escape_markdown(base.reference),
                            base.stand_in ? " (a stand-in)" : "", base.built_on ? base.built_on->text() : "not known",
                            base.made ? render_date(day_of(*base.made)) : "not known");
    }
    return text + "\n";
}

/// With gate.publish: no-worse images are published although findings block: the notes have to say so.
std::string render_blocking(const Run& run) {
    const std::optional<std::string> blocking = render_blocking_count(run);
    if (!blocking) return "";
    return "> [!WARNING]\n> " + *blocking +
           ". The policy let these images out because those that they replace are no better.\n\n";
}

/// A finding, and whether it blocks any of the images.
struct Listed {
    Finding finding;
    bool blocks = false;
};

/// Every finding of the run, each once; where one image's blocks and another's does not, it blocks.
std::map<std::string, Listed> findings_by_key(const Run& run) {
    std::map<std::string, Listed> findings;
    for (const FindingRow& row : gather_findings(run))  // what blocks comes first
        findings.emplace(row.finding->key(), Listed{*row.finding, row.state == FindingState::blocking});
    return findings;
}

std::string render_finding_list(const std::string& title, const std::vector<Listed>& findings) {
    if (findings.empty()) return "";
    std::string text = fmt::format("<details><summary>{} {}</summary>\n\n", counted(findings.size(), "finding"), title);
    for (std::size_t i = 0; i < std::min(findings.size(), max_rows); ++i) {
        text += fmt::format("- {} {}{}\n", render_severity(findings[i].finding.severity),
                            escape_markdown(render_finding_name(findings[i].finding)),
                            findings[i].blocks ? " (blocks)" : "");
    }
    if (findings.size() > max_rows) text += fmt::format("- and {} more\n", findings.size() - max_rows);
    return text + "\n</details>\n\n";
}

/// What blocks first: a list may be cut.
void sort_by_weight(std::vector<Listed>& findings) {
    std::ranges::stable_sort(findings, [](const Listed& a, const Listed& b) {
        return std::pair(a.blocks, a.finding.severity) > std::pair(b.blocks, b.finding.severity);
    });
}

std::string render_added_title(const std::vector<Listed>& added) {
    const auto blocking = std::ranges::count_if(added, &Listed::blocks);
    if (blocking == 0) return "more, none of which blocks";
    return fmt::format("more, {} of which {}", blocking, blocking == 1 ? "blocks" : "block");
}

std::string render_finding_changes(const Run& run, const LastRelease& last) {
    if (!last.findings) return "It has no evidence, so its findings cannot be compared.\n\n";
    const std::map<std::string, Listed> now = findings_by_key(run);
    std::map<std::string, Listed> before;
    for (const Finding& finding : *last.findings) before.emplace(finding.key(), Listed{finding});
    std::vector<Listed> gone;
    std::vector<Listed> added;
    for (const auto& [key, listed] : before) {
        if (!now.contains(key)) gone.push_back(listed);
    }
    for (const auto& [key, listed] : now) {
        if (!before.contains(key)) added.push_back(listed);
    }
    if (gone.empty() && added.empty()) return "The findings are the same.\n\n";
    sort_by_weight(gone);
    sort_by_weight(added);
    return render_finding_list("gone", gone) + render_finding_list(render_added_title(added), added);
}

std::string render_changes(const Run& run, const PublicationRecord& record, const std::optional<LastRelease>& last) {
    if (!last) return "";
    std::set<std::string> before;
    std::set<std::string> now;
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
    std::string rows;
    std::size_t count = 0;
    for (const FindingRow& row : gather_findings(run)) {
        if (row.state != FindingState::waived || ++count > max_rows) continue;
        rows += fmt::format("| {} | {} | {} | {} | {} |\n", render_severity(row.finding->severity),
                            escape_markdown(render_finding_name(*row.finding)), escape_markdown(row.waiver->reason),
                            escape_markdown(row.waiver->owner), escape_markdown(render_waiver_until(*row.waiver)));
    }
    if (count == 0) return "Nothing that would block was accepted.\n\n";
    std::string text =
        "## Accepted risks\n\n| Severity | Finding | Why | By | Until |\n| --- | --- | --- | --- | --- |\n" + rows;
    if (count > max_rows) text += fmt::format("\nand {} more, in the evidence\n", count - max_rows);
    return text + "\n";
}

std::string render_proof(const Run& run) {
    const std::string version = run.plan.job.defra_version;
    std::string text =
        "## Evidence\n\nThe files below hold both scanners' reports, inventories (SBOM, CycloneDX), receipts, the "
        "policy "
        "as it was, verdicts and contract results. They give the same verdict again: <code>python-image-action judge "
        "--release " +
        escape_markdown(version) + "</code>\n\n";
    std::vector<std::string> scanners;
    for (const std::string& scanner : render_scanners(run)) scanners.push_back(escape_markdown(scanner));
    text += "Scanned by " + joined(scanners, "; ") + ". What blocks: " + render_gate(run.policy.gate) + ".";
    if (!run.revision.empty()) text += " Made from <code>" + escape_markdown(run.revision) + "</code>";
    if (!run.address.empty()) text += " by [this run](" + run.address + ")";
    return text + ".\n";
}

}  // namespace

std::string render_release_notes(const Run& run, const PublicationRecord& record,
                                 const std::optional<LastRelease>& last) {
    const std::string end = render_proof(run);
    std::string text = render_trial_note(run) + render_blocking(run) + render_earlier(record) +
                       render_images_table(run, record) + render_bases(run) + render_changes(run, record, last) +
                       render_accepted(run);
    const std::string note = "\n_Cut here: report.html has all._\n\n";
    if (text.size() + end.size() > max_notes) {
        text.resize(text.rfind('\n', max_notes - end.size() - note.size()));
        text += note;
    }
    return text + end;
}
