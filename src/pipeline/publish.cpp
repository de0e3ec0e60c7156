#include "pipeline/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "base/reference.h"
#include "base/text.h"
#include "contract/facts.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "verdict/verdict.h"

namespace {

// The images of a plan as they would be published: one index for each, over all its platforms and their attestations --

struct Candidates {
    std::vector<Candidate> all;
    PublicationSources sources;  ///< where their bytes are
};

/// The layouts of one image become members; remembers where their bytes are.
std::vector<Member> add_members(const std::string& image, const std::vector<Layout>& layouts,
                                PublicationSources& sources) {
    std::vector<Member> members;
    for (const Layout& layout : layouts) {
        if (layout.image != image) continue;
        sources.layouts.insert_or_assign(layout.name, layout);
        members.push_back({layout.name, layout.manifest, false});
        for (const Descriptor& attestation : layout.attestations)
            members.push_back({layout.name, attestation.digest, true});
    }
    return members;
}

/// Composes the indexes of what lies in these layouts.
Candidates make_candidates(const World& world, const Settings& settings, const Project& project,
                           const std::vector<Layout>& layouts) {
    Candidates candidates;
    const std::map<std::string, Digest> all_inputs = load_inputs(world, settings, project);
    for (const Image& image : project.plan.images) {
        const Digest& inputs = all_inputs.at(image.name);
        std::map<std::string, std::string> annotations = {
            {inputs_annotation, inputs.text()},
            {version_annotation, project.plan.job.defra_version},
            {title_annotation, image.name},
            {"org.opencontainers.image.created", render_time(project.source_date)}};
        if (!project.revision.empty()) annotations[revision_annotation] = project.revision;
        if (!project.source.empty()) annotations[source_annotation] = project.source;
        std::vector<Descriptor> children;
        std::vector<Descriptor> attestations;
        for (const Layout& layout : layouts) {
            if (layout.image != image.name) continue;
            children.push_back(layout.manifest_descriptor);
            attestations.insert(attestations.end(), layout.attestations.begin(), layout.attestations.end());
        }
        children.insert(children.end(), attestations.begin(), attestations.end());
        const std::string index = render_index(children, annotations);
        candidates.sources.indexes[image.name] = index;
        candidates.all.push_back({.name = image.name,
                                  .repository = image.repository,
                                  .version_tag = image.version_tag,
                                  .moving_tags = image.moving_tags,
                                  .index = sha256(index),
                                  .inputs = inputs,
                                  .members = add_members(image.name, layouts, candidates.sources)});
    }
    return candidates;
}

// Publishing them ----------------------------------------------------------------------------------------------------

/// How one publication is planned, from the existing tags to the last new one.
struct Planning {
    const World& world;
    const Settings& settings;
    const Project& project;
    Destination& destination;
    std::vector<Verdict> verdicts;
    Candidates candidates;
    std::set<Digest> no_worse{};

    Publication plan(const std::vector<Layout>& layouts, const std::vector<ContractReport>& contracts) {
        // A scan takes minutes: what was read before it is read again after it.
        std::vector<ExistingTag> existing = load_existing();
        std::vector<PublishedIndex> compared_with;
        std::vector<PublishedIndex> replaced = list_replaced(existing);
        const auto index = &PublishedIndex::index;
        while (!std::ranges::equal(replaced, compared_with, {}, index, index)) {
            find_no_worse(replaced);
            existing = load_existing();
            compared_with = std::exchange(replaced, list_replaced(existing));
        }
        Publication publication = plan_with(existing);
        while (!publication.is_refused() && !publication.to_rescan.empty() && !settings.dry_run) {
            // An earlier attempt wrote these version tags: they are finished from its bytes, which are scanned again.
            const std::vector<PublishedIndex>& images = publication.to_rescan;
            const SeparateScan out = scan_separately("unfinished", images);
            for (std::size_t i = 0; i < images.size(); ++i) {
                Candidate& candidate = *std::ranges::find(candidates.all, images[i].name, &Candidate::name);
                candidate.index = images[i].index;
                const std::vector<Member> built = std::exchange(
                    candidate.members, add_members(candidate.name, out.images[i].layouts, candidates.sources));
                candidate.as_built &= std::ranges::all_of(candidate.members, [&](const Member& member) {
                    return member.is_attestation ||
                           std::ranges::find(built, member.manifest, &Member::manifest) != built.end();
                });
                candidates.sources.indexes[candidate.name] = out.images[i].bytes;
            }
            verdicts.insert(verdicts.end(), out.verdicts.begin(), out.verdicts.end());
            publication = plan_with(load_existing());
        }
        const auto refuse = [&](const std::string& what, const std::string& hint) {
            add(publication.problems, {}, what, hint);
            publication.exit = std::max(publication.exit, Exit::refused);
        };
        for (const ContractReport& contract : contracts) {
            if (contract.passed()) continue;
            refuse(contract.name + " fails its contract",
                   "out/tests/" + contract.name + ".json has the checks that failed");
        }
        const std::string& version = project.plan.job.defra_version;
        for (const Layout& layout : layouts) {  // JOB.env may have been edited since the build
            const ImageConfig config = parse_image_config(load_config(world.files, layout), layout.name);
            const std::string built = text_at(config.labels, version_label);
            // An image on top of one of ours inherits its labels.
            const bool is_about_it =
                text_at(config.labels, repository_label) == image_of(project.plan, layout.image).repository;
            if (is_about_it && built != version)
                refuse(fmt::format("{} was built as {}, and is to be published as {}", layout.name, built, version),
                       "build it again");
        }
        return publication;
    }

