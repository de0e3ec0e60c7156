#include "probe/test_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>

#include "base/text.h"
#include "contract/tar.h"
#include "probe/engine_run.h"
#include "probe/image_tar.h"
#include "probe/probe_program.h"
#include "system/parallel.h"
#include "system/relay.h"
#include "system/timings.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double quick_stop = 1;  // seconds
/// Not the first one on the PATH: in a service that is its virtual environment's, and the checks are about the image's.
constexpr const char* interpreter = "/usr/local/bin/python3";
constexpr const char* other_user = "23456:23456";
constexpr const char* staying = "\nstaying\n";  // what the probe program prints before it waits to be stopped

/// One image on its way from a layout to facts.
struct Test {
    ImageUnderTest image;
    std::string reference{};  ///< the engine's name for it
    ImageFacts facts{};
    bool emulated = false;    ///< on an engine of another architecture
    bool has_layers = false;  ///< its files are read from its layers; else from an export
    std::vector<std::pair<Descriptor, LayerFiles*>> layers{};  ///< those that this test reads, and where to
};

/// The target of an image that is not of the plan: by its label, else by its environment.
Target guess_target(const ImageConfig& config) {
    const std::string repository = text_at(config.labels, repository_label);
    const std::string environment = text_at(config.environment, "PYTHON_ENV");
    return repository.ends_with("-development") || environment == "development" ? Target::development
                                                                                : Target::production;
}

TimedTask time_probe(const World& world, const Test& test, const std::string& what) {
    return {world, "test", test.image.name + ", " + what};
}

/// Puts the image into the engine, if it is not there, and reads its configuration.
void load_test_image(const World& world, EngineRun& engine, const EngineInfo& info, Test& test) {
    const ImageUnderTest& image = test.image;
    const TimedTask task = time_probe(world, test, "into the engine");
    test.reference = image.layout ? engine.load_image(*image.layout) : image.reference;
    const std::string config =
        image.layout ? load_config(world.files, *image.layout) : engine.inspect_image(image.reference);
    test.facts.config = parse_image_config(config, "the configuration of " + image.name);
    test.facts.expected = image.expected;
    if (image.layout) {
        test.facts.compressed_size = 0;
        for (const Descriptor& layer : image.layout->layers) *test.facts.compressed_size += layer.size;
    } else {
        test.facts.expected.target = guess_target(test.facts.config);
    }
    test.emulated = test.facts.config.architecture != info.architecture;
}

// The probes: containers that find out what only a running image can show -------------------------------------------

seconds limit_of(const Test& test) {
    return test.emulated ? seconds(1800) : seconds(600);
}

std::string describe_endless(const Test& test) {
    return fmt::format("it did not end within {} s", limit_of(test).count());
}

/// Each probe creates its container and removes it. What an error leaves behind is removed at the end of the run.
std::string create(EngineRun& engine, const Test& test, ContainerPlan plan) {
    plan.image = test.reference;
    plan.platform = test.image.platform;
    return engine.create_container(plan);
}

void read_answers(const ContainerOutput& output, ContainerRun& run) {
    run.answers = parse_answers(output.out);
    const std::vector<std::string> lines = lines_of(trimmed(output.err));
    run.last_line = lines.empty() ? "" : one_line(lines.back(), 300);
}

ContainerRun run_to_end(EngineRun& engine, const Test& test, const std::string& id) {
    ContainerRun run;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.failure = *failure;
    } else if (const std::optional<int> exit_code = engine.await_container(id, limit_of(test))) {
        run.exit_code = *exit_code;
    } else {
        run.failure = describe_endless(test);
    }
    read_answers(engine.read_logs(id), run);
    return run;
}

