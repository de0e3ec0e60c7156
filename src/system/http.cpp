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
