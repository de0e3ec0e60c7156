#include "system/world.h"

#include <array>

std::string variable(const World& world, const std::string& name, const std::string& otherwise) {
    const auto found = world.environment.find(name);
    return found == world.environment.end() || found->second.empty() ? otherwise : found->second;
}

Environment child_environment(const Environment& ours) {
    constexpr std::array passed = {"PATH",          "HOME",         "TMPDIR",         "LANG",
                                   "HTTP_PROXY",    "http_proxy",   "HTTPS_PROXY",    "https_proxy",
                                   "ALL_PROXY",     "all_proxy",    "NO_PROXY",       "no_proxy",
                                   "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
                                   "GIT_SSL_CAINFO"};
    Environment theirs;
    for (const char* name : passed) {
        if (const auto found = ours.find(name); found != ours.end()) theirs.insert(*found);
    }
    return theirs;
}
