#include "probe/test_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/text.h"
#include "contract/facts.h"
#include "probe/engine_run.h"
#include "probe/image_tar.h"
#include "probe/run_probes.h"
#include "system/parallel.h"
#include "system/timings.h"

namespace {

/// One image on its way from a layout to facts.
struct Test {
    ImageUnderTest image;
    ProbedImage probed{};
    ImageFacts facts{};
    std::string manifest{};
    bool has_layers = false;  ///< its files are read from its layers; else from an export
    std::vector<std::pair<Descriptor, LayerFiles*>> layers{};  ///< those that this test reads, and where to
};

/// What an image that is not of the plan is meant to be: by its label, else by its environment.
Target guess_target(const ImageConfig& config) {
    const std::string repository = text_at(config.labels, "uk.gov.defra.python.repository");
    const std::string environment = text_at(config.environment, "PYTHON_ENV");
    return repository.ends_with("-development") || environment == "development" ? Target::development
                                                                                : Target::production;
}

TimedTask time_probe(const World& world, const Test& test, const std::string& what) {
    return {world.timings, world.clock, "test", test.image.name + ", " + what};
}

/// Puts the image into the engine, if it is not there, and reads its configuration.
void begin(const World& world, EngineRun& engine, const EngineInfo& info, Test& test) {
    const ImageUnderTest& image = test.image;
    const TimedTask task = time_probe(world, test, "into the engine");
    test.probed.image = image.layout ? engine.load_image(*image.layout) : image.reference;
    test.probed.platform = image.platform;
    const std::string config =
        image.layout ? load_config(world.files, *image.layout) : engine.inspect_image(image.reference);
    test.facts.config = parse_image_config(config, "the configuration of " + image.name);
    test.facts.expected = image.expected;
    if (image.layout) {
        test.manifest = image.layout->manifest.text();
        test.facts.compressed_size = 0;
        for (const Descriptor& layer : image.layout->layers) *test.facts.compressed_size += layer.size;
    } else {
        test.facts.expected.target = guess_target(test.facts.config);
    }
    test.facts.emulated = test.facts.config.architecture != info.architecture;
    test.probed.emulated = test.facts.emulated;
}

/// Every probe of one image; each writes its own part of the facts.
std::vector<std::function<void()>> plan_probes(const World& world, EngineRun& engine, Test& test) {
    const std::pair<const char*, decltype(&run_python)> in_containers[] = {
        {"Python's own questions", run_python},
        {"read-only, without capabilities, as other users", run_restricted},
        {"as a service", run_service}};
    std::vector<std::function<void()>> probes;
    for (const auto& [what, probe] : in_containers) {
        probes.emplace_back([&, what = what, probe = probe] {
            const TimedTask task = time_probe(world, test, what);
            probe(world, engine, test.probed, test.facts);
        });
    }
    for (const auto& [layer, to] : test.layers) {
        probes.emplace_back([&, layer = layer, to = to] {
            const TimedTask task = time_probe(world, test, fmt::format("files of {}", layer.digest.brief()));
            *to = load_layer(world.files, *test.image.layout, layer);
        });
    }
    if (!test.has_layers) {
        probes.emplace_back([&] {
            const TimedTask task = time_probe(world, test, "exported files");
            test.facts.files = export_files(engine, world.files, test.probed);
        });
    }
    return probes;
}

/// The layers that several images share are read with the first of them.
using Layers = std::map<Digest, LayerFiles>;

void share_layers(std::vector<Test>& tests, Layers& layers) {
    for (Test& test : tests) {
        test.has_layers = test.image.layout && can_read_layers(*test.image.layout);
        if (!test.has_layers) continue;
        for (const Descriptor& layer : test.image.layout->layers) {
            const auto [entry, is_new] = layers.try_emplace(layer.digest);
            if (is_new) test.layers.emplace_back(layer, &entry->second);
        }
    }
}

}  // namespace

ImageUnderTest make_image_under_test(const Plan& plan, const Layout& layout,
                                     std::vector<std::string> expected_failures) {
    const auto image = std::ranges::find(plan.images, layout.image, &Image::name);
    if (image == plan.images.end()) {
        throw Error{Exit::failed,
                    {layout.directory.string()},
                    fmt::format("the plan has no image \"{}\"", layout.image),
                    "build again, or take this layout away"};
    }
    return {.name = layout.name,
            .platform = layout.platform,
            .expected = {.target = image->target,
                         .distroless = !plan.row_of(*image).distroless_version.empty(),
                         .python_version = image->python_version,
                         .defra_version = plan.job.defra_version,
                         .repository = image->repository,
                         .architecture = architecture_of(layout.platform)},
            .layout = layout,
            .expected_failures = std::move(expected_failures)};
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

    Layers layers;
    share_layers(tests, layers);
    // An image's probes begin when it is loaded, whatever the others do. Most of the time all wait for the engine.
    std::vector<std::function<void()>> work;
    for (Test& test : tests) {
        work.emplace_back([&] {
            begin(world, run, engine, test);
            in_parallel(settings.jobs, plan_probes(world, run, test));
        });
    }
    in_parallel(settings.jobs, work);

    std::vector<ContractReport> reports(tests.size());
    work.clear();
    for (std::size_t i = 0; i < tests.size(); ++i) {
        work.emplace_back([&, i] {
            Test& test = tests[i];
            if (test.has_layers) {
                std::vector<const LayerFiles*> stack;
                for (const Descriptor& layer : test.image.layout->layers) stack.push_back(&layers.at(layer.digest));
                test.facts.files = stack_layers(stack);
            }
            // Distroless has records of its packages, but no database for a package manager.
            if (!test.image.layout) test.facts.expected.distroless = !test.facts.files.at("/var/lib/dpkg/status");
            reports[i] = judge_contract(test.image.name, test.manifest, test.facts, settings.contract,
                                        test.image.expected_failures, settings.today);
        });
    }
    in_parallel(settings.jobs, work);
    return reports;
}
