#include "pipeline/archived_images.h"

#include <algorithm>

#include "pipeline/images.h"
#include "registry/manifests.h"

namespace {

namespace fs = std::filesystem;

void renew_base(registry::Client& client, Base& base, Problems& warnings) {
    const auto reference = parse_reference(base.reference);
    if (base.stand_in || !reference || reference->digest) return;
    try {
        base.digest_now = registry::ask_tag(client, reference->host, reference->repository, reference->tag);
    } catch (const Error& error) {
        if (error.exit == Exit::cancelled) throw;
        warnings.push_back(
            {{},
             "whether " + base.reference + " was rebuilt could not be asked: " + error.problems.front().what,
             "it counts as it did at the last release",
             Level::warning});
    }
}

}  // namespace

std::vector<Layout> take_archived_scans(const World& world, const Settings& settings, const FetchedEvidence& fetched,
                                        const PublicationRecord& record, const Plan& plan) {
    std::vector<Layout> layouts;
    for (const EvidenceImage& image : fetched.evidence.images) {
        const bool planned = std::ranges::find(plan.images, image.image, &Image::name) != plan.images.end();
        const bool as_built = std::ranges::any_of(
            record.images, [&](const PublishedImage& p) { return p.name == image.image && p.as_built; });
        const fs::path scans = fetched.directory / "out/scans" / image.name;
        if (!planned || !as_built || !world.files.is_directory(scans)) continue;
        const std::optional<Layout> layout = load_kept_layout(world, fetched, image);
        if (!layout) continue;
        world.files.remove(settings.out / "scans" / image.name);
        world.files.make_directory(settings.out / "scans");
        world.files.rename(scans, settings.out / "scans" / image.name);
        layouts.push_back(*layout);
    }
    return layouts;
}

void take_archived_bases(const World& world, const Settings& settings, const FetchedEvidence& fetched) {
    const std::optional<std::string> bases = world.files.read_if_there(fetched.directory / "out/bases.json");
    if (!bases) return;
    parse_bases_json(*bases, "the release's bases.json");
    world.files.write(settings.out / "bases.json", *bases);
}

void renew_bases(const World& world, registry::Client& client, const Settings& settings, Problems& warnings) {
    std::vector<Base> bases = load_bases(world, settings);
    for (Base& base : bases) renew_base(client, base, warnings);
    if (!bases.empty()) save_bases(world, settings, bases);
}
