#include "pipeline/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/encoding.h"
#include "base/text.h"
#include "contract/tar.h"
#include "pipeline/images.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_unpacked = 1U << 30U;
constexpr const char* common_archive = "evidence.tar.gz";
constexpr const char* checksums_name = "checksums.txt";
constexpr const char* publication_name = "publication.json";
constexpr const char* kept_manifest = "image-manifest.json";
constexpr const char* kept_config = "image-config.json";

/// One for each Python version, with both of its images on all platforms: each file of a release is a request of the
/// thousand that a repository has in an hour.
std::string archive_of(const std::string& image) {
    return "evidence-" + image.substr(0, image.rfind('-')) + ".tar.gz";
}

/// Adds a file to a tar; what is not there is left out. The same files in the same order give the same bytes.
void add_file(Files& files, std::string& tar, const std::string& name, const fs::path& file) {
    if (const auto text = files.read_if_there(file)) tar += render_tar_file(name, *text);
}

Evidence make_evidence(const Settings& settings, const Project& project, const std::vector<Layout>& layouts,
                       const Run& run) {
    Evidence evidence{.version = project.plan.job.defra_version,
                      .revision = project.revision,
                      .program = run.program_version,
                      .max_database_age = settings.max_database_age,
                      .severity = settings.severity,
                      .policy = settings.policy};
    for (const Layout& layout : layouts) {
        const auto image = std::ranges::find(run.images, layout.name, &ImageRun::name);
        if (image == run.images.end() || !image->verdict) continue;
        evidence.images.push_back({.name = layout.name,
                                   .image = layout.image,
                                   .platform = layout.platform,
                                   .target = image->verdict->target,
                                   .manifest = layout.manifest,
                                   .config = layout.config,
                                   .decided = image->verdict->decided,
                                   .outcome = image->verdict->outcome,
                                   .stand_in_bases = image->verdict->stand_in_bases,
                                   .base_rebuilt = image->verdict->base_rebuilt,
                                   .base_created = image->verdict->base_created});
    }
    return evidence;
}

std::string pack_common(const World& world, const Settings& settings, const Evidence& evidence) {
    std::string tar = render_tar_file("evidence.json", render_evidence_json(evidence));
    const auto add = [&](const std::string& name, const fs::path& file) { add_file(world.files, tar, name, file); };
    add("image-matrix.json", settings.image_matrix);
    add("JOB.env", settings.job_env);
    add("Dockerfile", settings.dockerfile);
    add(usual_policy, settings.policy);
    for (const char* name : {"bases.json", publication_name, "verdict.json"})
        add(std::string("out/") + name, settings.out / name);
    for (const EvidenceImage& image : evidence.images) {
        add("out/verdicts/" + image.name + ".json", settings.out / "verdicts" / (image.name + ".json"));
        add("out/tests/" + image.name + ".json", settings.out / "tests" / (image.name + ".json"));
    }
    return gzip(tar + render_tar_end());
}

void pack_image(const World& world, const Settings& settings, const Layout& layout, std::string& tar) {
    const std::string& name = layout.name;
    const fs::path scans = settings.out / "scans" / name;
    if (world.files.names_in(scans).empty()) {
        throw Error{Exit::failed, Place{scans.string()}, "there is nothing that shows how " + name + " was scanned",
                    "scan it again"};
    }
    const auto add = [&](const std::string& to, const fs::path& file) { add_file(world.files, tar, to, file); };
    for (const std::string& entry : world.files.names_in(scans)) {
        if (!world.files.is_directory(scans / entry)) add("out/scans/" + name + "/" + entry, scans / entry);
    }
    add("out/sarif/" + name + ".sarif", settings.out / "sarif" / (name + ".sarif"));
    // All of the image but its layers: enough to scan its SBOMs again, and to know which layer added what.
    add("out/scans/" + name + "/" + kept_manifest, blob_path(layout.directory, layout.manifest));
    add("out/scans/" + name + "/" + kept_config, blob_path(layout.directory, layout.config));
}

void unpack(const World& world, const std::string& packed, const std::string& source, const fs::path& directory) {
    std::istringstream stream(gunzip(packed, source, max_unpacked));
    TarReader reader(stream, source);
    while (const auto entry = reader.next()) {
        const fs::path path = fs::path(entry->path).lexically_normal();
        if (entry->type != '0' || path.is_absolute() || path.begin() == path.end() || *path.begin() == "..") {
            throw Error{Exit::failed, source + " holds \"" + entry->path + "\", which is none of ours", ""};
        }
        world.files.write(directory / path, reader.read_all());
    }
}

/// Downloads one of the release's files, which it has.
std::string fetch_file(const World& world, github::Api& api, const FetchedRelease& fetched, const std::string& name) {
    const fs::path file = fetched.directory / name;
    world.files.make_directory(fetched.directory);
    github::download_asset(api, *fetched.release.find(name), file);
    const std::string text = world.files.read(file);
    if (name == checksums_name || text_at(fetched.checksums, name) == sha256(text).hex()) return text;
    throw Error{Exit::failed,
                fmt::format("{} of the release {} is not what its checksums.txt says", name, fetched.release.tag),
                "a file of the release was changed: nothing is concluded from it"};
}

