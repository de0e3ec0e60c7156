#include "pipeline/contract_tests.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "contract/certificates.h"
#include "expect.h"
#include "probe/layout_on_disk.h"
#include "report/summary.h"

namespace {

/// An engine, one built image, and a contract that it passes.
struct Scene {
    FakeWorld fake;
    FilesWithDisk files;
    FakeEngine engine{fake};
    LayoutOnDisk disk;
    Settings settings;
    Project project;

    Scene() {
        fake.http.stub("GET", "http://docker/_ping", 200, "OK", {{"Api-Version", "1.45"}});
        fake.http.stub("GET", "http://docker/v1.45/version", 200, R"({"Version":"26.1.5"})");
        fake.http.stub("GET", "http://docker/v1.45/info", 200, R"({"OSType":"linux","Architecture":"x86_64"})");
        fake.environment["XDG_CACHE_HOME"] = "/cache";
        settings.out = "out";
        project.plan.matrix.rows = {{.python_version = "3.13.3",
                                     .debian_version = "slim-bookworm",
                                     .distroless_version = "cc-debian12",
                                     .tags = {}}};
        Image image;
        image.name = "x-production";
        image.python_version = "3.13.3";
        project.plan.images = {image};
        project.event.run_url = "https://github.com/defra/python/actions/runs/1";
        std::string off = "off: [";
        const std::vector<ContractReport> all_rows = test();
        for (const ContractRow& row : all_rows[0].rows) {
            if (row.result == RowResult::failed) off += row.id + ", ";
        }
        settings.contract = "contract.yml";
        files.texts["contract.yml"] = off.substr(0, off.size() - 2) + "]\n";
    }

    World world() {
        return {fake.processes, fake.http, files, fake.clock, fake.timings, fake.environment, fake.out, fake.log};
    }

    std::vector<ContractReport> test() { return test_images(world(), settings, project, {disk.layout}); }

    /// True if a container was created for it.
    bool is_tested() {
        fake.http.sent.clear();
        const std::vector<ContractReport> reports = test();
        CHECK(reports.at(0).reused == (fake.http.lines().find("/containers/create") == std::string::npos));
        return !reports[0].reused;
    }

    std::vector<std::string> cached() {
        std::vector<std::string> names;
        for (const auto& [path, text] : files.texts) {
            if (path.string().starts_with("/cache/")) names.push_back(path.string());
        }
        return names;
    }
};

}  // namespace

TEST_CASE("A report names the contract file that its image was tested against, in the file and when it is used again") {
    Scene scene;
    CHECK(scene.test().at(0).contract == "contract.yml");
    CHECK(scene.test().at(0).contract == "contract.yml");
    const std::string name = scene.disk.layout.name + ".json";
    CHECK(load_contract_report(scene.files, "out/tests/" + name)->contract == "contract.yml");
    scene.settings.contract.clear();
    CHECK(scene.test().at(0).contract.empty());
}

TEST_CASE("an image that passed is not tested again, even in another directory; the outputs name the earlier run") {
    Scene scene;
    const ContractReport first = scene.test().at(0);
    CHECK(first.passed());
    CHECK_FALSE(first.reused);
    CHECK(first.tested_by == "https://github.com/defra/python/actions/runs/1");

    scene.settings.out = "elsewhere";
    scene.project.event.run_url = "https://github.com/defra/python/actions/runs/2";
    scene.fake.log.str("");
    scene.fake.http.sent.clear();
    const ContractReport second = scene.test().at(0);
    CHECK(second.reused);
    CHECK(second.tested_by == first.tested_by);
    CHECK(second.rows.size() == first.rows.size());
    CHECK_FALSE(holds(scene.fake.http.lines(), "/containers/create"));
    CHECK(
        holds(scene.fake.log.str(), "1 image tested before, with the same contract and engine, by " + first.tested_by));
    CHECK(holds(render_contract_summary({second}), "Tested by https:&#8203;//github.com/defra/python/actions/runs/1"));
    CHECK(load_contract_reports(scene.world(), scene.settings, {scene.disk.layout}).at(0).tested_by == first.tested_by);
}

