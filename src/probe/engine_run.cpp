#include "probe/engine_run.h"

#include <fmt/format.h>

#include <map>
#include <ostream>
#include <sstream>

#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "contract/tar.h"
#include "probe/image_tar.h"
#include "system/cancellation.h"
#include "system/parallel.h"

namespace {

constexpr const char* label = "io.github.defra.python-image-action.test";
constexpr const char* test_repository = "python-image-action-test";
constexpr std::chrono::hours left_over{1};
constexpr std::uint64_t largest_export = 4ULL << 30U;
constexpr std::uint64_t largest_log = 16U << 20U;  // the engine keeps 4 MiB of it

/// A run's id begins with the second in which it began: "1763920000-Xb3f".
bool is_left_over(const std::string& id, Time now) {
    const std::size_t dash = id.find('-');
    const std::optional<std::int64_t> began = parse_number(std::string_view(id).substr(0, dash));
    return dash != std::string::npos && began && now - Time(std::chrono::seconds(*began)) >= left_over;
}

std::string filter(const std::string& key, const std::string& value) {
    return percent_encoded(fmt::format(R"({{"{}":["{}"]}})", key, value));
}

/// For what frees the engine: also in a run that was cancelled, whose few seconds it may not use up. A busy engine
/// takes its time where nothing waits for us to end.
Response clean_up(const World& world, const EngineInfo& engine, const std::string& method, const std::string& path,
                  const std::vector<int>& expected = {}) {
    Request request = make_request(engine, method, path);
    request.cleans_up = true;
    request.timeout = std::chrono::seconds(is_cancelled() ? 3 : 60);
    return send_to_engine(world, request, expected);
}

/// The ids of our containers, and of the runs that made them.
std::map<std::string, std::string> list_containers(const World& world, const EngineInfo& engine) {
    const Response response =
        clean_up(world, engine, "GET", "/containers/json?all=1&filters=" + filter("label", label));
    const rapidjson::Document list = parse_tool_json(response.body, "the engine's list of containers");
    std::map<std::string, std::string> containers;
    for (const Json& item : items_of(list)) containers[text_at(item, "Id")] = text_at(member(item, "Labels"), label);
    return containers;
}

/// The names of our images, each with its run's id in the tag: "python-image-action-test:1763920000-Xb3f-2".
std::vector<std::string> list_images(const World& world, const EngineInfo& engine) {
    const Response response = ask(world, engine, "GET", "/images/json?filters=" + filter("reference", test_repository));
    const rapidjson::Document list = parse_tool_json(response.body, "the engine's list of images");
    std::vector<std::string> names;
    for (const Json& item : items_of(list)) {
        for (const Json& name : items_at(item, "RepoTags")) {
            if (text_of(name).starts_with(std::string(test_repository) + ":")) names.push_back(text_of(name));
        }
    }
    return names;
}

void remove_container_now(const World& world, const EngineInfo& engine, const std::string& id) {
    clean_up(world, engine, "DELETE", fmt::format("/containers/{}?force=1&v=1", id), {404, 409});
}

void remove_image_now(const World& world, const EngineInfo& engine, const std::string& name) {
    clean_up(world, engine, "DELETE", fmt::format("/images/{}?force=1", name), {404, 409});
}

void remove_left_overs(const World& world, const EngineInfo& engine) {
    const Time now = world.clock.now();
    for (const auto& [id, run] : list_containers(world, engine)) {
        if (is_left_over(run, now)) remove_container_now(world, engine, id);
    }
    for (const std::string& name : list_images(world, engine)) {
        if (is_left_over(name.substr(name.find(':') + 1), now)) remove_image_now(world, engine, name);
    }
}

std::string render_container(const ContainerPlan& plan, const std::string& run) {
    JsonWriter json;
    json.open_object();
    json.field("Image", plan.image);
    if (!plan.entrypoint.empty()) json.list("Entrypoint", plan.entrypoint);
    json.list("Cmd", plan.command);
    if (!plan.user.empty()) json.field("User", plan.user);
    json.object("Labels", {{label, run}});
    json.open_object("HostConfig");
    json.field("NetworkMode", "none");
    // An engine may be set to a log that cannot be read back, and a flood must not fill its disk.
    json.open_object("LogConfig");
    json.field("Type", "json-file");
    json.object("Config", {{"max-size", "4m"}});
    json.close();
    if (plan.restricted) {
        json.field("ReadonlyRootfs", true);
        json.list("CapDrop", {"ALL"});
        json.list("SecurityOpt", {"no-new-privileges"});
        json.object("Tmpfs", {{"/tmp", ""}});
    }
    return json.one_line();
}

/// Both streams in one: eight bytes before each piece name the stream and its size (Engine API, "Stream format").
ContainerOutput split_streams(std::string_view bytes) {
    ContainerOutput output;
    while (bytes.size() >= 8) {
        std::size_t size = 0;
        for (std::size_t i = 4; i < 8; ++i) size = size << 8U | static_cast<unsigned char>(bytes[i]);
        const std::string_view piece = bytes.substr(8, size);
        (bytes[0] == 2 ? output.err : output.out) += piece;
        bytes.remove_prefix(8 + piece.size());
    }
    return output;
}

/// Whose body is JSON.
Request make_json_request(const EngineInfo& engine, const std::string& path, const std::string& body) {
    Request request = make_request(engine, "POST", path);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    return request;
}

}  // namespace

