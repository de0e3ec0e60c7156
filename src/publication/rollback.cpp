// Moving tags back to a version that is published: nothing is built, stored or judged for it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/version.h"
#include "publication/publication.h"
#include "publication/versions.h"

namespace {

/// What the image was published as under that version; of several patches of Python the highest.
const ExistingTag* find_target(const Image& image, const std::vector<ExistingTag>& existing,
                               const std::optional<Version>& version) {
    const std::optional<Version> python = parse_version(image.python_version);
    const ExistingTag* best = nullptr;
    std::optional<Version> highest;
    for (const ExistingTag& one : existing) {
        const std::optional<VersionTag> tag = parse_version_tag(one.tag);
        if (one.repository != image.repository || !tag || tag->version != version || !python) continue;
        if (minor_version(tag->python) != minor_version(*python) || tag->python < highest) continue;
        best = &one;
        highest = tag->python;
    }
    return best;
}

void move_back(Publication& publication, const Image& image, const ExistingTag& target,
               const std::vector<ExistingTag>& existing) {
    for (const std::string& tag : image.moving_tags) {
        const ExistingTag* now = find_tag(existing, image.repository, tag);
        if (now != nullptr && now->index == target.index) {
            publication.notes.push_back(fmt::format("{}:{} is at {} already", image.repository, tag, target.tag));
            continue;
        }
        const std::string from = now == nullptr         ? "nothing"
                                 : now->version.empty() ? std::string(now->index.brief())
                                                        : now->version;
        publication.steps.push_back({.kind = StepKind::move_tag,
                                     .repository = image.repository,
                                     .digest = target.index,
                                     .tag = tag,
                                     .why = fmt::format("from {} to {}", from, target.tag),
                                     .before = now == nullptr ? std::nullopt : std::optional(now->index)});
    }
}

}  // namespace

Publication plan_rollback(const Plan& plan, const std::vector<ExistingTag>& existing, const std::string& version,
                          const std::string& reason) {
    Publication publication;
    publication.reason = std::string(trimmed(reason));
    const auto refuse = [&](Exit exit, std::string what, std::string hint) {
        publication.problems.push_back({{}, std::move(what), std::move(hint)});
        publication.exit = std::max(publication.exit, exit);
    };
    if (publication.reason.empty())
        refuse(Exit::bad_input, "a rollback needs a reason", "say in a sentence why the tags go back: it is recorded");
    if (!parse_version(version))
        refuse(Exit::bad_input, "\"" + version + "\" is no DEFRA_VERSION", "three numbers, such as 1.0.0");
    for (const Image& image : plan.images) {
        const ExistingTag* target = find_target(image, existing, parse_version(version));
        if (target == nullptr) {
            refuse(Exit::refused, fmt::format("{} is not published in {} as {}", image.name, image.repository, version),
                   "choose a version that every image was published under, or fewer images with --only");
        } else {
            move_back(publication, image, *target, existing);
        }
    }
    if (publication.is_refused()) publication.steps.clear();
    return publication;
}