TEST_CASE("an image is tested again if anything that the result depends on has changed") {
    Scene scene;
    CHECK(scene.is_tested());
    CHECK_FALSE(scene.is_tested());
    SECTION("the contract") {
        scene.files.texts["contract.yml"] += "limits: {layers: 15}\n";
        CHECK(scene.is_tested());
    }
    SECTION("the certificates") {
        scene.files.texts["certificates/ours.crt"] = make_test_authority("Ours", scene.fake.clock.now()).certificate;
        scene.files.texts["contract.yml"].replace(0, 6, "off: [ca-trusted, ca-bundle, ");
        CHECK(scene.is_tested());
    }
    SECTION("the engine") {
        scene.fake.http.stubs.clear();
        scene.fake.http.stub("GET", "http://docker/_ping", 200, "OK", {{"Api-Version", "1.45"}});
        scene.fake.http.stub("GET", "http://docker/v1.45/version", 200, R"({"Version":"27.0.0"})");
        scene.fake.http.stub("GET", "http://docker/v1.45/info", 200, R"({"OSType":"linux","Architecture":"x86_64"})");
        FakeEngine newer(scene.fake);
        CHECK(scene.is_tested());
    }
    SECTION("the plan for the image") {
        scene.project.plan.job.defra_version = "1.0.1";
        CHECK(scene.is_tested());
    }
    SECTION("the cache entry is damaged") {
        scene.files.texts[scene.cached().at(0)] = "{";
        CHECK(scene.is_tested());
    }
    SECTION("the cache entry belongs to another test") {
        std::string& text = scene.files.texts[scene.cached().at(0)];
        text.replace(text.find("\"key\": \"") + 8, 4, "0000");
        CHECK(scene.is_tested());
    }
}

TEST_CASE("a result with a failed check is never cached") {
    Scene scene;
    scene.files.texts["contract.yml"] = "off: []\n";
    CHECK(scene.is_tested());
    CHECK(scene.cached().empty());
    CHECK(scene.is_tested());
}

TEST_CASE("without a cache every run tests") {
    Scene scene;
    scene.fake.environment.erase("XDG_CACHE_HOME");
    scene.fake.environment.erase("HOME");
    CHECK(scene.is_tested());
    CHECK(scene.is_tested());
}

TEST_CASE("the cache key of a result includes everything it depends on") {
    const LayoutOnDisk disk;
    ImageUnderTest image;
    image.name = disk.layout.name;
    image.platform = disk.layout.platform;
    image.layout = disk.layout;
    TestSettings settings;
    settings.contract.known = {{.row = "stop", .images = {}, .reason = "r", .owner = "o", .review_by = {}, .at = {}}};
    EngineInfo engine;
    engine.description = "26.1.5";
    std::string contract = "off: []";
    Digest program = sha256("program");

    std::set<std::string> keys;
    const auto add = [&] { keys.insert(make_contract_key(image, settings, contract, engine, program)); };
    add();
    add();
    REQUIRE(keys.size() == 1);
    std::size_t changes = 1;
    const auto changed = [&](auto& value, const auto& other) {
        const auto before = value;
        value = other;
        add();
        value = before;
        ++changes;
        CHECK(keys.size() == changes);
    };
    changed(image.name, "another");
    changed(image.platform, "linux/arm64");
    changed(image.layout->manifest, sha256("another"));
    changed(image.layout->config, sha256("another"));
    changed(image.expected.target, Target::development);
    changed(image.expected.distroless, false);
    changed(image.expected.python_version, "3.13.4");
    changed(image.expected.defra_version, "1.0.1");
    changed(image.expected.repository, "other/python");
    changed(image.expected.architecture, "arm64");
    changed(image.expected_failures, std::vector<std::string>{"size"});
    changed(settings.contract.file, "contract.yml");
    changed(settings.today, *parse_date("2026-12-01"));
    changed(settings.certificates, std::vector<CertificateFile>{{"a.crt", "text"}});
    changed(contract, "off: [size]");
    changed(engine.description, "26.1.6");
    changed(engine.architecture, "arm64");
    changed(engine.containerd_store, true);
    changed(program, sha256("another program"));

    settings.contract.known.clear();  // so that no expiry date matters
    const std::string key = make_contract_key(image, settings, contract, engine, program);
    settings.today = *parse_date("2026-12-01");
    CHECK(make_contract_key(image, settings, contract, engine, program) == key);
}

TEST_CASE("adding a result removes those of other builds of the program") {
    Scene scene;
    const std::string of_another_build = "/cache/python-image-action/tests/0123456789abcdef/a.json";
    scene.files.texts[of_another_build] = "{}";
    CHECK(scene.is_tested());
    REQUIRE(scene.cached().size() == 1);
    CHECK(scene.cached().front() != of_another_build);
}