    std::vector<ExistingTag> load_existing() { return destination.load_existing(candidates.all, candidates.sources); }

    Publication plan_with(const std::vector<ExistingTag>& existing) const {
        return plan_publication(
            project.plan, candidates.all, verdicts, existing,
            {.source = project.source,
             .stand_ins_may = !is_registry(settings.to) || (settings.allow_stand_in && is_loopback(settings.to)),
             .no_worse = no_worse,
             .adopt_moving_tags = settings.adopt_alias});
    }

    /// gate.publish: no-worse. What vulnerable images would replace: the moving tags of one may name several.
    std::vector<PublishedIndex> list_replaced(const std::vector<ExistingTag>& existing) const {
        std::vector<PublishedIndex> replaced;
        if (!project.policy.gate.publish_no_worse || settings.dry_run) return replaced;
        for (const Candidate& candidate : candidates.all) {
            if (!blocks(candidate)) continue;
            for (const std::string& tag : candidate.moving_tags) {
                const ExistingTag* known = find_tag(existing, candidate.repository, tag);
                const auto is_it = [&](const PublishedIndex& one) {
                    return one.name == candidate.name && one.index == known->index;
                };
                if (known == nullptr || std::ranges::any_of(replaced, is_it)) continue;
                replaced.push_back({candidate.name, candidate.repository, known->index});
            }
        }
        return replaced;
    }

    /// What blocks may still replace what today's databases find at least as bad, all of it.
    void find_no_worse(const std::vector<PublishedIndex>& replaced) {
        std::vector<std::vector<PublishedIndex>> scans;  // in each of them a name is there once
        for (const PublishedIndex& one : replaced) {
            const auto scan = std::ranges::find_if(scans, [&](const std::vector<PublishedIndex>& images) {
                return std::ranges::find(images, one.name, &PublishedIndex::name) == images.end();
            });
            (scan == scans.end() ? scans.emplace_back() : *scan).push_back(one);
        }
        no_worse.clear();
        std::set<Digest> worse;
        for (const std::vector<PublishedIndex>& images : scans) {
            for (const Verdict& theirs : scan_separately("replaced", images).verdicts) {
                for (const Verdict& ours : verdicts) {
                    if (ours.name == theirs.name) (is_no_worse(theirs, ours) ? no_worse : worse).insert(ours.manifest);
                }
            }
        }
        for (const Digest& digest : worse) no_worse.erase(digest);
    }

    bool blocks(const Candidate& candidate) const {
        return std::ranges::any_of(verdicts, [&](const Verdict& verdict) {
            return verdict.outcome == Outcome::vulnerable &&
                   std::ranges::find(candidate.members, verdict.manifest, &Member::manifest) != candidate.members.end();
        });
    }

    struct SeparateScan {
        std::vector<FetchedIndex> images;
        std::vector<Verdict> verdicts;
    };

    /// Images that are published, scanned and judged in a directory of their own: this run has no verdict about them.
    SeparateScan scan_separately(const std::string& directory, const std::vector<PublishedIndex>& images) {
        Settings separate = settings;
        separate.out = settings.out / directory;
        world.files.remove(separate.out);
        SeparateScan out;
        std::vector<Layout> layouts;
        for (const PublishedIndex& image : images) {
            out.images.push_back(destination.fetch(image, project.plan.platforms, separate.out / "images"));
            layouts.insert(layouts.end(), out.images.back().layouts.begin(), out.images.back().layouts.end());
        }
        scan_images(world, separate, project, layouts);
        out.verdicts = judge_images(world, separate, project, layouts);
        return out;
    }
};

}  // namespace

void before_anything_is_visible(const std::function<void()>& work) {
    try {
        work();
    } catch (Error& error) {
        const Problem visible = error.exit == Exit::refused ? Problem{{}, nothing_visible, "", Level::notice}
                                                            : Problem{{}, nothing_visible, run_again_hint};
        error.problems.insert(error.problems.begin(), visible);
        throw;
    }
}

