// `judge --trivy FILE --grype FILE`: two reports that somebody else made, judged without a plan.
#include <ostream>

#include "commands/given_images.h"
#include "report/terminal.h"

namespace {

constexpr const char* name = "reports";

/// Nothing else binds such a report to an image than what it says itself.
ScanResult load_report(const World& world, Scanner scanner, const std::filesystem::path& file, const Digest& unset) {
    ScanResult result{.receipt = {.scanner = scanner, .manifest = unset, .config = unset, .report = unset},
                      .report = std::nullopt};
    result.receipt.bare = true;
    if (file.empty()) {
        result.receipt.failure = "no report of " + render_scanner(scanner) + " was given";
        return result;
    }
    const std::string text = world.files.read(file);
    result.report =
        scanner == Scanner::trivy ? parse_trivy_report(text, file.string()) : parse_grype_report(text, file.string());
    result.receipt.scanner_version = result.report->scanner_version;
    result.receipt.database_date = result.report->database_date;
    result.receipt.architecture = result.report->architecture;
    result.receipt.packages = result.report->packages;
    result.receipt.report = sha256(text);
    return result;
}

Digest choose_manifest(const Settings& settings, const ScanResult& grype) {
    if (!settings.digest.empty()) return *Digest::parse(settings.digest);
    if (grype.report && grype.report->manifest) return *grype.report->manifest;
    throw Error{Exit::bad_input,
                {{{},
                  "nothing says which image the reports are about",
                  "give its manifest digest with --digest, or a report of Grype, which names it"}}};
}

/// The configuration that the reports name; judge() holds both of them against it, so two images can never pass as one.
Digest choose_config(const ScanResult& trivy, const ScanResult& grype) {
    for (const ScanResult& scan : {grype, trivy}) {
        if (scan.report && scan.report->config) return *scan.report->config;
    }
    throw Error{Exit::bad_input,
                {{{}, "neither report names the configuration of its image", "these are not reports of an image"}}};
}

}  // namespace

Result judge_files(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    const Digest unset = sha256("");
    ScanResult trivy = load_report(world, Scanner::trivy, settings.trivy_report, unset);
    ScanResult grype = load_report(world, Scanner::grype, settings.grype_report, unset);

    Subject subject{.name = name,
                    .target = "",
                    .manifest = choose_manifest(settings, grype),
                    .config = choose_config(trivy, grype),
                    .architecture = "",
                    .scans = {}};
    for (ScanResult* scan : {&trivy, &grype}) {
        scan->receipt.manifest = subject.manifest;
        scan->receipt.config = subject.config;
        if (subject.architecture.empty()) subject.architecture = scan->receipt.architecture;
    }
    subject.scans = {trivy, grype};
    const Verdict verdict = judge(subject, project.policy, decision_time(world, settings), settings.max_database_age);
    Run run = gather_given_run(world, settings, project, {verdict});
    run.command = "judge";
    save_reports(world, settings, run);
    world.out << render_table(run, wants_colour(world));
    return make_result(settings, run);
}
