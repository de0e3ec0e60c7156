#include <fmt/format.h>

#include <algorithm>

#include "plan/plan.h"

// The digest is the SHA-256 of a text with one line per fact, so that anyone can compute it again:
//     python-image-action inputs 1
//     target production
//     python 3.13.3
//     debian slim-bookworm
//     distroless cc-debian12
//     defra-version 1.0.0
//     file sha256:… - Dockerfile
//     file sha256:… x image/prepare-slim
// Lines of files are sorted by path and end in NUL, because a path may hold a line feed. A change of this form needs
// another number in the first line. Of a file with another mode than 0644 and 0755, of a directory with another one
// than 0755 and of a link, the digest is that of a text about it (bake's inputs.cpp). Not in it: moving tags, namespace
// and image name, other rows. A commit that changes only these moves the images' date all the same: see
// load_source_date.

Digest compute_inputs(const Plan& plan, const Image& image, std::vector<InputFile> files) {
    const Row& row = plan.row_of(image);
    const bool is_distroless = image.target == Target::production && !row.distroless_version.empty();
    std::string text =
        fmt::format("python-image-action inputs 1\ntarget {}\npython {}\ndebian {}\ndistroless {}\ndefra-version {}\n",
                    render_target(image.target), row.python_version, row.debian_version,
                    is_distroless ? row.distroless_version : "-", plan.job.defra_version);
    std::sort(files.begin(), files.end(), [](const InputFile& a, const InputFile& b) { return a.path < b.path; });
    for (const InputFile& file : files) {
        text += fmt::format("file {} {} {}", file.content.text(), file.executable ? "x" : "-", file.path);
        text += '\0';
    }
    return sha256(text);
}
