#include "pipeline/destination.h"

#include <algorithm>
#include <set>

#include "pipeline/registry_access.h"
#include "registry/directory.h"
#include "registry/existing_tags.h"
#include "registry/fetch.h"
#include "registry/manifests.h"
#include "registry/push.h"
#include "registry/upload.h"

namespace {

namespace fs = std::filesystem;

/// A run mostly waits for the registry: more requests than processors may be under way.
constexpr std::size_t registry_requests = 8;

}  // namespace

Destination::Destination(const World& world, const Settings& settings) : world_(world), settings_(settings) {
    if (is_registry(settings.to)) {
        prefix_ = settings.to + "/";
        name_ = prefix_ + settings.name_space;
        registry::ClientSettings access = load_registry_access(world, settings, {settings.to}, warnings_);
        if (!settings.dry_run) access.pushes_to.insert(settings.to);
        client_.emplace(world, std::move(access));
    } else if (settings.to.empty()) {
        directory_ = settings.out / "registry";
        written_to_ = directory_.string() + ".new";
        name_ = "oci:" + directory_.string();
    } else {
        directory_ = written_to_ = settings.to.substr(4);
        name_ = settings.to;
    }
}

bool Destination::takes_stand_ins() const {
    return !client_ || (settings_.allow_stand_in && is_loopback(settings_.to));
}

void Destination::try_push(const std::vector<std::string>& repositories) {
    if (!client_) return;
    for (const std::string& repository : repositories) registry::try_push(*client_, settings_.to, repository);
}

std::vector<ExistingTag> Destination::load_existing(const std::vector<Candidate>& candidates,
                                                    const PublicationSources& sources) {
    if (settings_.to.empty()) return {};  // always new, whatever a run that was killed left there
    if (client_) return registry::load_existing_tags(*client_, settings_.to, candidates, sources, registry_requests);
    std::vector<std::string> repositories;
    for (const Candidate& candidate : candidates) {
        if (std::ranges::find(repositories, candidate.repository) == repositories.end())
            repositories.push_back(candidate.repository);
    }
    return load_existing_tags(world_.files, written_to_, repositories);
}

std::vector<ExistingTag> Destination::load_existing(const Plan& plan, const std::string& version) {
    if (!client_) return load_existing_tags(world_.files, written_to_, repositories_of(plan));
    std::set<registry::TagName> names;
    for (const Image& image : plan.images) {
        for (const std::string& tag : image.moving_tags) names.insert({image.repository, tag});
    }
    for (const std::string& repository : repositories_of(plan)) {
        for (const std::string& tag : registry::list_tags(*client_, settings_.to, repository)) {
            if (tag.starts_with(version + "-python")) names.insert({repository, tag});
        }
    }
    return registry::load_existing_tags(*client_, settings_.to, {names.begin(), names.end()}, registry_requests);
}

FetchedIndex Destination::fetch(const PublishedIndex& image, const std::vector<std::string>& platforms,
                                const fs::path& directory) {
    if (!client_) {
        const fs::path repository = written_to_ / image.repository;
        FetchedIndex fetched{world_.files.read(blob_path(repository, image.index)), {}};
        for (const std::string& platform : platforms) {
            const std::optional<Layout> layout =
                load_tagged_layout(world_.files, repository, image.tag, image.name, platform);
            if (layout) fetched.layouts.push_back(*layout);
        }
        return fetched;
    }
    std::vector<registry::FetchRequest> requests;
    for (const std::string& platform : platforms)
        requests.push_back({prefix_ + image.repository + "@" + image.index.text(), image.name, platform});
    FetchedIndex result;
    for (registry::Fetched& fetched : registry::fetch_images(world_, *client_, requests, directory, settings_.jobs)) {
        result.bytes = std::move(fetched.top);
        result.layouts.push_back(std::move(fetched.layout));
    }
    return result;
}

std::string Destination::execute(const Publication& publication, const PublicationSources& sources,
                                 const std::function<void(std::size_t done)>& note_done) {
    if (!client_) return execute_in_directory(publication, sources);
    const registry::Pushed pushed = registry::run_publication_to_registry(
        world_, *client_, publication, sources,
        {.host = settings_.to, .jobs = std::max(settings_.jobs, registry_requests), .note_done = note_done});
    append(warnings_, pushed.warnings);
    return registry::render_pushed(pushed);
}

std::string Destination::execute_in_directory(const Publication& publication, const PublicationSources& sources) {
    const bool is_new = written_to_ != directory_;
    if (is_new) world_.files.remove(written_to_);
    run_publication_to_directory(world_, publication, sources, written_to_);
    if (is_new) {
        world_.files.remove(directory_);
        world_.files.rename(written_to_, directory_);
    }
    return "in a directory";
}

std::vector<std::string> repositories_of(const Plan& plan) {
    std::vector<std::string> repositories;
    for (const Image& image : plan.images) {
        if (std::ranges::find(repositories, image.repository) == repositories.end())
            repositories.push_back(image.repository);
    }
    return repositories;
}
