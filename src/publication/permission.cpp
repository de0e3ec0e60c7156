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
    return branch == default_branch || std::find(branches.begin(), branches.end(), branch) != branches.end();
}

Permission decide_permission(const Occasion& occasion, PublishWish wish, const std::vector<std::string>& branches) {
    if (wish == PublishWish::off) return {false, "publishing is switched off"};
    if (!occasion.in_workflow) return {true, "this is not a workflow: whoever runs it decides"};
    if (std::find(publishing_events.begin(), publishing_events.end(), occasion.event) == publishing_events.end()) {
        return {false, "an event of the kind \"" + occasion.event + "\" never publishes"};
    }
    if (occasion.from_fork) return {false, "a fork never publishes"};
    if (occasion.repository.empty() || occasion.repository != occasion.event_repository) {
        return {false,
                "the event is about " + occasion.event_repository + ", the workflow runs in " + occasion.repository};
    }
    if (!occasion.ref.starts_with(heads)) return {false, occasion.ref + " is no branch"};
    const std::string branch = occasion.ref.substr(heads.size());
    if (!is_publish_branch(occasion.ref, occasion.default_branch, branches))
        return {false, "the branch " + branch + " does not publish"};
    return {true, "the branch " + branch + " publishes"};
}
