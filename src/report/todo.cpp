#include "report/todo.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/heading.h"
#include "report/words.h"

namespace {

/// Reasons that several images share are reported once.
void add_unknown(const Run& run, std::vector<ToDo>& todo) {
    std::map<std::string, std::vector<std::string>> images_by_reason;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) images_by_reason["it was not judged"].push_back(image.name);
        if (!image.verdict || image.verdict->outcome != Outcome::unknown) continue;
        if (image.verdict->unknown_because.empty()) images_by_reason["no reason is given"].push_back(image.name);
        for (const std::string& reason : image.verdict->unknown_because) images_by_reason[reason].push_back(image.name);
    }
    for (const auto& [reason, images] : images_by_reason) {
        const std::string names = images.size() > 3 ? counted(images.size(), "image") : joined(images, ", ");
        todo.push_back({.kind = "scan again",
                        .text = "scan again: " + reason,
                        .because = "the verdict on " + names + " is unknown"});
    }
}

void add_contracts(const Run& run, std::vector<ToDo>& todo) {
    std::map<std::string, std::vector<std::string>> images_by_row;
    for (const ImageRun& image : run.images) {
        if (!image.contract) continue;
        for (const ContractRow& row : image.contract->rows) {
            if (row.result != RowResult::failed) continue;
            images_by_row[fmt::format("fix the image: {} (expected {}, found {})", row.check, row.expected, row.found)]
                .push_back(image.name);
        }
    }
    for (const auto& [text, images] : images_by_row) {
        todo.push_back({.kind = "contract", .text = text, .because = "the contract fails for " + joined(images, ", ")});
    }
}

/// One thing to do, and what for.
struct Task {
    ToDo todo;
    std::size_t findings = 0;
    bool fixes = false;  ///< any of them; else there is nothing to do but to decide
    std::set<const ImageRun*> images;
};

void add_remedies(const std::vector<FindingRow>& rows, std::vector<ToDo>& todo) {
    std::map<std::pair<std::string, Place>, Task> by_remedy;
    for (const FindingRow& row : rows) {
        if (row.state != FindingState::blocking) continue;
        Remedy unknown;
        if (row.remedy == nullptr) unknown = {"look into it", "look into " + row.finding->id, {}, ""};
        const Remedy& remedy = row.remedy != nullptr ? *row.remedy : unknown;
        const auto [place, is_new] = by_remedy.try_emplace({remedy.text, remedy.at});
        Task& task = place->second;
        if (is_new) task.todo = {.kind = remedy.kind, .text = remedy.text, .at = remedy.at};
        task.todo.severity = std::max(task.todo.severity, row.finding->severity);
        ++task.findings;
        task.fixes = task.fixes || row.finding->fix == FixState::fixed || row.finding->kind == FindingKind::secret;
        task.images.insert(row.images.begin(), row.images.end());
    }
    std::vector<Task> all;
    for (auto& [key, task] : by_remedy) {
        task.todo.because = fmt::format("{} {} in {}", task.fixes ? "fixes" : "concerns",
                                        counted(task.findings, "finding"), counted(task.images.size(), "image"));
        all.push_back(std::move(task));
    }
    std::ranges::stable_sort(all, std::ranges::greater{}, &Task::findings);
    for (Task& task : all) todo.push_back(std::move(task.todo));
}

/// What limits the verdicts.
void add_limits(const Run& run, std::vector<ToDo>& todo) {
    for (const std::string& warning : warnings_of(run)) todo.push_back({.kind = "warning", .text = warning});
}

/// What is attacked and blocks nothing, because it has no fix or by the policy: never "nothing to do".
void add_exploited(const Run& run, std::vector<ToDo>& todo) {
    std::map<std::string, std::pair<Severity, std::vector<const ImageRun*>>> images_by_name;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const Finding& finding : image.verdict->reported) {
            if (!finding.known_exploited || image.verdict->pre_existing.contains(finding.key())) continue;
            auto& [severity, images] = images_by_name[render_finding_name(finding) + " (" + render_fix(finding) + ")"];
            severity = std::max(severity, finding.severity);
            if (images.empty() || images.back() != &image) images.push_back(&image);
        }
    }
    for (const auto& [name, found] : images_by_name) {
        todo.push_back(
            {.kind = "known to be exploited",
             .text = "remove or shield what " + name + " affects, or accept the risk",
             .because = "it is known to be exploited, and does not block " + render_images(found.second, run),
             .severity = found.first});
    }
}

/// Pre-existing findings still have to be fixed.
void add_pre_existing(const Run& run, std::vector<ToDo>& todo) {
    if (const auto pre_existing = render_pre_existing_count(run)) {
        todo.push_back({.kind = "pre-existing",
                        .text = "fix the pre-existing findings in another change: elsewhere they block",
                        .because = *pre_existing});
    }
}

void add_publication(const Run& run, std::vector<ToDo>& todo) {
    if (!run.publication) return;
    const PublicationState::Result result = run.publication->result;
    if (result == PublicationState::Result::refused) {
        todo.push_back(
            {.kind = "publication", .text = run.publication->reason, .because = "the publication was refused"});
    }
    if (result == PublicationState::Result::incomplete) {
        todo.push_back(
            {.kind = "publication", .text = run.publication->reason, .because = "the publication is incomplete"});
    }
}

void add_warnings(const Problems& problems, std::vector<ToDo>& todo) {
    for (const Problem& problem : sorted_by_place(problems)) {
        if (problem.level == Level::notice) continue;
        todo.push_back({.kind = "warning", .text = problem.what, .because = problem.hint, .at = problem.at});
    }
}

/// With a capital letter, if it begins with a plain word.
std::string capitalized(std::string text) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
    const bool word = end != 0 && (end == std::string::npos || text[end] == ' ' || text[end] == ':');
    if (word && !text.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

}  // namespace

std::vector<ToDo> make_todo(const Run& run, const std::vector<FindingRow>& rows) {
    std::vector<ToDo> todo;
    add_unknown(run, todo);
    add_limits(run, todo);
    add_exploited(run, todo);
    add_contracts(run, todo);
    add_remedies(rows, todo);
    add_pre_existing(run, todo);
    add_publication(run, todo);
    add_warnings(run.policy_warnings, todo);
    add_warnings(run.other_warnings, todo);
    for (ToDo& item : todo) item.text = capitalized(item.text);
    return todo;
}
