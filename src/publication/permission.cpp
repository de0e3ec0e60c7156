#include "publication/permission.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace {

constexpr std::string_view heads = "refs/heads/";
constexpr std::array publishing_events = {"push", "schedule", "workflow_dispatch"};

}  // namespace

bool is_publish_branch(const std::string& ref, const std::string& default_branch,
                       const std::vector<std::string>& branches) {
    if (!ref.starts_with(heads)) return false;
    const std::string branch = ref.substr(heads.size());
    return branch == default_branch || std::ranges::find(branches, branch) != branches.end();
}

Permission decide_permission(const EventContext& event_context, PublishMode wish,
                             const std::vector<std::string>& branches) {
    if (wish == PublishMode::off) return {false, "publishing is switched off"};
    if (!event_context.in_workflow) return {true, "this is not a workflow: the person who runs it decides"};
    if (std::ranges::find(publishing_events, event_context.event) == publishing_events.end()) {
        return {false, "an event of the kind \"" + event_context.event + "\" never publishes"};
    }
    if (event_context.from_fork) return {false, "a fork never publishes"};
    if (event_context.repository.empty() || event_context.repository != event_context.event_repository) {
        return {false, "the event is about " + event_context.event_repository + ", the workflow runs in " +
                           event_context.repository};
    }
    if (!event_context.ref.starts_with(heads)) return {false, event_context.ref + " is no branch"};
    const std::string branch = event_context.ref.substr(heads.size());
    if (!is_publish_branch(event_context.ref, event_context.default_branch, branches))
        return {false, "the branch " + branch + " does not publish"};
    return {true, "the branch " + branch + " publishes"};
}
