#include "publication/permission.h"

#include <algorithm>
#include <array>

Permission decide_permission(const Occasion& occasion, PublishWish wish, const std::vector<std::string>& branches) {
    constexpr std::array<const char*, 4> publishing_events = {"push", "schedule", "workflow_dispatch", "release"};
    constexpr const char* heads = "refs/heads/";

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
    const std::string branch = occasion.ref.substr(std::string(heads).size());
    const bool listed = std::find(branches.begin(), branches.end(), branch) != branches.end();
    if (!listed && branch != occasion.default_branch) return {false, "the branch " + branch + " does not publish"};
    return {true, "the branch " + branch + " publishes"};
}