/// One of its images as a layout that has its manifest and its configuration, but none of its layers. Nothing if the
/// evidence does not hold these, or holds those of another image.
std::optional<Layout> load_archived_layout(const World& world, const FetchedRelease& fetched,
                                           const EvidenceImage& image) {
    const fs::path scans = fetched.directory / "out/scans" / image.name;
    const std::string manifest = world.files.read_if_there(scans / kept_manifest).value_or("");
    const std::string config = world.files.read_if_there(scans / kept_config).value_or("");
    if (sha256(manifest) != image.manifest || sha256(config) != image.config) return std::nullopt;
    const fs::path directory = fetched.directory / "out/images" / image.name;
    world.files.write(blob_path(directory, image.manifest), manifest);
    world.files.write(blob_path(directory, image.config), config);
    world.files.write(directory / "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
    const Descriptor entry{.media_type = parse_manifest(manifest, image.name).media_type,
                           .digest = image.manifest,
                           .size = manifest.size(),
                           .platform = image.platform};
    world.files.write(directory / "index.json", render_index({entry}, {}));
    return load_layout(world.files, directory, image.image, image.platform);
}

}  // namespace

std::vector<github::AssetFile> pack_evidence(const World& world, const Settings& settings, const Project& project,
                                             const std::vector<Layout>& layouts, const Run& run) {
    const fs::path directory = settings.out / "release";
    world.files.remove(directory);
    std::vector<github::AssetFile> assets;
    std::string checksums;
    const auto add = [&](const std::string& name, const std::string& bytes) {
        world.files.write(directory / name, bytes);
        assets.push_back({name, directory / name, bytes.size(), sha256(bytes)});
        checksums += fmt::format("{}  {}\n", assets.back().digest.hex(), name);
    };
    const Evidence evidence = make_evidence(settings, project, layouts, run);
    add(publication_name, world.files.read(settings.out / publication_name));
    if (const auto page = world.files.read_if_there(settings.out / "report.html")) add("report.html", *page);
    add(common_archive, pack_common(world, settings, evidence));
    std::map<std::string, std::string> archives;
    for (const Layout& layout : layouts) {
        const bool judged =
            std::ranges::find(evidence.images, layout.name, &EvidenceImage::name) != evidence.images.end();
        if (!judged) continue;
        pack_image(world, settings, layout, archives[archive_of(layout.image)]);
    }
    for (const auto& [name, tar] : archives) add(name, gzip(tar + render_tar_end()));
    add(checksums_name, std::string(checksums));
    return assets;
}

std::optional<FetchedRelease> fetch_release(const World& world, const Settings& settings, github::Api& api,
                                            const github::Release& release) {
    if (release.find(publication_name) == nullptr || release.find(common_archive) == nullptr) return std::nullopt;
    FetchedRelease fetched{.release = release, .directory = settings.out / "releases" / release.tag};
    world.files.remove(fetched.directory);
    if (release.find(checksums_name) != nullptr) {
        for (const std::string& line : lines_of(fetch_file(world, api, fetched, checksums_name))) {
            if (line.size() > 66) fetched.checksums[line.substr(66)] = line.substr(0, 64);  // as sha256sum writes them
        }
    }
    fetched.record = parse_publication_json(fetch_file(world, api, fetched, publication_name),
                                            "publication.json of the release " + release.tag);
    unpack(world, fetch_file(world, api, fetched, common_archive), common_archive, fetched.directory);
    fetched.evidence = parse_evidence_json(world.files.read(fetched.directory / "evidence.json"),
                                           "the evidence of the release " + release.tag);
    return fetched;
}

void fetch_scans(const World& world, github::Api& api, const FetchedRelease& fetched) {
    std::set<std::string> archives;
    for (const EvidenceImage& image : fetched.evidence.images) archives.insert(archive_of(image.image));
    for (const std::string& name : archives) {
        if (fetched.release.find(name) != nullptr)
            unpack(world, fetch_file(world, api, fetched, name), name, fetched.directory);
    }
}

std::vector<Layout> take_archived_scans(const World& world, const Settings& settings, const FetchedRelease& fetched,
                                        const Plan& plan) {
    std::vector<Layout> layouts;
    for (const EvidenceImage& image : fetched.evidence.images) {
        const bool planned = std::ranges::find(plan.images, image.image, &Image::name) != plan.images.end();
        const bool as_built = std::ranges::any_of(
            fetched.record.images, [&](const PublishedImage& p) { return p.name == image.image && p.as_built; });
        const fs::path scans = fetched.directory / "out/scans" / image.name;
        if (!planned || !as_built || !world.files.is_directory(scans)) continue;
        const std::optional<Layout> layout = load_archived_layout(world, fetched, image);
        if (!layout) continue;
        world.files.remove(settings.out / "scans" / image.name);
        world.files.make_directory(settings.out / "scans");
        world.files.rename(scans, settings.out / "scans" / image.name);
        layouts.push_back(*layout);
    }
    return layouts;
}

void take_archived_bases(const World& world, const Settings& settings, const FetchedRelease& fetched) {
    const std::optional<std::string> bases = world.files.read_if_there(fetched.directory / "out/bases.json");
    if (!bases) return;
    parse_bases_json(*bases, "the release's bases.json");
    world.files.write(settings.out / "bases.json", *bases);
}
