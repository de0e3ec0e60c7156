// What started this run, and what it may do therefore: decided from facts of the event, never from text that anyone
// could have typed into a branch name's place.
#pragma once

#include <string>
#include <vector>

#include "system/world.h"

namespace github {

struct Event {
    bool in_workflow = false;
    std::string name;              ///< "push", "pull_request", "schedule", "workflow_dispatch", …
    std::string ref;               ///< "refs/heads/master"
    std::string repository;        ///< "defra/defra-docker-python": where the workflow runs
    std::string event_repository;  ///< the same, as the event's payload has it
    std::string default_branch;
    std::string revision;       ///< the commit, 40 hexadecimal digits
    std::string head_revision;  ///< of a pull request: its newest commit, where `revision` is that merged into its base
    std::string server;         ///< "https://github.com"
    std::string run_url;
    bool from_fork = false;  ///< the event's repository is a fork, or its pull request or workflow run comes from one
};

/// From GITHUB_* and the event's payload. Outside a workflow: in_workflow is false, all else empty. Throws
/// Error{bad_input} if the payload is missing, is not JSON, or is larger than 25 MiB.
Event load_event(const World& world);

/// True for a change that is not merged yet: a pull request, or the branch of a merge queue, whatever event it causes.
bool is_proposed_change(const Event& event);

/// What the inputs `publish` and `sarif-upload` say.
enum class Mode { automatic, required, off };

struct Permission {
    bool granted = false;
    std::string reason;  ///< one sentence: why not, or why
};

/// Whether images are published from the event's ref: "refs/heads/master" for a listed branch or the default branch.
bool is_publish_branch(const Event& event, const std::vector<std::string>& branches);

/// Whether this run may publish; asked before anything is built. In a workflow: only for push, schedule and
/// workflow_dispatch, on a publish branch, in the event's own repository, never for a fork. Elsewhere: always.
Permission decide_permission(const Event& event, Mode publish, const std::vector<std::string>& branches);

}  // namespace github
