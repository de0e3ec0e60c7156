#include "bake/layer_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace {

bool has_attribute(const std::string& entry, std::string_view prefix) {
    const std::vector<std::string> all = fields_of(entry, ',');
    return std::ranges::any_of(all, [&](const std::string& one) { return one.starts_with(prefix); });
}

bool is_actions_cache(const std::string& entry) {
    return has_attribute(entry, "type=gha");
}

}  // namespace

LayerCache choose_layer_cache(const std::vector<std::string>& from, const std::vector<std::string>& to,
                              const Environment& environment) {
    LayerCache chosen{.from = from, .to = to};
    for (std::string& entry : chosen.to) {
        if (!has_attribute(entry, "ignore-error=") && !has_attribute(entry, "type=inline"))
            entry += ",ignore-error=true";
    }
    if (!uses_actions_cache(from) && !uses_actions_cache(to)) return chosen;

    const bool offered =
        !text_at(environment, "ACTIONS_RUNTIME_TOKEN").empty() &&
        !(text_at(environment, "ACTIONS_RESULTS_URL") + text_at(environment, "ACTIONS_CACHE_URL")).empty();
    const std::string mode = text_at(environment, "ACTIONS_CACHE_MODE");
    const bool may_read = offered && mode != "none" && mode != "write-only";
    const bool may_write = offered && mode != "none" && mode != "read";
    if (!offered) {
        add(chosen.notices, {}, "no layer cache: this job is not offered GitHub's cache service",
            "outside of a workflow use another type, such as type=local", Level::notice);
    } else if (!may_read || !may_write) {
        add(chosen.notices, {},
            fmt::format("the layer cache is not {}: the cache mode of this job is \"{}\"",
                        may_read    ? "written"
                        : may_write ? "read"
                                    : "used",
                        mode),
            "the event or `cache-mode` in the workflow decides this", Level::notice);
    }
    if (!may_read) std::erase_if(chosen.from, is_actions_cache);
    if (!may_write) std::erase_if(chosen.to, is_actions_cache);
    return chosen;
}

bool uses_actions_cache(const std::vector<std::string>& caches) {
    return std::ranges::any_of(caches, is_actions_cache);
}

std::string render_cache(const std::string& entry, const std::string& name) {
    if (!is_actions_cache(entry)) return entry;
    std::string scope = name;
    std::vector<std::string> attributes;
    for (const std::string& attribute : fields_of(entry, ',')) {
        if (attribute.starts_with("scope=")) {
            scope = attribute.substr(6) + "-" + name;
        } else {
            attributes.push_back(attribute);
        }
    }
    attributes.push_back("scope=" + scope);
    return joined(attributes, ",");
}

Problems find_cache_failures(std::string_view progress) {
    const auto holds = [](const std::string& text, std::string_view part) { return text.find(part) != text.npos; };
    std::map<std::string, std::string> steps;  // "#12" -> "written"
    Problems failures;
    for (const std::string& line : lines_of(progress)) {  // "#12 importing …", "#12 ERROR: what"
        const std::size_t blank = line.find(' ');
        if (!line.starts_with('#') || blank == line.npos) continue;
        const std::string number = line.substr(0, blank);
        const std::string rest = line.substr(blank + 1);
        // As BuildKit 0.13 to 0.32 names the steps that read or write a cache.
        if (holds(rest, "importing cache manifest from ")) steps[number] = "read";
        if (holds(rest, "exporting to GitHub Actions Cache") || holds(rest, "exporting cache to "))
            steps[number] = "written";
        if (!rest.starts_with("ERROR: ") || !steps.contains(number)) continue;
        const std::string error = rest.substr(7);
        const bool denied = holds(error, "no writable scopes") || holds(error, "failed to reserve cache");
        const Problem failure{{},
                              fmt::format("the layer cache could not be {}: {}", steps[number], error),
                              denied ? "this event's token may not write the cache; the build itself is not affected"
                                     : "the build itself is not affected; without the cache it takes longer",
                              Level::warning};
        if (std::ranges::find(failures, failure) == failures.end()) failures.push_back(failure);
    }
    return failures;
}
