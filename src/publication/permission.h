// Whether this run may publish at all, and if not, why: decided from facts of the event, before anything is built.
#pragma once

#include <string>
#include <vector>

enum class PublishMode { automatic, required, off };

/// Where the run happens.
struct EventContext {
    bool in_workflow = false;
    std::string event;             ///< "push"
    std::string ref;               ///< "refs/heads/master"
    std::string repository;        ///< where the workflow runs
    std::string event_repository;  ///< whose event it is
    std::string default_branch;
    bool from_fork = false;
};

struct Permission {
    bool granted = false;
    std::string reason;  ///< one sentence, also when granted
};

/// Whether images are published from this ref: "refs/heads/master" for a listed branch or the default branch.
bool is_publish_branch(const std::string& ref, const std::string& default_branch,
                       const std::vector<std::string>& branches);

/// In a workflow: only for push, schedule and workflow_dispatch, on a publish branch or the default branch, in
/// the event's own repository, never for a fork (runner.md §9). On a laptop: whenever a destination is given.
Permission decide_permission(const EventContext& event_context, PublishMode wish,
                             const std::vector<std::string>& branches);
