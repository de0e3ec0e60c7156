// Rows about trust: the internal certificate authorities, in every client.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "contract/facts.h"

namespace {

/// Every internal authority is among these.
Observation expect_all(const ImageFacts& facts, const std::set<std::string>& prints) {
    std::vector<std::string> absent;
    for (const Certificate& certificate : facts.certificates) {
        if (!prints.contains(certificate.sha256)) absent.push_back(certificate.subject);
    }
    return {absent.empty() && !facts.certificates.empty(),
            counted(facts.certificates.size(), "internal authority", "internal authorities"),
            absent.empty() ? fmt::format("all, among {}", prints.size()) : "not: " + joined_some(absent, 5)};
}

/// From uv 0.12 a file that cannot be read means: trust no authority.
Observation observe_variables(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> wrong;
    for (const std::string name : {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
                                   "GDAL_CURL_CA_BUNDLE", "PROJ_CURL_CA_BUNDLE"}) {
        const auto variable = facts.config.environment.find(name);
        if (variable == facts.config.environment.end()) {
            wrong.push_back(name + " is not set");
        } else if (list_fingerprints(facts.files.text_of(variable->second)).empty()) {
            wrong.push_back(name + "=" + variable->second + " holds no certificates");
        }
    }
    return expect_none(wrong, "files with certificates");
}

Observation observe_trusted(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer answer = answer_of(facts.python, "trusted");
    if (!answer.error.empty()) return {false, "internal authorities", answer.error};
    return expect_all(facts, {answer.values.begin(), answer.values.end()});
}

/// A service that empties its environment must not lose its trust store.
Observation observe_without_environment(const ImageFacts& facts, const Limits&) {
    const ProbeAnswer with = answer_of(facts.python, "trusted");
    const ProbeAnswer without = answer_of(facts.python, "trusted-without-environment");
    const std::string expected =
        fmt::format("the same {} as with it", counted(with.values.size(), "authority", "authorities"));
    if (!with.error.empty() || !without.error.empty())
        return {false, expected, with.error.empty() ? without.error : with.error};
    return {!with.values.empty() && with.values == without.values, expected,
            counted(without.values.size(), "authority", "authorities")};
}

Observation observe_strictness(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> refused;
    for (const Certificate& certificate : facts.certificates) {
        if (!certificate.refused_because.empty())
            refused.push_back(certificate.subject + ": " + joined(certificate.refused_because, ", "));
    }
    return expect_none(refused);
}

bool is_hash_link(const std::string& path) {
    const std::string directory = "/etc/ssl/certs/";
    return path.starts_with(directory) && path.size() == directory.size() + 10 && path[directory.size() + 8] == '.' &&
           path.find_first_not_of("0123456789abcdef", directory.size()) == directory.size() + 8;
}

Observation observe_hash_links(const ImageFacts& facts, const Limits&) {
    std::set<std::string> prints;
    for (const auto& [path, fact] : facts.files.files) {
        if (is_hash_link(path)) prints.merge(list_fingerprints(facts.files.text_of(path)));
    }
    return expect_all(facts, prints);
}

Observation observe_clients(const ImageFacts& facts, const Limits&) {
    std::vector<std::string> expected = {"urllib", "uv"};
    if (facts.expected.target == Target::development) expected = {"pip", "requests", "urllib", "uv"};
    const ProbeAnswer answer = answer_of(facts.python, "tls-clients");
    if (!answer.error.empty()) return {false, joined(expected, ", "), answer.error};
    std::vector<std::string> clients = answer.values;
    std::ranges::sort(clients);
    return compare(joined(expected, ", "), joined(clients, ", "));
}

}  // namespace

std::vector<RowRule> trust_rows() {
    return {
        {"trust-variables", "the variables that clients read name a trust store", observe_variables},
        {"openssldir", "the trust store is found without any variable", observe_without_environment},
        {"tls-clients", "every client trusts what is in the trust store", observe_clients},
        {"tls-strangers", "no client trusts an authority that is not in the trust store",
         probe_finds_none("tls-strangers")},
        {"ca-bundle", "each internal authority is in the trust store",
         [](const ImageFacts& facts, const Limits&) {
             return expect_all(facts, list_fingerprints(facts.files.text_of("/etc/ssl/certs/ca-certificates.crt")));
         }},
        {"ca-trusted", "Python's default context trusts each internal authority", observe_trusted},
        {"ca-strict", "strict verification, the default from Python 3.13 on, takes each internal authority",
         observe_strictness},
        {"ca-hash-links", "each internal authority has a hash link", observe_hash_links, AppliesTo::with_debian},
    };
}
