#include "publication/publication.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version.h"

namespace {

constexpr std::string_view already_right = " is right already";

/// What the destination has of a candidate.
struct PublishedState {
    bool is_published = false;  ///< the version tag is there, made from the same inputs
    Digest index;               ///< what its moving tags should name
};

struct Planner {
    const Plan& plan;
    const std::vector<Candidate>& candidates;
    const std::vector<Verdict>& verdicts;
    const std::vector<ExistingTag>& existing_tags;
    const PublicationRules& rules;
    std::vector<std::pair<const Candidate&, PublishedState>> images{};
    Publication publication{};

    Publication make() {
        if (candidates.empty()) refuse(Exit::refused, {}, "there is no image to publish", "choose images with --only");
        for (const Candidate& candidate : candidates) check_verdicts(candidate);
        check_existing();
        if (publication.is_refused()) return publication;
        for (const auto& [candidate, state] : images) {
            publication.images.push_back({candidate.name, candidate.repository, candidate.version_tag, state.index,
                                          candidate.inputs, candidate.as_built && state.index == candidate.index});
            if (!state.is_published) store(candidate);
        }
        std::size_t published = 0;
        for (const auto& [candidate, state] : images) {
            if (state.is_published) {
                ++published;
                note_published(candidate);
            } else {
                add(StepKind::write_version_tag, candidate, candidate.index, candidate.version_tag, "",
                    "not there yet");
            }
        }
        for (const auto& [candidate, state] : images) move_tags(candidate, state);
        if (published != 0 && published != images.size()) {
            publication.notes.push_back(fmt::format(
                "an earlier attempt wrote {} of {} version tags: the others follow now", published, images.size()));
        }
        return publication;
    }

    Publication preflight() {
        check_existing();
        for (const auto& [candidate, state] : images) {
            if (state.is_published && !publication.is_refused()) note_published(candidate);
        }
        return publication;
    }

    void check_existing() {
        for (const Candidate& candidate : candidates) check_source(candidate);
        for (const Candidate& candidate : candidates) images.push_back({candidate, find_state(candidate)});
        for (const Candidate& candidate : candidates) check_ages(candidate);
    }

    void refuse(Exit exit, const Place& at, std::string what, std::string hint) {
        publication.problems.push_back({at, std::move(what), std::move(hint)});
        publication.exit = std::max(publication.exit, exit);
    }

    void warn(std::string what, std::string hint) {
        publication.warnings.push_back({{}, std::move(what), std::move(hint), Level::warning});
    }

    Place version_line() const { return {plan.job.file, plan.job.defra_version_line}; }

    void check_verdicts(const Candidate& candidate) {
        if (std::ranges::all_of(candidate.members, &Member::is_attestation))
            refuse(Exit::failed, {}, candidate.name + " holds no image", "build it first");
        for (const Member& member : candidate.members) {
            if (!member.is_attestation) check_verdict(member);
        }
    }

    void check_verdict(const Member& member) {
        const auto verdict = std::ranges::find(verdicts, member.manifest, &Verdict::manifest);
        if (verdict == verdicts.end()) {
            refuse(Exit::failed, {},
                   fmt::format("{} ({}) was not scanned: there is no verdict about it", member.name,
                               member.manifest.brief()),
                   "what is published is what was scanned, byte for byte: scan it");
        } else if (verdict->outcome == Outcome::unknown) {
            refuse(Exit::failed, {}, fmt::format("the verdict about {} is unknown", member.name),
                   "unknown is not clean: see why it is unknown");
        } else if (!verdict->may_ship() && rules.no_worse.contains(member.manifest)) {
            warn(fmt::format(
                     "{} is vulnerable ({} block), and is published because it is no worse than what it replaces",
                     member.name, verdict->blocking.size()),
                 "gate.publish: no-worse in the policy lets it");
        } else if (!verdict->may_ship()) {
            refuse(Exit::refused, {}, fmt::format("{} is vulnerable: {} block", member.name, verdict->blocking.size()),
                   "see out/summary.md for what to do");
        } else if ((verdict->stand_in_bases || verdict->sample_data) && !rules.stand_ins_may) {
            refuse(Exit::refused, {},
                   fmt::format("{} was made from stand-in bases or judged with sample data", member.name),
                   "such images only go to oci: directories and to a registry on this machine");
        }
    }

    void check_source(const Candidate& candidate) {
        const auto foreign = std::ranges::find_if(existing_tags, [&](const ExistingTag& h) {
            return h.repository == candidate.repository && !h.source.empty() && !rules.source.empty() &&
                   h.source != rules.source;
        });
        if (foreign != existing_tags.end()) {
            refuse(Exit::refused, {},
                   fmt::format("{} holds images made from {}", candidate.repository, foreign->source),
                   "one repository publishes into it: choose another namespace or IMAGE_NAME");
        }
    }

    PublishedState find_state(const Candidate& candidate) {
        const ExistingTag* existing = find_tag(existing_tags, candidate.repository, candidate.version_tag);
        if (existing == nullptr) return {false, candidate.index};
        const std::string name = candidate.repository + ":" + candidate.version_tag;
        if (!existing->inputs) {
            refuse(Exit::refused, version_line(),
                   name + " was published before this action, and does not say what it was made from",
                   "raise DEFRA_VERSION: a version is written once");
        } else if (*existing->inputs != candidate.inputs) {
            refuse(Exit::refused, version_line(),
                   name + " is published already, and what goes into the image has changed since",
                   "raise DEFRA_VERSION");
        } else if (!std::ranges::is_permutation(existing->platforms, plan.platforms)) {
            refuse(Exit::refused, version_line(),
                   fmt::format("{} is published for {}, and this run is for {}", name,
                               joined(existing->platforms, ", "), joined(plan.platforms, ", ")),
                   "raise DEFRA_VERSION, or give the same --platforms: a version is written once");
        }
        return {true, existing->index};
    }

