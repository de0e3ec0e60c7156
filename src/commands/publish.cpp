// `publish`: exactly the images that were built, scanned and judged clean; every tag after everything it names.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/json.h"
#include "base/text.h"
#include "commands/road.h"
#include "commands/step.h"
#include "registry/folder.h"

namespace {

namespace fs = std::filesystem;

/// A folder that is a registry. Without --to it is made afresh: what lay there before was another run's.
struct Destination {
    std::string name;  ///< "oci:out/registry", for people
    fs::path folder;
    fs::path written_to;  ///< the same, or a folder beside it that takes its place at the end
};

Destination choose_destination(const Settings& settings) {
    if (!settings.to.empty()) return {settings.to, settings.to.substr(4), settings.to.substr(4)};
    const fs::path folder = settings.out / "registry";
    return {"oci:" + folder.string(), folder, folder.string() + ".new"};
}

std::map<std::string, std::string> make_annotations(const Project& project, const Image& image, const Digest& inputs) {
    std::map<std::string, std::string> annotations = {
        {inputs_annotation, inputs.text()},
        {version_annotation, project.plan.job.defra_version},
        {"org.opencontainers.image.title", image.name},
        {"org.opencontainers.image.created", render_time(project.source_date)}};
    if (!project.revision.empty()) annotations[revision_annotation] = project.revision;
    if (!project.source.empty()) annotations[source_annotation] = project.source;
    return annotations;
}

/// Composes one image's index of all its platforms and their attestations; remembers where the bytes are.
Candidate make_candidate(const Project& project, const Image& image, const std::vector<Layout>& layouts,
                         const Digest& inputs, PublicationSources& sources) {
    std::vector<Member> members;
    std::vector<Descriptor> children;
    std::vector<Descriptor> attestations;
    for (const Layout& layout : layouts) {
        if (layout.image != image.name) continue;
        sources.layouts.emplace(layout.name, layout);
        members.push_back({layout.name, layout.manifest, false});
        children.push_back(layout.manifest_descriptor);
        for (const Descriptor& attestation : layout.attestations) {
            members.push_back({layout.name, attestation.digest, true});
            attestations.push_back(attestation);
        }
    }
    children.insert(children.end(), attestations.begin(), attestations.end());
    const std::string index = render_index(children, make_annotations(project, image, inputs));
    sources.indexes[image.name] = index;
    return {.name = image.name,
            .repository = image.repository,
            .version_tag = image.version_tag,
            .moving_tags = image.moving_tags,
            .index = sha256(index),
            .inputs = inputs,
            .members = members};
}

std::vector<std::string> repositories_of(const Plan& plan) {
    std::vector<std::string> repositories;
    for (const Image& image : plan.images) {
        if (std::find(repositories.begin(), repositories.end(), image.repository) == repositories.end())
            repositories.push_back(image.repository);
    }
    return repositories;
}

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

void carry_out(const World& world, const Publication& publication, const PublicationSources& sources,
               const Destination& destination) {
    const bool afresh = destination.written_to != destination.folder;
    if (afresh) world.files.remove(destination.written_to);
    run_publication_to_folder(world, publication, sources, destination.written_to);
    if (!afresh) return;
    world.files.remove(destination.folder);
    world.files.rename(destination.written_to, destination.folder);
}

bool is_tag_step(const Step& step) {
    return !step.tag.empty();
}

std::string render_index_digests(const std::vector<Candidate>& candidates) {
    JsonWriter json;
    json.open_object();
    for (const Candidate& candidate : candidates) json.field(candidate.name, candidate.index.text());
    json.close();
    return json.one_line();
}

void describe(Published& published, const Destination& destination) {
    PublicationState& state = published.state;
    state.to = destination.name;
    for (const Step& step : published.publication.steps) {
        if (is_tag_step(step)) state.tags.push_back({step.repository + ":" + step.tag, step.digest});
    }
    state.result = state.tags.empty() ? PublicationState::Result::already_there : PublicationState::Result::published;
    state.reason = joined(published.publication.notes, "; ");
}

Published refuse(Published published, const Destination& destination) {
    const Problems& problems = published.publication.problems;
    published.state = {.result = PublicationState::Result::refused,
                       .to = destination.name,
                       .reason = problems.front().what,
                       .tags = {},
                       .release = ""};
    published.result.exit = published.publication.exit;
    published.result.problems = problems;
    published.result.problems.insert(published.result.problems.begin(),
                                     {{}, "Nothing visible changed.", "", Level::notice});
    published.result.outputs["reason"] = published.state.reason;
    return published;
}

}  // namespace

