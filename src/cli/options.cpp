#include "cli/options.h"

#include <algorithm>

#include "base/text.h"
#include "commands/commands.h"

namespace {

// Which commands use an option.
constexpr const char* planning = "all but fetch";
constexpr const char* building = "build, run";
constexpr const char* scanning = "scan, explain, publish, nightly, run";
constexpr const char* judging = "scan, judge, explain, publish, release, nightly, run";
constexpr const char* publishing = "publish, run";
constexpr const char* uploading = "judge, publish, nightly, run";
constexpr const char* pulling = "build, scan, explain, publish, fetch, nightly, run";
constexpr const char* with_registry = "matrix, scan, explain, publish, fetch, nightly, run";
constexpr const char* with_github = "check, matrix, judge, publish, release, nightly, run";
constexpr const char* at_an_event = "matrix, judge, publish, release, run";

}  // namespace

const std::vector<CommandText>& command_table() {
    static const std::vector<CommandText> table = {
        {"check", run_check,
         "Compare image-matrix.json, JOB.env, the Dockerfile, the README and the policy with each other", "problems"},
        {"matrix", run_matrix, "Print the job matrix of a workflow", "matrix, count, versions, build, publish, reason"},
        {"build", run_build, "Build every image in one build graph into out/images", "digests"},
        {"test", run_test, "Test the built images against their contract", "tested"},
        {"scan", run_scan, "Scan the built images with Trivy and Grype, then judge", "verdict, sarif, findings"},
        {"judge", run_judge,
         "Judge again from the reports in out/scans, from two given reports or from those of a release; runs no tool",
         "verdict, sarif, findings"},
        {"explain", run_explain,
         "Report what is known about a vulnerability: whether an image has it, and what was decided about it", "answer",
         "vulnerability"},
        {"publish", run_publish, "Publish exactly the images that were built, scanned and judged clean",
         "published, digests, tags, reason"},
        {"fetch", run_fetch, "Download published images into layouts in out/fetched, each blob once", "digests",
         "reference"},
        {"release", run_release,
         "Make the GitHub release of DEFRA_VERSION, with everything needed to repeat its verdict", "release, created"},
        {"nightly", run_nightly,
         "Scan what is published, with today's databases, and keep one tracking issue up to date",
         "verdict, sarif, findings, issue"},
        {"run", run_all,
         "The whole pipeline: check, build, test, scan, judge, publish and, where --to is given on a branch that "
         "publishes, release",
         "verdict, sarif, findings, problems, tested, digests, build, published, tags, reason, release, created"},
    };
    return table;
}

const CommandText* find_command(const std::string& name) {
    const auto command = std::ranges::find(command_table(), name, &CommandText::name);
    return command == command_table().end() ? nullptr : &*command;
}

