// A fake Docker Engine: it has images and containers, runs nothing, and returns what the test has set up.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "contract/tar.h"
#include "fakes/fake_world.h"

inline std::string tar_of(const std::map<std::string, std::string>& files) {
    std::string tar;
    for (const auto& [path, text] : files)
        tar += render_tar_header(path, text.size()) + text + render_tar_padding(text.size());
    return tar + render_tar_end();
}

/// One frame of a container's output, in the engine's stream format.
inline std::string frame(char stream, const std::string& text) {
    std::string header(8, '\0');
    header[0] = stream;
    for (std::size_t i = 0; i < 4; ++i) header[7 - i] = static_cast<char>(text.size() >> (8 * i) & 0xFFU);
    return header + text;
}

class FakeEngine {
  public:
    struct Container {
        std::string run{};  ///< the label of the run that created it
        std::string description{};
        bool running = false;
    };

    std::map<std::string, Container> containers;
    std::set<std::string> images;
    int losses = 0;  ///< so many times a layer is gone when a container is created
    std::map<std::string, std::string> files = {
        {"etc/ssl/certs/ca-certificates.crt", "authorities\n"}};                         ///< in every container
    std::string configuration = R"({"Architecture":"amd64","Config":{"User":"1000"}})";  ///< of every image
    bool endless = false;      ///< no container exits by itself
    bool short_lived = false;  ///< every container exits immediately
    std::string said;          ///< on the standard error of every container
    std::chrono::seconds stop_takes{0};
    /// The output of a container or of a process in it.
    std::function<std::string(const std::string& description)> log = [](const std::string& description) {
        return stays(description) ? "\nstaying\n" : "";
    };

    explicit FakeEngine(FakeWorld& world) : clock_(world.clock) {
        const std::string at = "http://docker/v1.45";
        FakeHttp& http = world.http;
        http.stub_with("GET", at + "/containers/json*", [this](const Request&) { return list_containers(); });
        http.stub_with("GET", at + "/images/json*", [this](const Request&) { return list_images(); });
        http.stub_with("POST", at + "/images/load*", [this](const Request& request) { return load(request); });
        http.stub_with("DELETE", at + "/containers/*", [this](const Request& request) { return remove(request); });
        http.stub_with("DELETE", at + "/images/*", [this](const Request& request) { return remove(request); });
        http.stub_with("POST", at + "/containers/create*", [this](const Request& request) { return create(request); });
        http.stub_with("POST", at + "/containers/*/start",
                       [this](const Request& request) { return set_running(request, true); });
        http.stub_with("POST", at + "/containers/*/stop*", [this](const Request& request) {
            clock_.sleep(stop_takes);
            return set_running(request, false);
        });
        http.stub_with("POST", at + "/containers/*/wait", [this](const Request& request) { return wait(request); });
        http.stub_with("POST", at + "/containers/*/exec", [this](const Request& request) { return exec(request); });
        http.stub_with("POST", at + "/exec/*/start", [this](const Request& request) {
            const std::lock_guard lock(mutex_);
            return Response{200, {}, frame(1, log(processes_.at(id_of(request))))};
        });
        http.stub_with("GET", at + "/exec/*/json", [](const Request&) {
            return Response{200, {}, R"({"ExitCode":0})"};
        });
        http.stub_with("GET", at + "/containers/*/logs*", [this](const Request& request) { return read_log(request); });
        http.stub_with("GET", at + "/containers/*/json", [this](const Request& request) { return inspect(request); });
        http.stub_with("GET", at + "/containers/*/archive*", [this](const Request&) {
            return Response{200, {}, tar_of(files)};
        });
        http.stub_with("PUT", at + "/containers/*/archive*", [](const Request&) { return Response{200, {}, ""}; });
        http.stub_with("GET", at + "/containers/*/export", [this](const Request& request) { return save(request); });
        http.stub_with("GET", at + "/images/*/json", [this](const Request&) {
            return Response{200, {}, configuration};
        });
    }

    /// True if the container runs until it is stopped; all others exit immediately.
    static bool stays(const std::string& description) { return description.find(",stay\"") != std::string::npos; }

  private:
    static constexpr const char* label = "io.github.defra.python-image-action.test";

    static std::string id_of(const Request& request) {
        const std::size_t start = request.url.find('/', std::string("http://docker/v1.45/").size()) + 1;
        return request.url.substr(start, request.url.find_first_of("/?", start) - start);
    }

    Response list_containers() {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> list;
        for (const auto& [id, container] : containers)
            list.push_back(fmt::format(R"({{"Id":"{}","Labels":{{"{}":"{}"}}}})", id, label, container.run));
        return {200, {}, "[" + joined(list, ",") + "]"};
    }

