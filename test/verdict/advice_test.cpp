#include <catch2/catch_test_macros.hpp>

#include "expect.h"
#include "findings/fixed_versions.h"
#include "findings/inventory.h"
#include "policy/policy.h"
#include "verdict/advice.h"
#include "verdict/explain.h"
#include "verdict/make.h"
#include "verdict/verdict.h"

namespace {

constexpr Scanner trivy = Scanner::trivy;
constexpr Scanner grype = Scanner::grype;

/// An image with one layer of the base and one of ours.
ImageEvidence evidence_of_image() {
    return {.python_version = "3.13.3",
            .layers = {{"sha256:base", "sha256:ours"}, {"ADD rootfs.tar /", "COPY --from=uv /uv /usr/local/bin/uv"}, 1},
            .base = "python:3.13.3-slim-bookworm"};
}

Finding in_layer(Finding finding, const std::string& layer) {
    finding.layer = layer;
    return finding;
}

Finding interpreter(const std::vector<std::string>& fixed_in) {
    Finding finding = found(grype, "CVE-1", "python", Severity::high);
    finding.package_type = "binary";
    finding.version = "3.13.3";
    finding.fixed_in = fixed_in;
    check_fix(finding);
    return finding;
}

}  // namespace

TEST_CASE("a vulnerability of the interpreter is fixed by the next Python of the same minor version") {
    const ImageEvidence evidence = evidence_of_image();
    CHECK(advise(interpreter({"3.14.0", "3.13.12", "3.13.5", "3.12.11"}), evidence) ==
          Advice{Action::bump_python, "raise pythonVersion from 3.13.3 to 3.13.5 in image-matrix.json"});
    CHECK(advise(interpreter({"3.14.0"}), evidence) ==
          Advice{Action::no_fix, "fixed in 3.14.0, not in 3.13: wait, or accept the risk"});
    CHECK(advise(interpreter({"3.14.0a1"}), evidence) ==
          Advice{Action::no_fix, "fixed in 3.14.0a1, a pre-release: wait, or accept the risk"});
    CHECK(advise(interpreter({"3.13.2"}), evidence) ==
          Advice{Action::no_fix, "fixed in 3.13.2, below the installed 3.13.3: wait, or accept the risk"});
}

TEST_CASE("two findings with a common remedy get one: the version with both fixes") {
    const ImageEvidence evidence = evidence_of_image();
    FixPlan plan;
    for (const char* fixed : {"3.13.4", "3.13.9"}) plan.add(interpreter({fixed}), evidence);
    CHECK(advise(interpreter({"3.13.4"}), evidence, plan).text ==
          "raise pythonVersion from 3.13.3 to 3.13.9 in image-matrix.json");
    std::vector<Finding> libraries;
    for (const char* name : {"libc6", "libc-bin"}) {
        libraries.push_back(in_layer(found(trivy, "CVE-1", name, Severity::high), "sha256:base"));
        libraries.back().reported_by[0].upstreams = {"glibc"};
    }
    libraries[0].fixed_in = {"1.2~rc1"};
    libraries[1].fixed_in = {"1.10"};
    for (const Finding& library : libraries) plan.add(library, evidence);
    for (const Finding& library : libraries) {
        CHECK(advise(library, evidence, plan).text ==
              "add libc-bin and libc6 to image/security-upgrades.txt, or wait with \"until: base-rebuilt\": Debian has "
              "1.10, the base is not rebuilt yet");
    }
    FixPlan outside;
    for (const Finding& library : libraries) outside.add(library, {});
    CHECK(advise(libraries[0], {}, outside).text == "update libc-bin and libc6 to 1.10");
    Finding unfixed = libraries[0];  // the version that fixes another vulnerability is no remedy for this one
    unfixed.fixed_in = {"0.9"};
    CHECK(advise(unfixed, {}, outside).text == "fixed in 0.9, below the installed 1.0: wait, or accept the risk");
}

