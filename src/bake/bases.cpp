#include "bake/bases.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/json.h"
#include "base/reference.h"
#include "base/text.h"

namespace {

namespace fs = std::filesystem;

bool is_builders_own(const std::string& variable) {
    return variable.starts_with("BUILD");
}

/// Follows a target through its stages.
class BuildGraph {
  public:
    BuildGraph(const Dockerfile& dockerfile, const std::string& target, const Variables& arguments,
               const std::string& platform)
        : dockerfile_(dockerfile), platform_(platform) {
        std::vector<std::string> parts = fields_of(platform, '/');
        parts.resize(3);
        // As BuildKit sets them above the first FROM. BUILDPLATFORM's are the builder's own.
        variables_ = {{"TARGETPLATFORM", platform},
                      {"TARGETOS", parts[0]},
                      {"TARGETARCH", parts[1]},
                      {"TARGETVARIANT", parts[2]},
                      {"TARGETSTAGE", target}};
        for (std::size_t i = 0; i < dockerfile.stages.size(); ++i) {
            if (!dockerfile.stages[i].name.empty()) stages_.emplace(dockerfile.stages[i].name, i);
        }
        for (const DockerfileArgument& argument : dockerfile.arguments) {
            if (!argument.is_global) continue;
            const auto given = arguments.find(argument.name);
            std::vector<std::string> unset;
            if (given != arguments.end()) {
                variables_[argument.name] = given->second;
            } else if (argument.value) {
                variables_[argument.name] = expand(*argument.value, argument.line, unset);
            } else {
                variables_.emplace(argument.name, "");
            }
        }
    }

    TargetBases follow(const std::string& target) {
        if (!dockerfile_.syntax.empty()) add_image(dockerfile_.syntax, {"", "", dockerfile_.syntax_line, true}, {});
        if (const std::optional<std::size_t> stage = find_stage(target, dockerfile_.stages.size())) {
            add_stages(*stage);
        } else {
            add_problem(0, "there is no stage \"" + target + "\"", "begin it with: FROM … AS " + target);
        }
        if (!problems_.empty()) throw Error{Exit::bad_input, sorted_by_place(problems_)};
        for (const auto& [use, line] : lines_) {
            const auto& [reference, platform, is_frontend] = use;
            bases_.all.push_back({reference, platform, line, is_frontend});
        }
        return bases_;
    }

  private:
    /// Of the stages above stage `before`: those below cannot be used in it.
    std::optional<std::size_t> find_stage(const std::string& name, std::size_t before) const {
        const auto found = stages_.find(lower_case(name));
        return found == stages_.end() || found->second >= before ? std::nullopt : std::optional(found->second);
    }

    /// Stages use only stages above them: the lowest one that is left is needed by no other one that is left.
    void add_stages(std::size_t target) {
        needed_ = {target};
        std::size_t last = target;  // of the target's chain of FROMs, as far as it was followed
        while (!needed_.empty()) {
            const std::size_t index = *needed_.rbegin();
            needed_.erase(index);
            const Stage& stage = dockerfile_.stages[index];
            std::vector<std::string> unset;
            const std::string from = expand(stage.from, stage.line, unset);
            const std::optional<std::size_t> below = find_stage(from, index);
            if (below) {
                needed_.insert(*below);
                if (index == last) last = *below;
                for (const StageSource& source : dockerfile_.stages[*below].triggers) add_source(source, index);
            } else {
                const std::string base = add_image(from, {"", platform_of(stage), stage.line, false}, unset);
                if (index == last) bases_.final_base = base;
            }
            for (const StageSource& source : stage.sources) add_source(source, index);
        }
    }

    void add_source(const StageSource& source, std::size_t index) {
        const std::optional<int> other = line_of_stage(dockerfile_, lower_case(source.name));
        if (const auto number = source.may_be_number ? parse_number(source.name) : std::nullopt) {
            if (*number < static_cast<std::int64_t>(index)) {
                needed_.insert(static_cast<std::size_t>(*number));
            } else {
                add_problem(source.line, "there is no stage " + source.name + " above this one", "they count from 0");
            }
        } else if (const std::optional<std::size_t> stage = find_stage(source.name, index)) {
            needed_.insert(*stage);
        } else if (other) {
            add_problem(source.line, fmt::format("stage {} begins on line {}", shown(source.name), *other),
                        "only stages above this one can be used here");
        } else {
            add_image(source.name, {"", platform_, source.line, false}, {});
        }
    }

