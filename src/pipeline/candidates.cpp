#include "pipeline/candidates.h"

#include "bake/inputs.h"

namespace {

std::map<std::string, std::string> make_annotations(const Project& project, const Image& image, const Digest& inputs) {
    std::map<std::string, std::string> annotations = {
        {inputs_annotation, inputs.text()},
        {version_annotation, project.plan.job.defra_version},
        {title_annotation, image.name},
        {"org.opencontainers.image.created", render_time(project.source_date)}};
    if (!project.revision.empty()) annotations[revision_annotation] = project.revision;
    if (!project.source.empty()) annotations[source_annotation] = project.source;
    return annotations;
}

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

std::string compose_index(const Project& project, const Image& image, const std::vector<Layout>& layouts,
                          const Digest& inputs) {
    std::vector<Descriptor> children;
    std::vector<Descriptor> attestations;
    for (const Layout& layout : layouts) {
        if (layout.image != image.name) continue;
        children.push_back(layout.manifest_descriptor);
        attestations.insert(attestations.end(), layout.attestations.begin(), layout.attestations.end());
    }
    children.insert(children.end(), attestations.begin(), attestations.end());
    return render_index(children, make_annotations(project, image, inputs));
}

}  // namespace

std::map<std::string, Digest> load_inputs(const World& world, const Settings& settings, const Project& project) {
    const std::vector<InputFile> files = load_input_files(world.files, ".", settings.dockerfile);
    std::map<std::string, Digest> inputs;
    for (const Image& image : project.plan.images)
        inputs.emplace(image.name, compute_inputs(project.plan, image, files));
    return inputs;
}

Candidates make_candidates(const World& world, const Settings& settings, const Project& project,
                           const std::vector<Layout>& layouts) {
    Candidates candidates;
    const std::map<std::string, Digest> all_inputs = load_inputs(world, settings, project);
    for (const Image& image : project.plan.images) {
        const Digest inputs = all_inputs.at(image.name);
        const std::string index = compose_index(project, image, layouts, inputs);
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

void reuse_published(Candidates& candidates, const PublishedIndex& image, const FetchedIndex& fetched) {
    for (Candidate& candidate : candidates.all) {
        if (candidate.name != image.name) continue;
        candidate.index = image.index;
        candidate.members = add_members(image.name, fetched.layouts, candidates.sources);
        candidates.sources.indexes[image.name] = fetched.bytes;
    }
}
