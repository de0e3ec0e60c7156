// A publication as text and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "publication/publication.h"

PublicationRecord parse_publication_json(std::string_view text, const std::string& source) {
    const auto refuse = [&](const std::string& what) {
        throw Error{Exit::failed, {source}, what, "publish again: every publication writes it"};
    };
    const rapidjson::Document root = parse_tool_json(text, source);
    if (!member(root, "steps").IsArray() || !member(root, "images").IsArray())
        refuse("this is not the record of a publication");
    PublicationRecord record{.destination = text_at(root, "destination"), .complete = false};
    const auto steps = items_at(root, "steps");
    record.complete = !member(root, "refused").IsTrue() &&
                      std::ranges::all_of(steps, [](const Json& step) { return member(step, "done").IsTrue(); });
    for (const Json& image : items_at(root, "images")) {
        const auto digest = Digest::parse(text_at(image, "digest"));
        const auto inputs = Digest::parse(text_at(image, "inputs"));
        if (!digest || !inputs) refuse("an image without its digests");
        record.images.push_back({text_at(image, "name"), text_at(image, "repository"), text_at(image, "tag"), *digest,
                                 *inputs, !member(image, "as_built").IsFalse()});
    }
    return record;
}

std::string render_pull_reference(const PublicationRecord& record, const PublishedImage& image) {
    if (record.destination.starts_with("oci:")) return "";
    // The namespace is a part of the repository's name already.
    return record.destination.substr(0, record.destination.find('/')) + "/" + image.repository + "@" +
           image.index.text();
}

std::string render_step_kind(StepKind kind) {
    constexpr std::array words = {"store manifest", "store index", "write version tag", "move tag"};
    return words.at(static_cast<std::size_t>(kind));
}

std::string render_publication(const Publication& publication, const std::string& destination) {
    if (publication.is_refused())
        return "nothing may be published to " + destination + "\n" + render_problems(publication.problems);
    std::string text = fmt::format("to {}:\n", destination);
    if (!publication.reason.empty()) text += fmt::format("  {:<18} {}\n", "rollback because", publication.reason);
    for (const PublishedIndex& image : publication.to_rescan) {
        text += fmt::format("  {:<18} {}  {}  (fetched and scanned again before its tags move)\n", "finish",
                            image.index.brief(), image.repository);
    }
    for (const Step& step : publication.steps) {
        const std::string what = step.tag.empty() ? step.repository : step.repository + ":" + step.tag;
        text +=
            fmt::format("  {:<18} {}  {}  ({})\n", render_step_kind(step.kind), step.digest.brief(), what, step.why);
    }
    for (const std::string& note : publication.notes) text += fmt::format("  {:<18} {}\n", "left alone", note);
    for (const Problem& warning : publication.warnings) text += fmt::format("  {:<18} {}\n", "warning", warning.what);
    return text;
}

std::string render_publication_json(const Publication& publication, const std::string& destination, std::size_t done) {
    JsonWriter json;
    json.open_object();
    json.field("destination", destination);
    json.field("refused", publication.is_refused());
    if (!publication.reason.empty()) json.field("rollback_because", publication.reason);
    json.open_array("problems");
    for (const Problem& problem : publication.problems) json.item(problem.what);
    json.close();
    json.open_array("images");
    for (const PublishedImage& image : publication.images)
        json.object({{"name", image.name},
                     {"repository", image.repository},
                     {"tag", image.version_tag},
                     {"digest", image.index.text()},
                     {"inputs", image.inputs.text()},
                     {"as_built", image.as_built}});
    json.close();
    json.open_array("steps");
    for (std::size_t i = 0; i < publication.steps.size(); ++i) {
        const Step& step = publication.steps[i];
        const std::string before = step.before ? step.before->text() : "nothing";
        json.object({{"action", render_step_kind(step.kind)},
                     {"repository", step.repository},
                     {"tag", unless_empty(step.tag)},
                     {"digest", step.digest.text()},
                     {"before", unless_empty(step.tag.empty() ? "" : before)},
                     {"why", step.why},
                     {"done", i < done}});
    }
    json.close();
    json.list("left_alone", publication.notes);
    json.open_array("warnings");
    for (const Problem& warning : publication.warnings) json.item(warning.what);
    return json.text();
}
