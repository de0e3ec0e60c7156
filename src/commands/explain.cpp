// `explain`: whether an image has a vulnerability, and what was decided about it.
#include "verdict/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/text.h"
#include "commands/commands.h"
#include "pipeline/given_images.h"
#include "pipeline/images.h"
#include "pipeline/scans.h"
#include "report/escape.h"
#include "scan/scan.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_answer = 4000;  // characters: what an image says must not become another line

/// What an explanation is made from.
struct KnownImages {
    std::vector<Verdict> verdicts;
    std::map<std::string, ImageLayers> layers;
    std::vector<std::string> not_scanned;  ///< images of the matrix that were not scanned here
};

KnownImages scan_named(const World& world, const Settings& settings, Result& result) {
    const Project project = load_policy_project(world, settings);
    const std::vector<GivenImage> images = load_given_images(world, settings, result.problems);
    KnownImages known{scan_given_images(world, settings, project, images), {}, {}};
    for (const GivenImage& image : images)
        known.layers[image.layout.name] = parse_image_layers(load_config(world.files, image.layout), image.layout.name);
    return known;
}

/// Nothing is published by this: the receipts' word on which image they are about is enough. What the last verdict knew
/// about the image's base still holds.
Subject make_known_subject(const World& world, const Settings& settings, const std::string& name,
                           std::vector<ScanResult> scans) {
    Subject subject = make_subject(name, std::move(scans));
    subject.target = name.find("-development-") != std::string::npos  ? "development"
                     : name.find("-production-") != std::string::npos ? "production"
                                                                      : "";
    const fs::path file = settings.out / "verdicts" / (name + ".json");
    const std::optional<std::string> text = world.files.read_if_there(file);
    if (!text) return subject;
    const Verdict last = parse_verdict_json(*text, file.string());
    if (last.manifest != subject.manifest) return subject;
    subject.base_rebuilt = last.base_rebuilt;
    subject.base_created = last.base_created;
    return subject;
}

/// The images that were built here, with what is known about their layers; names of those that were not scanned.
void add_built(const World& world, const Settings& settings, KnownImages& known) {
    if (!world.files.read_if_there(settings.image_matrix)) return;
    const Project project = load_project(world, settings);
    const std::vector<Base> bases = load_bases(world, settings);
    Problems missing;  // reported below, by image
    for (const Layout& layout : load_layouts_there(world, settings, project, missing))
        known.layers[layout.name] = load_layers(world, project, layout, bases);
    for (const Image& image : project.plan.images) {
        for (const std::string& platform : project.plan.platforms) {
            const std::string name = layout_name(image, platform);
            const bool scanned = std::ranges::find(known.verdicts, name, &Verdict::name) != known.verdicts.end();
            if (!scanned) known.not_scanned.push_back(name);
        }
    }
}

/// Judged by the policy of today; nothing is written.
KnownImages judge_kept(const World& world, const Settings& settings) {
    const Project project = load_policy_project(world, settings);
    const fs::path directory = settings.out / "scans";
    KnownImages known;
    for (const std::string& name : world.files.names_in(directory)) {
        const bool is_wanted =
            settings.only.empty() || std::ranges::any_of(settings.only, [&](const std::string& pattern) {
                return matches_pattern(pattern, name) || matches_pattern(pattern + "-*", name);  // as of the matrix
            });
        if (!is_wanted) continue;
        std::vector<ScanResult> scans = load_scans(world.files, directory, name);
        if (scans.empty()) continue;
        known.verdicts.push_back(judge(make_known_subject(world, settings, name, std::move(scans)), project.policy,
                                       world.clock.now(), settings.max_database_age));
    }
    add_built(world, settings, known);
    return known;
}

}  // namespace

Result run_explain(const World& world, const Settings& settings) {
    if (settings.vulnerabilities.empty()) {
        throw Error{Exit::bad_input, "no vulnerability is named",
                    "python-image-action explain CVE-2026-1234 --reference IMAGE"};
    }
    Result result;
    const KnownImages known =
        names_images(settings) ? scan_named(world, settings, result) : judge_kept(world, settings);
    Problems problems;
    for (const std::string& id : settings.vulnerabilities) {
        if (const std::string hint = check_id(id, known.verdicts); !hint.empty())
            add(problems, {}, fmt::format("\"{}\" is not an id of a vulnerability", clean_line(id, 100)), hint);
    }
    if (!problems.empty()) throw Error{Exit::bad_input, problems};
    Answer worst = Answer::not_found;
    for (const std::string& id : settings.vulnerabilities) {
        std::vector<Explanation> explanations = explain(known.verdicts, id, known.layers);
        for (const std::string& name : known.not_scanned)
            explanations.push_back({name, Answer::not_known, "not known: it was not scanned here"});
        if (explanations.empty()) worst = Answer::not_known;
        for (Explanation& explanation : explanations) {
            explanation.text = clean_line(explanation.text, longest_answer);
            worst = std::min(worst, explanation.answer);
        }
        world.out << render_explanations(id, explanations);
    }
    const bool sample = std::ranges::any_of(known.verdicts, &Verdict::sample_data);
    if (sample) {
        add(result.problems, {}, "this was looked up in sample data, which says nothing about real vulnerabilities",
            "scan with the scanners' own databases", Level::warning);
    }
    result.outputs["answer"] = render_answer(worst);
    if (worst != Answer::not_known) return result;
    result.exit = Exit::failed;
    add(result.problems, {}, "not every image could answer",
        "scan again, or name an image that is published with --reference", Level::warning);
    return result;
}