    Response list_images() {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> list;
        for (const std::string& image : images) list.push_back(fmt::format(R"({{"RepoTags":["{}"]}})", image));
        return {200, {}, "[" + joined(list, ",") + "]"};
    }

    Response load(const Request& request) {
        std::ifstream stream(request.body_file, std::ios::binary);
        TarReader tar(stream, "what was loaded");
        while (const auto entry = tar.next()) {
            std::string text;
            for (std::string_view piece = tar.read_piece(); !piece.empty(); piece = tar.read_piece()) text += piece;
            if (entry->path != "manifest.json") continue;
            const rapidjson::Document manifest = parse_tool_json(text, "manifest.json");
            const std::lock_guard lock(mutex_);
            images.insert(text_of(items_at(manifest[0], "RepoTags")[0]));
        }
        return {200, {}, R"({"stream":"Loaded image"})"};
    }

    Response remove(const Request& request) {
        const std::lock_guard lock(mutex_);
        containers.erase(id_of(request));
        images.erase(id_of(request));
        return {204, {}, ""};
    }

    Response create(const Request& request) {
        const rapidjson::Document description = parse_tool_json(request.body, "the container");
        const std::lock_guard lock(mutex_);
        if (losses-- > 0) return {404, {}, R"({"message":"parent snapshot sha256:d177 does not exist: not found"})"};
        const std::string id = fmt::format("c{}", ++made_);
        containers[id] = {.run = text_at(member(description, "Labels"), label), .description = request.body};
        return {201, {}, fmt::format(R"({{"Id":"{}"}})", id)};
    }

    Response set_running(const Request& request, bool running) {
        const std::lock_guard lock(mutex_);
        Container& container = containers.at(id_of(request));
        container.running = running && !short_lived && (endless || stays(container.description));
        return {204, {}, ""};
    }

    Response wait(const Request& request) {
        const std::lock_guard lock(mutex_);
        if (!containers.at(id_of(request)).running) return {200, {}, R"({"StatusCode":0})"};
        clock_.sleep(request.timeout);
        throw Error{Exit::failed, "POST " + request.url + ": timed out", ""};
    }

    Response exec(const Request& request) {
        const std::lock_guard lock(mutex_);
        if (!containers.at(id_of(request)).running) return {409, {}, R"({"message":"the container is not running"})"};
        const std::string id = fmt::format("e{}", ++made_);
        processes_[id] = request.body;
        return {201, {}, fmt::format(R"({{"Id":"{}"}})", id)};
    }

    Response inspect(const Request& request) {
        const std::lock_guard lock(mutex_);
        const Container& container = containers.at(id_of(request));
        return {200,
                {},
                fmt::format(R"({{"State":{{"Running":{},"ExitCode":{}}}}})", container.running,
                            stays(container.description) ? 143 : 0)};
    }

    Response read_log(const Request& request) {
        const std::lock_guard lock(mutex_);
        return {200, {}, frame(1, log(containers.at(id_of(request)).description)) + frame(2, said)};
    }

    Response save(const Request& request) {
        std::ofstream(request.save_to, std::ios::binary) << tar_of(files);
        return {200, {}, ""};
    }

    std::mutex mutex_;
    std::map<std::string, std::string> processes_;  ///< processes in containers: descriptions by id
    FakeClock& clock_;
    int made_ = 0;
};

/// Files in memory, except that temporary directories are real: large files do not go through memory.
struct FilesWithDisk : FakeFiles {
    std::filesystem::path make_temporary_directory() override {
        std::string name = (std::filesystem::temp_directory_path() / "probe-test-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        made.push_back(name);
        return name;
    }
    void remove(const std::filesystem::path& file) override {
        std::filesystem::remove_all(file);
        FakeFiles::remove(file);
    }
    std::optional<std::string> read_if_there(const std::filesystem::path& named) override {
        if (!std::filesystem::exists(named)) return FakeFiles::read_if_there(named);
        std::string text(std::filesystem::file_size(named), '\0');
        std::ifstream(named, std::ios::binary).read(text.data(), static_cast<std::streamsize>(text.size()));
        return text;
    }
    Digest digest_of(const std::filesystem::path& named) override {
        const std::lock_guard lock(mutex);
        hashed.push_back(named);
        return sha256(read_if_there(named).value_or(""));
    }

    std::mutex mutex;
    std::vector<std::filesystem::path> hashed;
    std::vector<std::filesystem::path> made;
};
