// Four built images with a clean verdict, and an in-memory registry to publish them to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "commands/built_images.h"
#include "commands/commands.h"
#include "pipeline/images.h"
#include "pipeline/publish.h"
#include "registry/fake_registry.h"

/// The end of a publication, thrown or returned.
struct Ended {
    Exit exit = Exit::done;
    Problems problems{};
};

struct PublishScene {
    BuiltWorld fake;
    FakeRegistry registry{fake};
    std::map<std::string, std::string> options = {{"to", "localhost:5000"}};
    Outcome outcome = Outcome::clean;
    bool stand_ins = false;
    std::vector<ContractReport> contracts{};

    Settings settings() const { return parse_settings(options); }

    std::vector<Verdict> verdicts(const std::vector<Layout>& layouts) const {
        std::vector<Verdict> verdicts;
        for (const Layout& layout : layouts) {
            verdicts.push_back({.name = layout.name, .manifest = layout.manifest, .outcome = outcome});
            verdicts.back().stand_in_bases = stand_ins;
        }
        return verdicts;
    }

    Published publish() {
        const Settings given = settings();
        const World world = fake.world();
        const Project project = load_project(world, given);
        const std::vector<Layout> layouts = load_built_images(world, given, project);
        fake.http.sent.clear();
        return publish_images(world, given, project, layouts, verdicts(layouts), contracts);
    }

    Ended publish_or_end() {
        try {
            const Result result = publish().result;
            return {result.exit, result.problems};
        } catch (const Error& error) {
            return {error.exit, error.problems};
        }
    }
};
