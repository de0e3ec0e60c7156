#include "pipeline/revision.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace {

/// In a workflow the work tree belongs to another user, which git rejects unless it is configured (runner.md
/// §4).
std::string ask_git(const World& world, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-c", "safe.directory=*"});
    Command command{.argv = std::move(arguments), .environment = child_environment(world.environment)};
    const Finished finished = world.processes.run(command);
    return finished.exit_code == 0 ? std::string(trimmed(finished.out)) : "";
}

/// Nothing unless it is a whole number of seconds before the year 10000.
std::optional<Time> parse_epoch(const std::string& text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    if (!is_whole || seconds < 0 || seconds > 253402300799) return std::nullopt;
    return Time(std::chrono::seconds(seconds));
}

}  // namespace

std::string load_revision(const World& world) {
    return ask_git(world, {"rev-parse", "--verify", "--quiet", "HEAD"});
}

Time load_source_date(const World& world, const std::vector<std::string>& paths, Problems& warnings) {
    const std::string given = variable(world, "SOURCE_DATE_EPOCH");
    if (!given.empty()) {
        if (const std::optional<Time> time = parse_epoch(given)) return *time;
        throw Error{Exit::bad_input,
                    {{{},
                      "SOURCE_DATE_EPOCH is \"" + given + "\"",
                      "set it to a whole number of seconds since 1970, or unset it for the date of the last commit"}}};
    }
    std::vector<std::string> arguments = {"log", "-1", "--format=%ct %P", "--"};
    arguments.insert(arguments.end(), paths.begin(), paths.end());
    const std::string found = ask_git(world, arguments);
    const std::vector<std::string> fields = fields_of(found, ' ');
    // A commit without parents is the history's first one, or the one at which a shallow clone was cut off.
    const bool has_parents = fields.size() > 1;
    if (!found.empty() && !has_parents && ask_git(world, {"rev-parse", "--is-shallow-repository"}) == "true") {
        warnings.push_back({{},
                            "the clone is shallow, so the images' creation date is that of its oldest commit and "
                            "changes with every commit",
                            "fetch the whole history: actions/checkout with fetch-depth: 0",
                            Level::warning});
    }
    return parse_epoch(fields.empty() ? "" : fields.front()).value_or(Time{});
}
