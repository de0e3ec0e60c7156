// Fuzzes the parsers of a repository's files: every text is parsed or rejected, no tag is claimed twice, and a fix is
// idempotent.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>

#include "plan/build_context.h"
#include "plan/drift.h"

namespace {

constexpr Date today = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
const Job job{.file = "JOB.env", .defra_version = "1.0.0", .image_name = "python"};

void fuzz_matrix(std::string_view text) try {
    Problems warnings;
    const Matrix matrix = parse_matrix(text, "image-matrix.json", today, warnings);
    const Plan planned = plan_images(matrix, job, "defradigital", {"linux/amd64"}, {});
    render_github_matrix(planned, {});
    std::set<std::string> claimed;  // a tag points to one image, version tags included
    for (const Image& image : planned.images) {
        if (!claimed.insert(image.repository + ":" + image.version_tag).second) std::abort();
        for (const std::string& tag : image.moving_tags) {
            if (!claimed.insert(image.repository + ":" + tag).second) std::abort();
        }
    }
} catch (const Error&) {
}

void fuzz_job(std::string_view text) try {
    Problems warnings;
    parse_job_env(text, "JOB.env", warnings);
} catch (const Error&) {
}

const Row row{.python_version = "3.13.9", .debian_version = "slim-trixie", .distroless_version = "", .tags = {}};
const Plan plan{.matrix = {.file = "m", .rows = {row}}, .job = job, .images = {}, .platforms = {}};

void fuzz_dockerfile(std::string_view text) {
    std::optional<Dockerfile> dockerfile;
    try {
        dockerfile = parse_dockerfile(text, "Dockerfile");
    } catch (const Error&) {
        return;
    }
    const std::string fixed = fix_dockerfile(*dockerfile, plan.matrix, job);
    if (fix_dockerfile(parse_dockerfile(fixed, "Dockerfile"), plan.matrix, job) != fixed) std::abort();
    BuildContext(*dockerfile, "a\n!a/b\n").holds("a/b");
    BuildContext(parse_dockerfile("FROM a\nCOPY . /\n", "Dockerfile"), text.substr(0, 40)).holds("a/b/c.txt");
}

void fuzz_readme(std::string_view text) {
    const std::string readme = fix_readme(text, plan);
    if (fix_readme(readme, plan) != readme) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    fuzz_matrix(text), fuzz_job(text), fuzz_dockerfile(text), fuzz_readme(text);
    return 0;
}
