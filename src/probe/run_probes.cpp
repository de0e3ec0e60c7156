#include "probe/run_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "contract/tar.h"
#include "probe/probe_program.h"
#include "probe/test_authority.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double at_once = 1;  // second
/// Not what the PATH says: in a service that is its virtual environment's, and the promises are about the image's own.
constexpr const char* interpreter = "/usr/local/bin/python3";
constexpr const char* until_stopped = "import time; print('up', flush=True); time.sleep(3600)";

milliseconds patience(const ProbedImage& image) {
    return image.emulated ? seconds(1800) : seconds(600);
}

/// Made when it is asked for, gone when the probe is done. What an error leaves behind is removed with the run.
std::string create(EngineRun& engine, const ProbedImage& image, ContainerPlan plan) {
    plan.image = image.image;
    plan.platform = image.platform;
    return engine.create_container(plan);
}

/// Asks, ever more slowly, until it has ended or the time is up.
std::optional<ContainerState> await_end(const World& world, EngineRun& engine, const std::string& id,
                                        milliseconds limit) {
    const milliseconds deadline = world.clock.steady() + limit;
    for (milliseconds pause(25); world.clock.steady() < deadline; pause = std::min(pause * 2, milliseconds(400))) {
        const ContainerState state = engine.inspect_container(id);
        if (!state.running) return state;
        world.clock.sleep(pause);
    }
    return std::nullopt;
}

std::string end_of(const std::string& text) {
    const std::vector<std::string> lines = lines_of(trimmed(text));
    return lines.empty() ? "" : lines.back().substr(0, 300);
}

ContainerRun run_to_end(const World& world, EngineRun& engine, const ProbedImage& image, const std::string& id) {
    ContainerRun run;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.failure = *failure;
    } else if (const std::optional<ContainerState> state = await_end(world, engine, id, patience(image))) {
        run.exit_code = state->exit_code;
    } else {
        run.failure =
            fmt::format("it did not end within {} s", std::chrono::duration_cast<seconds>(patience(image)).count());
        engine.kill_container(id);
    }
    const ContainerOutput output = engine.read_logs(id);
    run.answers = parse_answers(output.out);
    run.said = end_of(output.err);
    engine.remove_container(id);
    return run;
}

StopFacts stop_once(const World& world, EngineRun& engine, const ProbedImage& image) {
    const std::string id = create(engine, image, {.command = {"-c", until_stopped}});
    StopFacts facts;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        facts.failure = *failure;
    } else {
        const milliseconds deadline = world.clock.steady() + patience(image);
        while (engine.read_logs(id).out.find("up") == std::string::npos && engine.inspect_container(id).running &&
               world.clock.steady() < deadline) {
            world.clock.sleep(milliseconds(50));
        }
        const bool up = engine.read_logs(id).out.find("up") != std::string::npos;
        const milliseconds start = world.clock.steady();
        engine.stop_container(id);
        facts.seconds = std::chrono::duration<double>(world.clock.steady() - start).count();
        facts.exit_code = engine.inspect_container(id).exit_code;
        if (!up)
            facts.failure = fmt::format("it did not begin to work, and ended with exit code {}: {}", facts.exit_code,
                                        end_of(engine.read_logs(id).err));
    }
    engine.remove_container(id);
    return facts;
}

/// The image's trust store with one authority more, and certificates for two servers: of that authority, and of a
/// stranger.
std::string render_tls_files(const std::string& path, const std::string& trust_store, Time now) {
    const TestAuthority known = make_test_authority("Authority of a contract test", now);
    const TestAuthority stranger = make_test_authority("Stranger of a contract test", now);
    const std::string bundle = trust_store + "\n" + known.certificate;
    std::string tar;
    const auto add = [&](const std::string& name, const std::string& text) {
        tar += render_tar_header(name, text.size()) + text + render_tar_padding(text.size());
    };
    add(path.substr(path.find_first_not_of('/')), bundle);
    add("tmp/python-image-action/trusted.pem", known.server);
    add("tmp/python-image-action/stranger.pem", stranger.server);
    return tar + render_tar_end();
}

}  // namespace

FileTree load_files(EngineRun& engine, Files& files, const ProbedImage& image) {
    const std::string id = create(engine, image, {.command = {"-"}});
    const std::filesystem::path path = engine.directory() / (id + ".tar");
    engine.export_container(id, path);
    engine.remove_container(id);
    std::ifstream tar(path, std::ios::binary);
    FileTree tree = read_file_tree(tar, "the export of " + image.image);
    files.remove(path);
    return tree;
}

ContainerRun run_python(const World& world, EngineRun& engine, const ProbedImage& image) {
    return run_to_end(world, engine, image,
                      create(engine, image,
                             {.entrypoint = {interpreter, "-c", probe_program, "all," + render_target(image.target)}}));
}

ContainerRun run_restricted(const World& world, EngineRun& engine, const ProbedImage& image, const std::string& user) {
    const ContainerPlan plan{
        .entrypoint = {interpreter, "-c", probe_program, "restricted"}, .user = user, .restricted = true};
    return run_to_end(world, engine, image, create(engine, image, plan));
}

ContainerRun run_orphans(const World& world, EngineRun& engine, const ProbedImage& image) {
    return run_to_end(world, engine, image, create(engine, image, {.command = {"-c", probe_program, "orphans"}}));
}

ContainerRun run_tls_clients(const World& world, EngineRun& engine, const ProbedImage& image) {
    const std::string id = create(engine, image, {.entrypoint = {interpreter, "-c", probe_program, "tls"}});
    const std::optional<std::string> trust_store = engine.read_file(id, image.trust_store);
    if (!trust_store) {
        engine.remove_container(id);
        return {.failure = image.trust_store + " is no file"};
    }
    engine.write_files(id, render_tls_files(image.trust_store, *trust_store, world.clock.now()));
    return run_to_end(world, engine, image, id);
}

StopFacts run_stop(const World& world, EngineRun& engine, const ProbedImage& image) {
    StopFacts best = stop_once(world, engine, image);
    // A busy machine may be slow once; an image that is slow is so every time.
    for (int again = 0; again < 2 && best.failure.empty() && best.seconds > at_once; ++again) {
        const StopFacts facts = stop_once(world, engine, image);
        if (!facts.failure.empty() || facts.seconds < best.seconds) best = facts;
    }
    return best;
}