EngineRun::EngineRun(const World& world, const EngineInfo& engine)
    : world_(world), engine_(engine), directory_(world.files) {
    id_ = fmt::format("{}-{}", world.clock.now().time_since_epoch().count(), directory().filename().string());
    remove_left_overs(world_, engine_);
}

EngineRun::~EngineRun() {
    try {
        std::vector<std::string> containers;
        for (const auto& [id, run] : list_containers(world_, engine_)) {
            if (run == id_) containers.push_back(id);
        }
        // All at once: who cancels a run does not want to wait.
        in_parallel(containers.size(), containers.size(),
                    [&](std::size_t i) { remove_container_now(world_, engine_, containers[i]); });
        in_parallel(images_.size(), images_.size(),
                    [&](std::size_t i) { remove_image_now(world_, engine_, images_[i]); });
    } catch (const Error& error) {
        world_.log
            << "what the test put into the Docker Engine could not be removed; the next test removes it after an hour\n"
            << render_problems(error.problems);
    }
}

std::string EngineRun::load_image(const Layout& layout) {
    std::string tag;
    {
        const std::lock_guard lock(mutex_);
        tag = fmt::format("{}-{}", id_, images_.size());
        images_.push_back(fmt::format("{}:{}", test_repository, tag));
    }
    const std::filesystem::path tar = directory() / (tag + ".tar");
    write_image_tar(world_.files, layout, test_repository, tag, tar);
    Request request = make_request(engine_, "POST", "/images/load?quiet=1");
    request.headers = {{"Content-Type", "application/x-tar"}};
    request.body_file = tar;
    request.timeout = std::chrono::seconds(0);
    const std::string answer = send_to_engine(world_, request).body;
    world_.files.remove(tar);
    // The engine answers 200 before it knows how a load ends; errors are in the text.
    if (const std::size_t error = answer.find("\"errorDetail\""); error != std::string::npos)
        throw Error{Exit::failed,
                    fmt::format("the Docker Engine could not load {}: {}", layout.name,
                                trimmed(answer.substr(error)).substr(0, 500)),
                    "see whether its disk is full: docker system df"};
    return fmt::format("{}:{}", test_repository, tag);
}

std::string EngineRun::inspect_image(const std::string& image) {
    const Response response =
        ask(world_, engine_, "GET", fmt::format("/images/{}/json", percent_encoded(image, "/:@")), {400, 404});
    if (response.status == 200) return response.body;
    throw Error{Exit::bad_input, fmt::format("the Docker Engine has no image \"{}\"", image),
                "docker pull it, or see what there is: docker images"};
}

std::string EngineRun::create_container(const ContainerPlan& plan) {
    const std::string query = plan.platform.empty() ? "" : "?platform=" + percent_encoded(plan.platform);
    const Request request = make_json_request(engine_, "/containers/create" + query, render_container(plan, id_));
    Response response = send_to_engine(world_, request, {404});
    // Another run may remove its image, and a layer with it, while the engine creates our container. Asked again, the
    // engine unpacks the layer once more.
    if (response.status == 404) response = send_to_engine(world_, request);
    return text_at(parse_tool_json(response.body, "the engine's answer"), "Id");
}

std::optional<std::string> EngineRun::start_container(const std::string& id) {
    const Request request = make_request(engine_, "POST", fmt::format("/containers/{}/start", id));
    const Response response = send_to_engine(world_, request, {400, 404, 500});
    if (response.status < 400) return std::nullopt;
    const std::string message = message_of(response);
    const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
    if (says("executable file not found") || says("no such file or directory")) return message;
    if (!says("exec format error")) refuse_answer(request, response);
    throw Error{Exit::failed, "this machine cannot run programs of the image's architecture: " + message,
                "test it on a machine of that architecture, or install qemu-user-static and binfmt-support"};
}

