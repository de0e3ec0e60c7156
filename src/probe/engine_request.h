// One request to the engine, and what its refusals are reported as. Internal header.
#pragma once

#include <string>
#include <vector>

#include "probe/engine.h"
#include "system/http.h"
#include "system/world.h"

/// A request for a path of the API, which begins with "/": to be filled further, then sent.
Request make_request(const EngineInfo& engine, const std::string& method, const std::string& path);

/// Sends it. An answer of 400 or above that is not in `expected` throws Error{failed} with the engine's own words.
Response send_to_engine(const World& world, const Request& request, const std::vector<int>& expected = {});

/// What the second throws: for answers that were expected, but not with these words.
[[noreturn]] void refuse_answer(const Request& request, const Response& response);

/// The first two, for what needs nothing more.
Response ask(const World& world, const EngineInfo& engine, const std::string& method, const std::string& path,
             const std::vector<int>& expected = {});

/// What the engine says in {"message": "…"}, in one line.
std::string message_of(const Response& response);

/// Percent-encoded (RFC 3986), for a query; `kept` holds what may stay as it is besides.
std::string encoded(std::string_view text, std::string_view kept = "");
