#include "report/heading.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "base/text.h"
#include "report/words.h"

namespace {

std::size_t count_images(const Run& run, bool (*counts)(const ImageRun&)) {
    return static_cast<std::size_t>(std::ranges::count_if(run.images, counts));
}

std::string of_all(std::size_t count, const Run& run) {
    if (run.images.size() == 1) return run.images.front().image;
    return fmt::format("{} of {}", count, counted(run.images.size(), "image"));
}

/// "3 findings block 2 of 4 images", "1 of 4 images fails its contract", …
std::vector<std::string> faults_of(const Run& run) {
    std::vector<std::string> faults;
    if (auto blocking = render_blocking_count(run)) faults.push_back(std::move(*blocking));
    const std::size_t broken = count_images(run, fails_contract);
    if (broken > 0)
        faults.push_back(of_all(broken, run) + (broken == 1 ? " fails its contract" : " fail their contract"));
    const std::size_t unknown = count_images(run, is_unknown);
    if (unknown > 0) faults.push_back("the verdict on " + of_all(unknown, run) + " is unknown");
    return faults;
}

/// With a capital letter, if it begins with a plain word.
std::string capitalized(std::string text) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
    const bool word = end != 0 && (end == std::string::npos || text[end] == ' ' || text[end] == ':');
    if (word && !text.empty()) text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string render_clean(const Run& run) {
    const std::string subject = render_subject(run);
    const std::string verb = run.plan.job.defra_version.empty() ? " are " : " is ";
    const bool one = run.images.size() == 1;
    const std::string images = one ? run.images.front().image : counted(run.images.size(), "image");
    const std::string all_clean = images + (one ? "" : ", all clean");
    if (!run.publication && run.plan.job.defra_version.empty() && one) return images + " is clean";
    if (!run.publication) return subject + verb + "clean: " + images;
    const std::array endings = {"published: " + all_clean, "already published: " + all_clean,
                                "clean: " + images + ", nothing published", "clean, but was not published: " + images,
                                "published in part only: " + all_clean};  // in the order of Result
    return subject + verb + endings.at(static_cast<std::size_t>(run.publication->result));
}

std::string render_state_of(const Run& run) {
    const std::string subject = render_subject(run);
    if (run.images.empty()) return subject + ": nothing was judged";
    const std::vector<std::string> faults = faults_of(run);
    const std::optional<std::string> pre_existing = render_pre_existing_count(run);
    if (faults.empty() && pre_existing)
        return subject + " adds nothing that blocks, but is not clean: " + *pre_existing;
    if (faults.empty()) return render_clean(run);
    if (run.publication && run.publication->result == PublicationState::Result::published) {
        return subject + " was published although " + joined(faults, ", ") + ": it replaces images that are no better";
    }
    const bool is_published = run.command == "nightly" || !run.not_built.empty();
    return subject + (is_published ? " as published: " : " must not ship: ") + joined(faults, ", ") +
           (pre_existing ? "; " + *pre_existing : "");
}

/// Texts about images, each once with those that it is about.
using ImagesByText = std::map<std::string, std::vector<const ImageRun*>>;

/// Adds the image, unless it was the last one; returns whether the text is new.
bool note(ImagesByText& all, const std::string& text, const ImageRun& image) {
    std::vector<const ImageRun*>& images = all[text];
    const bool is_new = images.empty();
    if (is_new || images.back() != &image) images.push_back(&image);
    return is_new;
}

/// One entry for each text that `texts_of` has about an image; the names of these images follow `because`.
void add_for_images(const Run& run, const std::function<std::vector<std::string>(const ImageRun&)>& texts_of,
                    const std::string& because, std::vector<ToDo>& todo) {
    ImagesByText images_by_text;
    for (const ImageRun& image : run.images) {
        for (const std::string& text : texts_of(image)) note(images_by_text, text, image);
    }
    for (const auto& [text, images] : images_by_text) todo.push_back({text, because + render_images(images, run)});
}

std::vector<std::string> scans_to_repeat(const ImageRun& image) {
    std::vector<std::string> texts = render_unknown_reasons(image);
    for (std::string& text : texts) text = "scan again: " + text;
    return texts;
}

std::vector<std::string> rows_to_fix(const ImageRun& image) {
    std::vector<std::string> texts;
    if (!image.contract) return texts;
    for (const ContractRow& row : image.contract->rows) {
        if (row.result == RowResult::failed)
            texts.push_back(
                fmt::format("fix the image: {} (expected {}, found {})", row.check, row.expected, row.found));
    }
    return texts;
}

/// Known to be exploited, but not blocking, because there is no fix or by the policy: never "nothing to do".
std::vector<std::string> exploited_findings(const ImageRun& image) {
    std::vector<std::string> texts;
    if (!image.verdict) return texts;
    for (const Finding& finding : image.verdict->reported) {
        if (finding.known_exploited && !image.verdict->pre_existing.contains(finding.key()))
            texts.push_back(fmt::format("remove or shield what {} ({}) affects, or accept the risk",
                                        render_finding_name(finding), render_fix(finding)));
    }
    return texts;
}

/// What one remedy is for.
struct Task {
    std::size_t findings = 0;
    bool fixes = false;  ///< at least one of them; else a decision is all that is left
    std::set<const ImageRun*> images;
};

void add_remedies(const std::vector<FindingRow>& rows, std::vector<ToDo>& todo) {
    std::map<std::pair<std::string, Place>, Task> by_remedy;
    for (const FindingRow& row : rows) {
        if (!row.blocks()) continue;
        Task& task = row.remedy == nullptr ? by_remedy[{"look into " + row.finding->id, Place{}}]
                                           : by_remedy[{row.remedy->text, row.remedy->at}];
        ++task.findings;
        task.fixes = task.fixes || row.finding->fix == FixState::fixed || row.finding->kind == FindingKind::secret;
        task.images.insert(row.images.begin(), row.images.end());
    }
    std::vector<std::pair<std::pair<std::string, Place>, Task>> tasks(by_remedy.begin(), by_remedy.end());
    std::ranges::stable_sort(tasks, std::ranges::greater{}, [](const auto& entry) { return entry.second.findings; });
    for (const auto& [remedy, task] : tasks)
        todo.push_back({remedy.first,
                        fmt::format("{} {} in {}", task.fixes ? "fixes" : "concerns", counted(task.findings, "finding"),
                                    counted(task.images.size(), "image")),
                        remedy.second});
}

}  // namespace

