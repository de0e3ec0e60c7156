#include "system/http.h"

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

Response send_or_tell_why(Http& http, const Request& request, Problems& why_none) {
    try {
        return http.send(request);
    } catch (const Error& error) {
        const bool on_disk = !error.problems.empty() && !error.problems.front().at.file.empty();
        if (error.exit == Exit::cancelled || on_disk) throw;
        why_none = error.problems;
        if (why_none.empty()) why_none.push_back({{}, "no answer", ""});
        return {0, {}, why_none.front().what};
    }
}
