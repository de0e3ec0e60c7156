// The bake file: what buildx is told to make (buildx bake reference; images-run.md §2-3).
#include <algorithm>
#include <cctype>

#include "bake/bake.h"
#include "bake/layer_cache.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace {

namespace fs = std::filesystem;

/// Every text in a bake file is a template; without this a path with "${" in it would be evaluated.
std::string literal(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        escaped += text[i];
        if ((text[i] == '$' || text[i] == '%') && i + 1 < text.size() && text[i + 1] == '{') escaped += text[i];
    }
    return escaped;
}

/// A field of the comma-separated lists that outputs and secrets are given as (RFC 4180).
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string absolute_text(const fs::path& path) {
    return fs::absolute(path).lexically_normal().string();
}

/// What bake reads instead of the reference. A digest names the bytes, so nothing is looked up again and a base that
/// lies here already is not pulled again.
std::string source_of(const Base& base) {
    if (!base.layout.empty()) return "oci-layout://" + absolute_text(base.layout) + "@" + base.digest.text();
    if (!base.pulled_from.empty()) return "docker-image://" + base.pulled_from;
    return "docker-image://" + base.reference.substr(0, base.reference.find('@')) + "@" + base.digest.text();
}

const Base& base_of(const std::vector<Base>& bases, const std::string& reference) {
    const auto found =
        std::find_if(bases.begin(), bases.end(), [&](const Base& base) { return base.reference == reference; });
    if (found != bases.end()) return *found;
    throw Error{
        Exit::failed,
        {{{}, "no digest is known for the base " + reference, "nothing is built on a base that is not pinned"}}};
}

/// With its registry, as the OCI annotation wants it (image-spec, annotations.md): "docker.io/library/python:3".
std::string qualified(const std::string& reference) {
    const std::size_t slash = reference.find('/');
    const std::string first = reference.substr(0, slash);
    if (slash == std::string::npos) return "docker.io/library/" + reference;
    return first.find_first_of(".:") != std::string::npos || first == "localhost" ? reference
                                                                                  : "docker.io/" + reference;
}

/// Annotations and not labels: a service that is built on the image would inherit labels, and they would be wrong there
/// (parent-images.md §7). The commit is not among them; it stands on the index, so that images without a change keep
/// their digest.
std::map<std::string, std::string> make_annotations(const Plan& plan, const Image& image, const BuildSettings& settings,
                                                    const std::string& final_base) {
    const std::string purpose = image.target == Target::development ? "developing" : "running";
    std::map<std::string, std::string> annotations = {
        {"title", "Python " + image.python_version + " " + render_target(image.target) + " parent image"},
        {"description", "Parent image for " + purpose + " services in Python " + image.python_version},
        {"version", plan.job.defra_version},
        {"created", render_time(settings.source_date)},
        {"licenses", "OGL-UK-3.0"}};
    if (!settings.source.empty()) annotations["source"] = settings.source;
    if (!final_base.empty()) {
        annotations["base.name"] = qualified(final_base);
        annotations["base.digest"] = base_of(settings.bases, final_base).digest.text();
    }
    return annotations;
}

/// Target names may not hold dots or slashes.
std::string target_name(const Image& image, const std::string& platform) {
    std::string name = layout_name(image, platform);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c != '-' && std::isalnum(static_cast<unsigned char>(c)) == 0; },
        '-');
    return name;
}

void write_map(JsonWriter& json, std::string_view key, const std::map<std::string, std::string>& entries) {
    json.open_object(key);
    for (const auto& [name, value] : entries) json.field(literal(name), literal(value));
    json.close();
}

void write_list(JsonWriter& json, std::string_view key, const std::vector<std::string>& entries) {
    json.open_array(key);
    for (const std::string& entry : entries) json.item(literal(entry));
    json.close();
}

std::vector<std::string> render_caches(std::vector<std::string> entries, const std::string& name) {
    for (std::string& entry : entries) entry = render_cache(entry, name);
    return entries;
}

void write_target(JsonWriter& json, const Plan& plan, const Image& image, const std::string& platform,
                  const BuildSettings& settings, const Dockerfile& dockerfile, const fs::path& outputs) {
    const std::string target = render_target(image.target);
    Variables arguments = make_build_arguments(plan, image, settings.source_date);
    const TargetBases bases = find_bases(dockerfile, target, arguments, platform);
    std::map<std::string, std::string> contexts;
    for (const BaseUse& use : bases.all) {
        const std::string source = source_of(base_of(settings.bases, use.reference));
        if (use.is_frontend) {
            arguments["BUILDKIT_SYNTAX"] = source.substr(source.find("://") + 3);  // wins over the line in the file
        } else {
            contexts[use.reference] = source;
        }
    }
    std::vector<std::string> annotations;
    for (const auto& [name, value] : make_annotations(plan, image, settings, bases.final_base)) {
        annotations.push_back("manifest:org.opencontainers.image." + name + "=" + value);
    }
    const std::string destination = absolute_text(outputs / layout_name(image, platform));

    json.open_object(target_name(image, platform));
    json.field("context", literal(absolute_text(settings.directory)));
    json.field("dockerfile", literal(settings.dockerfile));
    json.field("target", target);
    write_list(json, "platforms", {platform});
    write_map(json, "args", arguments);
    write_map(json, "contexts", contexts);
    write_list(json, "annotations", annotations);
    write_list(json, "attest", {"type=provenance,mode=max"});
    if (!settings.ca.empty()) write_list(json, "secret", {"id=ca," + csv_field("src=" + absolute_text(settings.ca))});
    const std::string cache_name = plan.job.image_name + "-" + layout_name(image, platform);
    if (!settings.cache_from.empty()) write_list(json, "cache-from", render_caches(settings.cache_from, cache_name));
    if (!settings.cache_to.empty()) write_list(json, "cache-to", render_caches(settings.cache_to, cache_name));
    // A directory for each: exporters that share one race for its files (images-run.md §3). No rewrite-timestamp:
    // BuildKit 0.13 would rewrite the base's layers as well, and the image would no longer stand on them.
    write_list(json, "output", {"type=oci,tar=false," + csv_field("dest=" + destination)});
    json.close();
}

}  // namespace

std::string render_bake(const Plan& plan, const BuildSettings& settings, const Dockerfile& dockerfile,
                        const fs::path& outputs) {
    JsonWriter json;
    json.open_object();
    json.open_object("group");
    json.open_object("default");
    json.open_array("targets");
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) json.item(target_name(image, platform));
    }
    json.close();
    json.close();
    json.close();
    json.open_object("target");
    for (const Image& image : plan.images) {
        for (const std::string& platform : plan.platforms) {
            write_target(json, plan, image, platform, settings, dockerfile, outputs);
        }
    }
    json.close();
    json.close();
    return json.text();
}

std::string render_source_policy(const std::vector<Base>& bases) {
    JsonWriter json;
    const auto write_rule = [&](const char* action, const std::string& identifier) {
        json.open_object();
        json.field("action", action);
        json.open_object("selector");
        json.field("identifier", "docker-image://" + identifier);
        json.field("matchType", "WILDCARD");
        json.close();
        json.close();
    };
    json.open_object();
    json.field("version", 1);
    json.open_array("rules");
    write_rule("DENY", "*");  // the last rule that matches decides
    for (const Base& base : bases) {
        if (!base.stand_in) write_rule("ALLOW", "*@" + base.digest.text());  // stand-ins are layouts, not images
    }
    json.close();
    json.close();
    return json.text();
}