/// Waits until the container prints that it stays. False if it ends before that, or takes too long: `run` has the
/// reason.
bool await_staying(const World& world, EngineRun& engine, const Test& test, const std::string& id, ContainerRun& run) {
    const milliseconds deadline = world.clock.steady() + limit_of(test);
    for (milliseconds pause(25);; pause = std::min(pause * 2, milliseconds(200))) {
        const std::optional<int> ended = engine.exit_code_of(id);
        const ContainerOutput output = engine.read_logs(id);
        read_answers(output, run);
        run.exit_code = ended.value_or(0);
        if (output.out.find(staying) != std::string::npos) return true;
        if (ended) return false;
        if (world.clock.steady() >= deadline) break;
        world.clock.sleep(pause);
    }
    run.failure = describe_endless(test);
    return false;
}

ContainerRun run_service_once(const World& world, EngineRun& engine, const Test& test, ContainerRun& run) {
    const std::string id = create(engine, test, {.command = {"-c", probe_program, "service,stay"}});
    ContainerRun stopped;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.failure = stopped.failure = *failure;
    } else {
        const bool stays = await_staying(world, engine, test, id, run);
        const milliseconds start = world.clock.steady();
        engine.stop_container(id);
        stopped.seconds = std::chrono::duration<double>(world.clock.steady() - start).count();
        stopped.exit_code = engine.exit_code_of(id).value_or(0);
        if (!stays)
            stopped.failure = fmt::format("it did not begin to work, and ended with exit code {}: {}",
                                          stopped.exit_code, run.last_line);
    }
    engine.remove_container(id);
    return stopped;
}

/// A tar of the trust store plus one authority, and of two servers' certificates: from that authority, from a stranger.
std::string render_tls_files(const std::string& path, const std::string& trust_store, const TestAuthority& known,
                             const TestAuthority& stranger) {
    const std::string bundle = trust_store + "\n" + known.certificate;
    return render_tar_file(path.substr(path.find_first_not_of('/')), bundle) +
           render_tar_file("tmp/python-image-action/trusted.pem", known.server) +
           render_tar_file("tmp/python-image-action/stranger.pem", stranger.server) + render_tar_end();
}

/// The file system of an image that only the engine has: an export of it, while nothing runs in it.
FileTree export_files(EngineRun& engine, Files& files, const Test& test) {
    const std::string id = create(engine, test, {.command = {"-"}});
    const std::filesystem::path path = engine.directory() / (id + ".tar");
    engine.export_container(id, path);
    engine.remove_container(id);
    std::ifstream tar(path, std::ios::binary);
    FileTree tree = read_file_tree(tar, "the export of " + test.reference);
    files.remove(path);
    return tree;
}

// Containers take most of a test's time, so there are only three: one for each way to run an image. Each writes its own
// part of the facts, including what the image does wrong; Error only if the engine fails.

/// Everything that Python reports about the image as it is, but for one more authority in its trust store. That one has
/// signed the certificate of one of two servers that run in the container.
void run_python(const World& world, EngineRun& engine, Test& test) {
    const std::string modes = fmt::format("all,{},tls", render_target(test.facts.expected.target));
    const std::string id = create(engine, test, {.entrypoint = {interpreter, "-c", probe_program, modes}});
    std::string path = text_at(test.facts.config.environment, "SSL_CERT_FILE");
    if (path.empty()) path = "/etc/ssl/certs/ca-certificates.crt";
    const std::optional<std::string> trust_store = engine.read_file(id, path);
    const TestAuthority known = make_test_authority("Authority of a contract test", world.clock.now());
    const TestAuthority stranger = make_test_authority("Stranger of a contract test", world.clock.now());
    if (trust_store) engine.write_files(id, render_tls_files(path, *trust_store, known, stranger));
    test.facts.python = run_to_end(engine, test, id);
    engine.remove_container(id);
    // The image itself does not trust the authority that was added for the test.
    const std::string added = *list_fingerprints(known.certificate).begin();
    for (auto& [probe, answer] : test.facts.python.answers) {
        if (probe.starts_with("trusted")) std::erase(answer.values, added);
    }
    if (trust_store) return;
    for (const char* probe : {"tls-clients", "tls-strangers"})
        test.facts.python.answers[probe] = {.error = path + " is not a file"};
}

