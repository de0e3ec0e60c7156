// The publication: an ordered list of steps that can be printed, tried out and resumed (ARCHITECTURE.md, rules 2 to 6).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
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
inline constexpr const char* title_annotation = "org.opencontainers.image.title";

// What a publication that fails reports about what others see, and what helps.
inline constexpr const char* nothing_visible = "Nothing visible changed.";
inline constexpr const char* run_again_hint =
    "run it again (in a workflow: press Re-run failed jobs): what is right already is left alone";

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
    bool as_built = true;  ///< false: an earlier run's, with other images than those that were built here
};

/// What one tag of the destination names now.
struct ExistingTag {
    std::string repository;
    std::string tag;
    Digest index;
    std::optional<Digest> inputs;  ///< nothing: published before this action
    std::string revision;
    std::string version;  ///< DEFRA_VERSION; empty if not known
    std::string source;   ///< repository it was made from
    std::string title{};  ///< the image's name, "3.13.3-production"; empty if not known
    std::vector<std::string> platforms{};  ///< of the images that the index joins
};

/// Of the tags of the destination, the one of that name; nullptr: it is not there.
const ExistingTag* find_tag(const std::vector<ExistingTag>& existing, const std::string& repository,
                            const std::string& tag);

enum class StepKind { store_manifest, store_index, write_version_tag, move_tag };
std::string render_step_kind(StepKind kind);

struct Step {
    StepKind kind = StepKind::store_manifest;
    std::string repository;
    Digest digest;
    std::string tag;     ///< for write_version_tag and move_tag
    std::string source;  ///< for store_manifest: the layout it comes from; for store_index: the candidate's name
    std::string why;
    std::optional<Digest> before{};  ///< what the tag names until then; nothing: it is not there
};

/// An index that is published already.
struct PublishedIndex {
    std::string name;  ///< Candidate::name
    std::string repository;
    Digest index;
};

/// An image and the index under its version tag after the publication.
struct PublishedImage {
    std::string name;  ///< Candidate::name
    std::string repository;
    std::string version_tag;
    Digest index;
    Digest inputs;
    bool as_built = true;  ///< false: an earlier run put it there, other bytes from the same inputs
};

struct Publication {
    /// Everything by digest before any version tag, every version tag before any moving tag.
    std::vector<Step> steps;
    std::vector<std::string> notes;           ///< what is left alone, and why
    Problems problems;                        ///< why nothing may be published; there are no steps then
    Exit exit = Exit::done;                   ///< of the problems: refused, or failed if a verdict is unknown
    std::vector<PublishedIndex> to_rescan{};  ///< before the steps; then the publication is planned again
    Problems warnings{};                      ///< unexpected, but no reason to stop
    std::vector<PublishedImage> images{};     ///< all of them, whether there is something to do for them or not
    std::string reason{};                     ///< of a rollback, as its author gave it; empty otherwise

    bool is_refused() const { return !problems.empty(); }
};

struct PublicationRules {
    std::string source;              ///< the repository that these images are made from; empty on a laptop
    bool stand_ins_may = false;      ///< the destination is a directory or a loopback registry
    std::set<Digest> no_worse{};     ///< manifests that block, and may ship all the same (is_no_worse)
    bool adopt_moving_tags = false;  ///< move tags of unknown age, too: those that were published before this action
};

/// From what was planned, built and judged, and the tags of the destination: what to do, or every reason why not. Every
/// member that is an image needs a clean verdict for exactly its digest, or one that is no worse. A version tag is
/// written once: the same inputs are published already (an earlier attempt that got half way is completed with its
/// bytes), other inputs or platforms need another DEFRA_VERSION. Moving tags only move forwards in DEFRA_VERSION, and
/// not from an unknown age.
Publication plan_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                             const std::vector<Verdict>& verdicts, const std::vector<ExistingTag>& existing,
                             const PublicationRules& rules);

/// Preflight before the build: reports conflicts with existing tags, and versions that are published from the same
/// inputs already. Produces no steps; ignores Candidate::index and members.
Publication preflight_publication(const Plan& plan, const std::vector<Candidate>& candidates,
                                  const std::vector<ExistingTag>& existing, const PublicationRules& rules);

/// Moves the moving tags of the plan's images back (or forth) to what is published as DEFRA_VERSION `version`: of
/// several patches of Python to the highest one of the image's minor. Writes nothing else. `existing` holds all tags of
/// the repositories. Refused without a reason, and if one of the images is not published under that version.
Publication plan_rollback(const Plan& plan, const std::vector<ExistingTag>& existing, const std::string& version,
                          const std::string& reason);

std::string render_publication(const Publication& publication, const std::string& destination);

/// What is left alone, in one sentence: each reason once, and the moving tags that are right already as their number.
std::string summarize_notes(const Publication& publication);

/// out/publication.json: the plan, and how many of its steps were done.
std::string render_publication_json(const Publication& publication, const std::string& destination, std::size_t done);

/// What out/publication.json and a release's publication.json report: what is published, and where.
struct PublicationRecord {
    std::string destination;  ///< as it was published to: "docker.io", "localhost:5000", "oci:out/registry"
    bool complete = false;    ///< nothing was refused, and every step was done
    std::vector<PublishedImage> images;
};

/// Throws Error{failed}, naming `source`, for what render_publication_json does not write.
PublicationRecord parse_publication_json(std::string_view text, const std::string& source);

/// Where an image is pulled from: "docker.io/defradigital/python@sha256:…". Empty for a directory, from which no one
/// pulls.
std::string render_pull_reference(const PublicationRecord& record, const PublishedImage& image);
