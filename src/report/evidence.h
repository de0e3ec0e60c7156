// evidence.json of a release: what was decided, when, about which bytes. With the files beside it the decision can be
// made again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "verdict/verdict.h"

struct EvidenceImage {
    std::string name;      ///< "3.13.3-production-linux-amd64"
    std::string image;     ///< "3.13.3-production"
    std::string platform;  ///< "linux/amd64"
    std::string target;    ///< "production"
    Digest manifest;
    Digest config;
    Time decided{};
    Outcome outcome = Outcome::unknown;
    bool stand_in_bases = false;
    bool base_rebuilt = false;  ///< as they were known to the verdict
    std::optional<Time> base_created = {};
};

struct Evidence {
    std::string version;   ///< DEFRA_VERSION
    std::string revision;  ///< the commit
    std::string program;   ///< the version that decided
    std::chrono::hours max_database_age{48};
    std::optional<Severity> severity;  ///< if the gate was given by an option and not by the policy
    std::string policy;                ///< name of the policy file
    std::vector<EvidenceImage> images;
};

std::string render_evidence_json(const Evidence& evidence);
/// Throws Error{failed}, naming `source`, for what render_evidence_json does not write.
Evidence parse_evidence_json(std::string_view text, const std::string& source);
