#include "publication/publication.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/version.h"

namespace {

/// What a candidate comes to, seen from the destination.
struct Standing {
    bool is_out = false;  ///< the version tag is there, made from the same inputs
    Digest index;         ///< what its moving tags should name
};

class Planner {
  public:
    Planner(const Plan& plan, const std::vector<Candidate>& candidates, const std::vector<Verdict>& verdicts,
            const std::vector<ExistingTag>& held, const PublicationRules& rules)
        : plan_(plan), candidates_(candidates), verdicts_(verdicts), held_(held), rules_(rules) {}

    Publication make() {
        if (candidates_.empty()) refuse(Exit::refused, {}, "there is no image to publish", "choose images with --only");
        for (const Candidate& candidate : candidates_) check_verdicts(candidate);
        check_what_is_held();
        if (publication_.is_refused()) return publication_;
        for (std::size_t i = 0; i < candidates_.size(); ++i) add_image(candidates_[i], standings_[i]);
        for (std::size_t i = 0; i < candidates_.size(); ++i) store(candidates_[i], standings_[i]);
        for (std::size_t i = 0; i < candidates_.size(); ++i) write_version(candidates_[i], standings_[i]);
        for (std::size_t i = 0; i < candidates_.size(); ++i) move_tags(candidates_[i], standings_[i]);
        note_half_written();
        return publication_;
    }

    Publication foresee() {
        check_what_is_held();
        if (publication_.is_refused()) return publication_;
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            if (standings_[i].is_out) note_out(candidates_[i]);
        }
        return publication_;
    }

  private:
    void check_what_is_held() {
        for (const Candidate& candidate : candidates_) check_source(candidate);
        for (const Candidate& candidate : candidates_) standings_.push_back(find_standing(candidate));
        for (const Candidate& candidate : candidates_) check_ages(candidate);
    }

    void refuse(Exit exit, const Place& at, std::string what, std::string hint) {
        publication_.problems.push_back({at, std::move(what), std::move(hint)});
        publication_.exit = std::max(publication_.exit, exit);
    }

    Place version_line() const { return {plan_.job.file, plan_.job.defra_version_line}; }

    void check_verdicts(const Candidate& candidate) {
        bool has_image = false;
        for (const Member& member : candidate.members) {
            if (member.is_attestation) continue;
            has_image = true;
            check_verdict(member);
        }
        if (!has_image) refuse(Exit::failed, {}, candidate.name + " holds no image", "build it first");
    }

    void check_verdict(const Member& member) {
        const auto verdict = std::find_if(verdicts_.begin(), verdicts_.end(),
                                          [&](const Verdict& v) { return v.manifest == member.manifest; });
        if (verdict == verdicts_.end()) {
            refuse(Exit::failed, {},
                   fmt::format("{} ({}) was not scanned: there is no verdict about it", member.name,
                               member.manifest.brief()),
                   "what is published is what was scanned, byte for byte: scan it");
        } else if (verdict->outcome == Outcome::unknown) {
            refuse(Exit::failed, {}, fmt::format("the verdict about {} is unknown", member.name),
                   "unknown is not clean: see why it is unknown");
        } else if (!verdict->may_ship() && rules_.no_worse.contains(member.manifest)) {
            publication_.warnings.push_back(
                {{},
                 fmt::format("{} is vulnerable ({} block), and goes out because it is no worse than what it replaces",
                             member.name, verdict->blocking.size()),
                 "gate.publish: no-worse in the policy lets it",
                 Level::warning});
        } else if (!verdict->may_ship()) {
            refuse(Exit::refused, {}, fmt::format("{} is vulnerable: {} block", member.name, verdict->blocking.size()),
                   "see out/summary.md for what to do");
        } else if ((verdict->stand_in_bases || verdict->sample_data) && !rules_.stand_ins_may) {
            refuse(Exit::refused, {},
                   fmt::format("{} was made from stand-in bases or judged with sample data", member.name),
                   "such images only go to oci: directories and to a registry on this machine");
        }
    }

    std::vector<ExistingTag>::const_iterator find_held(const std::string& repository, const std::string& tag) const {
        return std::find_if(held_.begin(), held_.end(),
                            [&](const ExistingTag& h) { return h.repository == repository && h.tag == tag; });
    }

    void check_source(const Candidate& candidate) {
        const auto foreign = std::find_if(held_.begin(), held_.end(), [&](const ExistingTag& h) {
            return h.repository == candidate.repository && !h.source.empty() && !rules_.source.empty() &&
                   h.source != rules_.source;
        });
        if (foreign != held_.end()) {
            refuse(Exit::refused, {},
                   fmt::format("{} holds images made from {}", candidate.repository, foreign->source),
                   "one repository publishes into it: choose another namespace or IMAGE_NAME");
        }
    }

    Standing find_standing(const Candidate& candidate) {
        const auto held = find_held(candidate.repository, candidate.version_tag);
        if (held == held_.end()) return {false, candidate.index};
        const std::string name = candidate.repository + ":" + candidate.version_tag;
        if (!held->inputs) {
            refuse(Exit::refused, version_line(),
                   name + " was published before this action, so nobody can tell what it was made from",
                   "raise DEFRA_VERSION: a version is written once");
        } else if (*held->inputs != candidate.inputs) {
            refuse(Exit::refused, version_line(),
                   name + " is out already, and what goes into the image has changed since", "raise DEFRA_VERSION");
        }
        return {true, held->index};
    }

