#include "pipeline/given_images.h"

#include <set>

#include "base/text.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "registry/fetch.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

/// What the layout of an image that no matrix names is called: "defradigital-python-1.0.0-python3.13.3", or with the
/// first digits of its digest.
std::string name_after(const Reference& reference) {
    return directory_name(reference.repository + "-" +
                          (reference.digest ? std::string(reference.digest->hex().substr(0, 12)) : reference.tag));
}

std::vector<Reference> read_references(const Settings& settings) {
    std::vector<Reference> references;
    std::set<std::string> names;
    Problems problems;
    for (const std::string& text : settings.references) {
        const auto reference = parse_reference(text);
        if (!reference) {
            add(problems, {}, "\"" + text + "\" is not an image reference",
                "write it as docker.io/defradigital/python@sha256:…");
        } else if (!names.insert(name_after(*reference)).second) {
            add(problems, {}, "\"" + text + "\" would lie in the same directory as another image that is named",
                "name each image once; two registries in two runs with another --out");
        } else {
            references.push_back(*reference);
        }
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return references;
}

std::vector<GivenImage> load_given_layout(const World& world, const Settings& settings) {
    const fs::path directory = settings.layout.lexically_normal();
    const fs::path last = directory.has_filename() ? directory.filename() : directory.parent_path().filename();
    std::vector<GivenImage> images;
    for (const std::string& platform : settings.platforms) {
        std::string name = directory_name(last.string());
        const std::string ending = "-" + render_platform_name(platform);  // as the layouts in out/images have it
        if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
        images.push_back({load_layout(world.files, directory, name, platform), settings.layout.string()});
    }
    return images;
}

}  // namespace

std::string directory_name(std::string text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (char& c : text) {
        if (allowed.find(c) == std::string_view::npos) c = '-';
    }
    return text;
}

bool names_images(const Settings& settings) {
    return !settings.references.empty() || !settings.layout.empty();
}

std::vector<GivenImage> fetch_references(const World& world, const Settings& settings, Problems& warnings) {
    const fs::path directory = settings.out / "fetched";
    const std::vector<Reference> references = read_references(settings);
    std::vector<registry::FetchRequest> requests;
    std::vector<std::string> hosts;
    for (const Reference& reference : references) {
        hosts.push_back(reference.host);
        for (const std::string& platform : settings.platforms)
            requests.push_back({render_reference(reference), name_after(reference), platform});
    }
    registry::ClientSettings access = load_registry_access(world, settings, hosts);
    append(warnings, access.unused_credentials);
    access.mirrors = settings.mirrors;
    registry::Client client(world, access);

    TimedStep step(world, "fetch", counted(requests.size(), "image"));
    std::vector<GivenImage> images;
    for (registry::Fetched& fetched : registry::fetch_images(world, client, requests, directory, settings.jobs))
        images.push_back({std::move(fetched.layout), render_reference(fetched.reference)});
    step.end("in " + directory.string() + ", " + counted(client.requests(), "request"));
    return images;
}

std::vector<GivenImage> load_given_images(const World& world, const Settings& settings, Problems& warnings) {
    std::vector<GivenImage> images;
    if (!settings.layout.empty()) images = load_given_layout(world, settings);
    if (settings.references.empty()) return images;
    for (GivenImage& image : fetch_references(world, settings, warnings)) images.push_back(std::move(image));
    return images;
}

std::vector<Verdict> scan_given_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<GivenImage>& images) {
    std::vector<Layout> layouts;
    for (const GivenImage& image : images) layouts.push_back(image.layout);
    scan_images(world, settings, project, layouts);
    std::vector<Verdict> verdicts;
    for (const GivenImage& image : images) {
        verdicts.push_back(judge(make_subject(world, settings, image.layout), project.policy,
                                 decision_time(world, settings), settings.max_database_age));
    }
    return verdicts;
}
