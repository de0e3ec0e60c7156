#include "system/http.h"

#include <algorithm>

#include "base/text.h"

std::optional<std::string> Response::header(const std::string& name) const {
    const std::vector<std::string> values = all_headers(name);
    return values.empty() ? std::nullopt : std::optional(values.front());
}

std::vector<std::string> Response::all_headers(const std::string& name) const {
    std::vector<std::string> values;
    for (const Header& one : headers) {
        if (lower_case(one.name) == lower_case(name)) values.push_back(one.value);
    }
    return values;
}

Response try_send(Http& http, const Request& request, Problems& why_none) {
    try {
        return http.send(request);
    } catch (const Error& error) {
        const bool on_disk = !error.problems.empty() && !error.problems.front().at.file.empty();
        if (error.is_permanent || error.exit == Exit::cancelled || on_disk) throw;
        why_none = error.problems;
        if (why_none.empty()) add(why_none, {}, "no response", "");
        return {0, {}, why_none.front().what};
    }
}

bool is_worth_a_retry(int status) {
    return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

std::string next_page(const Response& response) {
    for (std::string rest : response.all_headers("Link")) {
        while (rest.find('<') != std::string::npos) {
            rest.erase(0, rest.find('<') + 1);
            const std::string url = rest.substr(0, rest.find('>'));
            rest.erase(0, std::min(rest.size(), url.size()));
            const std::string parameters = lower_case(rest.substr(0, rest.find('<')));
            if (parameters.find("rel=\"next\"") != std::string::npos ||
                parameters.find("rel=next") != std::string::npos)
                return url;
        }
    }
    return "";
}