/// Read-only and without capabilities; a second process runs as a user whom no file of the image knows.
void run_restricted(const World& world, EngineRun& engine, Test& test) {
    const std::string id =
        create(engine, test, {.entrypoint = {interpreter, "-c", probe_program, "restricted,stay"}, .restricted = true});
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        test.facts.hardened.failure = test.facts.any_user.failure = *failure;
    } else {
        const ExecResult other =
            engine.exec(id, other_user, {interpreter, "-c", probe_program, "restricted"}, limit_of(test));
        test.facts.any_user.failure =
            other.failure.empty() && !other.exit_code ? describe_endless(test) : other.failure;
        test.facts.any_user.exit_code = other.exit_code.value_or(0);
        read_answers(other.output, test.facts.any_user);
        await_staying(world, engine, test, id, test.facts.hardened);
    }
    engine.remove_container(id);
}

/// With the image's own entrypoint, until it is stopped.
void run_service(const World& world, EngineRun& engine, Test& test) {
    test.facts.stop = run_service_once(world, engine, test, test.facts.orphans);
    // A busy machine may be slow once; an image that is slow is so every time.
    for (int again = 0; again < 2 && test.facts.stop.failure.empty() && test.facts.stop.seconds > quick_stop; ++again) {
        ContainerRun run;
        const ContainerRun stopped = run_service_once(world, engine, test, run);
        if (!stopped.failure.empty() || stopped.seconds < test.facts.stop.seconds) test.facts.stop = stopped;
    }
}

/// Every probe of one image; each writes its own part of the facts.
std::vector<std::function<void()>> plan_probes(const World& world, EngineRun& engine, Test& test) {
    std::vector<std::function<void()>> probes;
    const auto add = [&](const std::string& what, const std::function<void()>& probe) {
        probes.emplace_back([&world, &test, what, probe] {
            const TimedTask task = time_probe(world, test, what);
            probe();
        });
    };
    add("as it is", [&] { run_python(world, engine, test); });
    add("read-only, without capabilities, as other users", [&] { run_restricted(world, engine, test); });
    add("as a service", [&] { run_service(world, engine, test); });
    for (const auto& [layer, to] : test.layers) {
        add(fmt::format("files of {}", layer.digest.brief()),
            [&, layer = layer, to = to] { *to = load_layer(world.files, *test.image.layout, layer); });
    }
    if (!test.has_layers) add("exported files", [&] { test.facts.files = export_files(engine, world.files, test); });
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
    const Image& image = *std::ranges::find(plan.images, layout.image, &Image::name);
    return {.name = layout.name,
            .platform = layout.platform,
            .expected = {.target = image.target,
                         .distroless = !plan.row_of(image).distroless_version.empty(),
                         .python_version = image.python_version,
                         .defra_version = plan.job.defra_version,
                         .repository = image.repository,
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
    in_parallel(settings.jobs, tests.size(), [&](std::size_t i) {
        load_test_image(world, run, engine, tests[i]);
        in_parallel(settings.jobs, plan_probes(world, run, tests[i]));
    });

    std::vector<ContractReport> reports(tests.size());
    in_parallel(settings.jobs, tests.size(), [&](std::size_t i) {
        Test& test = tests[i];
        if (test.has_layers) {
            std::vector<const LayerFiles*> stack;
            for (const Descriptor& layer : test.image.layout->layers) stack.push_back(&layers.at(layer.digest));
            test.facts.files = stack_layers(stack);
        }
        // Distroless has records of its packages, but no database for a package manager.
        if (!test.image.layout) test.facts.expected.distroless = !test.facts.files.at("/var/lib/dpkg/status");
        const std::string manifest = test.image.layout ? test.image.layout->manifest.text() : "";
        reports[i] = judge_contract(test.image.name, manifest, test.facts, settings.contract,
                                    test.image.expected_failures, settings.today);
    });
    return reports;
}
