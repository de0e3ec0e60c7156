#include "pipeline/revision.h"

#include <charconv>

#include "base/text.h"

namespace {

/// In a workflow the work tree belongs to somebody else than us, which git refuses unless told otherwise (runner.md
/// §4).
std::string ask_git(const World& world, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "safe.directory=*"});
    Command command{.argv = std::move(arguments), .environment = child_environment(world.environment)};
    const Finished finished = world.processes.run(command);
    return finished.exit_code == 0 ? std::string(trimmed(finished.out)) : "";
}

Time parse_epoch(const std::string& text) {
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return Time(std::chrono::seconds(seconds));
}

}  // namespace

std::string load_revision(const World& world) {
    return ask_git(world, {"rev-parse", "--verify", "--quiet", "HEAD"});
}

Time load_source_date(const World& world, const std::vector<std::string>& paths, Problems& warnings) {
    const auto given = world.environment.find("SOURCE_DATE_EPOCH");
    if (given != world.environment.end()) return parse_epoch(given->second);
    std::vector<std::string> arguments = {"log", "-1", "--format=%ct %P", "--"};
    arguments.insert(arguments.end(), paths.begin(), paths.end());
    const std::string found = ask_git(world, arguments);
    // A commit without parents is the history's first one, or the one at which a shallow clone was cut off.
    const bool has_parents = fields_of(found, ' ').size() > 1;
    if (!found.empty() && !has_parents && ask_git(world, {"rev-parse", "--is-shallow-repository"}) == "true") {
        warnings.push_back({{},
                            "the clone is shallow, so the images' creation date is that of its oldest commit and "
                            "changes with every commit",
                            "fetch the whole history: actions/checkout with fetch-depth: 0",
                            Level::warning});
    }
    return parse_epoch(found);
}
