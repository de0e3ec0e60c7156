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
    const std::vector<std::string> all = fields_of(entry, ',');
    return std::ranges::find(all, "type=gha") != all.end();
}

Problem make_notice(const std::string& what, const std::string& hint) {
    return {{}, what, hint, Level::notice};
}

/// The step that reads or writes a cache, as BuildKit 0.13 to 0.32 names it; empty for any other step.
std::string find_cache_step(const std::string& line) {
    constexpr std::string_view reading = "importing cache manifest from ";
    for (const std::string_view writing : {"exporting to GitHub Actions Cache", "exporting cache to "}) {
        if (line.find(writing) != std::string::npos) return "written";
    }
    return line.find(reading) == std::string::npos ? "" : "read";
}

/// "#12 ERROR: what" -> {"#12", "ERROR: what"}.
std::pair<std::string, std::string> split_step(const std::string& line) {
    const std::size_t blank = line.find(' ');
    if (!line.starts_with('#') || blank == std::string::npos) return {};
    return {line.substr(0, blank), line.substr(blank + 1)};
}

std::string hint_for_cache(const std::string& error) {
    const bool denied = error.find("no writable scopes") != std::string::npos ||
                        error.find("failed to reserve cache") != std::string::npos;
    return denied ? "this event's token may not write the cache; the build itself is not affected"
                  : "the build itself is not affected; without the cache it takes longer";
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
        chosen.notices.push_back(make_notice("no layer cache: this job is not offered GitHub's cache service",
                                             "outside of a workflow use another type, such as type=local"));
    } else if (!may_read || !may_write) {
        chosen.notices.push_back(
            make_notice(fmt::format("the layer cache is not {}: the cache mode of this job is \"{}\"",
                                    may_read    ? "written"
                                    : may_write ? "read"
                                                : "used",
                                    mode),
                        "the event or `cache-mode` in the workflow decides this"));
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
    std::map<std::string, std::string> steps;  // "#12" -> "written"
    Problems failures;
    for (const std::string& line : lines_of(progress)) {
        const auto [number, rest] = split_step(line);
        if (number.empty()) continue;
        if (const std::string step = find_cache_step(rest); !step.empty()) steps[number] = step;
        if (!rest.starts_with("ERROR: ") || !steps.contains(number)) continue;
        const std::string error = rest.substr(7);
        const Problem failure{{},
                              fmt::format("the layer cache could not be {}: {}", steps[number], error),
                              hint_for_cache(error),
                              Level::warning};
        if (std::ranges::find(failures, failure) == failures.end()) failures.push_back(failure);
    }
    return failures;
}
