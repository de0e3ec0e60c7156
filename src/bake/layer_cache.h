// The layer cache of a build: what buildx is given of the caches that the user named, and what became of them. A cache
// only saves time, so trouble with it never fails a build; it is always reported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "system/processes.h"

struct LayerCache {
    std::vector<std::string> from;  ///< as buildx has them: "type=gha"
    std::vector<std::string> to;    ///< each with ignore-error=true, unless the user decided otherwise
    Problems notices;               ///< which caches this job cannot use, and why
};

/// The caches of `from` and `to` that this job can use. A cache of type gha needs what the runner gives an action
/// (ACTIONS_RUNTIME_TOKEN and a URL), without which buildx drops it silently; ACTIONS_CACHE_MODE says whether the job
/// may read it, write it, or neither (GitHub, "cache-mode").
LayerCache choose_layer_cache(const std::vector<std::string>& from, const std::vector<std::string>& to,
                              const Environment& environment);

/// True if one of them is GitHub's.
bool uses_actions_cache(const std::vector<std::string>& caches);

/// The entry for one target. A scope of type gha has one index and the last writer replaces it, so every target needs a
/// scope of its own: "type=gha,scope=x" becomes "type=gha,scope=x-NAME", and "type=gha" becomes "type=gha,scope=NAME".
std::string render_cache(const std::string& entry, const std::string& name);

/// Caches that could not be read or written, from bake's plain progress output: warnings, each once.
Problems find_cache_failures(std::string_view progress);
