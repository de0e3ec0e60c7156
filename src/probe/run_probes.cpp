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

void read_answers(const ContainerOutput& output, ContainerRun& run) {
    run.answers = parse_answers(output.out);
    const std::vector<std::string> lines = lines_of(trimmed(output.err));
    run.said = lines.empty() ? "" : lines.back().substr(0, 300);
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

StopFacts run_service_once(const World& world, EngineRun& engine, const ProbedImage& image, ContainerRun& run) {
    const std::string id = create(engine, image, {.command = {"-c", probe_program, "service,stay"}});
    StopFacts stopped;
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        run.failure = stopped.failure = *failure;
    } else {
        const bool stays = await_staying(world, engine, image, id, run);
        stopped = stop(world, engine, id);
        if (!stays)
            stopped.failure =
                fmt::format("it did not begin to work, and ended with exit code {}: {}", stopped.exit_code, run.said);
    }
    engine.remove_container(id);
    return stopped;
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

void run_python(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts) {
    const std::string modes = fmt::format("all,{},tls", render_target(facts.expected.target));
    const std::string id = create(engine, image, {.entrypoint = {interpreter, "-c", probe_program, modes}});
    std::string path = text_at(facts.config.environment, "SSL_CERT_FILE");
    if (path.empty()) path = "/etc/ssl/certs/ca-certificates.crt";
    const std::optional<std::string> trust_store = engine.read_file(id, path);
    const TestAuthority known = make_test_authority("Authority of a contract test", world.clock.now());
    const TestAuthority stranger = make_test_authority("Stranger of a contract test", world.clock.now());
    if (trust_store) engine.write_files(id, render_tls_files(path, *trust_store, known, stranger));
    facts.python = run_to_end(engine, image, id);
    engine.remove_container(id);
    // The image itself does not trust the authority that was added for the test.
    const std::string added = list_fingerprints(known.certificate).at(0);
    for (auto& [probe, answer] : facts.python.answers) {
        if (probe.starts_with("trusted")) std::erase(answer.values, added);
    }
    if (trust_store) return;
    for (const char* probe : {"tls-clients", "tls-strangers"})
        facts.python.answers[probe] = {.error = path + " is no file"};
}

void run_restricted(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts) {
    const std::string id = create(
        engine, image, {.entrypoint = {interpreter, "-c", probe_program, "restricted,stay"}, .restricted = true});
    if (const std::optional<std::string> failure = engine.start_container(id)) {
        facts.hardened.failure = facts.any_user.failure = *failure;
    } else {
        const ExecResult other =
            engine.exec(id, other_user, {interpreter, "-c", probe_program, "restricted"}, limit_of(image));
        facts.any_user.failure = other.failure.empty() && !other.exit_code ? describe_endless(image) : other.failure;
        facts.any_user.exit_code = other.exit_code.value_or(0);
        read_answers(other.output, facts.any_user);
        await_staying(world, engine, image, id, facts.hardened);
    }
    engine.remove_container(id);
}

void run_service(const World& world, EngineRun& engine, const ProbedImage& image, ImageFacts& facts) {
    facts.stop = run_service_once(world, engine, image, facts.orphans);
    // A busy machine may be slow once; an image that is slow is so every time.
    for (int again = 0; again < 2 && facts.stop.failure.empty() && facts.stop.seconds > at_once; ++again) {
        ContainerRun run;
        const StopFacts stopped = run_service_once(world, engine, image, run);
        if (!stopped.failure.empty() || stopped.seconds < facts.stop.seconds) facts.stop = stopped;
    }
}