TEST_CASE("if a rebuilt base may have the fix, the advice is to rebuild, otherwise to upgrade or wait") {
    ImageEvidence evidence = evidence_of_image();
    const Finding ssl = in_layer(found(trivy, "CVE-1", "libssl3", Severity::high), "sha256:base");
    CHECK(advise(ssl, evidence) == Advice{Action::upgrade_package,
                                          "add libssl3 to image/security-upgrades.txt, or wait with \"until: "
                                          "base-rebuilt\": Debian has 1.1, the base is not rebuilt yet"});
    evidence.base_rebuilt = true;
    CHECK(advise(ssl, evidence) ==
          Advice{Action::rebuild, "build again: python:3.13.3-slim-bookworm was rebuilt since"});
    evidence.layers = {};
    CHECK(advise(ssl, evidence).action == Action::rebuild);  // Debian packages come with the base
}

TEST_CASE("packages of distroless cannot be upgraded: the advice is to wait for the next image") {
    ImageEvidence evidence = evidence_of_image();
    evidence.base = "gcr.io/distroless/cc-debian12:nonroot";
    CHECK(advise(in_layer(found(trivy, "CVE-1", "libssl3", Severity::high), "sha256:base"), evidence) ==
          Advice{Action::upgrade_package,
                 "wait with \"until: base-rebuilt\" until gcr.io/distroless/cc-debian12:nonroot is rebuilt: Debian has "
                 "libssl3 in 1.1"});
}

TEST_CASE("a finding in our layer is fixed there") {
    const ImageEvidence evidence = evidence_of_image();
    Finding crate = found_at(trivy, "GHSA-1", "tar", Severity::high, "/usr/local/bin/uv");
    crate.package_type = "rust";
    CHECK(advise(in_layer(crate, "sha256:ours"), evidence) ==
          Advice{Action::ours, "update tar to 1.1 in \"COPY --from=uv /uv /usr/local/bin/uv\""});
    CHECK(advise(crate, evidence) == Advice{Action::ours, "update tar to 1.1 in the Dockerfile"});
    CHECK(advise(in_layer(crate, "sha256:base"), evidence).action == Action::upgrade_package);
    const Finding deb = in_layer(found(trivy, "CVE-1", "tini", Severity::high), "sha256:ours");
    CHECK(advise(deb, evidence) == Advice{Action::ours,
                                          "build again without the cache (rebuild: no-cache) to get tini 1.1, which "
                                          "\"COPY --from=uv /uv /usr/local/bin/uv\" adds; where "
                                          "that is not enough, add tini to image/security-upgrades.txt"});
}

TEST_CASE("without a fix there is nothing to do, and a refused fix differs from a missing one") {
    const ImageEvidence evidence = evidence_of_image();
    CHECK(advise(found(trivy, "CVE-1", "a", Severity::high, FixState::none), evidence) ==
          Advice{Action::no_fix, "no fix yet: wait, or accept the risk"});
    CHECK(advise(found(trivy, "CVE-1", "a", Severity::high, FixState::wont_fix), evidence) ==
          Advice{Action::no_fix, "its maintainers do not plan a fix: wait, or accept the risk"});
    Finding attacked = found(trivy, "CVE-1", "a", Severity::high, FixState::none);
    attacked.known_exploited = true;
    CHECK(advise(attacked, evidence).text ==
          "no fix yet, and known to be exploited: remove or shield what is affected, or accept the risk");
    CHECK(advise(found(trivy, "CVE-1", "a", Severity::critical, FixState::none), evidence).text ==
          "no fix yet: remove or shield what is affected, or accept the risk");
    CHECK(advise(found(trivy, "CVE-1", "a", Severity::critical, FixState::not_affected), evidence).text ==
          "not affected: nothing to do");
}

TEST_CASE("the advice for a secret is to remove and revoke it") {
    Finding secret = found_at(trivy, "private-key", "", Severity::high, "/app/key.pem");
    secret.kind = FindingKind::secret;
    CHECK(advise(in_layer(secret, "sha256:ours"), evidence_of_image()) ==
          Advice{Action::ours,
                 "take /app/key.pem out of the image (from \"COPY --from=uv /uv /usr/local/bin/uv\"), and revoke the "
                 "secret: it is in a layer"});
}

