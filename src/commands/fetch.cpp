// `fetch`: the other direction. Published images become layouts on disk, each blob once.
#include <ostream>

#include "base/json.h"
#include "base/text.h"
#include "commands/registry_access.h"
#include "commands/road.h"
#include "commands/step.h"
#include "registry/fetch.h"

namespace {

/// What the layout of an image that no matrix names is called: "defradigital-python-1.0.0-python3.13.3", or with the
/// first digits of its digest.
std::string name_after(const registry::Reference& reference) {
    std::string name = reference.repository + "-" +
                       (reference.digest ? std::string(reference.digest->hex().substr(0, 12)) : reference.tag);
    for (char& c : name) {
        if (c == '/') c = '-';
    }
    return name;
}

std::vector<registry::Reference> read_references(const Settings& settings) {
    std::vector<registry::Reference> references;
    Problems problems;
    for (const std::string& text : settings.references) {
        if (const auto reference = registry::parse_reference(text)) {
            references.push_back(*reference);
        } else {
            problems.push_back(
                {{}, "\"" + text + "\" is no image reference", "write it as docker.io/defradigital/python@sha256:…"});
        }
    }
    if (settings.references.empty())
        problems.push_back(
            {{}, "no image is named", "python-image-action fetch docker.io/defradigital/python@sha256:…"});
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return references;
}

std::vector<std::string> hosts_of(const std::vector<registry::Reference>& references) {
    std::vector<std::string> hosts;
    for (const registry::Reference& reference : references) hosts.push_back(reference.host);
    return hosts;
}

}  // namespace

Result run_fetch(const World& world, const Settings& settings) {
    const std::vector<registry::Reference> references = read_references(settings);
    std::vector<registry::Wanted> wanted;
    for (const registry::Reference& reference : references) {
        for (const std::string& platform : settings.platforms)
            wanted.push_back({registry::render_reference(reference), name_after(reference), platform});
    }
    Result result;
    registry::ClientSettings access = load_registry_access(world, settings, hosts_of(references), result.problems);
    access.mirrors = settings.mirrors;
    registry::Client client(world, access);

    TimedStep step(world, "fetch", counted(wanted.size(), "image"));
    JsonWriter digests;
    digests.open_object();
    for (const registry::Fetched& fetched :
         registry::fetch_images(world, client, wanted, settings.out / "fetched", settings.jobs)) {
        world.out << fetched.layout.name << "  " << fetched.layout.manifest.text() << "\n";
        digests.field(fetched.layout.name, fetched.layout.manifest.text());
    }
    digests.close();
    step.end("in " + (settings.out / "fetched").string() + ", " + counted(client.requests(), "request"));
    result.outputs["digests"] = digests.one_line();
    return result;
}
