// One call of the registry API (distribution-spec).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "system/http.h"

namespace registry {

struct Call {
    std::string method = "GET";
    std::string host;  ///< as people write it: "docker.io"
    std::string repository;
    std::string path;              ///< below /v2/REPOSITORY/: "manifests/latest"
    std::string actions = "pull";  ///< of the token that is asked for: "pull", "pull,push"
    std::vector<Header> headers;
    std::string body;
    std::filesystem::path body_file{};  ///< streamed from disk instead of `body`
    std::filesystem::path save_to{};    ///< a body of status 200 or 206 is streamed here
    std::string location{};             ///< a Location that this registry gave, instead of `path`
    std::string mounted_from{};         ///< another repository that the token must let us pull from
    std::uint64_t max_body = 4U << 20U;
    std::chrono::seconds timeout{60};  ///< 0: no end as long as something moves
    bool once = false;  ///< do not send it again: no response is status 0 then, and the body says why there was none
};

}  // namespace registry