    /// A tag that says nothing about its version may be newer than all of ours.
    void check_ages(const Candidate& candidate) {
        if (rules.adopt_moving_tags) return;
        for (const std::string& tag : candidate.moving_tags) {
            const ExistingTag* existing = find_tag(existing_tags, candidate.repository, tag);
            if (existing == nullptr || existing->index == candidate.index || parse_version(existing->version)) continue;
            refuse(
                Exit::refused, {},
                fmt::format("{}:{} is of unknown age: it was published before this action", candidate.repository, tag),
                "check what it names; if it may move, use --adopt-alias once");
        }
    }

    void add(StepKind kind, const Candidate& candidate, const Digest& digest, std::string tag, std::string source,
             std::string why, std::optional<Digest> before = std::nullopt) {
        publication.steps.push_back(
            {kind, candidate.repository, digest, std::move(tag), std::move(source), std::move(why), std::move(before)});
    }

    void store(const Candidate& candidate) {
        for (const Member& member : candidate.members) {
            add(StepKind::store_manifest, candidate, member.manifest, "", member.name,
                member.is_attestation ? "its provenance" : "scanned and judged clean");
        }
        add(StepKind::store_index, candidate, candidate.index, "", candidate.name, "joins its platforms");
    }

    void note_published(const Candidate& candidate) {
        const ExistingTag* existing = find_tag(existing_tags, candidate.repository, candidate.version_tag);
        publication.notes.push_back(
            fmt::format("{} is published{}; nothing that goes into an image changed", candidate.version_tag,
                        existing->revision.empty() ? "" : " from " + existing->revision.substr(0, 7)));
    }

    void move_tags(const Candidate& candidate, const PublishedState& state) {
        bool moves = false;
        const std::optional<Version> ours = parse_version(plan.job.defra_version);
        for (const std::string& tag : candidate.moving_tags) {
            const ExistingTag* existing = find_tag(existing_tags, candidate.repository, tag);
            const std::string name = candidate.repository + ":" + tag;
            if (existing != nullptr && existing->index == state.index) {
                publication.notes.push_back(name + std::string(already_right));
            } else if (existing != nullptr && ours && parse_version(existing->version) > ours) {
                publication.notes.push_back(
                    fmt::format("{} stays at {}: tags only move forwards", name, existing->version));
            } else {
                moves = true;
                move_tag(candidate, state, tag, existing);
            }
        }
        if (moves && state.is_published && state.index != candidate.index)
            publication.to_rescan.push_back({candidate.name, candidate.repository, state.index});
    }

    void move_tag(const Candidate& candidate, const PublishedState& state, const std::string& tag,
                  const ExistingTag* existing) {
        if (existing == nullptr) return add(StepKind::move_tag, candidate, state.index, tag, "", "not there yet");
        warn_of_lower_python(candidate, *existing);
        const bool known = parse_version(existing->version).has_value();
        add(StepKind::move_tag, candidate, state.index, tag, "",
            "from " + (known ? existing->version : std::string(existing->index.brief()) + ", of unknown age: adopted"),
            existing->index);
    }

    /// Going back from a bad patch is legitimate, and worth a warning.
    void warn_of_lower_python(const Candidate& candidate, const ExistingTag& existing) {
        const auto python_of = [](const std::string& name) { return parse_version(name.substr(0, name.find('-'))); };
        const std::optional<Version> theirs = python_of(existing.title);
        const std::optional<Version> ours = python_of(candidate.name);
        if (!theirs || !ours || *theirs <= *ours) return;
        warn(fmt::format("{}:{} goes from Python {} back to {}", existing.repository, existing.tag,
                         render_version(*theirs), render_version(*ours)),
             "if that is not meant: check the tags in " + plan.matrix.file);
    }
};

}  // namespace

const ExistingTag* find_tag(const std::vector<ExistingTag>& existing, const std::string& repository,
                            const std::string& tag) {
    const auto found = std::ranges::find_if(
        existing, [&](const ExistingTag& one) { return one.repository == repository && one.tag == tag; });
    return found == existing.end() ? nullptr : &*found;
}

Publication plan_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                             const std::vector<Verdict>& verdicts, const std::vector<ExistingTag>& existing,
                             const PublicationRules& rules) {
    return Planner{plan, candidates, verdicts, existing, rules}.make();
}

Publication preflight_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                                  const std::vector<ExistingTag>& existing, const PublicationRules& rules) {
    return Planner{plan, candidates, {}, existing, rules}.preflight();
}

std::string summarize_notes(const Publication& publication) {
    std::vector<std::string> notes;
    std::size_t right = 0;
    for (const std::string& note : publication.notes) {
        if (note.ends_with(already_right)) {
            ++right;
        } else if (std::ranges::find(notes, note) == notes.end()) {
            notes.push_back(note);
        }
    }
    if (right > 0) notes.push_back(counted(right, "moving tag") + (right == 1 ? " is" : " are") + " right already");
    return joined(notes, "; ");
}
