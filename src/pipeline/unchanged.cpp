#include "pipeline/unchanged.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "bake/bake.h"
#include "pipeline/contract_tests.h"
#include "pipeline/github.h"
#include "pipeline/images.h"
#include "pipeline/registry_access.h"
#include "pipeline/scans.h"
#include "registry/manifests.h"
#include "system/parallel.h"
#include "system/timings.h"

namespace {

// Every function that is called reason_… returns why images have to be built, as part of a sentence; empty: no reason.

constexpr std::size_t requests_at_once = 8;

std::string reason_of_settings(const World& world, const Settings& settings) {
    if (settings.rebuild) return "rebuild: always";
    if (!settings.only.empty()) return "--only chooses some images";
    if (!settings.contract.empty() && settings.contract != "off")
        return "the release does not tell whether its images were tested against " + settings.contract;
    if (!has_github(world, settings)) return "without a token for GitHub no release can be read";
    return "";
}

// The release against the plan --------------------------------------------------------------------------------------

std::string reason_of_record(const World& world, const Settings& settings, const Project& project,
                             const PublicationRecord& record) {
    if (!record.complete) return "its publication was not complete";
    if (record.destination.substr(0, record.destination.find('/')) != settings.to)
        return "it was published to " + record.destination;
    if (record.images.size() != project.plan.images.size()) return "it has other images";
    const std::map<std::string, Digest> inputs = load_inputs(world, settings, project);
    for (const Image& image : project.plan.images) {
        const auto published = std::ranges::find(record.images, image.name, &PublishedImage::name);
        if (published == record.images.end()) return "the release does not have " + image.name;
        if (published->repository != image.repository || published->version_tag != image.version_tag)
            return fmt::format("{} was published as {}:{}", image.name, published->repository, published->version_tag);
        if (published->inputs != inputs.at(image.name)) return "what goes into " + image.name + " has changed";
        if (!published->as_built)
            return image.name + " is of an earlier attempt than the one that the release archives";
    }
    return "";
}

std::string reason_of_platforms(const Plan& plan, const Evidence& evidence) {
    std::set<std::string> archived;
    for (const EvidenceImage& image : evidence.images) archived.insert(image.name);
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) {
            if (archived.erase(layout_name(image, platform)) == 0)
                return "it archives nothing of " + layout_name(image, platform);
        }
    }
    return archived.empty() ? "" : "it has other platforms";
}

std::string reason_of_bases(const World& world, const Settings& settings, const FetchedRelease& fetched) {
    const auto text = world.files.read_if_there(fetched.directory / "out/bases.json");
    if (!text) return "it does not tell what its images were built on";
    std::vector<Base> given;
    if (!settings.stand_ins.empty()) given = load_stand_ins(world.files, settings.stand_ins);
    for (const Base& base : parse_bases_json(*text, "the release's bases.json")) {
        const bool is_given = std::ranges::any_of(
            given, [&](const Base& g) { return g.reference == base.reference && g.digest == base.digest; });
        if (base.stand_in != !settings.stand_ins.empty() || (base.stand_in && !is_given))
            return "it was built on another " + base.reference;
    }
    return "";
}

// The contract ------------------------------------------------------------------------------------------------------

std::optional<ContractReport> load_archived_report(const World& world, const FetchedRelease& fetched,
                                                   const EvidenceImage& image) {
    return load_contract_report(world.files, fetched.directory / "out/tests" / (image.name + ".json"));
}

/// The tests of the release, as those of an earlier run.
std::vector<ContractReport> take_archived_reports(const World& world, const Settings& settings,
                                                  const FetchedRelease& fetched) {
    std::vector<ContractReport> reports;
    for (const EvidenceImage& image : fetched.evidence.images) {
        ContractReport report = *load_archived_report(world, fetched, image);
        report.reused = true;
        if (report.tested_by.empty()) report.tested_by = "the release " + fetched.release.tag;
        world.files.write(settings.out / "tests" / (report.name + ".json"), render_contract_json(report));
        reports.push_back(std::move(report));
    }
    return reports;
}

std::string reason_of_contract(const World& world, const Settings& settings, const FetchedRelease& fetched) {
    if (settings.contract == "off") return "";
    if (fetched.evidence.program != PROGRAM_VERSION)
        return fmt::format("it was tested by version {} of this action, and this is {}", fetched.evidence.program,
                           PROGRAM_VERSION);
    const std::string this_build = key_of_program(world);
    bool is_of_this_build = false;  // one report is enough: those of another architecture are by that one's program
    for (const EvidenceImage& image : fetched.evidence.images) {
        const std::optional<ContractReport> report = load_archived_report(world, fetched, image);
        if (!report || !report->passed() || report->manifest != image.manifest.text())
            return "it has no passed contract test of " + image.name;
        if (!report->contract.empty()) return image.name + " was tested against " + report->contract;
        is_of_this_build |= report->key.starts_with(this_build);
    }
    if (!is_of_this_build) return "it was tested by another build of this action";
    // A certificate that the contract asks for and the Dockerfile does not copy is not part of the inputs.
    const std::vector<InputFile> inputs = load_input_files(world.files, ".", settings.dockerfile);
    for (const CertificateFile& certificate : load_certificates(world)) {
        if (std::ranges::find(inputs, certificate.name, &InputFile::path) == inputs.end())
            return certificate.name + " is not copied into the images";
    }
    return "";
}

// The registry ------------------------------------------------------------------------------------------------------