Occasion make_occasion(const github::Event& event) {
    return {.in_workflow = event.in_workflow,
            .event = event.name,
            .ref = event.ref,
            .repository = event.repository,
            .event_repository = event.event_repository,
            .default_branch = event.default_branch,
            .from_fork = event.from_fork};
}

Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts) {
    Published published;
    const Permission permission =
        decide_permission(make_occasion(project.event), settings.publish, settings.publish_branches);
    published.state.reason = permission.reason;
    published.result.outputs = {{"published", "false"}, {"reason", permission.reason}};
    if (!permission.granted) {
        if (settings.publish == PublishWish::required) {
            throw Error{Exit::failed,
                        {{{},
                          "Nothing visible changed. This run must publish, but " + permission.reason,
                          "publish: auto would let it pass"}}};
        }
        return published;
    }

    const Destination destination = choose_destination(settings);
    TimedStep step(world, "publish", "to " + destination.name);
    PublicationSources sources;
    std::vector<Candidate> candidates;
    const std::vector<InputFile> inputs = load_input_files(world.files, ".");
    for (const Image& image : project.plan.images) {
        candidates.push_back(
            make_candidate(project, image, layouts, compute_inputs(project.plan, image, inputs), sources));
    }
    const std::vector<HeldTag> held =
        load_held_tags(world.files, destination.written_to, repositories_of(project.plan));
    published.publication =
        plan_publication(project.plan, candidates, verdicts, held, {.source = project.source, .stand_ins_may = true});
    for (const Problem& problem : broken_contracts(contracts)) {
        published.publication.problems.push_back(problem);
        published.publication.exit = std::max(published.publication.exit, Exit::refused);
    }

    if (settings.dry_run) {
        world.out << render_publication(published.publication, destination.name);
        published.state.reason = "this was a dry run";
        published.result.outputs["reason"] = published.state.reason;
        step.end("nothing: a dry run");
        return published;
    }
    const fs::path journal = settings.out / "publication.json";
    world.files.write(journal, render_publication_json(published.publication, destination.name, 0));
    if (published.publication.is_refused()) {
        step.end("refused");
        return refuse(std::move(published), destination);
    }
    carry_out(world, published.publication, sources, destination);
    world.files.write(
        journal, render_publication_json(published.publication, destination.name, published.publication.steps.size()));

    describe(published, destination);
    std::vector<std::string> tags;
    for (const WrittenTag& tag : published.state.tags) tags.push_back(tag.reference);
    published.result.outputs["published"] = tags.empty() ? "false" : "true";
    published.result.outputs["tags"] = joined(tags, ",");
    published.result.outputs["digests"] = render_index_digests(candidates);
    published.result.outputs["reason"] = tags.empty() ? published.state.reason : permission.reason;
    step.end(tags.empty() ? "nothing to do: " + published.state.reason
                          : counted(tags.size(), "tag") + " in " + destination.name);
    return published;
}

Result run_publish(const World& world, const Settings& settings) {
    const Project project = load_project(world, settings);
    const std::vector<Layout> layouts = load_built_images(world, settings, project);
    const std::vector<Verdict> verdicts = judge_images(world, settings, project, layouts);
    Published published =
        publish_images(world, settings, project, layouts, verdicts, load_contract_reports(world, settings, layouts));
    world.out << published.result.outputs["tags"] << "\n";
    return published.result;
}