    /// Returns the reference in its short form; empty for `scratch`. `unset` are variables that it was made from.
    std::string add_image(const std::string& reference, const BaseUse& use, const std::vector<std::string>& unset) {
        if (reference == "scratch") return "";
        const std::optional<std::string> name = familiar_name(reference);
        if (!name) {
            add_problem(use.line, shown(reference) + " is not an image reference", explain(unset));
            return "";
        }
        if (const std::optional<int> stage = line_of_stage(dockerfile_, *name); stage && !use.is_frontend) {
            add_problem(use.line,
                        fmt::format("the image {} and the stage on line {} have the same name", shown(*name), *stage),
                        "rename the stage: BuildKit would take the pinned image for it");
        }
        const auto known = lines_.try_emplace({*name, use.platform, use.is_frontend}, use.line).first;
        known->second = std::min(known->second, use.line);
        return *name;
    }

    std::string explain(const std::vector<std::string>& unset) const {
        if (unset.empty()) return "a reference is NAME, NAME:TAG or NAME@DIGEST";
        const std::string& name = unset.front();
        if (is_builders_own(name)) return name + " is known to the builder only: use TARGET…";
        for (const DockerfileArgument& argument : dockerfile_.arguments) {
            if (argument.name == name)
                return fmt::format("move ARG {} from line {} above the first FROM: FROM sees no other ARG", name,
                                   argument.line);
        }
        return "declare it above the first FROM: ARG " + name;
    }

    std::string expand(const std::string& text, int line, std::vector<std::string>& unset) {
        std::string problem;
        const std::string expanded = expand_variables(text, variables_, problem, unset);
        if (!problem.empty()) {
            add_problem(line, fmt::format("{} cannot be expanded: {}", shown(text), problem),
                        "use ${NAME}, ${NAME:-default} or ${NAME%%pattern}");
        }
        return expanded;
    }

    std::string platform_of(const Stage& stage) {
        if (stage.platform.empty()) return platform_;
        std::vector<std::string> unset;
        const std::string platform = expand(stage.platform, stage.line, unset);
        return std::ranges::any_of(unset, is_builders_own) ? "" : platform;
    }

    /// One for each line: the others come of the first.
    void add_problem(int line, const std::string& what, const std::string& hint) {
        const bool is_known = std::ranges::any_of(problems_, [&](const Problem& p) { return p.at.line == line; });
        if (!is_known) add(problems_, {dockerfile_.file, line}, what, hint);
    }

    const Dockerfile& dockerfile_;
    const std::string& platform_;
    Variables variables_;
    TargetBases bases_;
    std::map<std::tuple<std::string, std::string, bool>, int> lines_;  ///< of each BaseUse
    std::map<std::string, std::size_t> stages_;                        ///< by name
    std::set<std::size_t> needed_;                                     ///< stages that were not followed yet
    Problems problems_;
};

Base parse_base(const Json& entry, const std::string& source) {
    const std::optional<Digest> digest = Digest::parse(text_at(entry, "digest"));
    if (!digest || text_at(entry, "reference").empty()) {
        throw Error{
            Exit::failed, {source}, "a base without reference or digest", "build again: it is written by every build"};
    }
    Base base{.reference = text_at(entry, "reference"),
              .digest = *digest,
              .created = parse_time(text_at(entry, "created")),
              .digest_now = Digest::parse(text_at(entry, "digestNow")),
              .stand_in = member(entry, "standIn").IsTrue()};
    if (const Json& layers = member(entry, "layers"); layers.IsObject()) {
        for (const auto& layer : layers.GetObject()) {
            const std::string platform = text_of(layer.name);
            base.layers[platform] = static_cast<std::size_t>(std::max<std::int64_t>(0, number_at(layers, platform)));
        }
    }
    base.expected_failures = texts_at(entry, "expected_failures");
    if (const Json& images = member(entry, "images"); images.IsObject()) {
        for (const auto& image : images.GetObject()) {
            if (const auto manifest = Digest::parse(text_of(image.value)))
                base.images.insert_or_assign(text_of(image.name), *manifest);
        }
    }
    return base;
}

/// Of the list of stand-ins.
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

}  // namespace

