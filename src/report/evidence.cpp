#include "report/evidence.h"

#include "base/json.h"

namespace {

constexpr int format = 1;  ///< raised when a reader of the old form would misunderstand the new one

}  // namespace

std::string render_evidence_json(const Evidence& evidence) {
    JsonWriter json;
    json.open_object();
    json.field("format", format);
    json.field("version", evidence.version);
    json.field("revision", evidence.revision);
    json.field("program", evidence.program);
    json.field("max_database_age_hours", static_cast<std::int64_t>(evidence.max_database_age.count()));
    if (evidence.severity) json.field("severity", render_severity(*evidence.severity));
    json.field("policy", evidence.policy);
    json.open_array("images");
    for (const EvidenceImage& image : evidence.images) {
        json.object({{"name", image.name},
                     {"image", image.image},
                     {"platform", image.platform},
                     {"target", image.target},
                     {"manifest", image.manifest.text()},
                     {"config", image.config.text()},
                     {"decided", render_time(image.decided)},
                     {"outcome", render_outcome(image.outcome)},
                     {"stand_in_bases", image.stand_in_bases},
                     {"base_rebuilt", image.base_rebuilt},
                     {"base_created", unless_empty(image.base_created ? render_time(*image.base_created) : "")}});
    }
    return json.text();
}

Evidence parse_evidence_json(std::string_view text, const std::string& source) {
    const rapidjson::Document root = parse_tool_json(text, source);
    if (number_at(root, "format") != format)
        throw Error{Exit::failed,
                    {source},
                    "this is not evidence that this program can read",
                    "use the program's newest version"};
    Evidence evidence{.version = text_at(root, "version"),
                      .revision = text_at(root, "revision"),
                      .program = text_at(root, "program"),
                      .max_database_age = std::chrono::hours(number_at(root, "max_database_age_hours")),
                      .severity = parse_severity(text_at(root, "severity")),
                      .policy = text_at(root, "policy")};
    const auto required = [&](const auto& parsed, const char* key) {
        if (parsed) return *parsed;
        throw Error{
            Exit::failed, {source}, std::string("an image without its ") + key, "it was changed: fetch it again"};
    };
    for (const Json& image : items_at(root, "images")) {
        evidence.images.push_back({.name = text_at(image, "name"),
                                   .image = text_at(image, "image"),
                                   .platform = text_at(image, "platform"),
                                   .target = text_at(image, "target"),
                                   .manifest = required(Digest::parse(text_at(image, "manifest")), "manifest"),
                                   .config = required(Digest::parse(text_at(image, "config")), "config"),
                                   .decided = required(parse_time(text_at(image, "decided")), "decided"),
                                   .outcome = parse_outcome(text_at(image, "outcome")),
                                   .stand_in_bases = member(image, "stand_in_bases").IsTrue(),
                                   .base_rebuilt = member(image, "base_rebuilt").IsTrue(),
                                   .base_created = parse_time(text_at(image, "base_created"))});
    }
    return evidence;
}