TEST_CASE("a suggested waiver is valid and covers exactly this finding") {
    Finding finding =
        found_at(trivy, "CVE-1", "ja\"ck: #1\n- x", Severity::high, "/s/it's [odd]: *a?.dist-info/METADATA");
    finding.aliases = {"GHSA-1"};
    Finding elsewhere = finding;
    elsewhere.path = "/other";
    elsewhere.paths = {"/other"};
    Problems warnings;
    const Policy policy = parse_policy("exceptions:\n" + render_waiver(finding, today), "policy.yml", warnings);
    CHECK(render_problems(warnings) ==
          "policy.yml:7: warning: the exception for CVE-1 has no owner yet\n"
          "  hint: write who has accepted this risk\n");
    const Verdict verdict = judged(image_with({finding, elsewhere}, {}), policy);
    CHECK(verdict.waived.size() == 1);
    CHECK(verdict.blocking.size() == 1);
}

TEST_CASE("a suggested waiver is well formatted") {
    Finding finding = found_at(trivy, "CVE-2026-0001", "jinja2", Severity::high, "/s/Jinja2.dist-info/METADATA");
    finding.aliases = {"GHSA-aaaa-bbbb-cccc"};
    CHECK(render_waiver(finding, today) == R"(  - id: "CVE-2026-0001"
    aliases: ["GHSA-aaaa-bbbb-cccc"]
    component: "jinja2"
    paths: ["/s/Jinja2.dist-info/METADATA"]
    reason: "fixed in 1.1: say why it can wait"
    owner: your name or team
    added: 2026-11-23
    review_by: 2026-12-23
)");
}

TEST_CASE("the layers of an image are matched with its history") {
    const ImageLayers layers = parse_image_layers(R"({
        "rootfs": {"diff_ids": ["sha256:a", "sha256:b", "sha256:c"]},
        "history": [
          {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
          {"created_by": "ENV A=1", "empty_layer": true},
          {"created_by": "RUN |1 BASE=3 /bin/sh -c apt-get update # buildkit"},
          {"created_by": "COPY --from=uv /uv /bin/uv # buildkit"}]})",
                                                  "config");
    CHECK(layers.created_by ==
          std::vector<std::string>{"ADD file:1 in /", "RUN apt-get update", "COPY --from=uv /uv /bin/uv"});
    CHECK(parse_image_layers(R"({"rootfs": {"diff_ids": ["sha256:a"]}})", "config").created_by ==
          std::vector<std::string>{""});
    CHECK(thrown_by([] { parse_image_layers("{}", "the config"); }) ==
          "the config is not an image configuration: it lists no layers\n");
}

TEST_CASE("a layer belongs to the base or to us, as far as known") {
    ImageLayers layers{{"a", "b", "c"}, {"one", "two", "three"}, 2};
    CHECK(find_origin(layers, "b").owner == LayerOwner::base);
    CHECK(find_origin(layers, "c").owner == LayerOwner::ours);
    CHECK(find_origin(layers, "c").instruction == "three");
    CHECK(find_origin(layers, "d").owner == LayerOwner::unknown);
    CHECK(find_origin(layers, "").owner == LayerOwner::unknown);
    layers.base_layers = 0;
    CHECK(find_origin(layers, "b").owner == LayerOwner::unknown);
}