Variables make_build_arguments(const Plan& plan, const Image& image, Time source_date) {
    const Row& row = plan.row_of(image);
    Variables arguments = {{"BASE_VERSION", row.base_version()},
                           {"PRODUCTION_KIND", row.distroless_version.empty() ? "slim" : "distroless"},
                           {"PYTHON_VERSION", row.python_version},
                           {"DEFRA_VERSION", plan.job.defra_version},
                           {"SOURCE_DATE_EPOCH", std::to_string(source_date.time_since_epoch().count())}};
    if (!row.distroless_version.empty()) arguments["DISTROLESS_VERSION"] = row.distroless_version;
    return arguments;
}

TargetBases find_bases(const Dockerfile& dockerfile, const std::string& target, const Variables& arguments,
                       const std::string& platform) {
    return BuildGraph(dockerfile, target, arguments, platform).follow(target);
}

std::vector<BaseUse> list_bases(const Dockerfile& dockerfile, const Plan& plan) {
    std::vector<BaseUse> bases;
    Problems problems;
    for (const Image& image : plan.images) {
        const Variables arguments = make_build_arguments(plan, image, Time{});
        for (const std::string& platform : plan.platforms) {
            try {  // so that the problems of all targets are reported at once
                for (const BaseUse& use : find_bases(dockerfile, render_target(image.target), arguments, platform).all)
                    if (std::ranges::find(bases, use) == bases.end()) bases.push_back(use);
            } catch (const Error& error) {
                for (const Problem& problem : error.problems)
                    if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(problem);
            }
        }
    }
    if (!problems.empty()) throw Error{Exit::bad_input, sorted_by_place(problems)};
    return bases;
}

bool is_base_of(const Base& base, const Layout& layout) {
    if (base.images.empty()) return true;
    const auto image = base.images.find(layout.name);
    return image != base.images.end() && image->second == layout.manifest;
}

std::string render_bases_json(const std::vector<Base>& bases) {
    JsonWriter json;
    json.open_array();
    for (const Base& base : bases) {
        json.open_object();
        json.field("reference", base.reference);
        json.field("digest", base.digest.text());
        if (base.created) json.field("created", render_time(*base.created));
        if (base.digest_now) json.field("digestNow", base.digest_now->text());
        json.open_object("layers");
        for (const auto& [platform, count] : base.layers) json.field(platform, count);
        json.close();
        json.field("standIn", base.stand_in);
        json.list("expected_failures", base.expected_failures);
        json.open_object("images");
        for (const auto& [name, manifest] : base.images) json.field(name, manifest.text());
        json.close();
        json.close();
    }
    return json.text();
}

std::vector<Base> parse_bases_json(std::string_view text, const std::string& source) {
    const rapidjson::Document document = parse_tool_json(text, source);
    if (!document.IsArray()) {
        throw Error{Exit::failed, {source}, "this is not a list of bases", "build again: it is written by every build"};
    }
    std::vector<Base> bases;
    for (const Json& entry : items_of(document)) bases.push_back(parse_base(entry, source));
    return bases;
}

std::vector<Base> load_stand_ins(Files& files, const fs::path& path) {
    Problems problems;
    const LinedJson json = parse_people_json(files.read(path), path.string(), problems);
    if (!json.root.IsObject())
        throw Error{Exit::bad_input, json.at(""), "this is not a list of stand-ins", remake_hint};
    std::vector<Base> bases;
    for (const auto& entry : json.root.GetObject()) {
        const std::string reference = text_of(entry.name);
        const std::optional<Digest> digest = Digest::parse(text_at(entry.value, "digest"));
        const fs::path layout = text_at(entry.value, "layout");
        if (!digest || !layout.is_absolute() || !files.is_directory(layout)) {
            add(problems, json.at(child_pointer("", reference)),
                "the stand-in for " + reference + " has no digest, or no absolute path of a directory as its layout",
                remake_hint);
            continue;
        }
        Base& base = bases.emplace_back(
            Base{.reference = familiar_name(reference).value_or(reference), .digest = *digest, .stand_in = true});
        base.layout = layout;
        base.expected_failures = texts_at(entry.value, "excuses");
        add_facts(files, *digest, base);
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    return bases;
}
