#include "report/samples.h"

#include "report/sarif.h"

namespace {

using namespace std::chrono_literals;

const Time now = Time(Date(std::chrono::year(2026) / 11 / 23)) + 18h;

Place matrix_line(int line) {
    return {"image-matrix.json", line};
}

Detection detection(Scanner scanner, const Finding& finding, Severity severity) {
    Detection made;
    made.scanner = scanner;
    made.id = finding.id;
    made.severity = severity;
    made.fix = finding.fix;
    made.fixed_in = finding.fixed_in;
    return made;
}

Finding openssl() {
    Finding finding = make_finding("CVE-2026-1001", "openssl", Severity::critical);
    finding.version = "3.0.17-1~deb12u2";
    finding.package_type = "deb";
    finding.aliases = {"GHSA-aaaa-bbbb-cccc"};
    finding.fix = FixState::fixed;
    finding.fixed_in = {"3.0.17-1~deb12u3"};
    finding.title = "openssl: heap overflow in X.509 name constraints";
    finding.known_exploited = true;
    finding.epss = 0.873;
    finding.cvss_vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    finding.cvss_score = 9.8;
    finding.reported_by = {detection(Scanner::trivy, finding, Severity::critical),
                           detection(Scanner::grype, finding, Severity::high)};
    return finding;
}

Finding interpreter() {
    Finding finding = make_finding("CVE-2026-2002", "python", Severity::high);
    finding.version = "3.13.3";
    finding.package_type = "binary";
    finding.path = "/usr/local/bin/python3.13";
    finding.paths = {finding.path, "/usr/local/lib/libpython3.13.so.1.0"};
    finding.fix = FixState::fixed;
    finding.fixed_in = {"3.13.5"};
    finding.title = "tarfile extraction filter lets symbolic links out of the destination";
    finding.cvss_score = 7.6;
    finding.reported_by = {detection(Scanner::grype, finding, Severity::high)};
    return finding;
}

Finding setuptools() {
    Finding finding = make_finding("GHSA-dddd-eeee-ffff", "setuptools", Severity::medium);
    finding.version = "68.0.0";
    finding.package_type = "python";
    finding.path = "/usr/local/lib/python3.13/site-packages/setuptools.dist-info";
    finding.fix = FixState::fixed;
    finding.fixed_in = {"78.1.1"};
    finding.title = "path traversal in PackageIndex.download";
    finding.cvss_score = 5.9;
    finding.reported_by = {detection(Scanner::trivy, finding, Severity::medium),
                           detection(Scanner::grype, finding, Severity::medium)};
    return finding;
}

Finding unfixed(int number, const std::string& package, Severity severity) {
    Finding finding = make_finding("CVE-2025-" + std::to_string(number), package, severity);
    finding.version = "2.36-9+deb12u13";
    finding.package_type = "deb";
    finding.fix = FixState::none;
    finding.reported_by = {detection(Scanner::trivy, finding, severity)};
    return finding;
}

Waiver accepted_setuptools() {
    Waiver waiver;
    waiver.id = "GHSA-dddd-eeee-ffff";
    waiver.package = "setuptools";
    waiver.reason = "development only; nothing downloads with it";
    waiver.owner = "platform team";
    waiver.review_by = Date(std::chrono::year(2026) / 12 / 1);
    waiver.at = {"vulnerability-policy.yml", 12};
    return waiver;
}

Receipt receipt(Scanner scanner, const std::string& version, const Digest& manifest, std::chrono::hours age) {
    Receipt made{.scanner = scanner,
                 .scanner_version = version,
                 .database = "v6 from the mirror",
                 .database_date = now - age,
                 .command = render_scanner(scanner) + " out/images",
                 .manifest = manifest,
                 .config = manifest,
                 .architecture = "amd64",
                 .report = manifest,
                 .packages = 113,
                 .failure = {},
                 .sbom = {}};
    made.seconds = 7.4;
    return made;
}

Verdict verdict(const std::string& name, const std::string& target) {
    const Digest manifest = sha256(name);
    Verdict made{.name = name, .target = target, .manifest = manifest, .decided = now, .outcome = Outcome::clean};
    made.receipts = {receipt(Scanner::trivy, "0.74.0", manifest, 5h),
                     receipt(Scanner::grype, "0.116.0", manifest, 30h)};
    return made;
}

ContractReport contract(const std::string& name) {
    return {.name = name,
            .manifest = sha256(name).text(),
            .rows = {{.id = "user-numeric",
                      .check = "the user is numeric and not root",
                      .expected = "1000:1000",
                      .found = "1000:1000",
                      .result = RowResult::passed,
                      .because = {}},
                     {.id = "trusts-ca",
                      .check = "TLS trusts the internal authority",
                      .expected = "trusted",
                      .found = "trusted",
                      .result = RowResult::passed,
                      .because = {}}}};
}

Plan plan() {
    Plan made;
    made.matrix.file = "image-matrix.json";
    made.matrix.rows = {{.python_version = "3.13.3",
                         .debian_version = "slim-bookworm",
                         .distroless_version = "cc-debian12",
                         .tags = {},
                         .line = 2,
                         .python_line = 3,
                         .debian_line = 4,
                         .distroless_line = 5},
                        {.python_version = "3.12.6",
                         .debian_version = "slim-bookworm",
                         .distroless_version = "cc-debian12",
                         .tags = {},
                         .line = 8,
                         .python_line = 9,
                         .debian_line = 10,
                         .distroless_line = 11}};
    made.job = {.file = "JOB.env",
                .defra_version = "1.0.0",
                .image_name = "python",
                .defra_version_line = 1,
                .image_name_line = 2};
    made.platforms = {"linux/amd64"};
    for (std::size_t row = 0; row < made.matrix.rows.size(); ++row) {
        for (const Target target : {Target::development, Target::production}) {
            const std::string& python = made.matrix.rows[row].python_version;
            made.images.push_back(
                {.name = python + "-" + render_target(target),
                 .target = target,
                 .row = row,
                 .python_version = python,
                 .repository = target == Target::production ? "defradigital/python" : "defradigital/python-development",
                 .version_tag = "1.0.0-python" + python,
                 .moving_tags = {}});
        }
    }
    return made;
}

ImageRun image_run(const Plan& plan, const Image& image) {
    ImageRun run;
    run.name = image.name + "-linux-amd64";
    run.image = image.name;
    run.platform = "linux/amd64";
    run.reference = image.repository + ":" + image.version_tag;
    run.category = make_category(plan, image, run.platform);
    run.at = matrix_line(plan.row_of(image).line);
    run.verdict = verdict(run.name, render_target(image.target));
    run.contract = contract(run.name);
    return run;
}

void block(ImageRun& image, const Finding& finding, const Remedy& remedy) {
    image.verdict->outcome = Outcome::vulnerable;
    image.verdict->blocking.push_back(finding);
    image.remedies[finding.key()] = remedy;
}

void report(ImageRun& image, const Finding& finding) {
    image.verdict->reported.push_back(finding);
    image.remedies[finding.key()] = {
        .kind = "no fix", .text = "nothing to do: Debian has no fix yet", .at = image.at, .waiver = {}};
}

void add_findings(ImageRun& image, int python_line) {
    block(image, openssl(),
          {.kind = "rebuild",
           .text = "rebuild: python:3.13.3-slim-bookworm was rebuilt on 2026-11-20",
           .at = image.at,
           .waiver = "- id: CVE-2026-1001\n  component: openssl\n  reason: \n  owner: \n  review_by: 2026-12-23\n"});
    if (image.verdict->target == "production") {
        block(image, interpreter(),
              {.kind = "bump Python",
               .text = "raise pythonVersion to 3.13.5",
               .at = matrix_line(python_line),
               .waiver = {}});
    } else {
        image.verdict->waived.push_back({.finding = setuptools(), .waiver = accepted_setuptools()});
        image.remedies[setuptools().key()] = {.kind = "accepted",
                                              .text = "accepted by the platform team until 2026-12-01",
                                              .at = {"vulnerability-policy.yml", 12},
                                              .waiver = {}};
    }
    report(image, unfixed(3001, "libc6", Severity::high));
    report(image, unfixed(3002, "libc6", Severity::low));
    report(image, unfixed(3003, "zlib1g", Severity::negligible));
    report(image, unfixed(3004, "perl-base", Severity::unknown));
}

/// A comparison with an image that has another OpenSSL.
Change change_of(const ImageRun& image, const std::vector<Finding>& added, const std::vector<Finding>& gone) {
    return {.published = sha256("published " + image.name),
            .added = added,
            .gone = gone,
            .size_before = {.compressed = 24'120'004, .unpacked = 63'001'600},
            .size = {.compressed = 25'331'120, .unpacked = 63'001'600},
            .packages =
                std::vector<PackageChange>{
                    {.type = "deb", .name = "libssl3", .before = "3.0.16-1~deb12u1", .now = "3.0.17-1~deb12u2"}},
            .contract = std::vector<ContractChange>{}};
}

Policy policy() {
    Policy made;
    made.file = "vulnerability-policy.yml";
    made.waivers = {accepted_setuptools()};
    Waiver unused;
    unused.id = "CVE-2024-9999";
    unused.reason = "was in an old base";
    unused.owner = "platform team";
    unused.review_by = Date(std::chrono::year(2026) / 11 / 20);
    unused.at = {"vulnerability-policy.yml", 18};
    made.waivers.push_back(unused);
    made.scopes = {{.id = "debugger",
                    .paths = {"/opt/debugger/**"},
                    .packages = {},
                    .targets = {"development"},
                    .gate_from = Severity::critical,
                    .reason = "never in production",
                    .review_by = Date(std::chrono::year(2027) / 3 / 31),
                    .at = {"vulnerability-policy.yml", 5}}};
    return made;
}

}  // namespace

