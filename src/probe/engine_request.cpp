#include "probe/engine_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

Request make_request(const EngineInfo& engine, const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.url = fmt::format("http://docker/v{}{}", engine.api_version, path);
    request.unix_socket = engine.socket;
    return request;
}

Response send_to_engine(const World& world, const Request& request, const std::vector<int>& expected) {
    Response response = world.http.send(request);
    const bool is_expected = std::find(expected.begin(), expected.end(), response.status) != expected.end();
    if (response.status >= 400 && !is_expected) refuse_answer(request, response);
    return response;
}

void refuse_answer(const Request& request, const Response& response) {
    const std::string path = request.url.substr(0, request.url.find('?')).substr(std::string("http://docker").size());
    throw Error{Exit::failed,
                {{{},
                  fmt::format("the Docker Engine refused {} {} with HTTP {}: {}", request.method, path, response.status,
                              message_of(response)),
                  "see the engine's own log; docker info shows whether it is well"}}};
}

Response ask(const World& world, const EngineInfo& engine, const std::string& method, const std::string& path,
             const std::vector<int>& expected) {
    return send_to_engine(world, make_request(engine, method, path), expected);
}

std::string message_of(const Response& response) {
    rapidjson::Document answer;
    answer.Parse<rapidjson::kParseIterativeFlag>(response.body.data(), response.body.size());
    const std::string message = answer.HasParseError() ? "" : text_at(answer, "message");
    std::string line(trimmed(message.empty() ? response.body : message));
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line.substr(0, 500);
}