void try_publication(const World& world, const Settings& settings, const Project& project) {
    if (!ask_permission(settings, project).granted || settings.dry_run || settings.to.empty()) return;
    before_anything_is_visible([&] {
        Destination destination(world, settings);
        if (is_registry(settings.to)) {
            TimedStep step(world, "permission", "trying whether " + settings.to + " lets us push");
            destination.try_push(repositories_of(project.plan));
            step.end("it does");
        }
        // A version that is published from other inputs needs no build. One from the same inputs is not refused:
        // today's databases may find something in it.
        TimedStep step(world, "versions", "reading what is published in " + destination.name());
        const Candidates planned = make_candidates(world, settings, project, {});
        const Publication found =
            preflight_publication(project.plan, planned.all, destination.load_existing(planned.all, planned.sources),
                                  {.source = project.source, .adopt_moving_tags = settings.adopt_alias});
        if (found.is_refused()) {
            step.end("refused: nothing is built");
            throw Error{found.exit, found.problems};
        }
        step.end(found.notes.empty() ? project.plan.job.defra_version + " is not there yet" : summarize_notes(found));
    });
}

Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts) {
    const github::Permission permission = ask_permission(settings, project);
    if (!permission.granted) {
        Published published;
        published.state.reason = permission.reason;
        published.result.outputs = {{"published", "false"}, {"reason", permission.reason}};
        return published;
    }
    Destination destination(world, settings);
    TimedStep step(world, "publish", "to " + destination.name());
    Planning planning{.world = world,
                      .settings = settings,
                      .project = project,
                      .destination = destination,
                      .verdicts = verdicts,
                      .candidates = make_candidates(world, settings, project, layouts)};
    Publication publication;
    before_anything_is_visible([&] { publication = planning.plan(layouts, contracts); });
    Published published =
        execute_publication(world, settings, publication, planning.candidates.sources, destination, step);
    if (published.state.result == PublicationState::Result::published) {
        published.result.outputs["reason"] = permission.reason;
        if (is_other_commit(project)) {  // the branch decides whether a run publishes; the workflow, what it checks out
            add(published.result.problems, {},
                fmt::format("what is published is made from {}, which is checked out, and not from the event's commit "
                            "{}",
                            project.revision.substr(0, 7), project.event.revision.substr(0, 7)),
                "the images' labels and the release name the former; without `ref`, actions/checkout takes the latter",
                Level::warning);
        }
    }
    published.result.outputs["digests"] = render_digests(publication.images);
    return published;
}

Published execute_publication(const World& world, const Settings& settings, const Publication& publication,
                              const PublicationSources& sources, Destination& destination, TimedStep& step) {
    using Ending = PublicationState::Result;
    Published published;
    Result& result = published.result;
    published.state.to = destination.name();
    result.outputs = {{"published", "false"}};
    const auto save_journal = [&](std::size_t done) {
        world.files.write(settings.out / "publication.json",
                          render_publication_json(publication, destination.name(), done));
    };
    const auto conclude = [&](Ending ending, Exit exit, const std::string& reason) {
        published.state.result = ending;
        published.state.reason = result.outputs["reason"] = reason;
        result.exit = exit;
        return published;
    };
    if (settings.dry_run) {
        step.end("nothing: a dry run");
        world.out << render_publication(publication, destination.name());
        return conclude(Ending::not_wanted, publication.exit, "this was a dry run");
    }
    save_journal(0);
    if (publication.is_refused()) {
        step.end("refused");
        result.problems = {{{}, nothing_visible, "", Level::notice}};
        append(result.problems, publication.problems);
        return conclude(Ending::refused, publication.exit, publication.problems.front().what);
    }
    std::string how;
    const std::optional<Error> error = failure_of([&] {
        how = destination.execute(publication, sources, save_journal);
        save_journal(publication.steps.size());
    });
    if (error) {  // what is visible by then stands first in it, and is the reason everybody reads
        step.end("failed");
        result.problems = error->problems;
        return conclude(Ending::incomplete, error->exit, error->problems.front().what);
    }
    std::vector<std::string> tags;
    for (const Step& written : publication.steps) {
        if (written.tag.empty()) continue;
        tags.push_back((is_registry(settings.to) ? settings.to + "/" : "") + written.repository + ":" + written.tag);
        published.state.tags.push_back({tags.back(), written.digest});
    }
    const std::string reason = summarize_notes(publication);
    published.state.as_built = std::ranges::all_of(publication.images, &PublishedImage::as_built);
    result.outputs["published"] = tags.empty() ? "false" : "true";
    result.outputs["tags"] = joined(tags, ",");
    result.problems = publication.warnings;
    append(result.problems, destination.warnings());
    step.end(tags.empty() ? "nothing to do: " + reason
                          : counted(tags.size(), "tag") + " in " + destination.name() + ", " + how);
    return conclude(tags.empty() ? Ending::already_there : Ending::published, Exit::done, reason);
}