std::string render_subject(const Run& run) {
    if (run.plan.job.defra_version.empty()) return "The images";
    return capitalized(run.plan.job.image_name) + " " + run.plan.job.defra_version;
}

Counts count_findings(const Run& run) {
    if (run.images.size() == 1) return count_findings(run.images.front());
    Counts counts;
    for (const FindingRow& row : gather_findings(run)) ++count_of(counts, row.state);
    return counts;
}

std::vector<std::string> warnings_of(const Run& run) {
    std::vector<std::string> texts;
    ImagesByText images_by_text;
    for (const ImageRun& image : run.images) {
        if (!image.verdict) continue;
        for (const std::string& warning : image.verdict->warnings) {
            if (note(images_by_text, warning, image)) texts.push_back(warning);
        }
    }
    for (std::string& text : texts) {
        const std::vector<const ImageRun*>& images = images_by_text.at(text);
        if (images.size() < run.images.size()) text += " (" + render_images(images, run) + ")";
    }
    return texts;
}

std::optional<std::string> render_pre_existing_count(const Run& run) {
    const std::size_t images =
        count_images(run, [](const ImageRun& image) { return image.verdict && !image.verdict->pre_existing.empty(); });
    if (images == 0) return std::nullopt;
    const std::size_t findings = gather_findings(run, FindingState::pre_existing).size();
    return fmt::format("{} in {} {} pre-existing: the published images have {} too", counted(findings, "finding"),
                       of_all(images, run), findings == 1 ? "is" : "are", findings == 1 ? "it" : "them");
}

std::optional<std::string> render_blocking_count(const Run& run) {
    const std::size_t images =
        count_images(run, [](const ImageRun& image) { return image.verdict && !image.verdict->blocking.empty(); });
    if (images == 0) return std::nullopt;
    const std::size_t blocking = gather_findings(run, FindingState::blocking).size();
    return fmt::format("{} {} {}", counted(blocking, "finding"), blocking == 1 ? "blocks" : "block",
                       of_all(images, run));
}

std::string render_heading(const Run& run) {
    std::vector<std::string> trial;
    for (const auto& [name, sentence] : render_trial_notes(run)) trial.push_back(lower_case(name));
    const std::string built = run.not_built.empty() ? "" : "; " + run.not_built;
    return render_state_of(run) + built + (trial.empty() ? "" : " (a trial: " + joined(trial, ", ") + ")");
}

std::vector<ToDo> make_todo(const Run& run, const std::vector<FindingRow>& rows) {
    std::vector<ToDo> todo;
    add_for_images(run, scans_to_repeat, "the verdict is unknown for ", todo);
    for (const std::string& warning : warnings_of(run)) todo.push_back({warning, ""});
    add_for_images(run, exploited_findings, "it is known to be exploited, and does not block ", todo);
    add_for_images(run, rows_to_fix, "the contract fails for ", todo);
    add_remedies(rows, todo);
    if (const auto pre_existing = render_pre_existing_count(run))
        todo.push_back({"fix the pre-existing findings in another change: elsewhere they block", *pre_existing});
    if (run.publication && run.publication->result == PublicationState::Result::refused)
        todo.push_back({run.publication->reason, "the publication was refused"});
    if (run.publication && run.publication->result == PublicationState::Result::incomplete)
        todo.push_back({run.publication->reason, "the publication is incomplete"});
    for (const Problem& problem : sorted_by_place(run.warnings)) {
        if (problem.level != Level::notice) todo.push_back({problem.what, problem.hint, problem.at});
    }
    for (ToDo& item : todo) item.text = capitalized(item.text);
    return todo;
}
