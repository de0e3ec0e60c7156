#include "pipeline/published_images.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "pipeline/evidence.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "registry/manifests.h"
#include "system/parallel.h"

namespace {

namespace fs = std::filesystem;

constexpr int max_rollback = 5;  // how many releases before the last one are looked at

/// An error in the release's own files is not an input error of this run; one in today's policy is.
Project load_project_of(const World& world, const Settings& settings, const fs::path& directory,
                        const std::string& release) {
    load_policy_project(world, settings);
    try {
        return load_project(world, settings, directory);
    } catch (const Error& error) {
        if (error.exit != Exit::bad_input) throw;
        Problems problems;
        for (const Problem& problem : error.problems)
            add(problems, {}, "the release " + release + ": " + problem.what, problem.hint);
        throw Error{Exit::failed, problems};
    }
}

/// A release, planned as it was then.
struct Released {
    FetchedRelease fetched;
    NightlyTargets targets;
};

/// Nothing for a release that does not tell what it published, with a warning, or that went to a directory.
std::optional<Released> load_released(const World& world, const Settings& settings, github::Api& api,
                                      const github::Release& release, Problems& warnings) {
    std::optional<FetchedRelease> fetched = fetch_release(world, settings, api, release);
    if (!fetched) {
        add(warnings, {},
            "the release " + release.tag +
                " does not tell which images it published: it has no evidence of this action",
            "the nightly scan goes by the version tags of the matrix; the next release that this action makes ends "
            "that",
            Level::warning);
        return std::nullopt;
    }
    Settings then = settings;
    then.platforms.clear();
    for (const EvidenceImage& image : fetched->evidence.images) add_once(then.platforms, image.platform);
    NightlyTargets published{.project = load_project_of(world, then, fetched->directory, release.tag),
                             .released = true};
    for (const PublishedImage& image : fetched->record.images) {
        const std::string reference = render_pull_reference(fetched->record, image);
        if (reference.empty()) continue;  // it went to a directory, not to a registry
        const std::vector<Image>& planned = published.project.plan.images;
        if (std::ranges::find(planned, image.name, &Image::name) == planned.end()) {  // else it would not be checked
            throw Error{Exit::failed,
                        fmt::format("the release {} published {}, which its own image-matrix.json does not name",
                                    release.tag, image.name),
                        "its files do not belong together: raise DEFRA_VERSION and publish again"};
        }
        for (const std::string& platform : then.platforms)
            published.requests.push_back({reference, image.name, platform});
    }
    if (published.requests.empty()) return std::nullopt;
    return Released{std::move(*fetched), std::move(published)};
}

/// A moving tag of the last release, and what it names now.
struct MovingTag {
    Reference reference;
    std::string image;  ///< "3.13.3-production"
    std::optional<Digest> now{};
    Problems unread{};  ///< why that is not known
};

/// Those that exist, or cannot be read.
std::vector<MovingTag> read_moving_tags(registry::Client& client, const Settings& settings,
                                        const NightlyTargets& published) {
    std::vector<MovingTag> tags;
    for (const Image& image : published.project.plan.images) {
        const auto request = std::ranges::find(published.requests, image.name, &registry::FetchRequest::image);
        if (request == published.requests.end()) continue;
        const auto released = parse_reference(request->reference);
        if (!released) continue;  // a damaged record, which the scan refuses
        for (const std::string& tag : image.moving_tags)
            tags.push_back({{released->host, released->repository, tag, {}}, image.name});
    }
    in_parallel(settings.jobs, tags.size(), [&](std::size_t i) {
        const auto& [host, repository, tag, digest] = tags[i].reference;
        const std::optional<Error> error =
            failure_of([&] { tags[i].now = registry::ask_tag(client, host, repository, tag); });
        if (error) tags[i].unread = error->problems;
    });
    std::erase_if(tags, [](const MovingTag& tag) { return !tag.now && tag.unread.empty(); });
    return tags;
}

/// Whether the tag names one of the images that were published with this release, and are scanned with it.
bool names_image_of(const MovingTag& tag, const NightlyTargets& published) {
    return std::ranges::any_of(published.requests, [&](const registry::FetchRequest& request) {
        const auto released = parse_reference(request.reference);
        return released && released->host == tag.reference.host && released->repository == tag.reference.repository &&
               released->digest == tag.now;
    });
}

/// What people pull by these tags was not scanned, so their images are unknown.
void set_moved_apart(const Settings& settings, const std::vector<MovingTag>& tags, NightlyTargets& published) {
    const NightlyTargets all = published;
    for (const MovingTag& tag : tags) {
        if (tag.now && names_image_of(tag, all)) continue;
        append(published.project.warnings, at_level(Level::warning, tag.unread));
        if (tag.now)
            add(published.project.warnings, {},
                render_reference(tag.reference) + " names something else than what the release " +
                    all.project.plan.job.defra_version + " published",
                "it was not scanned: make the release of what it names, publish a new version, or move the tag back",
                Level::warning);
        for (const registry::FetchRequest& request : published.requests) {
            if (request.image == tag.image)
                published.missing.push_back(
                    make_image_run(settings, all.project.plan, request.image, request.platform));
        }
        std::erase_if(published.requests, [&](const auto& request) { return request.image == tag.image; });
        std::erase_if(published.kept, [&](const Layout& layout) { return layout.image == tag.image; });
    }
}

/// The last release, or after a rollback the earlier one that all its moving tags agree with. Nothing if the last one
/// does not tell what it published.
std::optional<NightlyTargets> find_released(const World& world, const Settings& settings, github::Api& api,
                                            std::optional<registry::Client>& client, Problems& warnings) {
    std::vector<github::Release> releases = github::load_releases(api);
    const github::Release* last = github::find_last_release(releases);
    std::optional<Released> chosen =
        last == nullptr ? std::nullopt : load_released(world, settings, api, *last, warnings);
    if (!chosen) return std::nullopt;
    std::vector<MovingTag> tags;
    if (client) tags = read_moving_tags(*client, settings, chosen->targets);
    const auto agree_with = [&](const NightlyTargets& published) {
        return std::ranges::all_of(tags, [&](const MovingTag& tag) { return names_image_of(tag, published); });
    };
    // With a tag that cannot be read, no release agrees.
    const bool all_read = std::ranges::all_of(tags, [](const MovingTag& tag) { return tag.now.has_value(); });
    for (int older = 0; all_read && older < max_rollback && !agree_with(chosen->targets); ++older) {
        const std::string version = last->tag;
        std::erase_if(releases, [&](const github::Release& release) { return release.tag == version; });
        last = github::find_last_release(releases);
        std::optional<Released> one;
        Problems unused;  // one that cannot be read is not the one
        if (last == nullptr || failure_of([&] { one = load_released(world, settings, api, *last, unused); })) break;
        if (!one || !agree_with(one->targets)) continue;
        add(warnings, {}, "the moving tags are back at " + last->tag + ", which is what was scanned", "",
            Level::warning);
        chosen = std::move(one);
    }
    NightlyTargets& published = chosen->targets;
    fetch_scans(world, api, chosen->fetched);
    published.kept = take_archived_scans(world, settings, chosen->fetched, published.project.plan);
    take_archived_bases(world, settings, chosen->fetched);
    set_moved_apart(settings, tags, published);
    return std::move(published);
}

NightlyTargets find_tagged(const World& world, const Settings& settings) {
    NightlyTargets published{.project = load_project(world, settings), .released = false};
    for (const Image& image : published.project.plan.images) {
        const std::string reference =
            registry_of_credentials(settings) + "/" + image.repository + ":" + image.version_tag;
        for (const std::string& platform : published.project.plan.platforms)
            published.requests.push_back({reference, image.name, platform});
    }
    return published;
}

/// Throws for a text that is not a reference: then the record is damaged, and what is published is unknown.
bool is_there(registry::Client& client, const std::string& text) {
    const auto reference = parse_reference(text);
    if (!reference) throw Error{Exit::failed, "\"" + text + "\" is not an image reference", ""};
    const auto& [host, repository, tag, digest] = *reference;
    return registry::ask_tag(client, host, repository, digest ? digest->text() : tag).has_value();
}

}  // namespace