Finding make_finding(const std::string& id, const std::string& package, Severity severity) {
    Finding finding;
    finding.id = id;
    finding.package = package;
    finding.severity = severity;
    return finding;
}

Run clean_run() {
    Run run;
    run.program_version = "0.1.0";
    run.command = "run";
    run.repository = "DEFRA/python-images";
    run.revision = "540323a0d4a6e6c6a6b2c7d4ba9f1f1d3c2b1a09";
    run.address = "https://github.com/DEFRA/python-images/actions/runs/1";
    run.started = now - 252s;
    run.finished = now;
    run.plan = plan();
    for (const Image& image : run.plan.images) run.images.push_back(image_run(run.plan, image));
    run.bases = {{.reference = "python:3.13.3-slim-bookworm",
                  .built_on = sha256("old"),
                  .made = now - 21 * 24h,
                  .current = sha256("new"),
                  .stand_in = false},
                 {.reference = "gcr.io/distroless/cc-debian12:nonroot",
                  .built_on = sha256("cc"),
                  .made = now - 70h,
                  .current = sha256("cc"),
                  .stand_in = false}};
    run.policy_revision = sha256("policy").text();
    run.policy = policy();
    run.publication = PublicationState{
        .result = PublicationState::Result::published,
        .to = "docker.io/defradigital",
        .reason = {},
        .tags = {{.reference = "docker.io/defradigital/python:1.0.0-python3.13.3", .digest = sha256("index")},
                 {.reference = "docker.io/defradigital/python:latest", .digest = sha256("index")}},
        .release = "https://github.com/DEFRA/python-images/releases/tag/1.0.0"};
    return run;
}

