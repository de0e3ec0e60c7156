// The publication: an ordered list of steps that can be printed, tried out and resumed (design: rules 2 to 6).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "plan/plan.h"
#include "verdict/verdict.h"

// Annotations of an index that say what it was made from.
inline constexpr const char* inputs_annotation = "uk.gov.defra.image.inputs";
inline constexpr const char* revision_annotation = "org.opencontainers.image.revision";
inline constexpr const char* source_annotation = "org.opencontainers.image.source";
inline constexpr const char* version_annotation = "org.opencontainers.image.version";

/// One platform's image inside an index, or an attestation of one.
struct Member {
    std::string name;  ///< "3.13.3-production-linux-amd64": where its bytes are
    Digest manifest;
    bool is_attestation = false;
};

/// One image as it would be published.
struct Candidate {
    std::string name;  ///< "3.13.3-production"
    std::string repository;
    std::string version_tag;
    std::vector<std::string> moving_tags;
    Digest index;
    Digest inputs;
    std::vector<Member> members;
};

/// What the destination holds under one tag now.
struct HeldTag {
    std::string repository;
    std::string tag;
    Digest index;
    std::optional<Digest> inputs;  ///< nothing: published before this action
    std::string revision;
    std::string version;  ///< DEFRA_VERSION; empty if not known
    std::string source;   ///< repository it was made from
};

enum class StepKind { store_manifest, store_index, write_version_tag, move_tag };
std::string render_step_kind(StepKind kind);

struct Step {
    StepKind kind = StepKind::store_manifest;
    std::string repository;
    Digest digest;
    std::string tag;     ///< for the two tag actions
    std::string source;  ///< for store_manifest: the layout it comes from; for store_index: the candidate's name
    std::string why;
};

struct Publication {
    std::vector<Step>
        steps;  ///< in this order; everything by digest before any version tag, every version tag before any moving tag
    std::vector<std::string> notes;  ///< what is left alone, and why
    Problems problems;               ///< why nothing may be published; there are no steps then
    Exit exit = Exit::done;          ///< of the problems: refused, or failed if a verdict is unknown

    bool is_refused() const { return !problems.empty(); }
};

struct PublicationRules {
    std::string source;          ///< the repository that these images are made from; empty on a laptop
    bool stand_ins_may = false;  ///< the destination is a folder or a loopback registry
};

/// From what was planned, built and judged, and what the destination holds: what to do, or every reason why not. Every
/// member that is an image needs a clean verdict for exactly its digest. A version tag is written once: the same inputs
/// are already out, other inputs want another DEFRA_VERSION. Moving tags only move forwards in DEFRA_VERSION.
Publication plan_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                             const std::vector<Verdict>& verdicts, const std::vector<HeldTag>& held,
                             const PublicationRules& rules);

std::string render_publication(const Publication& publication, const std::string& destination);

/// out/publication.json: the plan, and how many of its steps were done.
std::string render_publication_json(const Publication& publication, const std::string& destination, std::size_t done);
