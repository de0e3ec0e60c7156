// Everything that the reports of a run are made from. The pipeline fills it; every render_ function of this
// module reads it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "contract/contract.h"
#include "findings/inventory.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "verdict/verdict.h"

/// The one useful thing a maintainer can do about a finding.
struct Remedy {
    std::string kind;    ///< "rebuild": charts and lists group by it
    std::string text;    ///< a sentence: "rebuild: python:3.13.3-slim-bookworm has openssl 3.0.16 since 2026-11-20"
    Place at;            ///< the line to begin at, always in the same file; an empty file: the matrix line of the image
    std::string waiver;  ///< a policy entry ready to paste; empty unless the finding blocks
};

/// What a change does to one image: compared with the published one, with today's databases.
struct Change {
    Digest published;  ///< that one's manifest
    std::vector<Finding> added;
    std::vector<Finding> gone;
    ImageSize size_before;
    ImageSize size;
    std::optional<std::vector<PackageChange>> packages;   ///< nothing: not the same inventories of both are there
    std::optional<std::vector<ContractChange>> contract;  ///< nothing: one of the two was not tested
};

/// One image on one platform.
struct ImageRun {
    std::string name;                        ///< "3.13.3-production-linux-amd64", as the files in out/ are named
    std::string image;                       ///< "3.13.3-production"
    std::string platform;                    ///< "linux/amd64"
    std::string reference;                   ///< what people pull: "defradigital/python:1.0.0-python3.13.3"
    std::string category;                    ///< of its SARIF, from make_category; never empty
    Place at;                                ///< its row of the matrix
    std::optional<Verdict> verdict;          ///< nothing: it was not judged, which counts as unknown
    std::optional<ContractReport> contract;  ///< nothing: it was not tested
    std::unordered_map<std::string, Remedy> remedies;  ///< by Finding::key(); without one there is no advice
    std::optional<Change> change;                      ///< nothing: there was nothing to compare with
};

/// A base image of ours (out/bases.json).
struct UsedBase {
    std::string reference;           ///< as in FROM: "python:3.13.3-slim-bookworm"
    std::optional<Digest> built_on;  ///< what this run used
    std::optional<Time> made;        ///< when that was made
    std::optional<Digest> current;   ///< what the reference points to now; another digest: the base was rebuilt
    bool stand_in = false;
};

struct WrittenTag {
    std::string reference;  ///< "docker.io/defradigital/python:latest"
    Digest digest;
};

/// How the publication ended, in the publisher's own words.
struct PublicationState {
    enum class Result { published, already_there, not_wanted, refused, incomplete };
    Result result = Result::not_wanted;
    std::string to;      ///< "docker.io/defradigital", "oci:out/registry"
    std::string reason;  ///< why not, or why nothing was to do; empty after a publication
    std::vector<WrittenTag> tags;
    std::string release;    ///< address of the GitHub release; empty: none
    bool as_built = false;  ///< already_there: these very images, not others from the same inputs
};

struct Run {
    std::string program_version;
    std::string command;            ///< "run", "judge", "nightly"
    bool other_images = false;      ///< it is about images that were named, not about those of this checkout
    std::string repository;         ///< "DEFRA/python-docker"; empty on a laptop
    std::string revision;           ///< commit of the work tree; empty if there is none
    std::string address;            ///< of this run in the browser; empty on a laptop
    Time started{};                 ///< the epoch: not known, no duration is shown
    Time finished{};                ///< ages are counted from here; days left: see decision_day
    std::optional<Time> last_good;  ///< of an unknown run: when a scan last had a result; nothing: not known

    Plan plan;  ///< no rows when images are given by reference
    std::vector<ImageRun> images;
    std::vector<UsedBase> bases;

    Policy policy;
    std::string policy_revision;  ///< the policy file's commit or digest; empty: there is no such file
    Problems warnings;            ///< about the policy and its exceptions, ends of support, tags that do not move, …

    std::string not_built;  ///< why nothing was built, and what is published was scanned; empty: images were built
    std::optional<PublicationState> publication;  ///< nothing: this command does not publish
    std::string directory;    ///< of all files named here, in the repository: "images/python/"; empty: its root
    std::string out = "out";  ///< where the files are, for "look here"
};

/// What judge_run says about all verdicts; an image that was not judged makes it unknown. The contract has no part in
/// it.
Outcome outcome_of(const Run& run);
bool is_unknown(const ImageRun& image);      ///< its verdict, or there is none
bool fails_contract(const ImageRun& image);  ///< a row failed, or nothing was tested
bool is_contract_broken(const Run& run);     ///< by any image
/// The day for which was judged: what is left of a waiver or a pause is counted from here. `judge --today` makes it
/// another one than the day of the run, which it is where nothing was judged.
Date decision_day(const Run& run);
bool has_stand_in_bases(const Run& run);
bool has_sample_data(const Run& run);
std::vector<ScannerPause> pauses_of(const Run& run);  ///< those in force when it was judged, each once

/// How many findings are in which state.
struct Counts {
    std::size_t blocking = 0;
    std::size_t pre_existing = 0;
    std::size_t waived = 0;
    std::size_t reported = 0;

    std::size_t all() const { return blocking + pre_existing + waived + reported; }
};

Counts count_findings(const ImageRun& image);