Run vulnerable_run() {
    Run run = clean_run();
    add_findings(run.images[0], 3);
    add_findings(run.images[1], 3);
    report(run.images[2], unfixed(3001, "libc6", Severity::high));
    run.images[3].contract->rows[0].result = RowResult::failed;
    run.images[0].contract->reused = true;
    run.images[0].contract->tested_by = "https://github.com/DEFRA/ml-python/actions/runs/41";
    run.images[3].contract->rows[0].found = "0:0";
    run.warnings = {{{"vulnerability-policy.yml", 18},
                     "the exception for CVE-2024-9999 ended on 2026-11-20",
                     "remove it, or decide anew",
                     Level::warning}};
    run.images[0].change = change_of(run.images[0], {}, {});
    run.images[1].change = change_of(run.images[1], {interpreter()}, {unfixed(2900, "tar", Severity::medium)});
    run.images[1].change->packages->push_back(
        {.type = "generic", .name = "python", .before = "3.13.2", .now = "3.13.3"});
    run.images[1].change->packages->push_back({.type = "deb", .name = "tar", .before = "1.34+dfsg-1.2", .now = {}});
    run.images[1].change->size = {.compressed = 24'120'004, .unpacked = 61'598'720};
    run.images[3].change = change_of(run.images[3], {}, {});
    run.images[3].change->packages.reset();
    run.images[3].change->size_before = {};
    run.images[3].change->contract = std::vector<ContractChange>{{.id = "user-numeric",
                                                                  .check = "the user is numeric and not root",
                                                                  .before = RowResult::passed,
                                                                  .now = RowResult::failed}};
    run.images[0].verdict->suppressed = {unfixed(2800, "linux-libc-dev", Severity::high)};
    run.images[0].verdict->suppressed[0].ignored_because = "kernel headers: the kernel is the host's";
    run.publication = PublicationState{.result = PublicationState::Result::not_wanted,
                                       .to = {},
                                       .reason = "a pull request never publishes",
                                       .tags = {},
                                       .release = {}};
    return run;
}

