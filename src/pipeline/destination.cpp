#include "pipeline/destination.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "pipeline/registry_access.h"
#include "registry/directory.h"
#include "registry/fetch.h"
#include "registry/manifests.h"
#include "registry/push.h"

namespace {

namespace fs = std::filesystem;

/// A run mostly waits for the registry: more requests than processors may be under way.
constexpr std::size_t registry_requests = 8;

}  // namespace

Destination::Destination(const World& world, const Settings& settings) : world_(world), settings_(settings) {
    if (is_registry(settings.to)) {
        name_ = settings.to + "/" + settings.name_space;
        registry::ClientSettings access = load_registry_access(world, settings, {settings.to});
        warnings_ = access.unused_credentials;
        if (!settings.dry_run) access.pushes_to.insert(settings.to);
        client_.emplace(world, std::move(access));
    } else if (settings.to.empty()) {
        directory_ = settings.out / "registry";
        name_ = "oci:" + directory_.string();
    } else {
        directory_ = settings.to.substr(4);
        name_ = settings.to;
    }
}

void Destination::try_push(const std::vector<std::string>& repositories) {
    if (!client_) return;
    for (const std::string& repository : repositories) registry::try_push(*client_, settings_.to, repository);
}

std::vector<ExistingTag> Destination::load_existing(const std::vector<Candidate>& candidates,
                                                    const PublicationSources& sources) {
    if (settings_.to.empty()) return {};  // always new
    if (client_) return registry::load_existing_tags(*client_, settings_.to, candidates, sources, registry_requests);
    std::vector<std::string> repositories;
    for (const Candidate& candidate : candidates) add_once(repositories, candidate.repository);
    return load_existing_tags(world_.files, directory_, repositories);
}

std::vector<ExistingTag> Destination::load_existing(const Plan& plan, const std::string& version) {
    if (!client_) return load_existing_tags(world_.files, directory_, repositories_of(plan));
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
        const fs::path repository = directory_ / image.repository;
        FetchedIndex fetched{world_.files.read(blob_path(repository, image.index)), {}};
        for (const std::string& platform : platforms)
            fetched.layouts.push_back(load_indexed_layout(world_.files, repository, image.index, image.name, platform));
        return fetched;
    }
    std::vector<registry::FetchRequest> requests;
    for (const std::string& platform : platforms)
        requests.push_back({settings_.to + "/" + image.repository + "@" + image.index.text(), image.name, platform});
    FetchedIndex result;
    for (registry::Fetched& fetched : registry::fetch_images(world_, *client_, requests, directory, settings_.jobs)) {
        result.bytes = std::move(fetched.top);
        result.layouts.push_back(std::move(fetched.layout));
    }
    return result;
}

std::string Destination::execute(const Publication& publication, const PublicationSources& sources,
                                 const std::function<void(std::size_t done)>& note_done) {
    if (!client_) {
        if (settings_.to.empty()) world_.files.remove(directory_);
        run_publication_to_directory(world_, publication, sources, directory_);
        return "in a directory";
    }
    const registry::Pushed pushed = registry::run_publication_to_registry(
        world_, *client_, publication, sources,
        {.host = settings_.to, .jobs = std::max(settings_.jobs, registry_requests), .note_done = note_done});
    append(warnings_, pushed.warnings);
    return registry::render_pushed(pushed);
}

std::vector<std::string> repositories_of(const Plan& plan) {
    std::vector<std::string> repositories;
    for (const Image& image : plan.images) add_once(repositories, image.repository);
    return repositories;
}
