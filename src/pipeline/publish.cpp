#include "pipeline/publish.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "pipeline/candidates.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "pipeline/verdicts.h"
#include "verdict/comparison.h"

namespace {

Problems broken_contracts(const std::vector<ContractReport>& contracts) {
    Problems problems;
    for (const ContractReport& contract : contracts) {
        if (!contract.is_kept())
            problems.push_back({{},
                                contract.name + " does not keep its contract",
                                "out/tests/" + contract.name + ".json tells which promises"});
    }
    return problems;
}

std::string render_index_digests(const std::vector<Candidate>& candidates) {
    JsonWriter json;
    json.open_object();
    for (const Candidate& candidate : candidates) json.field(candidate.name, candidate.index.text());
    json.close();
    return json.one_line();
}

std::set<Digest> indexes_of(const std::vector<Unfinished>& images) {
    std::set<Digest> indexes;
    for (const Unfinished& image : images) indexes.insert(image.index);
    return indexes;
}

/// One publication from the question what is there to the last tag.
class Publishing {
  public:
    Publishing(const World& world, const Settings& settings, const Project& project, const std::vector<Layout>& layouts,
               std::vector<Verdict> verdicts, Destination& destination)
        : world_(world),
          settings_(settings),
          project_(project),
          verdicts_(std::move(verdicts)),
          destination_(destination),
          candidates_(make_candidates(world, settings, project, layouts)) {}

    Publication plan(const std::vector<ContractReport>& contracts) {
        // A scan takes minutes: what was read before it is read again after it.
        std::vector<ExistingTag> held = load_held();
        std::set<Digest> compared_with;
        for (auto replaced = list_replaced(held); indexes_of(replaced) != compared_with;
             replaced = list_replaced(held)) {
            find_no_worse(replaced);
            compared_with = indexes_of(replaced);
            held = load_held();
        }
        Publication publication = plan_with(held);
        while (!publication.is_refused() && !publication.to_rescan.empty() && !settings_.dry_run) {
            take_what_is_out(publication.to_rescan);
            publication = plan_with(load_held());
        }
        for (const Problem& problem : broken_contracts(contracts)) {
            publication.problems.push_back(problem);
            publication.exit = std::max(publication.exit, Exit::refused);
        }
        return publication;
    }

    const Candidates& candidates() const { return candidates_; }

  private:
    std::vector<ExistingTag> load_held() { return destination_.load_held(candidates_.all, candidates_.sources); }

    Publication plan_with(const std::vector<ExistingTag>& held) const {
        return plan_publication(project_.plan, candidates_.all, verdicts_, held,
                                {.source = project_.source,
                                 .stand_ins_may = destination_.takes_stand_ins(),
                                 .no_worse = no_worse_,
                                 .adopt_aliases = settings_.adopt_alias});
    }

    /// An earlier attempt wrote these version tags: they are finished from its bytes, which are scanned again.
    void take_what_is_out(const std::vector<Unfinished>& images) {
        const ScannedAside out = scan_aside("unfinished", images);
        for (std::size_t i = 0; i < images.size(); ++i) take_in_place(candidates_, images[i], out.images[i]);
        verdicts_.insert(verdicts_.end(), out.verdicts.begin(), out.verdicts.end());
    }

    /// gate.publish: no-worse. What vulnerable images would replace.
    std::vector<Unfinished> list_replaced(const std::vector<ExistingTag>& held) const {
        std::vector<Unfinished> replaced;
        if (!project_.policy.gate.publish_no_worse || settings_.dry_run) return replaced;
        for (const Candidate& candidate : candidates_.all) {
            const ExistingTag* tag = blocks(candidate) ? replaced_by(candidate, held) : nullptr;
            if (tag != nullptr) replaced.push_back({candidate.name, candidate.repository, tag->tag, tag->index});
        }
        return replaced;
    }

    /// What blocks may still take the place of what today's databases find at least as bad.
    void find_no_worse(const std::vector<Unfinished>& replaced) {
        no_worse_.clear();
        if (replaced.empty()) return;
        for (const Verdict& theirs : scan_aside("replaced", replaced).verdicts) {
            for (const Verdict& ours : verdicts_) {
                if (ours.name == theirs.name && is_no_worse(theirs, ours)) no_worse_.insert(ours.manifest);
            }
        }
    }

