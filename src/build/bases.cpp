// Which bases a Dockerfile reaches, and out/bases.json.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "build/build.h"
#include "build/dockerfile.h"

namespace {

using Arguments = std::map<std::string, std::string>;

/// The stage that a FROM or --from in stage `before` means: by name, or by number; nothing if it names an image.
std::optional<std::size_t> find_stage(const std::vector<Stage>& stages, const std::string& name, std::size_t before) {
    for (std::size_t i = 0; i < before; ++i) {
        if (stages[i].name == lower_case(name) || std::to_string(i) == name) return i;
    }
    return std::nullopt;
}

std::size_t find_target(const std::vector<Stage>& stages, const std::string& target, const std::string& file) {
    const std::optional<std::size_t> found = find_stage(stages, target, stages.size());
    if (found) return *found;
    throw Error{Exit::bad_input,
                {{{file, 0}, "there is no stage \"" + target + "\"", "begin it with: FROM … AS " + target}}};
}

void gather_bases(const std::vector<Stage>& stages, std::size_t stage, std::set<std::size_t>& seen,
                  std::set<std::string>& bases) {
    if (!seen.insert(stage).second) return;
    std::vector<std::string> sources = stages[stage].copies_from;
    sources.push_back(stages[stage].from);
    for (const std::string& source : sources) {
        if (const std::optional<std::size_t> other = find_stage(stages, source, stage)) {
            gather_bases(stages, *other, seen, bases);
        } else if (source != "scratch") {
            bases.insert(source);
        }
    }
}

void write_base(JsonWriter& json, const Base& base) {
    json.open_object();
    json.field("reference", base.reference);
    json.field("digest", base.digest.text());
    if (base.created) json.field("created", render_time(*base.created));
    if (base.digest_now) json.field("digestNow", base.digest_now->text());
    json.open_object("layers");
    for (const auto& [platform, count] : base.layers) json.field(platform, count);
    json.close();
    json.field("standIn", base.stand_in);
    json.open_array("excuses");
    for (const std::string& excuse : base.excuses) json.item(excuse);
    json.close();
    json.close();
}

Base parse_base(const Json& entry, const std::string& source) {
    const std::optional<Digest> digest = Digest::parse(text_at(entry, "digest"));
    if (!digest || text_at(entry, "reference").empty()) {
        throw Error{Exit::failed,
                    {{{source, 0}, "a base without reference or digest", "build again: it is written by every build"}}};
    }
    Base base{.reference = text_at(entry, "reference"),
              .digest = *digest,
              .created = parse_time(text_at(entry, "created")),
              .digest_now = Digest::parse(text_at(entry, "digestNow")),
              .layers = {},
              .stand_in = member(entry, "standIn").IsTrue(),
              .excuses = {},
              .layout = {},
              .pulled_from = {}};
    if (const Json& layers = member(entry, "layers"); layers.IsObject()) {
        for (const auto& layer : layers.GetObject()) {
            const std::string platform = text_of(layer.name);
            base.layers[platform] = static_cast<std::size_t>(std::max<std::int64_t>(0, number_at(layers, platform)));
        }
    }
    for (const Json& excuse : items_at(entry, "excuses")) base.excuses.push_back(text_of(excuse));
    return base;
}

}  // namespace

std::vector<std::string> list_bases(std::string_view dockerfile, const std::string& file, const std::string& target,
                                    const Arguments& arguments) {
    const std::vector<Stage> stages = parse_stages(dockerfile, file, arguments);
    std::set<std::size_t> seen;
    std::set<std::string> bases;
    gather_bases(stages, find_target(stages, target, file), seen, bases);
    return {bases.begin(), bases.end()};
}

std::vector<std::string> list_bases(std::string_view dockerfile, const std::string& file, const Plan& plan) {
    std::set<std::string> bases;
    for (const Image& image : plan.images) {
        const Arguments arguments = make_build_arguments(plan, image, Time{});
        for (std::string& base : list_bases(dockerfile, file, render_target(image.target), arguments))
            bases.insert(std::move(base));
    }
    return {bases.begin(), bases.end()};
}

std::string find_final_base(std::string_view dockerfile, const std::string& file, const std::string& target,
                            const Arguments& arguments) {
    const std::vector<Stage> stages = parse_stages(dockerfile, file, arguments);
    std::size_t stage = find_target(stages, target, file);
    while (const std::optional<std::size_t> below = find_stage(stages, stages[stage].from, stage)) stage = *below;
    return stages[stage].from == "scratch" ? "" : stages[stage].from;
}

std::string render_bases_json(const std::vector<Base>& bases) {
    JsonWriter json;
    json.open_array();
    for (const Base& base : bases) write_base(json, base);
    json.close();
    return json.text();
}

std::vector<Base> parse_bases_json(std::string_view text, const std::string& source) {
    const rapidjson::Document document = parse_tool_json(text, source);
    if (!document.IsArray()) {
        throw Error{Exit::failed,
                    {{{source, 0}, "this is no list of bases", "build again: it is written by every build"}}};
    }
    std::vector<Base> bases;
    for (const Json& entry : items_of(document)) bases.push_back(parse_base(entry, source));
    return bases;
}