TEST_CASE("a verdict can be read back") {
    Subject image = image_with({}, {});
    image.scans[0].report = parse_trivy_report(fixture("trivy.json"), "trivy.json");
    image.scans[1].report = parse_grype_report(fixture("grype.json"), "grype.json");
    image.scans[1].receipt.sbom = sha256("sbom");
    image.scans[1].receipt.of_sbom = true;
    image.scans[1].receipt.seconds = 2.5;
    const Policy policy = policy_of(R"(exceptions:
  - {id: CVE-2026-0001, component: libssl3, reason: r, owner: me, added: 2026-11-01, review_by: 2027-01-01, until: base-rebuilt}
)");
    image.base_created = *parse_time("2026-10-30T01:02:03Z");
    Verdict verdict = judged(image, policy);
    verdict.base_rebuilt = true;
    verdict.paused = {{grype, "down", "me", today, {"p", 3}}};
    const std::string text = render_verdict_json(verdict);
    const Verdict again = parse_verdict_json(text, "it");
    CHECK(render_verdict_json(again) == text);
    CHECK(again.outcome == Outcome::vulnerable);
    CHECK(again.manifest == the_manifest);
    CHECK(again.base_rebuilt);
    CHECK(again.base_created == image.base_created);
    REQUIRE(again.waived.size() == 1);
    CHECK(again.waived[0].waiver.at == Place{"vulnerability-policy.yml", 2});
    CHECK(again.waived[0].waiver.review_by == parse_date("2027-01-01"));
    CHECK(again.waived[0].finding.known_exploited);
    CHECK(again.waived[0].finding.epss == 0.64);
    REQUIRE(again.blocking.size() == 5);
    CHECK(again.blocking[0].key() == verdict.blocking[0].key());
    CHECK(again.blocking[0].reported_by[1].severity == Severity::high);
    CHECK(again.suppressed[0].ignored_because == verdict.suppressed[0].ignored_because);
    CHECK(again.paused[0].until == today);
    CHECK(again.receipts[1].sbom == sha256("sbom"));
    CHECK(again.receipts[1].of_sbom);
}

TEST_CASE("what is no verdict, or contradicts itself, is refused; an unknown word for an outcome is unknown") {
    const std::string text =
        render_verdict_json(judged(image_with({found(trivy, "CVE-1", "a", Severity::high)}, {}), {}));
    CHECK(thrown_by([&] { parse_verdict_json("{}", "it"); }) ==
          "it is not a verdict of this program\n  hint: judge again\n");
    CHECK(thrown_by([&] { parse_verdict_json(replaced(text, "\"vulnerable\"", "\"clean\""), "it"); }) ==
          "it calls itself clean and is not\n  hint: judge again\n");
    CHECK(thrown_by([&] { parse_verdict_json(replaced(text, the_manifest.text(), "latest"), "it"); }) ==
          "it has no digest \"manifest\"\n  hint: scan again\n");
    CHECK(parse_verdict_json(replaced(text, "\"vulnerable\"", "\"fine\""), "it").outcome == Outcome::unknown);
}

