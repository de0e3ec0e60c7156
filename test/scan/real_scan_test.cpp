// The real scanners on a stand-in base, with the sample databases.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "base/text.h"
#include "expect.h"
#include "real_world.h"
#include "scan/scan.h"

namespace {

namespace fs = std::filesystem;

/// A world with tools, databases and a layout; skips the test if one of them is missing.
struct ScanGround : RealWorld {
    fs::path databases;
    std::optional<Layout> layout;

    explicit ScanGround(const char* base = "gcr.io/distroless/cc-debian12:nonroot") {
        const std::string error = thrown_by([&] { find_scanners(world()); });
        if (error != "no error") SKIP("the scanners are not here:\n" << error);
        for (const std::string& name : files.names_in(cache_directory() / "databases")) {
            if (name.starts_with("sample-"))
                copy_directory(cache_directory() / "databases" / name, databases = tree.path / "databases");
        }
        if (databases.empty()) SKIP("no sample databases below " << cache_directory().string());
        const std::optional<std::string> bases = files.read_if_there(cache_directory() / "stand-ins" / "bases.json");
        if (!bases) SKIP("no stand-in bases below " << cache_directory().string());
        const rapidjson::Document document = parse_tool_json(*bases, "bases.json");
        copy_directory(text_at(member(document, base), "layout"), tree.path / "layout");
        layout = load_layout(files, tree.path / "layout", "stand-in", "linux/amd64");
    }

    ScanSettings settings() const {
        ScanSettings settings;
        settings.databases = databases;
        settings.scans = tree.path / "out" / "scans";
        return settings;
    }

    std::vector<ScanResult> scan() {
        run_scans(world(), {*layout}, settings());
        return load_scans(files, settings().scans, layout->name);
    }

