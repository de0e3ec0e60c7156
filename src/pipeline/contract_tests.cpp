#include "pipeline/contract_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "pipeline/images.h"
#include "system/timings.h"

namespace {

namespace fs = std::filesystem;

/// Names of layouts are names of files; those of other images hold slashes and colons.
fs::path report_file(const Settings& settings, const std::string& name) {
    std::string file = name;
    std::ranges::replace_if(
        file, [](char c) { return c == '/' || c == ':' || c == '@'; }, '_');
    return settings.out / "tests" / (file + ".json");
}

Contract load_contract(const World& world, const Settings& settings) {
    return settings.contract.empty() ? Contract{}
                                     : parse_contract(world.files.read(settings.contract), settings.contract);
}

/// The rows that the stand-ins under this image cannot pass.
std::vector<std::string> list_expected_failures(const std::vector<Base>& bases, const Layout& layout) {
    std::vector<std::string> rows;
    for (const Base& base : bases) {
        if (!is_base_of(base, layout)) continue;
        for (const std::string& row : base.expected_failures) add_once(rows, row);
    }
    return rows;
}

std::size_t count_rows(const std::vector<ContractReport>& reports, RowResult result) {
    std::size_t count = 0;
    for (const ContractReport& report : reports) {
        count += static_cast<std::size_t>(std::ranges::count(report.rows, result, &ContractRow::result));
    }
    return count;
}

std::string describe(const std::vector<ContractReport>& reports) {
    std::string text = fmt::format("{} passed, {} failed", counted(count_rows(reports, RowResult::passed), "check"),
                                   count_rows(reports, RowResult::failed));
    const std::size_t accepted = count_rows(reports, RowResult::expected) + count_rows(reports, RowResult::known);
    if (accepted > 0) text += fmt::format(", {} as expected", counted(accepted, "failure"));
    const auto first = std::ranges::find_if(reports, &ContractReport::reused);
    if (first != reports.end()) {
        const auto reused = static_cast<std::size_t>(std::ranges::count_if(reports, &ContractReport::reused));
        text += fmt::format("; {} tested before, with the same contract and engine, by {}", counted(reused, "image"),
                            first->tested_by);
    }
    return text;
}

TestSettings load_test_settings(const World& world, const Settings& settings) {
    return {.contract = load_contract(world, settings),
            .certificates = load_certificates(world),
            .today = day_of(decision_time(world, settings)),
            .jobs = settings.jobs};
}

Digest digest_of_program(const World& world) {
    return world.files.digest_of(fs::read_symlink("/proc/self/exe"));
}

/// The directory of its results.
std::string short_name(const Digest& program) {
    return std::string(program.hex().substr(0, 16));
}

/// Each part with its length, so that no two lists of parts give the same text.
std::string render_parts(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += fmt::format("{}:{}\n", part.size(), part);
    return text;
}

/// The result with this key in the cache, as `reused`; nothing if there is none, or it is damaged.
std::optional<ContractReport> load_cached_report(Files& files, const fs::path& cache, const std::string& key) {
    if (cache.empty()) return std::nullopt;
    std::optional<ContractReport> report;
    failure_of([&] { report = load_contract_report(files, cache / (key + ".json")); });  // damaged: the image is tested
    if (!report || report->key != key) return std::nullopt;
    report->reused = true;
    return report;
}

/// Adds a result if every check passed, and removes those of other builds of this program, which no key can name any
/// more. The result counts also where it cannot be saved.
void save_cached_report(const World& world, const fs::path& cache, const ContractReport& report) {
    if (cache.empty() || !report.passed()) return;
    const std::optional<Error> error = failure_of([&] {
        for (const std::string& program : world.files.names_in(cache)) {
            if (!report.key.starts_with(program + "/")) world.files.remove(cache / program);
        }
        world.files.write(cache / (report.key + ".json"), render_contract_json(report));
    });
    if (error) world.log << "the result of this test is not saved for later runs\n" << render_problems(error->problems);
}

}  // namespace

Problems check_contract_file(const World& world, const Settings& settings, const std::vector<ContractReport>& reports) {
    if (settings.contract == "off") return {};
    return check_known_failures(load_contract(world, settings), reports, day_of(decision_time(world, settings)));
}