std::optional<int> EngineRun::exit_code_of(const std::string& id) {
    const Response response = ask(world_, engine_, "GET", fmt::format("/containers/{}/json", id));
    const rapidjson::Document container = parse_tool_json(response.body, "the engine's description of a container");
    const Json& state = member(container, "State");
    if (member(state, "Running").IsTrue()) return std::nullopt;
    return static_cast<int>(number_at(state, "ExitCode"));
}

std::optional<Response> EngineRun::await_response(Request request, std::chrono::seconds limit,
                                                  const std::vector<int>& expected) {
    request.timeout = limit;
    request.max_body = largest_log;
    const std::chrono::milliseconds start = world_.clock.steady();
    try {
        return send_to_engine(world_, request, expected);
    } catch (const Error& error) {
        // What ran out of time is a fact about the image; all else is the engine's failure.
        if (error.exit == Exit::cancelled || world_.clock.steady() - start < limit - std::chrono::seconds(1)) throw;
        return std::nullopt;
    }
}

std::optional<int> EngineRun::await_container(const std::string& id, std::chrono::seconds limit) {
    const Request request = make_request(engine_, "POST", fmt::format("/containers/{}/wait", id));
    const std::optional<Response> response = await_response(request, limit, {});
    if (!response) return std::nullopt;
    const rapidjson::Document ended = parse_tool_json(response->body, "the engine's answer");
    return static_cast<int>(number_at(ended, "StatusCode"));
}

ExecResult EngineRun::exec(const std::string& id, const std::string& user, const std::vector<std::string>& command,
                           std::chrono::seconds limit) {
    JsonWriter json;
    json.open_object();
    json.field("AttachStdout", true);
    json.field("AttachStderr", true);
    json.field("User", user);
    json.list("Cmd", command);
    const Request create = make_json_request(engine_, fmt::format("/containers/{}/exec", id), json.one_line());
    const Response created = send_to_engine(world_, create, {409});  // 409: the container has ended
    if (created.status != 201) return {.failure = message_of(created)};
    const std::string exec = text_at(parse_tool_json(created.body, "the engine's answer"), "Id");
    const Request start =
        make_json_request(engine_, fmt::format("/exec/{}/start", exec), R"({"Detach":false,"Tty":false})");
    const std::optional<Response> ran = await_response(start, limit, {400, 409});
    if (!ran) return {};
    if (ran->status != 200) return {.failure = message_of(*ran)};
    const Response ended = ask(world_, engine_, "GET", fmt::format("/exec/{}/json", exec));
    const rapidjson::Document state = parse_tool_json(ended.body, "the engine's answer");
    return {
        .failure = "", .exit_code = static_cast<int>(number_at(state, "ExitCode")), .output = split_streams(ran->body)};
}

ContainerOutput EngineRun::read_logs(const std::string& id) {
    Request request = make_request(engine_, "GET", fmt::format("/containers/{}/logs?stdout=1&stderr=1", id));
    request.max_body = largest_log;
    return split_streams(send_to_engine(world_, request).body);
}

void EngineRun::stop_container(const std::string& id) {
    ask(world_, engine_, "POST", fmt::format("/containers/{}/stop?t=10", id));
}

void EngineRun::remove_container(const std::string& id) {
    remove_container_now(world_, engine_, id);
}

void EngineRun::export_container(const std::string& id, const std::filesystem::path& to) {
    Request request = make_request(engine_, "GET", fmt::format("/containers/{}/export", id));
    request.save_to = to;
    request.max_body = largest_export;
    request.timeout = std::chrono::seconds(0);
    send_to_engine(world_, request);
}

std::optional<std::string> EngineRun::read_file(const std::string& id, const std::string& path) {
    const Response response =
        ask(world_, engine_, "GET", fmt::format("/containers/{}/archive?path={}", id, percent_encoded(path)), {404});
    if (response.status != 200) return std::nullopt;
    std::istringstream stream(response.body);
    TarReader tar(stream, "the engine's copy of " + path);
    const std::optional<TarEntry> entry = tar.next();
    if (!entry || entry->type != '0') return std::nullopt;
    return tar.read_all();
}

void EngineRun::write_files(const std::string& id, const std::string& tar) {
    Request request = make_request(engine_, "PUT", fmt::format("/containers/{}/archive?path=%2F", id));
    request.headers = {{"Content-Type", "application/x-tar"}};
    request.body = tar;
    send_to_engine(world_, request);
}
