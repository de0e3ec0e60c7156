#include "pipeline/contract_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "pipeline/step.h"
#include "probe/test_images.h"

namespace {

namespace fs = std::filesystem;

/// Names of layouts are names of files; those of other images hold slashes and colons.
fs::path report_file(const Settings& settings, const std::string& name) {
    std::string file = name;
    std::replace_if(
        file.begin(), file.end(), [](char c) { return c == '/' || c == ':' || c == '@'; }, '_');
    return settings.out / "tests" / (file + ".json");
}

Contract load_contract(const World& world, const Settings& settings) {
    return settings.contract.empty() ? Contract{}
                                     : parse_contract(world.files.read(settings.contract), settings.contract);
}

/// What the stand-ins under this image cannot keep.
std::vector<std::string> gather_excuses(const std::vector<Base>& bases, const Layout& layout) {
    std::set<std::string> excuses;
    for (const Base& base : bases) {
        if (is_base_of(base, layout)) excuses.insert(base.excuses.begin(), base.excuses.end());
    }
    return {excuses.begin(), excuses.end()};
}

std::size_t count_rows(const std::vector<ContractReport>& reports, RowResult result) {
    std::size_t count = 0;
    for (const ContractReport& report : reports) {
        count += static_cast<std::size_t>(std::count_if(report.rows.begin(), report.rows.end(),
                                                        [&](const ContractRow& r) { return r.result == result; }));
    }
    return count;
}

/// Everything that a report rests on: the image, the contract, the certificates, the excuses, the day and this very
/// program. The same key, the same answer.
std::string make_key(const World& world, const Settings& settings, const Layout& layout,
                     const std::vector<std::string>& excuses, const TestSettings& tests) {
    std::string all = layout.manifest.text() + "\n" + joined(excuses, ",") + "\n" + render_date(tests.today) + "\n" +
                      world.files.digest_of(fs::read_symlink("/proc/self/exe")).text() + "\n";
    if (!settings.contract.empty()) all += world.files.read(settings.contract);
    for (const CertificateFile& certificate : tests.certificates) all += certificate.name + "\n" + certificate.text;
    return sha256(all).text();
}

fs::path key_file(const Settings& settings, const std::string& name) {
    return settings.out / "tests" / (name + ".key");
}

/// What an earlier run found out about this very image. A broken promise is looked at again.
std::optional<ContractReport> load_known_report(const World& world, const Settings& settings, const Layout& layout,
                                                const std::string& key) {
    if (world.files.read_if_there(key_file(settings, layout.name)) != key) return std::nullopt;
    const std::optional<std::string> text = world.files.read_if_there(report_file(settings, layout.name));
    if (!text) return std::nullopt;
    const ContractReport report = parse_contract_json(*text, report_file(settings, layout.name).string());
    if (report.manifest != layout.manifest.text() || !report.is_kept()) return std::nullopt;
    return report;
}

std::string describe(const std::vector<ContractReport>& reports, std::size_t known) {
    std::string text = fmt::format("{} kept, {} broken", counted(count_rows(reports, RowResult::kept), "promise"),
                                   count_rows(reports, RowResult::broken));
    const std::size_t excused = count_rows(reports, RowResult::excused) + count_rows(reports, RowResult::known);
    if (excused > 0) text += fmt::format(", {} excused", excused);
    if (known > 0) text += fmt::format("; {} tested before", counted(known, "image"));
    return text;
}

TestSettings load_test_settings(const World& world, const Settings& settings) {
    return {.contract = load_contract(world, settings),
            .certificates = load_certificates(world),
            .today = day_of(decision_time(world, settings)),
            .jobs = settings.jobs};
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
                                        const std::vector<Layout>& layouts, Known known) {
    if (settings.contract == "off") return {};
    TimedStep step(world, "test", counted(layouts.size(), "image") + " against the contract");
    const TestSettings tests = load_test_settings(world, settings);
    const std::vector<Base> bases = load_bases(world, settings);
    std::vector<ContractReport> reports;
    std::vector<ImageUnderTest> images;
    std::vector<std::string> keys;
    for (const Layout& layout : layouts) {
        const std::vector<std::string> excuses = gather_excuses(bases, layout);
        const std::string key = make_key(world, settings, layout, excuses, tests);
        const std::optional<ContractReport> report =
            known == Known::taken ? load_known_report(world, settings, layout, key) : std::nullopt;
        if (report) {
            reports.push_back(*report);
        } else {
            images.push_back(make_image_under_test(project.plan, layout, excuses));
            keys.push_back(key);
        }
    }
    if (!images.empty()) {
        const std::vector<ContractReport> fresh = run_contract(world, find_engine(world), images, tests);
        for (std::size_t i = 0; i < fresh.size(); ++i) {
            world.files.write(report_file(settings, fresh[i].name), render_contract_json(fresh[i]));
            world.files.write(key_file(settings, fresh[i].name), keys[i]);
            reports.push_back(fresh[i]);
        }
    }
    step.end(describe(reports, layouts.size() - images.size()));
    return reports;
}

std::vector<ContractReport> test_references(const World& world, const Settings& settings) {
    TimedStep step(world, "test", counted(settings.references.size(), "image") + " against the contract");
    std::vector<ImageUnderTest> images;
    for (const std::string& reference : settings.references) images.push_back(make_reference_under_test(reference, ""));
    const TestSettings tests = load_test_settings(world, settings);
    const std::vector<ContractReport> reports = run_contract(world, find_engine(world), images, tests);
    for (const ContractReport& report : reports)
        world.files.write(report_file(settings, report.name), render_contract_json(report));
    step.end(describe(reports, 0));
    return reports;
}

std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts) {
    std::vector<ContractReport> reports;
    for (const Layout& layout : layouts) {
        const fs::path file = report_file(settings, layout.name);
        const std::optional<std::string> text = world.files.read_if_there(file);
        if (!text) continue;
        ContractReport report = parse_contract_json(*text, file.string());
        if (report.manifest == layout.manifest.text()) reports.push_back(std::move(report));
    }
    return reports;
}
