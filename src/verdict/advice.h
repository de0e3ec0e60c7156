// For each finding the one useful thing to do about it.
#pragma once

#include <map>
#include <set>
#include <string>

#include "findings/finding.h"
#include "findings/inventory.h"

enum class Action { bump_python, rebuild, upgrade_package, no_fix, ours, accepted };
std::string render_action(Action action);  ///< for tables and charts: "bump Python", "upgrade the package"

/// What an advice rests on, beside the finding. Empty for an image that was built elsewhere.
struct ImageEvidence {
    std::string python_version;  ///< "3.13.3": of the image's row
    ImageLayers layers;
    std::string base;           ///< "python:3.13.3-slim-bookworm"; empty: not known
    bool base_rebuilt = false;  ///< that names another digest now
};

struct Advice {
    Action action = Action::no_fix;
    std::string text;  ///< one sentence: "raise pythonVersion from 3.13.3 to 3.13.4 in image-matrix.json"

    bool operator==(const Advice&) const = default;
};

/// What is changed by one step: the binary packages of one source package, or the interpreter of one row.
struct FixGroup {
    std::string version;  ///< the lowest that fixes all of it
    std::set<std::string> packages;
};

/// One version for each thing that has to be changed, over all images of a run: two findings are not two steps.
struct FixPlan {
    std::map<std::string, FixGroup> groups;

    void add(const Finding& finding, const ImageEvidence& evidence);
    /// Where the plan has no fix for it: the finding's own.
    FixGroup find(const Finding& finding, const ImageEvidence& evidence) const;
};

/// Never a version below the installed one, a pre-release or, for the interpreter, another minor version.
Advice advise(const Finding& finding, const ImageEvidence& evidence, const FixPlan& plan = {});

/// What introduced a finding. It stays the same when a fix appears, the base is rebuilt or the risk is accepted,
/// so that what is remembered about a finding by where it is to be fixed stays valid.
enum class IntroducedBy { python, base, ours };
IntroducedBy find_introduced_by(const Finding& finding, const ImageLayers& layers);
