// The set-up's list of stand-ins for bases that cannot be had.
#include "bake/bake.h"
#include "base/error.h"
#include "base/json.h"

namespace {

namespace fs = std::filesystem;

constexpr const char* remake_hint = "run the set-up again: it writes this file";

/// Adds what the image or the index of this digest says about itself: dates, and layers by platform.
void add_facts(Files& files, const Digest& digest, Base& base) {
    const std::string source = base.layout.string();
    const Manifest manifest = parse_manifest(files.read(blob_path(base.layout, digest)), source);
    for (const Descriptor& child : manifest.children) {
        if (child.platform != "unknown/unknown") add_facts(files, child.digest, base);
    }
    if (!manifest.config) return;
    const std::string text = files.read(blob_path(base.layout, manifest.config->digest));
    const rapidjson::Document config = parse_tool_json(text, source);
    const std::string platform = parse_config_platform(text, source);
    base.layers[platform] = manifest.layers.size();
    base.created = parse_time(text_at(config, "created"));
}

/// One entry of the file; nothing, and a Problem, if it cannot be used.
std::optional<Base> load_stand_in(Files& files, const std::string& reference, const Json& entry, const Place& at,
                                  Problems& problems) {
    const std::optional<Digest> digest = Digest::parse(text_at(entry, "digest"));
    const fs::path layout = text_at(entry, "layout");
    if (!digest) problems.push_back({at, "the stand-in for " + reference + " has no digest", remake_hint});
    if (!layout.is_absolute() || !files.is_directory(layout)) {
        problems.push_back({at,
                            "the stand-in for " + reference + " has no layout: \"" + layout.string() +
                                "\" is no absolute path of a directory",
                            remake_hint});
        return std::nullopt;
    }
    if (!digest) return std::nullopt;
    Base base{.reference = familiar_name(reference).value_or(reference),
              .digest = *digest,
              .created = std::nullopt,
              .digest_now = std::nullopt,
              .layers = {},
              .stand_in = true,
              .excuses = {},
              .images = {},
              .layout = layout,
              .pulled_from = {}};
    for (const Json& excuse : items_at(entry, "excuses")) base.excuses.push_back(text_of(excuse));
    add_facts(files, *digest, base);
    return base;
}

}  // namespace

std::vector<Base> load_stand_ins(Files& files, const fs::path& path) {
    const LinedJson json = parse_people_json(files.read(path), path.string());
    std::vector<Base> bases;
    Problems problems;
    if (!json.root.IsObject()) problems.push_back({json.at(""), "this is no list of stand-ins", remake_hint});
    if (json.root.IsObject()) {
        for (const auto& entry : json.root.GetObject()) {
            const std::string reference = text_of(entry.name);
            const Place at = json.at(child_pointer("", reference));
            std::optional<Base> base = load_stand_in(files, reference, entry.value, at, problems);
            if (base) bases.push_back(std::move(*base));
        }
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return bases;
}
