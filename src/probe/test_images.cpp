#include "probe/test_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "base/text.h"
#include "contract/rows.h"
#include "probe/engine_run.h"
#include "probe/run_probes.h"
#include "system/parallel.h"

namespace {

/// One image on its way from a layout to facts.
struct Test {
    ImageUnderTest image;
    ProbedImage probed{};
    ImageFacts facts{};
    std::string manifest{};
};

std::string text_at(const std::map<std::string, std::string>& texts, const std::string& key) {
    const auto found = texts.find(key);
    return found == texts.end() ? "" : found->second;
}

/// What somebody else's image wants to be: by its label, else by its environment.
Target guess_target(const ImageConfig& config) {
    const std::string repository = text_at(config.labels, "uk.gov.defra.python.repository");
    const std::string environment = text_at(config.environment, "PYTHON_ENV");
    return repository.ends_with("-development") || environment == "development" ? Target::development
                                                                                : Target::production;
}

std::uint64_t compressed_size(const Layout& layout) {
    std::uint64_t size = 0;
    for (const Descriptor& layer : layout.layers) size += layer.size;
    return size;
}

/// Puts the image into the engine, if it is not there, and reads its configuration.
void begin(const World& world, EngineRun& engine, const EngineInfo& info, Test& test) {
    const ImageUnderTest& image = test.image;
    test.probed.image = image.layout ? engine.load_image(*image.layout) : image.reference;
    test.probed.platform = image.platform;
    const std::string inspected = engine.inspect_image(test.probed.image);
    const std::string config = image.layout ? load_config(world.files, *image.layout) : inspected;
    test.facts.config = parse_image_config(config, "the configuration of " + image.name);
    test.facts.expected = image.expected;
    if (image.layout) {
        test.manifest = image.layout->manifest.text();
        test.facts.compressed_size = compressed_size(*image.layout);
    } else {
        test.facts.expected.target = guess_target(test.facts.config);
    }
    test.probed.target = test.facts.expected.target;
    test.facts.emulated = test.facts.config.architecture != info.architecture;
    test.probed.emulated = test.facts.emulated;
    const std::string trust_store = text_at(test.facts.config.environment, "SSL_CERT_FILE");
    if (!trust_store.empty()) test.probed.trust_store = trust_store;
}

/// Every probe of one image; each writes its own part of the facts.
std::vector<std::function<void()>> plan_probes(const World& world, EngineRun& engine, Test& test) {
    ImageFacts& facts = test.facts;
    const ProbedImage& image = test.probed;
    return {
        [&, &to = facts.python] { to = run_python(world, engine, image); },
        [&, &to = facts.tls] { to = run_tls_clients(world, engine, image); },
        [&, &to = facts.files] { to = load_files(engine, world.files, image); },
        [&, &to = facts.hardened] { to = run_restricted(world, engine, image, ""); },
        [&, &to = facts.any_user] { to = run_restricted(world, engine, image, "23456:23456"); },
        [&, &to = facts.orphans] { to = run_orphans(world, engine, image); },
        [&, &to = facts.stop] { to = run_stop(world, engine, image); },
    };
}

/// Distroless has records of its packages, but no database for a package manager.
bool has_package_manager(const FileTree& files) {
    return files.at("/var/lib/dpkg/status").has_value();
}

}  // namespace

ImageUnderTest make_image_under_test(const Plan& plan, const Layout& layout, std::vector<std::string> excuses) {
    const auto image =
        std::find_if(plan.images.begin(), plan.images.end(), [&](const Image& i) { return i.name == layout.image; });
    if (image == plan.images.end()) {
        throw Error{Exit::failed,
                    {{{layout.directory.string(), 0},
                      fmt::format("the plan has no image \"{}\"", layout.image),
                      "build again, or take this layout away"}}};
    }
    ImageUnderTest test;
    test.name = layout.name;
    test.platform = layout.platform;
    test.expected = {.target = image->target,
                     .distroless = !plan.row_of(*image).distroless_version.empty(),
                     .python_version = image->python_version,
                     .defra_version = plan.job.defra_version,
                     .repository = image->repository,
                     .architecture = architecture_of(layout.platform)};
    test.layout = layout;
    test.excuses = std::move(excuses);
    return test;
}

ImageUnderTest make_reference_under_test(const std::string& reference, const std::string& platform) {
    ImageUnderTest test;
    test.name = reference;
    test.platform = platform;
    test.expected.architecture = architecture_of(platform);
    test.reference = reference;
    return test;
}

std::vector<ContractReport> run_contract(const World& world, const EngineInfo& engine,
                                         const std::vector<ImageUnderTest>& images, const TestSettings& settings) {
    const std::vector<Certificate> certificates = parse_certificates(settings.certificates);
    std::vector<Test> tests;
    for (const ImageUnderTest& image : images) {
        tests.push_back({.image = image});
        tests.back().facts.certificates = certificates;
    }
    EngineRun run(world, engine);

    std::vector<std::function<void()>> loads;
    for (Test& test : tests) loads.emplace_back([&] { begin(world, run, engine, test); });
    in_parallel(settings.jobs, loads);

    std::vector<std::function<void()>> probes;
    for (Test& test : tests) {
        for (const auto& probe : plan_probes(world, run, test)) probes.push_back(probe);
    }
    in_parallel(settings.jobs, probes);

    std::vector<ContractReport> reports;
    for (Test& test : tests) {
        if (!test.image.layout) test.facts.expected.distroless = !has_package_manager(test.facts.files);
        reports.push_back(judge_contract(test.image.name, test.manifest, test.facts, settings.contract,
                                         test.image.excuses, settings.today));
    }
    return reports;
}
