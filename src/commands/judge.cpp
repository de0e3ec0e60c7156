// `judge`: from reports to verdicts, and everything people read from them. No tool runs here.
// The reports are those in out/scans, two given files (--trivy, --grype), or those of a release (--release).
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "commands/commands.h"
#include "pipeline/checks.h"
#include "pipeline/evidence.h"
#include "pipeline/github.h"
#include "pipeline/given_images.h"
#include "pipeline/images.h"
#include "pipeline/reports.h"
#include "scan/scan.h"
#include "scan/scan_files.h"
#include "system/parallel.h"

namespace {

// judge --trivy FILE --grype FILE: two given reports, judged without a plan ---------------------------------------

/// Only the report itself says which image it is about. What is not a report makes the verdict unknown, like a failed
/// scan.
ScanResult load_report(const World& world, Scanner scanner, const std::filesystem::path& file, const Digest& unset) {
    ScanResult result{.receipt = {.scanner = scanner, .manifest = unset, .config = unset, .report = unset}};
    Receipt& receipt = result.receipt;
    receipt.bare = true;
    if (file.empty()) {
        receipt.failure = "no report of " + render_scanner(scanner) + " was given";
        return result;
    }
    std::string text = world.files.read(file);
    receipt.report = sha256(text);
    receipt.failure = fault_of([&] { result.report = parse_report(scanner, std::move(text), file.string()); });
    if (!result.report) return result;
    receipt.scanner_version = result.report->scanner_version;
    receipt.database_date = result.report->database_date;
    receipt.architecture = result.report->architecture;
    receipt.packages = result.report->packages;
    return result;
}

/// The configuration that the reports name; judge() compares both with it, so two images can never pass as one.
Digest choose_config(const ScanResult& trivy, const ScanResult& grype) {
    for (const ScanResult* scan : {&grype, &trivy}) {
        if (scan->report && scan->report->config) return *scan->report->config;
    }
    Problems problems;
    for (const ScanResult* scan : {&trivy, &grype}) {
        const std::string why =
            scan->receipt.failure.empty() ? "names no configuration of an image" : scan->receipt.failure;
        add(problems, {}, render_scanner(scan->receipt.scanner) + ": " + why, "");
    }
    problems.back().hint = "give a report of an image, as trivy image --format json and grype -o json write it";
    throw Error{Exit::failed, problems};
}

/// Without Grype's report the verdict is unknown whatever image it is about, so that a missing --digest need not keep
/// the findings from being shown: the image then goes by its configuration.
Digest choose_manifest(const Settings& settings, ScanResult& trivy, const ScanResult& grype, const Digest& config) {
    if (!settings.digest.empty()) return *Digest::parse(settings.digest);
    if (grype.report && grype.report->manifest) return *grype.report->manifest;
    if (!grype.report) {
        trivy.receipt.failure = "its report does not name the image by its digest, and no --digest was given";
        return config;
    }
    throw Error{Exit::bad_input, "nothing says which image the reports are about",
                "give its manifest digest with --digest, or a report of Grype, which names it"};
}

/// Trivy's, then Grype's. Reading them is most of the work; Grype's is begun first, because it is the longer one.
std::vector<ScanResult> load_reports(const World& world, const Settings& settings) {
    const Digest unset = sha256("");
    std::vector<ScanResult> scans(2, ScanResult{.receipt = {.manifest = unset, .config = unset, .report = unset}});
    in_parallel(2, {[&] { scans[1] = load_report(world, Scanner::grype, settings.grype_report, unset); },
                    [&] { scans[0] = load_report(world, Scanner::trivy, settings.trivy_report, unset); }});
    return scans;
}

/// True for the name of a file or layout that was scanned: a tag says more.
bool is_file(const std::string& image) {
    return image.empty() || image.starts_with('/') || image.starts_with('.') || image.ends_with(".tar") ||
           image.ends_with(".oci") || image.find("archive:") != std::string::npos;
}

/// What people call the image: as one of the reports does.
std::string choose_name(const std::vector<ScanResult>& scans) {
    std::string name;
    for (const ScanResult& scan : scans) {
        if (scan.report && (name.empty() || (is_file(name) && !is_file(scan.report->image)))) name = scan.report->image;
    }
    if (is_file(name)) name = name.substr(name.find_last_of("/:") + 1);
    return name.empty() ? "image" : name;
}

Result judge_files(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    std::vector<ScanResult> scans = load_reports(world, settings);
    const Digest config = choose_config(scans[0], scans[1]);
    const std::string name = choose_name(scans);
    Subject subject{.name = directory_name(name),
                    .manifest = choose_manifest(settings, scans[0], scans[1], config),
                    .config = config};
    for (ScanResult& scan : scans) {
        scan.receipt.manifest = subject.manifest;
        scan.receipt.config = subject.config;
        if (subject.architecture.empty()) subject.architecture = scan.receipt.architecture;
    }
    subject.scans = std::move(scans);
    std::vector<Verdict> verdicts;
    verdicts.push_back(
        judge(std::move(subject), project.policy, decision_time(world, settings), settings.max_database_age));
    Run run = gather_given_run(world, settings, project, std::move(verdicts));
    run.command = "judge";
    run.images.front().image = name;
    // Without a tag or a digest, so that it stays the same for the next build of the image.
    const std::size_t last = name.rfind('/') + 1;
    const std::string untagged = name.substr(0, name.find_first_of(":@", last));
    run.images.front().category = "images/" + directory_name(untagged) + "/";
    return report_run(world, settings, run);
}

// judge --release VERSION: the decision made again from a release's evidence, as on the day it was made -----------

FetchedRelease fetch_named_release(const World& world, const Settings& settings) {
    github::Api api = connect_github(world, settings);
    const std::vector<github::Release> releases = github::load_releases(api);
    const github::Release* release = github::find_published(releases, settings.release);
    if (release == nullptr)
        throw Error{Exit::bad_input, "there is no release " + settings.release, "see the repository's releases"};
    std::optional<FetchedRelease> fetched = fetch_release(world, settings, api, *release);
    if (!fetched) {
        throw Error{Exit::failed,
                    "the release " + settings.release + " has no evidence: it was made before this action",
                    "what its images hold is found out by scanning them again"};
    }
    fetch_scans(world, api, *fetched);
    return std::move(*fetched);
}

Subject make_subject(const World& world, const FetchedRelease& fetched, const EvidenceImage& image) {
    return {.name = image.name,
            .target = image.target,
            .manifest = image.manifest,
            .config = image.config,
            .architecture = architecture_of(image.platform),
            .scans = load_scans(world.files, fetched.directory / "out/scans", image.name),
            .stand_in_bases = image.stand_in_bases,
            .base_rebuilt = image.base_rebuilt,
            .base_created = image.base_created};
}

Result judge_release(const World& world, const Settings& settings) {
    const FetchedRelease fetched = fetch_named_release(world, settings);
    const Evidence& evidence = fetched.evidence;
    Settings then = settings;
    then.policy = usual_policy;
    if (!then.severity) then.severity = evidence.severity;
    const Project project = load_policy_project(world, then, fetched.directory);
    Run run = begin_run(world, settings, project);
    run.command = "judge";
    run.other_images = true;
    run.revision = evidence.revision;
    run.plan.job.defra_version = evidence.version;
    run.finished = {};

    Problems differing;
    for (const EvidenceImage& image : evidence.images) {
        const Time day = settings.today ? Time(*settings.today) : image.decided;
        run.finished = std::max(run.finished, day);
        ImageRun& judged = run.images.emplace_back();
        judged.name = image.name;
        judged.image = image.image;
        judged.platform = image.platform;
        judged.category = "images/" + image.name + "/";
        judged.at = {"image-matrix.json", 0};
        judged.verdict = judge(make_subject(world, fetched, image), project.policy, day, evidence.max_database_age);
        if (judged.verdict->outcome != image.outcome) {
            add(differing, {},
                fmt::format("{} was {} then and is {} now", image.name, render_outcome(image.outcome),
                            render_outcome(judged.verdict->outcome)),
                "then it was decided by python-image-action " + evidence.program, Level::warning);
        }
    }
    Result result = report_run(world, settings, run);
    if (differing.empty()) world.log << "judge    the verdicts are those of " << render_time(run.finished) << "\n";
    append(result.problems, differing);
    return result;
}

}  // namespace

Result run_judge(const World& world, const Settings& settings) {
    if (!settings.release.empty()) return judge_release(world, for_other_images(world, settings));
    if (!settings.trivy_report.empty() || !settings.grype_report.empty())
        return judge_files(world, for_other_images(world, settings));
    forget_reports(world, settings);
    Project project = load_project(world, settings);
    append(project.warnings, compare_with_release(world, settings, project));
    Reported reported = report_verdicts(world, settings, project, load_built_images(world, settings, project));
    upload_findings(world, settings, project, reported.run, reported.result);
    return reported.result;
}