    bool blocks(const Candidate& candidate) const {
        return std::any_of(verdicts_.begin(), verdicts_.end(), [&](const Verdict& verdict) {
            return verdict.outcome == Outcome::vulnerable &&
                   std::any_of(candidate.members.begin(), candidate.members.end(),
                               [&](const Member& member) { return member.manifest == verdict.manifest; });
        });
    }

    static const ExistingTag* replaced_by(const Candidate& candidate, const std::vector<ExistingTag>& held) {
        for (const std::string& tag : candidate.moving_tags) {
            for (const ExistingTag& one : held) {
                if (one.repository == candidate.repository && one.tag == tag) return &one;
            }
        }
        return nullptr;
    }

    struct ScannedAside {
        std::vector<FetchedIndex> images;
        std::vector<Verdict> verdicts;
    };

    /// Images that are out, scanned and judged in a directory of their own: nobody here has seen a verdict about them.
    ScannedAside scan_aside(const std::string& directory, const std::vector<Unfinished>& images) {
        Settings aside = settings_;
        aside.out = settings_.out / directory;
        world_.files.remove(aside.out);
        ScannedAside out;
        std::vector<Layout> layouts;
        for (const Unfinished& image : images) {
            out.images.push_back(destination_.fetch(image, project_.plan.platforms, aside.out / "images"));
            layouts.insert(layouts.end(), out.images.back().layouts.begin(), out.images.back().layouts.end());
        }
        scan_images(world_, aside, project_, layouts);
        out.verdicts = judge_images(world_, aside, project_, layouts);
        return out;
    }

    const World& world_;
    const Settings& settings_;
    const Project& project_;
    std::vector<Verdict> verdicts_;
    std::set<Digest> no_worse_;
    Destination& destination_;
    Candidates candidates_;
};

/// A version that is out from other inputs is worth no build. One that is out from the same ones is: today's databases
/// may have something to say about it.
void ask_what_is_out(const World& world, const Settings& settings, const Project& project, Destination& destination) {
    TimedStep step(world, "versions", "asking what is out in " + destination.name());
    const Candidates planned = make_candidates(world, settings, project, {});
    const Publication foreseen =
        foresee_publication(project.plan, planned.all, destination.load_held(planned.all, planned.sources),
                            {.source = project.source, .adopt_aliases = settings.adopt_alias});
    if (foreseen.is_refused()) {
        step.end("refused: nothing is built");
        throw Error{foreseen.exit, foreseen.problems};
    }
    step.end(foreseen.notes.empty() ? project.plan.job.defra_version + " is not there yet"
                                    : joined(foreseen.notes, "; "));
}

Published not_permitted(const Permission& permission) {
    Published published;
    published.state.reason = permission.reason;
    published.result.outputs = {{"published", "false"}, {"reason", permission.reason}};
    return published;
}

}  // namespace

void try_publication(const World& world, const Settings& settings, const Project& project) {
    if (!ask_permission(settings, project).granted || settings.dry_run || settings.to.empty()) return;
    before_anything_is_visible([&] {
        Destination destination(world, settings);
        if (is_registry(settings.to)) {
            TimedStep step(world, "permission", "trying whether " + settings.to + " lets us push");
            destination.try_push(repositories_of(project.plan));
            step.end("it does");
        }
        ask_what_is_out(world, settings, project, destination);
    });
}

Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts) {
    const Permission permission = ask_permission(settings, project);
    if (!permission.granted) return not_permitted(permission);

    Destination destination(world, settings);
    TimedStep step(world, "publish", "to " + destination.name());
    Publishing publishing(world, settings, project, layouts, verdicts, destination);
    Publication publication;
    before_anything_is_visible([&] { publication = publishing.plan(contracts); });
    Published published = carry_out(world, settings, publication, publishing.candidates().sources, destination, step);
    if (published.state.result == PublicationState::Result::published)
        published.result.outputs["reason"] = permission.reason;
    published.result.outputs["digests"] = render_index_digests(publishing.candidates().all);
    return published;
}
