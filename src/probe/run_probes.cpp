#include "probe/run_probes.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "contract/certificates.h"
#include "contract/tar.h"
#include "probe/probe_program.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double at_once = 1;  // second
/// Not what the PATH says: in a service that is its virtual environment's, and the checks are about the image's own.
constexpr const char* interpreter = "/usr/local/bin/python3";
constexpr const char* other_user = "23456:23456";
constexpr const char* staying = "\nstaying\n";  // what the probe program prints before it waits to be stopped

seconds limit_of(const ProbedImage& image) {
    return image.emulated ? seconds(1800) : seconds(600);
}

std::string describe_endless(const ProbedImage& image) {
    return fmt::format("it did not end within {} s", limit_of(image).count());
}

/// Made when it is asked for, gone when the probe is done. What an error leaves behind is removed with the run.
std::string create(EngineRun& engine, const ProbedImage& image, ContainerPlan plan) {
    plan.image = image.image;
    plan.platform = image.platform;
    return engine.create_container(plan);
}

std::string end_of(const std::string& text) {
    const std::vector<std::string> lines = lines_of(trimmed(text));
    return lines.empty() ? "" : lines.back().substr(0, 300);
}

void read_answers(const ContainerOutput& output, ContainerRun& run) {
    run.answers = parse_answers(output.out);
    run.said = end_of(output.err);
}

ContainerRun run_to_end(EngineRun& engine, const ProbedImage& image, const std::string& id) {
    ContainerRun run;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.failure = *failure;
    } else if (const std::optional<int> exit_code = engine.await_container(id, limit_of(image))) {
        run.exit_code = *exit_code;
    } else {
        run.failure = describe_endless(image);
        engine.kill_container(id);
    }
    read_answers(engine.read_logs(id), run);
    return run;
}

/// What a container that is to stay says until it stays. If it ends before, or takes too long, that is in the result;
/// returns whether it stays.
bool await_staying(const World& world, EngineRun& engine, const ProbedImage& image, const std::string& id,
                   ContainerRun& run) {
    const milliseconds deadline = world.clock.steady() + limit_of(image);
    for (milliseconds pause(25);; pause = std::min(pause * 2, milliseconds(200))) {
        const ContainerState state = engine.inspect_container(id);
        const ContainerOutput output = engine.read_logs(id);
        read_answers(output, run);
        run.exit_code = state.exit_code;
        if (output.out.find(staying) != std::string::npos) return true;
        if (!state.running) return false;
        if (world.clock.steady() >= deadline) break;
        world.clock.sleep(pause);
    }
    run.failure = describe_endless(image);
    return false;
}

StopFacts stop(const World& world, EngineRun& engine, const std::string& id) {
    StopFacts facts;
    const milliseconds start = world.clock.steady();
    engine.stop_container(id);
    facts.seconds = std::chrono::duration<double>(world.clock.steady() - start).count();
    facts.exit_code = engine.inspect_container(id).exit_code;
    return facts;
}

ServiceRun run_service_once(const World& world, EngineRun& engine, const ProbedImage& image) {
    const std::string id = create(engine, image, {.command = {"-c", probe_program, "service,stay"}});
    ServiceRun run;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.orphans.failure = run.stop.failure = *failure;
    } else {
        const bool stays = await_staying(world, engine, image, id, run.orphans);
        run.stop = stop(world, engine, id);
        if (!stays)
            run.stop.failure = fmt::format("it did not begin to work, and ended with exit code {}: {}",
                                           run.stop.exit_code, run.orphans.said);
    }
    engine.remove_container(id);
    return run;
}

/// A tar of the image's trust store with one authority more, and of certificates for two servers: of that authority,
/// and of a stranger.
std::string render_tls_files(const std::string& path, const std::string& trust_store, const TestAuthority& known,
                             const TestAuthority& stranger) {
    const std::string bundle = trust_store + "\n" + known.certificate;
    return render_tar_file(path.substr(path.find_first_not_of('/')), bundle) +
           render_tar_file("tmp/python-image-action/trusted.pem", known.server) +
           render_tar_file("tmp/python-image-action/stranger.pem", stranger.server) + render_tar_end();
}

/// The image itself does not trust the authority that was added for the test.
void leave_out(const TestAuthority& known, ContainerRun& run) {
    const std::vector<std::string> added = list_fingerprints(known.certificate);
    for (const char* probe : {"trusted", "trusted-without-environment"}) {
        const auto answer = run.answers.find(probe);
        if (answer != run.answers.end()) std::erase(answer->second.values, added.at(0));
    }
}

}  // namespace

FileTree export_files(EngineRun& engine, Files& files, const ProbedImage& image) {
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
    const std::string modes = fmt::format("all,{},tls", render_target(image.target));
    const std::string id = create(engine, image, {.entrypoint = {interpreter, "-c", probe_program, modes}});
    const std::optional<std::string> trust_store = engine.read_file(id, image.trust_store);
    const TestAuthority known = make_test_authority("Authority of a contract test", world.clock.now());
    const TestAuthority stranger = make_test_authority("Stranger of a contract test", world.clock.now());
    if (trust_store) engine.write_files(id, render_tls_files(image.trust_store, *trust_store, known, stranger));
    ContainerRun run = run_to_end(engine, image, id);
    engine.remove_container(id);
    leave_out(known, run);
    if (!trust_store) {
        for (const char* probe : {"tls-clients", "tls-strangers"})
            run.answers[probe] = {.error = image.trust_store + " is no file"};
    }
    return run;
}

RestrictedRuns run_restricted(const World& world, EngineRun& engine, const ProbedImage& image) {
    const std::string id = create(
        engine, image, {.entrypoint = {interpreter, "-c", probe_program, "restricted,stay"}, .restricted = true});
    RestrictedRuns runs;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        runs.own_user.failure = runs.other_user.failure = *failure;
    } else {
        const ExecResult other =
            engine.exec(id, other_user, {interpreter, "-c", probe_program, "restricted"}, limit_of(image));
        runs.other_user.failure = other.failure.empty() && !other.exit_code ? describe_endless(image) : other.failure;
        runs.other_user.exit_code = other.exit_code.value_or(0);
        read_answers(other.output, runs.other_user);
        await_staying(world, engine, image, id, runs.own_user);
    }
    engine.remove_container(id);
    return runs;
}

ServiceRun run_service(const World& world, EngineRun& engine, const ProbedImage& image) {
    ServiceRun best = run_service_once(world, engine, image);
    // A busy machine may be slow once; an image that is slow is so every time.
    for (int again = 0; again < 2 && best.stop.failure.empty() && best.stop.seconds > at_once; ++again) {
        const StopFacts facts = run_service_once(world, engine, image).stop;
        if (!facts.failure.empty() || facts.seconds < best.stop.seconds) best.stop = facts;
    }
    return best;
}