/// Its tags name the index that was published, which joins the manifests that were scanned, and no others.
std::string reason_of_published(registry::Client& client, const std::string& host, const Image& image,
                                const FetchedRelease& fetched) {
    const Digest& index = std::ranges::find(fetched.record.images, image.name, &PublishedImage::name)->index;
    std::vector<std::string> tags = image.moving_tags;
    tags.push_back(image.version_tag);
    for (const std::string& tag : tags) {
        if (registry::ask_tag(client, host, image.repository, tag) != index)
            return fmt::format("{}:{} does not name what it published", image.repository, tag);
    }
    const std::string name = fmt::format("{}@{}", image.repository, index.text());
    const auto bytes = registry::find_manifest(client, host, image.repository, index);
    if (!bytes) return name + " is not in the registry";
    std::set<Digest> joined;
    for (const Descriptor& child : parse_manifest(*bytes, name).children) {
        if (child.platform != "unknown/unknown") joined.insert(child.digest);
    }
    std::set<Digest> scanned;
    for (const EvidenceImage& one : fetched.evidence.images) {
        if (one.image == image.name) scanned.insert(one.manifest);
    }
    if (joined != scanned) return name + " does not hold what the release archives";
    for (const Digest& manifest : scanned) {
        if (!registry::ask_tag(client, host, image.repository, manifest.text(), registry::TagRead::head))
            return fmt::format("{}@{} is not in the registry", image.repository, manifest.text());
    }
    return "";
}

/// No mirror is asked: it may be behind.
std::string reason_of_registry(const World& world, const Settings& settings, const Plan& plan,
                               const FetchedRelease& fetched) {
    registry::Client client(world, load_reading_access(world, settings, {settings.to}));
    std::vector<std::string> reasons(plan.images.size());
    in_parallel(requests_at_once, reasons.size(),
                [&](std::size_t i) { reasons[i] = reason_of_published(client, settings.to, plan.images[i], fetched); });
    const auto found = std::ranges::find_if(reasons, [](const std::string& r) { return !r.empty(); });
    return found == reasons.end() ? "" : *found;
}

// All together ------------------------------------------------------------------------------------------------------

/// Why images have to be built; empty: they are those of the `unchanged` release.
std::string reason_to_build(const World& world, const Settings& settings, const Project& project,
                            std::optional<FetchedRelease>& unchanged) {
    std::string reason = reason_of_settings(world, settings);
    if (!reason.empty()) return reason;
    const std::string& version = project.plan.job.defra_version;
    github::Api api = connect_github(world, settings);
    const std::vector<github::Release> releases = github::load_releases(api);
    const github::Release* found = github::find_published(releases, version);
    if (found == nullptr) return version + " is not released";
    unchanged = fetch_release(world, settings, api, *found);
    if (!unchanged) return "the release " + version + " was not made by this action";
    reason = reason_of_record(world, settings, project, unchanged->record);
    if (reason.empty()) reason = reason_of_platforms(project.plan, unchanged->evidence);
    if (reason.empty()) reason = reason_of_bases(world, settings, *unchanged);
    if (reason.empty()) reason = reason_of_contract(world, settings, *unchanged);
    if (reason.empty()) reason = reason_of_registry(world, settings, project.plan, *unchanged);
    return reason.empty() ? "" : "the release " + version + " is published, but " + reason;
}

}  // namespace

std::optional<FetchedRelease> find_unchanged(const World& world, const Settings& settings, const Project& project) {
    if (!is_registry(settings.to) || project.plan.images.empty()) return std::nullopt;
    TimedStep step(world, "changes", "against what is published as " + project.plan.job.defra_version);
    std::optional<FetchedRelease> unchanged;
    std::string reason;
    // An error here does not end the run: images are built, and the build meets the same error if it matters.
    const std::optional<Error> error =
        failure_of([&] { reason = reason_to_build(world, settings, project, unchanged); });
    if (error) reason = "what is published could not be examined: " + error->problems.front().what;
    if (!reason.empty()) unchanged.reset();
    step.end(unchanged ? render_not_built(*unchanged) : "images are built: " + reason);
    return unchanged;
}

std::string render_not_built(const FetchedRelease& unchanged) {
    return fmt::format("nothing has to be built: {} is published, and nothing that goes into an image changed",
                       unchanged.release.tag);
}

Problem make_not_built_notice(const FetchedRelease& unchanged) {
    return {{}, render_not_built(unchanged), "rebuild: always builds all the same", Level::notice};
}

std::optional<ScannedImages> rescan_unchanged(const World& world, const Settings& settings, const Project& project) {
    std::optional<FetchedRelease> unchanged = find_unchanged(world, settings, project);
    if (!unchanged) return std::nullopt;
    ScannedImages images;
    const std::optional<Error> error = failure_of([&] {
        github::Api api = connect_github(world, settings);
        fetch_scans(world, api, *unchanged);
        images.layouts = take_archived_scans(world, settings, *unchanged, project.plan);
    });
    if (error || rescan_images(world, settings, project, images.layouts).size() != unchanged->evidence.images.size()) {
        world.log << "changes  images are built all the same: not all can be scanned from what the release archives\n";
        if (error) world.log << render_problems(error->problems);
        return std::nullopt;
    }
    if (settings.contract != "off") images.contracts = take_archived_reports(world, settings, *unchanged);
    take_archived_bases(world, settings, *unchanged);
    if (const auto record = world.files.read_if_there(unchanged->directory / "out/publication.json"))
        world.files.write(settings.out / "publication.json", *record);
    images.notices = {make_not_built_notice(*unchanged)};
    registry::ClientSettings access = load_reading_access(world, settings, {registry_of_credentials(settings)});
    append(images.notices, access.unused_credentials);
    access.mirrors = settings.mirrors;
    registry::Client client(world, access);
    renew_bases(world, client, settings, images.notices);
    images.release = std::move(unchanged);
    return images;
}
