// The fake GitHub as a server on a loopback address, for the real program.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "github/fake_github.h"
#include "system/local_server.h"

class ServedGitHub {
  public:
    FakeGitHub hub;
    /// Cuts the connections of the next `cuts` requests that begin with this, after the requests were carried out.
    std::string cut_at;
    std::atomic<int> cuts = 0;

    ServedGitHub() : server_([this](const std::string& request) { return reply_to(request); }) {
        hub.base = server_.url("/api/v3");
    }

  private:
    Reply reply_to(const std::string& request) {
        const std::size_t end = request.find("\r\n\r\n");
        const std::vector<std::string> lines = lines_of(request.substr(0, end));
        const std::vector<std::string> words = fields_of(lines.front(), ' ');
        std::vector<Header> headers;
        for (std::size_t i = 1; i < lines.size(); ++i) {
            const std::size_t colon = lines[i].find(": ");
            if (colon != std::string::npos) headers.push_back({lines[i].substr(0, colon), lines[i].substr(colon + 2)});
        }
        const Response response = hub.respond(words.at(0), server_.url(words.at(1)), headers, request.substr(end + 4));
        if (cuts > 0 && !cut_at.empty() && lines.front().starts_with(cut_at)) {
            --cuts;
            return {"", Reply::Then::reset};
        }
        std::string extra;
        for (const Header& header : response.headers) extra += header.name + ": " + header.value + "\r\n";
        return make_reply(response.status, response.body, extra);
    }

    LocalServer server_;
};