TEST_CASE("receipts can be read back") {
    std::vector<Receipt> receipts = {scan_of(trivy, {}).receipt, scan_of(grype, {}).receipt};
    receipts[0].failure = "the report is empty";
    receipts[0].exit_code = 143;
    receipts[0].command = "trivy image --input 'x y'";
    receipts[1].sample_data = true;
    receipts[1].bare = true;
    receipts[1].size = {.compressed = 5'000'000'000, .unpacked = 12'000'000'000};
    const std::string text = render_receipts_json(receipts);
    const std::vector<Receipt> again = parse_receipts_json(text, "it");
    CHECK(render_receipts_json(again) == text);
    REQUIRE(again.size() == 2);
    CHECK(again[0].failure == "the report is empty");
    CHECK(again[0].exit_code == 143);
    CHECK(again[0].packages == 90);
    CHECK(again[0].database_date == noon - std::chrono::hours(6));
    CHECK_FALSE(again[0].sbom);
    CHECK(again[0].size.compressed == 0);
    CHECK(again[1].scanner == grype);
    CHECK(again[1].size.compressed == 5'000'000'000);
    CHECK(again[1].size.unpacked == 12'000'000'000);
    CHECK(again[1].sample_data);
    CHECK(again[1].bare);
    CHECK(thrown_by([] { parse_receipts_json("[]", "it"); }) == "it has no list of receipts\n  hint: scan again\n");
    CHECK(thrown_by([] { parse_receipts_json(R"({"receipts": [{"scanner": "snyk"}]})", "it"); }) ==
          "it has a receipt of an unknown scanner \"snyk\"\n  hint: scan again\n");
    CHECK(thrown_by([] { parse_receipts_json(R"({"receipts": [{"scanner": "trivy"}]})", "it"); }) ==
          "it has no digest \"manifest\"\n  hint: scan again\n");
}

TEST_CASE("explain gives a result per image: blocks, not gated, waived, suppressed, not found, not known") {
    Finding high = found(grype, "CVE-1", "a", Severity::high);
    high.aliases = {"GHSA-1"};
    high.layer = "sha256:f251bfe7f15b21f7e6a78939c2283b49";
    const Policy policy = policy_of("exceptions: [{id: CVE-2, reason: not called, owner: me, review_by: 2026-12-01}]");
    Subject image = image_with({found(trivy, "CVE-2", "a", Severity::high)},
                               {high, found(grype, "CVE-3", "b", Severity::low, FixState::none)});
    Finding hidden = found(grype, "CVE-4", "c", Severity::high, FixState::none);
    hidden.ignored_because = "grype suppressed it by a built-in rule (c)";
    image.scans[1].report->ignored = {hidden};
    Subject failed = image_with({}, {});
    failed.name = "3.13.3-development-linux-amd64";
    failed.scans[1].receipt.exit_code = 1;
    const std::vector<Verdict> verdicts = {judged(image, policy), judged(failed, policy)};
    const std::string not_known = "\n  3.13.3-development-linux-amd64: not known: grype ended with exit code 1\n";
    const auto explained = [&](const std::string& id) { return render_explanations(id, explain(verdicts, id)); };

    CHECK(explained("ghsa-1") ==
          "ghsa-1\n  3.13.3-production-linux-amd64: present and blocks: high in a 1.0 (layer sha256:f251bfe7f15b), "
          "fixed in 1.1, also known as GHSA-1, reported by grype" +
              not_known);
    CHECK(explained("CVE-2") ==
          "CVE-2\n  3.13.3-production-linux-amd64: present, accepted by me in vulnerability-policy.yml:1 until "
          "2026-12-01: not called (high in a 1.0, fixed in 1.1, reported by trivy)" +
              not_known);
    CHECK(explained("CVE-3") ==
          "CVE-3\n  3.13.3-production-linux-amd64: present, not gated: low in b 1.0, no fix yet, reported by grype" +
              not_known);
    CHECK(explained("CVE-4") ==
          "CVE-4\n  3.13.3-production-linux-amd64: grype suppressed it by a built-in rule (c): high in c 1.0, no fix "
          "yet, reported by grype" +
              not_known);
    CHECK(explained("CVE-9") ==
          "CVE-9\n  3.13.3-production-linux-amd64: not found by trivy (database of 2026-11-23T06:00:00Z), grype "
          "(database of 2026-11-23T06:00:00Z)" +
              not_known);
    CHECK(render_explanations("CVE-9", explain({}, "CVE-9")) == "CVE-9\n  not known here: no image was judged\n");
    CHECK(explain(verdicts, "CVE-9")[0].answer == Answer::not_found);
    CHECK(explain(verdicts, "CVE-9")[1].answer == Answer::not_known);

    Subject half = image;
    half.scans[0].receipt.exit_code = 1;
    CHECK(explain({judged(half, policy)}, "CVE-3")[0].text ==
          "present, not gated: low in b 1.0, no fix yet, reported by grype; more is not known: trivy ended with exit "
          "code 1");
}

TEST_CASE("a change is shown with added and fixed findings, blocking or not") {
    const Verdict before = judged(
        image_with({found(trivy, "CVE-1", "a", Severity::high), found(trivy, "CVE-2", "a", Severity::low)}, {}), {});
    Finding updated = found(trivy, "CVE-1", "a", Severity::high);
    updated.version = "1.0.1";
    const Verdict after = judged(image_with({updated, found(trivy, "CVE-3", "a", Severity::high)}, {}), {});
    CHECK(ids_of(missing_from(before, after)) == "CVE-3");
    CHECK(ids_of(missing_from(after, before)) == "CVE-2");
}

TEST_CASE("an image is as large as one of its scans reports") {
    Verdict verdict = judged(image_with({}, {}), {});
    CHECK(size_of(verdict).compressed == 0);
    verdict.receipts[0].size = {.compressed = 20, .unpacked = 50};
    verdict.receipts[1].size = {.compressed = 20, .unpacked = 0};
    CHECK(size_of(verdict).compressed == 20);
    CHECK(size_of(verdict).unpacked == 50);
}

TEST_CASE("new-only: findings of the published image do not block; without a baseline all do") {
    const Finding old = found(trivy, "CVE-1", "a", Severity::high);
    const Finding added = found(trivy, "CVE-2", "a", Severity::high);
    const auto judged_after = [&](const std::vector<Finding>& published, std::vector<Finding> now, int exit_code = 0) {
        Subject image = image_with(now, {});
        image.scans[0].receipt.exit_code = exit_code;
        image.published = finding_keys(judged(image_with(published, {}), {}));
        return judged(image, policy_of("gate: {pull_requests: new-only}\n"));
    };
    const Verdict same = judged_after({old}, {old});
    CHECK(same.outcome == Outcome::clean);
    CHECK(ids_of(same.reported) == "CVE-1");
    CHECK(same.pre_existing == std::set{old.key()});
    const Verdict worse = judged_after({old}, {old, added});
    CHECK(worse.outcome == Outcome::vulnerable);
    CHECK(ids_of(worse.blocking) == "CVE-2");
    CHECK(judged_after({found(trivy, "CVE-1", "a", Severity::low)}, {old}).outcome == Outcome::clean);
    CHECK(judged_after({}, {old}).outcome == Outcome::vulnerable);
    const Verdict unknown = judged_after({old}, {old}, 1);
    CHECK(unknown.outcome == Outcome::unknown);
    CHECK(ids_of(unknown.blocking) == "CVE-1");
    CHECK(judged(image_with({old}, {}), {}).outcome == Outcome::vulnerable);
}

TEST_CASE("no-worse: every blocking finding must also block in the published image") {
    const auto verdict_of = [](const std::vector<Finding>& findings) { return judged(image_with(findings, {}), {}); };
    const Finding one = found(trivy, "CVE-1", "a", Severity::high);
    const Finding two = found(trivy, "CVE-2", "a", Severity::high);
    CHECK(is_no_worse(verdict_of({one, two}), verdict_of({one})));
    CHECK(is_no_worse(verdict_of({one}), verdict_of({one})));
    CHECK_FALSE(is_no_worse(verdict_of({one}), verdict_of({two})));
    Verdict unknown = verdict_of({one});
    unknown.outcome = Outcome::unknown;
    CHECK_FALSE(is_no_worse(unknown, verdict_of({one})));
    CHECK_FALSE(is_no_worse(verdict_of({one}), unknown));
}

TEST_CASE("the origin of a finding does not depend on its fix") {
    const ImageLayers layers = evidence_of_image().layers;
    const Finding deb = found(trivy, "CVE-1", "libssl3", Severity::high);
    for (const FixState fix : {FixState::fixed, FixState::none, FixState::wont_fix, FixState::unknown}) {
        const auto origin_of = [&](Finding finding) {
            finding.fix = fix;
            return find_introduced_by(finding, layers);
        };
        CHECK(origin_of(interpreter({"3.13.5"})) == IntroducedBy::python);
        CHECK(origin_of(in_layer(deb, "sha256:base")) == IntroducedBy::base);
        CHECK(origin_of(in_layer(deb, "sha256:ours")) == IntroducedBy::ours);
        CHECK(origin_of(in_layer(deb, "sha256:elsewhere")) == IntroducedBy::base);
        Finding python = found(grype, "CVE-1", "pip", Severity::high);
        python.package_type = "python";
        CHECK(origin_of(in_layer(python, "sha256:base")) == IntroducedBy::base);
        CHECK(origin_of(in_layer(python, "")) == IntroducedBy::ours);
        python.kind = FindingKind::secret;
        CHECK(origin_of(in_layer(python, "sha256:base")) == IntroducedBy::ours);
    }
}