  private:
    static void copy_directory(const fs::path& from, const fs::path& to) {
        fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    }
};

/// The part of the results that must be the same however an image was scanned.
std::vector<std::string> essence_of(const Report& report) {
    std::vector<std::string> lines;
    for (const Finding& finding : report.findings) {
        std::string line = finding.id + " " + finding.package + " " + finding.version + " " +
                           render_severity(finding.severity) + " " + finding.path;
        for (const std::string& version : finding.fixed_in) line += " fixed in " + version;
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

void write_text(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

std::string output_of(ScanGround& ground, const std::string& script, const std::vector<std::string>& words) {
    Command command;
    command.argv = {"sh", "-c", script, "sh"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.environment = ground.environment;
    return ground.processes.run(command).out;
}

/// Replaces Grype's scans by this script; all other calls of Grype go to the real one, which is $grype.
void wrap_grype(ScanGround& ground, const std::string& script) {
    const std::string grype(trimmed(output_of(ground, "command -v grype", {})));
    const fs::path wrapper = ground.tree.path / "bin" / "grype";
    write_text(wrapper,
               "#!/bin/sh\ngrype=" + grype + "\ncase \"$*\" in *-q*) ;; *) exec $grype \"$@\" ;; esac\n" + script);
    fs::permissions(wrapper, fs::perms::owner_all);
    ground.environment["PATH"] = wrapper.parent_path().string() + ":" + ground.environment["PATH"];
}

/// Judges with the policy of a gate, at this time.
Verdict judge_scans(const ScanGround& ground, const std::vector<ScanResult>& scans, Time now,
                    std::chrono::hours max_database_age = std::chrono::hours::max()) {
    return judge({.name = ground.layout->name,
                  .manifest = ground.layout->manifest,
                  .config = ground.layout->config,
                  .architecture = "amd64",
                  .scans = scans},
                 {}, now, max_database_age);
}

bool is_unknown_because(const Verdict& verdict, const std::string& part) {
    return verdict.outcome == Outcome::unknown &&
           std::any_of(verdict.unknown_because.begin(), verdict.unknown_because.end(),
                       [&](const std::string& reason) { return reason.find(part) != std::string::npos; });
}

std::string render(const rapidjson::Document& document) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    document.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

/// Writes a blob to the layout.
Digest put_blob(const Layout& layout, const std::string& bytes) {
    const Digest digest = sha256(bytes);
    std::ofstream(blob_path(layout.directory, digest), std::ios::binary) << bytes;
    return digest;
}

/// The uncompressed layer without these files; nullopt if it has none of them.
std::optional<std::string> without_files(ScanGround& ground, const fs::path& layer,
                                         const std::vector<std::string>& files) {
    std::vector<std::string> words = {layer.string(), (ground.tree.path / "layer.tar").string()};
    for (const std::string& name : lines_of(output_of(ground, "tar -tzf \"$1\"", {layer.string()}))) {
        if (std::find(files.begin(), files.end(), name) != files.end()) words.push_back(name);
    }
    if (words.size() == 2) return std::nullopt;
    output_of(ground, "layer=$1 to=$2; shift 2; gzip -dc \"$layer\" | tar --delete -f - \"$@\" >\"$to\"", words);
    return ground.files.read(words[1]);
}

/// Removes these files from the image in the layout.
void take_files_out(ScanGround& ground, const std::vector<std::string>& files) {
    const Layout before = *ground.layout;
    rapidjson::Document config = parse_tool_json(load_config(ground.files, before), "config");
    rapidjson::Document manifest =
        parse_tool_json(ground.files.read(blob_path(before.directory, before.manifest)), "manifest");
    const auto set = [&](rapidjson::Value& descriptor, const std::string& bytes) {
        descriptor["digest"].SetString(put_blob(before, bytes).text(), manifest.GetAllocator());
        descriptor["size"].SetUint64(bytes.size());
    };
    for (rapidjson::SizeType i = 0; i < before.layers.size(); ++i) {
        const auto layer = without_files(ground, blob_path(before.directory, before.layers[i].digest), files);
        if (!layer) continue;
        config["rootfs"]["diff_ids"][i].SetString(sha256(*layer).text(), config.GetAllocator());
        manifest["layers"][i]["mediaType"] = "application/vnd.oci.image.layer.v1.tar";
        set(manifest["layers"][i], *layer);
    }
    set(manifest["config"], render(config));
    const std::string bytes = render(manifest);
    ground.files.write(before.directory / "index.json", render_index({{.media_type = oci_manifest_type,
                                                                       .digest = put_blob(before, bytes),
                                                                       .size = bytes.size(),
                                                                       .platform = "linux/amd64"}},
                                                                     {}));
    ground.layout = load_layout(ground.files, before.directory, "stand-in", "linux/amd64");
    REQUIRE(ground.layout->config != before.config);
}

}  // namespace

TEST_CASE("both scanners report the given image, its operating system and packages", "[whole]") {
    // Only here: the output of the pinned versions of the scanners.
    ScanGround ground;
    const std::vector<ScanResult> results = ground.scan();
    INFO(ground.log.str());
    REQUIRE(results.size() == 2);
    for (const ScanResult& result : results) {
        INFO(result.receipt.failure);
        REQUIRE(result.report.has_value());
        CHECK(result.report->config == ground.layout->config);
        CHECK(result.report->os_family == "debian");
        CHECK(result.report->architecture == "amd64");
        CHECK(result.receipt.packages >= 8);
        CHECK(result.receipt.sample_data);
        CHECK(result.receipt.database_date.has_value());
        CHECK(result.report->hidden_by.empty());
    }
    CHECK(results[1].report->manifest == ground.layout->manifest);
    CHECK(ground.files.names_in(ground.tree.path / "out") == std::vector<std::string>{"scans"});
}

TEST_CASE("files added by a pull request do not change a scan", "[whole]") {
    // Only here: which files the scanners read by themselves.
    ScanGround ground;
    const std::vector<ScanResult> clean = ground.scan();
    const fs::path here = fs::current_path();
    fs::current_path(ground.tree.path);
    for (const fs::path& place : {ground.tree.path, ground.tree.path / "out"}) {
        write_text(place / "trivy.yaml", "severity: [CRITICAL]\nscan:\n  skip-dirs: ['**']\n");
        write_text(place / ".trivyignore", "CVE-2023-45853\n");
        write_text(place / ".grype.yaml", "only-fixed: true\nexclude: ['**']\n");
    }
    ground.environment["HOME"] = ground.tree.path.string();
    ground.environment["TRIVY_SEVERITY"] = "CRITICAL";
    ground.environment["GRYPE_ONLY_FIXED"] = "true";
    const std::vector<ScanResult> planted = ground.scan();
    fs::current_path(here);
    REQUIRE(planted.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        INFO(planted[i].receipt.failure);
        REQUIRE(clean[i].report.has_value());
        REQUIRE(planted[i].report.has_value());
        CHECK(essence_of(*planted[i].report) == essence_of(*clean[i].report));
        CHECK(planted[i].receipt.packages == clean[i].receipt.packages);
    }
}

TEST_CASE("a scan of stored SBOMs gives the findings of a full scan", "[whole]") {
    // Only here: the scanners find the same from an SBOM as from the image.
    ScanGround ground;
    const std::vector<ScanResult> full = ground.scan();
    fs::remove_all(ground.tree.path / "layout");
    REQUIRE(rescan_from_sboms(ground.world(), {*ground.layout}, ground.settings()).size() == 1);
    const std::vector<ScanResult> again = load_scans(ground.files, ground.settings().scans, ground.layout->name);
    REQUIRE(again.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        INFO(again[i].receipt.failure);
        REQUIRE(again[i].report.has_value());
        CHECK(again[i].receipt.of_sbom);
        CHECK_FALSE(full[i].report->findings.empty());
        CHECK(essence_of(*again[i].report) == essence_of(*full[i].report));
    }
}

TEST_CASE("damaged databases and timeouts are failures with a reason", "[whole]") {
    // Only here: how real scanners fail, and how long they take.
    ScanGround ground;
    fs::resize_file(ground.databases / "trivy" / "db" / "trivy.db", 20000);
    fs::resize_file(ground.databases / "grype" / "6" / "vulnerability.db", 20000);
    for (const ScanResult& result : ground.scan()) {
        INFO(result.receipt.failure);
        CHECK_FALSE(result.receipt.failure.empty());
        CHECK_FALSE(result.report.has_value());
    }
    ScanGround slow;
    wrap_grype(slow, "sleep 60\nexec $grype \"$@\"\n");
    ScanSettings settings = slow.settings();
    settings.timeout = std::chrono::seconds(1);
    const std::vector<Receipt> receipts = run_scans(slow.world(), {*slow.layout}, settings);
    CHECK(receipts[1].failure == "grype did not end within 1 s");
}

TEST_CASE("a layer changed on disk is never scanned", "[whole]") {
    // Only here: real scanners, which would run if they were started.
    ScanGround ground;
    write_text(blob_path(ground.layout->directory, ground.layout->layers.front().digest), "another layer");
    for (const ScanResult& result : ground.scan()) {
        CHECK(result.receipt.failure.starts_with("the layout was not scanned: "));
        CHECK(result.receipt.command.empty());
    }
}

TEST_CASE("an interrupted Grype, which exits with 0 without a report, is a failed scan", "[whole][alone]") {
    // Only here: real Grype exits with 0 when it is interrupted.
    ScanGround ground;
    const Time now = ground.clock.now();
    // Too early it is killed, too late it has finished: look for the moment between, on fast machines too.
    wrap_grype(ground,
               "for after in 0.1 0.15 0.2 0.3 0.4 0.5 0.7 1 1.5 2 3 4 6; do\n"
               "    rm -f grype.json\n"
               "    timeout --preserve-status -s INT $after \\\n"
               "        $grype \"$@\" && [ ! -s grype.json ] && exit\n"
               "done\n"
               "exit 9\n");
    const std::vector<ScanResult> scans = ground.scan();
    REQUIRE(scans.size() == 2);
    CHECK(scans[0].report.has_value());
    CHECK_FALSE(scans[1].report.has_value());
    CHECK(scans[1].receipt.failure == "grype ended with exit code 0 but left no report: it was interrupted");
    CHECK(is_unknown_because(judge_scans(ground, scans, now), "grype"));
}

TEST_CASE("the requested platform of a layout is scanned, although it is not the first", "[whole]") {
    // Only here: how real scanners choose between two platforms.
    ScanGround ground;
    const Layout amd64 = *ground.layout;
    take_files_out(ground, {"etc/debian_version"});  // another image
    const Layout other = *ground.layout;
    Descriptor first = other.manifest_descriptor;
    first.platform = "linux/arm64";
    Descriptor second = amd64.manifest_descriptor;
    second.platform = "linux/amd64";
    ground.files.write(amd64.directory / "index.json", render_index({first, second}, {}));
    ground.layout = load_layout(ground.files, amd64.directory, "stand-in", "linux/amd64");
    REQUIRE(ground.layout->config == amd64.config);
    for (const ScanResult& scan : ground.scan()) {
        INFO(scan.receipt.failure);
        REQUIRE(scan.report.has_value());
        CHECK(scan.report->config == amd64.config);
    }
}

TEST_CASE("the verdict is unknown for an image without an operating system", "[whole]") {
    // Only here: what real scanners report for an image without an operating system.
    ScanGround ground;
    const std::vector<ScanResult> before = ground.scan();
    take_files_out(ground, {"etc/os-release", "usr/lib/os-release", "etc/debian_version"});
    const std::vector<ScanResult> scans = ground.scan();
    for (std::size_t i = 0; i < 2; ++i) {
        INFO(scans[i].receipt.failure);
        REQUIRE(scans[i].report.has_value());
        CHECK(scans[i].report->os_family.empty());
        CHECK(scans[i].report->findings.size() < before[i].report->findings.size());  // a silent loss of findings
    }
    CHECK(is_unknown_because(judge_scans(ground, scans, ground.clock.now()), "recognised no operating system"));
}

TEST_CASE("the verdict is unknown for an image without the packages' database", "[whole]") {
    // Only here: what real scanners report where the packages of the system cannot be found.
    ScanGround ground;
    std::vector<std::string> records;
    for (const Descriptor& layer : ground.layout->layers) {
        const std::string blob = blob_path(ground.layout->directory, layer.digest).string();
        for (const std::string& file : lines_of(output_of(ground, "tar -tzf \"$1\"", {blob}))) {
            if (file.starts_with("var/lib/dpkg/") && !file.ends_with("/")) records.push_back(file);
        }
    }
    take_files_out(ground, records);
    const std::vector<ScanResult> scans = ground.scan();
    for (const ScanResult& scan : scans) CHECK(holds(scan.receipt.failure, "lists no package of the operating system"));
    CHECK(is_unknown_because(judge_scans(ground, scans, ground.clock.now()), "no inventory of the packages"));
}

TEST_CASE("the verdict is unknown if the database of either scanner is too old for the gate", "[whole]") {
    // Only here: where real scanners report the age of their databases.
    ScanGround ground;
    const std::vector<ScanResult> scans = ground.scan();
    const std::chrono::hours allowed(48);
    for (const ScanResult& scan : scans) {
        const Time made = scan.receipt.database_date.value();
        CHECK(is_unknown_because(judge_scans(ground, scans, made + allowed + std::chrono::minutes(1), allowed),
                                 render_scanner(scan.receipt.scanner) + " used a database of " + render_time(made)));
    }
}

TEST_CASE("findings suppressed by Grype's own rules are shown, and Trivy's findings count", "[whole]") {
    // Only here: Grype's own ignore rules, and Trivy's findings for the same packages.
    ScanGround ground("python:3.12.3-slim-bookworm");
    const std::vector<ScanResult> scans = ground.scan();
    const auto is_zlib = [](const Finding& finding) { return finding.id == "CVE-2023-45853"; };
    const std::vector<Finding>& trivy = scans[0].report->findings;
    const std::vector<Finding>& grype = scans[1].report->findings;
    REQUIRE(std::any_of(trivy.begin(), trivy.end(), is_zlib));
    CHECK(std::none_of(grype.begin(), grype.end(), is_zlib));
    const Verdict verdict = judge_scans(ground, scans, ground.clock.now());
    const bool shown = std::any_of(verdict.reported.begin(), verdict.reported.end(), is_zlib) ||
                       std::any_of(verdict.blocking.begin(), verdict.blocking.end(), is_zlib);
    CHECK(shown);
}
