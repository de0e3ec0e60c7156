#include "pipeline/execute_publication.h"

#include <ostream>

#include "base/text.h"
#include "system/timings.h"

namespace {

constexpr const char* nothing_visible = "Nothing visible changed.";

void save_journal(const World& world, const Settings& settings, const Publication& publication,
                  const Destination& destination, std::size_t done) {
    world.files.write(settings.out / "publication.json",
                      render_publication_json(publication, destination.name(), done));
}

Published dry_run(const World& world, Published published, const Destination& destination) {
    world.out << render_publication(published.publication, destination.name());
    published.state.reason = "this was a dry run";
    published.result.exit = published.publication.exit;
    published.result.outputs["reason"] = published.state.reason;
    return published;
}

Published refused(Published published) {
    const Problems& problems = published.publication.problems;
    published.state.result = PublicationState::Result::refused;
    published.state.reason = problems.front().what;
    published.result.exit = published.publication.exit;
    published.result.problems = problems;
    published.result.problems.insert(published.result.problems.begin(), {{}, nothing_visible, "", Level::notice});
    published.result.outputs["reason"] = published.state.reason;
    return published;
}

/// What is visible by then stands first in the error, and is the reason everybody reads.
Published failed(Published published, const Error& error) {
    published.state.result = PublicationState::Result::incomplete;
    published.state.reason = error.problems.empty() ? "" : error.problems.front().what;
    published.result.exit = error.exit;
    published.result.problems = error.problems;
    published.result.outputs["reason"] = published.state.reason;
    return published;
}

Published done(Published published, const Destination& destination) {
    std::vector<std::string> tags;
    for (const Step& step : published.publication.steps) {
        if (step.tag.empty()) continue;
        tags.push_back(destination.prefix() + step.repository + ":" + step.tag);
        published.state.tags.push_back({tags.back(), step.digest});
    }
    published.state.result =
        tags.empty() ? PublicationState::Result::already_there : PublicationState::Result::published;
    published.state.reason = joined(published.publication.notes, "; ");
    published.result.outputs["published"] = tags.empty() ? "false" : "true";
    published.result.outputs["tags"] = joined(tags, ",");
    published.result.outputs["reason"] = published.state.reason;
    published.result.problems = published.publication.warnings;
    append(published.result.problems, destination.warnings());
    return published;
}

}  // namespace

Published execute_publication(const World& world, const Settings& settings, const Publication& publication,
                              const PublicationSources& sources, Destination& destination, TimedStep& step) {
    Published published{.publication = publication};
    published.state.to = destination.name();
    published.result.outputs = {{"published", "false"}};
    if (settings.dry_run) {
        step.end("nothing: a dry run");
        return dry_run(world, std::move(published), destination);
    }
    save_journal(world, settings, publication, destination, 0);
    if (publication.is_refused()) {
        step.end("refused");
        return refused(std::move(published));
    }
    try {
        const std::string how = destination.execute(publication, sources, [&](std::size_t steps) {
            save_journal(world, settings, publication, destination, steps);
        });
        save_journal(world, settings, publication, destination, publication.steps.size());
        published = done(std::move(published), destination);
        const std::size_t tags = published.state.tags.size();
        step.end(tags == 0 ? "nothing to do: " + published.state.reason
                           : counted(tags, "tag") + " in " + destination.name() + ", " + how);
        return published;
    } catch (const Error& error) {
        if (error.exit == Exit::cancelled) throw;
        step.end("failed");
        return failed(std::move(published), error);
    }
}

void before_anything_is_visible(const std::function<void()>& work) {
    try {
        work();
    } catch (Error& error) {
        const Problem visible = error.exit == Exit::refused ? Problem{{}, nothing_visible, "", Level::notice}
                                                            : Problem{{}, nothing_visible, run_again_hint};
        error.problems.insert(error.problems.begin(), visible);
        throw;
    }
}
