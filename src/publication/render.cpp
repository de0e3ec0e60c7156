#include <fmt/format.h>

#include "base/json.h"
#include "publication/publication.h"

std::string render_step_kind(StepKind kind) {
    switch (kind) {
        case StepKind::store_manifest:
            return "store manifest";
        case StepKind::store_index:
            return "store index";
        case StepKind::write_version_tag:
            return "write version tag";
        case StepKind::move_tag:
            return "move tag";
    }
    return "";
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
    for (const PublishedImage& image : publication.images) {
        json.open_object();
        json.field("name", image.name);
        json.field("repository", image.repository);
        json.field("tag", image.version_tag);
        json.field("digest", image.index.text());
        json.field("inputs", image.inputs.text());
        json.field("as_built", image.as_built);
        json.close();
    }
    json.close();
    json.open_array("steps");
    for (std::size_t i = 0; i < publication.steps.size(); ++i) {
        const Step& step = publication.steps[i];
        json.open_object();
        json.field("action", render_step_kind(step.kind));
        json.field("repository", step.repository);
        if (!step.tag.empty()) json.field("tag", step.tag);
        json.field("digest", step.digest.text());
        if (!step.tag.empty()) json.field("before", step.before ? step.before->text() : "nothing");
        json.field("why", step.why);
        json.field("done", i < done);
        json.close();
    }
    json.close();
    json.open_array("left_alone");
    for (const std::string& note : publication.notes) json.item(note);
    json.close();
    json.open_array("warnings");
    for (const Problem& warning : publication.warnings) json.item(warning.what);
    json.close();
    json.close();
    return json.text();
}