    /// A tag that says nothing about its version may be newer than all of ours.
    void check_ages(const Candidate& candidate) {
        if (rules_.adopt_aliases) return;
        for (const std::string& tag : candidate.moving_tags) {
            const auto held = find_held(candidate.repository, tag);
            if (held == held_.end() || held->index == candidate.index || parse_version(held->version)) continue;
            refuse(
                Exit::refused, {},
                fmt::format("{}:{} is of unknown age: it was published before this action", candidate.repository, tag),
                "see what it names; if it may move, say --adopt-alias once");
        }
    }

    void add(StepKind kind, const Candidate& candidate, const Digest& digest, std::string tag, std::string source,
             std::string why, std::optional<Digest> before = std::nullopt) {
        publication_.steps.push_back(
            {kind, candidate.repository, digest, std::move(tag), std::move(source), std::move(why), std::move(before)});
    }

    void add_image(const Candidate& candidate, const Standing& standing) {
        publication_.images.push_back({candidate.name, candidate.repository, candidate.version_tag, standing.index,
                                       candidate.inputs, standing.index == candidate.index});
    }

    void store(const Candidate& candidate, const Standing& standing) {
        if (standing.is_out) return;
        for (const Member& member : candidate.members) {
            add(StepKind::store_manifest, candidate, member.manifest, "", member.name,
                member.is_attestation ? "its provenance" : "scanned and judged clean");
        }
        add(StepKind::store_index, candidate, candidate.index, "", candidate.name, "joins its platforms");
    }

    void write_version(const Candidate& candidate, const Standing& standing) {
        if (standing.is_out) return note_out(candidate);
        add(StepKind::write_version_tag, candidate, candidate.index, candidate.version_tag, "", "not there yet");
    }

    void note_out(const Candidate& candidate) {
        const auto held = find_held(candidate.repository, candidate.version_tag);
        publication_.notes.push_back(fmt::format("{} is out{}; nothing that goes into an image changed",
                                                 candidate.version_tag,
                                                 held->revision.empty() ? "" : " from " + held->revision.substr(0, 7)));
    }

    void move_tags(const Candidate& candidate, const Standing& standing) {
        bool moves = false;
        for (const std::string& tag : candidate.moving_tags) {
            const auto held = find_held(candidate.repository, tag);
            const std::string name = candidate.repository + ":" + tag;
            if (held != held_.end() && held->index == standing.index) {
                publication_.notes.push_back(name + " is right already");
            } else if (held != held_.end() && goes_backwards(*held)) {
                publication_.notes.push_back(
                    fmt::format("{} stays at {}: tags only move forwards", name, held->version));
            } else {
                moves = true;
                move_tag(candidate, standing, tag, held == held_.end() ? nullptr : &*held);
            }
        }
        if (moves && standing.is_out && standing.index != candidate.index)
            publication_.to_rescan.push_back(
                {candidate.name, candidate.repository, candidate.version_tag, standing.index});
    }

    void move_tag(const Candidate& candidate, const Standing& standing, const std::string& tag,
                  const ExistingTag* held) {
        if (held == nullptr) return add(StepKind::move_tag, candidate, standing.index, tag, "", "not there yet");
        warn_of_lower_python(candidate, *held);
        const bool known = parse_version(held->version).has_value();
        add(StepKind::move_tag, candidate, standing.index, tag, "",
            "from " + (known ? held->version : std::string(held->index.brief()) + ", of unknown age: adopted"),
            held->index);
    }

    /// Going back from a bad patch is legitimate, and worth a word.
    void warn_of_lower_python(const Candidate& candidate, const ExistingTag& held) {
        const auto python_of = [](const std::string& name) { return parse_version(name.substr(0, name.find('-'))); };
        const std::optional<Version> theirs = python_of(held.title);
        const std::optional<Version> ours = python_of(candidate.name);
        if (!theirs || !ours || *theirs <= *ours) return;
        publication_.warnings.push_back({{},
                                         fmt::format("{}:{} goes from Python {} back to {}", held.repository, held.tag,
                                                     render_version(*theirs), render_version(*ours)),
                                         "if that is not meant: check the tags in " + plan_.matrix.file,
                                         Level::warning});
    }

    /// Some images of the matrix are out and others are not: an earlier attempt got that far, and is finished now.
    void note_half_written() {
        const auto out =
            std::count_if(standings_.begin(), standings_.end(), [](const Standing& s) { return s.is_out; });
        if (out == 0 || static_cast<std::size_t>(out) == standings_.size()) return;
        publication_.notes.push_back(fmt::format(
            "an earlier attempt wrote {} of {} version tags: the others follow now", out, standings_.size()));
    }

    bool goes_backwards(const ExistingTag& held) const {
        const std::optional<Version> theirs = parse_version(held.version);
        const std::optional<Version> ours = parse_version(plan_.job.defra_version);
        return theirs && ours && *theirs > *ours;
    }

    const Plan& plan_;
    const std::vector<Candidate>& candidates_;
    const std::vector<Verdict>& verdicts_;
    const std::vector<ExistingTag>& held_;
    const PublicationRules& rules_;
    std::vector<Standing> standings_;
    Publication publication_;
};

}  // namespace

Publication plan_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                             const std::vector<Verdict>& verdicts, const std::vector<ExistingTag>& held,
                             const PublicationRules& rules) {
    return Planner(plan, candidates, verdicts, held, rules).make();
}

Publication foresee_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                                const std::vector<ExistingTag>& held, const PublicationRules& rules) {
    return Planner(plan, candidates, {}, held, rules).foresee();
}