const std::vector<OptionText>& option_table() {
    static const std::vector<OptionText> table = {
        {"directory", "DIR", ".", "The work tree; every other path is relative to it", "all"},
        {"out", "DIR", "out", "Directory for all results", "all"},
        {"image-matrix", "FILE", "image-matrix.json", "The versions to build", planning},
        {"job-env", "FILE", "JOB.env", "DEFRA_VERSION and IMAGE_NAME", planning},
        {"dockerfile", "FILE", "Dockerfile", "The Dockerfile with the targets development and production", planning},
        {"only", "PATTERNS", "", "Images to work on, such as 3.13.3-* or *-production; comma-separated",
         "all but fetch, nightly"},
        {"platforms", "LIST", "linux/amd64", "Platforms to build for; comma-separated", "all"},
        {"runners", "LIST", "linux/arm64=ubuntu-24.04-arm",
         "Runners, as PLATFORM=RUNNER: a label, a JSON list of labels or {\"group\": NAME}", "matrix"},
        {"namespace", "NAME", "defradigital", "The organisation in front of the repository's name", planning},
        {"jobs", "N", "", "How many tasks run at the same time; default: the number of processors",
         "build, test, scan, explain, publish, fetch, nightly, run"},
        {"timings", "", "false", "Print at the end where the time went, task by task", "all"},
        {"stand-ins", "FILE", "", "Stand-in base images; nothing made from them reaches a public registry",
         "matrix, build, test, run"},
        {"build-ca", "FILE", "",
         "A bundle of certificate authorities for the downloads of the build only, where an intercepting proxy needs "
         "it",
         building},
        {"builder", "NAME", "", "A buildx builder to use, such as a remote one", building},
        {"buildkit-image", "IMAGE", "",
         "Another BuildKit than the pinned one, for engines without the containerd image store", building},
        {"cache-from", "LIST", "", "Where buildx reads a layer cache from, such as type=gha; separated by semicolons",
         building},
        {"cache-to", "LIST", "", "Where buildx writes a layer cache to; separated by semicolons", building},
        {"mirrors", "LIST", "", "Mirrors of registries, such as gcr.io=cache.example/gcr; comma-separated",
         "build, scan, explain, fetch, nightly, run"},
        {"rebuild", "WORD", "auto",
         "auto: what is published and unchanged is only scanned again, and a build that --out already holds is not "
         "repeated. always: build. no-cache: build every step again, with Debian's latest packages",
         "matrix, build, run"},
        {"contract", "FILE", "", "Another contract for the images, or off", "matrix, test, run"},
        {"reference", "IMAGES", "",
         "Images to use instead of the built ones: from a registry (for test: from the engine); comma-separated",
         "test, scan, explain, fetch"},
        {"layout", "DIR", "", "An OCI layout on disk, to use instead of the built images", "scan, explain"},
        {"vulnerability", "IDS", "", "What to explain, such as CVE-2026-1234; comma-separated", "explain"},
        {"policy", "FILE", usual_policy, "What blocks and what is accepted",
         "check, scan, judge, explain, publish, release, nightly, run"},
        {"severity", "WORD", "",
         "Block from this severity on, whatever the policy says: negligible, low, medium, high or critical", judging},
        {"sarif-severity", "WORD", "medium", "The lowest severity that goes into SARIF files",
         "scan, judge, publish, nightly, run"},
        {"databases", "DIR", "",
         "A directory with both scanners' databases (trivy/, grype/), used as they are; without it they are updated",
         scanning},
        {"max-database-age", "HOURS", "48",
         "The age of a vulnerability database in hours, above which the verdict is unknown", judging},
        {"trivy", "FILE", "", "A Trivy report to judge, instead of out/scans", "judge"},
        {"grype", "FILE", "", "A Grype report to judge, instead of out/scans", "judge"},
        {"digest", "DIGEST", "", "The manifest digest that the given reports are about", "judge"},
        {"today", "DATE", "", "Judge as on this day", "check, judge"},
        {"publish", "MODE", "auto",
         "auto: where the branch and the event allow it; required: fail elsewhere; off: never", at_an_event},
        {"publish-branches", "LIST", "master",
         "Branches that publish, besides the event's default branch; comma-separated", at_an_event},
        {"to", "PLACE", "",
         "Where images are published: a registry such as docker.io, or oci:DIR; default: out/registry",
         "matrix, scan, publish, nightly, run"},
        {"docker-username", "NAME", "",
         "The user who publishes; a plain variable, because a secret would mask the outputs", pulling},
        {"docker-token", "TOKEN", "", "The access token of that user; outside of a workflow, the variable DOCKER_TOKEN",
         pulling, true},
        {"registry-auths", "LIST", "",
         "Logins of other registries that images are pulled from: a YAML list of registry, username and password",
         pulling, true},
        {"insecure", "", "false", "Connect to the registry without TLS, as is always done to one on this machine",
         with_registry},
        {"allow-stand-in", "", "false",
         "Publish images on stand-in bases to a registry on this machine; no other registry ever gets them",
         publishing},
        {"adopt-alias", "", "false",
         "Also move moving tags that name no version: those that were published before this action was used",
         publishing},
        {"rollback-to", "VERSION", "", "Move the moving tags back to this DEFRA_VERSION, and publish nothing",
         "publish"},
        {"reason", "TEXT", "", "Why the tags are moved back; it is recorded", "publish"},
        {"dry-run", "", "false", "Print what would be published, and publish nothing", "publish, release, run"},
        {"token", "TOKEN", "", "The token for GitHub; outside of a workflow, the variable GITHUB_TOKEN", with_github,
         true},
        {"sarif-upload", "MODE", "auto",
         "Upload findings to code scanning; auto: where GitHub accepts them; required: fail elsewhere; off: never",
         uploading},
        {"release", "VERSION", "", "Judge again the scans of that release, as on the day it was made", "judge"},
        {"notify", "NAMES", "", "Who is mentioned in the tracking issue, such as @defra/platform; comma-separated",
         "nightly"},
        {"nightly-fail", "WORD", "news",
         "Which findings make the nightly run fail: news, any or never; an unknown verdict always does", "nightly"},
        {"retire", "MINOR", "", "Close the code scanning alerts of a minor version that was removed, such as 3.11",
         "nightly"},
        {"fix", "", "false",
         "Correct what can be corrected: files follow the matrix and JOB.env, and the scanners' own ignore files move "
         "into the policy",
         "check"},
        {"diff", "", "false", "Show what --fix would change, and change nothing", "check"},
    };
    return table;
}

bool uses(const std::string& command, const OptionText& option) {
    const bool is_exception = option.used_by.starts_with("all but ");
    const std::vector<std::string> named = fields_of(option.used_by.substr(is_exception ? 8 : 0), ',');
    const bool is_named = std::ranges::find(named, command) != named.end();
    return option.used_by == "all" || is_named != is_exception;
}

const std::vector<std::pair<Exit, std::string>>& exit_table() {
    static const std::vector<std::pair<Exit, std::string>> table = {
        {Exit::done, "done"},
        {Exit::refused,
         "the policy or the contract says no: findings that block, a failed check of an image, a version that must not "
         "be overwritten"},
        {Exit::bad_input, "invalid input: every problem is listed, with its line"},
        {Exit::failed, "it could not be done (a tool, the engine, the network, a registry); the verdict is unknown"},
        {Exit::cancelled, "cancelled"},
    };
    return table;
}