Run pre_existing_run() {
    Run run = vulnerable_run();
    run.policy.gate.new_only = true;
    run.images[3].contract = contract(run.images[3].name);
    run.images[3].change.reset();
    run.warnings.clear();
    for (std::size_t i = 0; i < 2; ++i) {
        Verdict& verdict = *run.images[i].verdict;
        for (const Finding& finding : verdict.blocking) {
            verdict.pre_existing.insert(finding.key());
            run.images[i].remedies.at(finding.key()).waiver.clear();
            verdict.reported.push_back(finding);
        }
        verdict.blocking.clear();
        verdict.outcome = Outcome::clean;
        run.images[i].change->added.clear();
    }
    return run;
}

Run unknown_run() {
    Run run = clean_run();
    Verdict& verdict = *run.images[1].verdict;
    verdict.outcome = Outcome::unknown;
    verdict.unknown_because = {"grype ended with exit code 1: the database could not be downloaded"};
    verdict.receipts[1].failure = "grype ended with exit code 1";
    verdict.blocking = {openssl()};
    run.images[3].verdict.reset();
    run.publication.reset();
    return run;
}

Run hostile_run() {
    Run run = clean_run();
    ImageRun& image = run.images[1];
    Finding finding = make_finding("CVE-2026-6666", hostile_text, Severity::high);
    finding.version = hostile_text;
    finding.path = std::string("/") + hostile_text;
    finding.paths = {finding.path, hostile_text};
    finding.aliases = {hostile_text};
    finding.title = hostile_text;
    finding.fix = FixState::fixed;
    finding.fixed_in = {hostile_text};
    finding.layer = hostile_text;
    finding.cvss_score = 8;
    finding.cvss_vector = hostile_text;
    finding.reported_by = {detection(Scanner::trivy, finding, Severity::high)};
    Finding named = finding;
    named.id = hostile_text;
    const Remedy remedy{.kind = hostile_text, .text = hostile_text, .at = {hostile_text, 1}, .waiver = hostile_text};
    block(image, finding, remedy);
    block(image, named, remedy);
    Waiver waiver = accepted_setuptools();
    waiver.reason = waiver.owner = waiver.id = waiver.package = hostile_text;
    image.verdict->waived = {{.finding = named, .waiver = waiver}};
    image.verdict->suppressed = {named};
    image.verdict->suppressed[0].ignored_because = hostile_text;
    image.verdict->receipts[0].scanner_version = hostile_text;
    image.verdict->receipts[0].database = hostile_text;
    image.verdict->receipts[0].failure = hostile_text;
    image.verdict->receipts[0].command = hostile_text;
    image.contract->rows[0] = {.id = "x",
                               .check = hostile_text,
                               .expected = hostile_text,
                               .found = hostile_text,
                               .result = RowResult::failed,
                               .because = hostile_text};
    image.change = change_of(image, {named}, {finding});
    image.change->packages = std::vector<PackageChange>{
        {.type = hostile_text, .name = hostile_text, .before = hostile_text, .now = hostile_text}};
    image.change->contract = std::vector<ContractChange>{
        {.id = hostile_text, .check = hostile_text, .before = std::nullopt, .now = RowResult::failed}};
    run.images[0].verdict->outcome = Outcome::unknown;
    run.images[0].verdict->unknown_because = {hostile_text};
    run.policy.waivers = {waiver};
    run.policy.scopes[0].reason = hostile_text;
    image.verdict->paused = {{.scanner = Scanner::grype,
                              .reason = hostile_text,
                              .owner = hostile_text,
                              .until = Date(std::chrono::year(2026) / 12 / 1),
                              .at = {hostile_text, 1}}};
    run.warnings = {{{hostile_text, 1}, hostile_text, hostile_text, Level::warning}};
    run.repository = run.revision = run.policy_revision = run.policy.file = hostile_text;
    run.publication->reason = run.publication->to = run.publication->release = hostile_text;
    run.bases[0].reference = hostile_text;
    return run;
}

Run large_run(std::size_t findings) {
    Run run = clean_run();
    run.images.resize(1);
    ImageRun& image = run.images.front();
    const std::string title(200, 't');
    for (std::size_t i = 0; i < findings; ++i) {
        Finding finding = openssl();
        finding.id = "CVE-2026-" + std::to_string(10000 + i / 3);
        finding.package = "package" + std::to_string(i);
        finding.severity = static_cast<Severity>(i * 7 % 6);
        finding.title = title;
        if (i % 10 == 0) {
            block(image, finding,
                  {.kind = "rebuild", .text = "rebuild " + std::to_string(i % 40), .at = image.at, .waiver = {}});
        } else {
            image.verdict->reported.push_back(finding);
        }
    }
    return run;
}