std::vector<CertificateFile> load_certificates(const World& world) {
    std::vector<CertificateFile> certificates;
    for (const std::string& name : world.files.names_in("certificates")) {
        if (name.ends_with(".crt"))
            certificates.push_back({"certificates/" + name, world.files.read("certificates/" + name)});
    }
    return certificates;
}

std::vector<ContractReport> test_images(const World& world, const Settings& settings, const Project& project,
                                        const std::vector<Layout>& layouts) {
    if (settings.contract == "off") return {};
    TimedStep step(world, "test", counted(layouts.size(), "image") + " against the contract");
    const TestSettings tests = load_test_settings(world, settings);
    const EngineInfo engine = find_engine(world);
    const std::string contract = settings.contract.empty() ? "" : world.files.read(settings.contract);
    const Digest program = digest_of_program(world);
    const std::vector<Base> bases = load_bases(world, settings);
    const fs::path cache = cache_directory(world, "tests");

    std::vector<ContractReport> reports;
    std::vector<ImageUnderTest> images;  // those that are to be tested; their reports are empty but for their keys
    for (const Layout& layout : layouts) {
        ImageUnderTest image = make_image_under_test(project.plan, layout, list_expected_failures(bases, layout));
        const std::string key = make_contract_key(image, tests, contract, engine, program);
        if (std::optional<ContractReport> report = load_cached_report(world.files, cache, key)) {
            reports.push_back(std::move(*report));
        } else {
            reports.push_back({.name = image.name, .key = key});
            images.push_back(std::move(image));
        }
    }
    std::vector<ContractReport> tested;
    if (!images.empty()) tested = run_contract(world, engine, images, tests);
    for (ContractReport& report : tested) {
        ContractReport& place = *std::ranges::find(reports, report.name, &ContractReport::name);
        report.key = place.key;
        report.contract = settings.contract;
        report.tested_by = name_of_run(world, project.event);
        save_cached_report(world, cache, report);
        place = std::move(report);
    }
    for (const ContractReport& report : reports)
        world.files.write(report_file(settings, report.name), render_contract_json(report));
    step.end(describe(reports));
    return reports;
}

std::vector<ContractReport> test_references(const World& world, const Settings& settings) {
    TimedStep step(world, "test", counted(settings.references.size(), "image") + " against the contract");
    std::vector<ImageUnderTest> images;
    for (const std::string& reference : settings.references)
        images.push_back({.name = reference, .reference = reference});
    const TestSettings tests = load_test_settings(world, settings);
    const std::vector<ContractReport> reports = run_contract(world, find_engine(world), images, tests);
    for (const ContractReport& report : reports)
        world.files.write(report_file(settings, report.name), render_contract_json(report));
    step.end(describe(reports));
    return reports;
}

std::optional<ContractReport> load_contract_report(Files& files, const fs::path& file) {
    const std::optional<std::string> text = files.read_if_there(file);
    return text ? std::optional(parse_contract_json(*text, file.string())) : std::nullopt;
}

std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts) {
    std::vector<ContractReport> reports;
    for (const Layout& layout : layouts) {
        std::optional<ContractReport> report = load_contract_report(world.files, report_file(settings, layout.name));
        if (report && report->manifest == layout.manifest.text()) reports.push_back(std::move(*report));
    }
    return reports;
}

std::string make_contract_key(const ImageUnderTest& image, const TestSettings& settings, const std::string& contract,
                              const EngineInfo& engine, const Digest& program) {
    const Expectations& expected = image.expected;
    std::vector<std::string> parts = {program.text(),
                                      image.name,
                                      image.platform,
                                      image.layout->manifest.text(),
                                      image.layout->config.text(),
                                      render_target(expected.target),
                                      expected.distroless ? "distroless" : "slim",
                                      expected.python_version,
                                      expected.defra_version,
                                      expected.repository,
                                      expected.architecture,
                                      render_parts(image.expected_failures),
                                      settings.contract.file,
                                      contract,
                                      settings.contract.known.empty() ? "" : render_date(settings.today),
                                      engine.description,
                                      engine.architecture,
                                      engine.containerd_store ? "containerd" : "classic"};
    for (const CertificateFile& certificate : settings.certificates)
        parts.insert(parts.end(), {certificate.name, certificate.text});
    return fmt::format("{}/{}", short_name(program), sha256(render_parts(parts)).hex());
}

std::string key_of_program(const World& world) {
    return short_name(digest_of_program(world)) + "/";
}