NightlyTargets find_published(const World& world, const Settings& settings, github::Api& api,
                              std::optional<registry::Client>& client) {
    Problems warnings;
    std::optional<NightlyTargets> released = find_released(world, settings, api, client, warnings);
    NightlyTargets published = released ? std::move(*released) : find_tagged(world, settings);
    append(published.project.warnings, warnings);
    return published;
}

bool is_nothing_published(registry::Client& client, const NightlyTargets& published) {
    return std::ranges::none_of(published.requests, [&](const registry::FetchRequest& request) {
        const auto reference = parse_reference(request.reference);
        // Denied is how Docker Hub responds where there is no such repository.
        return !reference || registry::ask_tag(client, reference->host, reference->repository, reference->tag,
                                               registry::TagRead::head_then_get, [] { return true; });
    });
}

void set_missing_apart(registry::Client& client, const Settings& settings, NightlyTargets& published) {
    std::vector<std::string> gone(published.requests.size());  // empty: people can pull this image
    in_parallel(settings.jobs, gone.size(), [&](std::size_t i) {
        const registry::FetchRequest& request = published.requests[i];
        std::vector<std::string> references = {request.reference};
        // The archived scans name the platform's manifest too; without them the image is fetched, which asks for it.
        const std::size_t at = request.reference.find('@');
        for (const Layout& layout : published.kept) {
            if (layout.name == name_of(request) && at != std::string::npos)
                references.push_back(request.reference.substr(0, at + 1) + layout.manifest.text());
        }
        for (const std::string& reference : references) {
            if (gone[i].empty() && !is_there(client, reference)) gone[i] = reference;
        }
    });
    std::vector<registry::FetchRequest> there;
    for (std::size_t i = 0; i < gone.size(); ++i) {
        const registry::FetchRequest& request = published.requests[i];
        if (gone[i].empty()) {
            there.push_back(request);
            continue;
        }
        const ImageRun& missing = published.missing.emplace_back(
            make_image_run(settings, published.project.plan, request.image, request.platform));
        const bool released = gone[i].find('@') != std::string::npos;
        add(published.project.warnings, missing.at,
            gone[i] + (released ? " is not in the registry any more" : " is not in the registry"),
            released ? "anyone who pulls " + missing.reference + " gets an error: raise DEFRA_VERSION and publish again"
                     : "publish it",
            Level::warning);
        std::erase_if(published.kept, [&](const Layout& layout) { return layout.name == name_of(request); });
    }
    published.requests = std::move(there);
}
