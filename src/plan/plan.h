// The plan: which images, under which tags, made from what. Nothing is guessed; every error has a line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/version.h"

enum class Target { development, production };
std::string render_target(Target target);

struct Tag {
    std::string name;
    int line = 0;
};

/// One object of image-matrix.json.
struct Row {
    std::string python_version;      ///< "3.13.3"
    std::string debian_version;      ///< "slim-bookworm": the second half of the python image's tag
    std::string distroless_version;  ///< "cc-debian12"; empty: production is made from the slim image too
    std::vector<Tag> tags;           ///< moving tags, for both repositories
    int line = 0;                    ///< of the row's opening brace
    int python_line = 0;
    int debian_line = 0;
    int distroless_line = 0;

    std::string base_version() const { return python_version + "-" + debian_version; }
};

struct Matrix {
    std::string file;  ///< as given, for messages
    std::vector<Row> rows;
};

/// JOB.env.
struct Job {
    std::string file;
    std::string defra_version;  ///< "1.0.0"
    std::string image_name;     ///< "python"
    int defra_version_line = 0;
    int image_name_line = 0;
};

/// One image: one row, one target, all its platforms.
struct Image {
    std::string name;  ///< "3.13.3-production"
    Target target = Target::production;
    std::size_t row = 0;  ///< into Plan::matrix.rows
    std::string python_version;
    std::string repository;                ///< "defradigital/python-development", without a registry
    std::string version_tag;               ///< "1.0.0-python3.13.3", written once
    std::vector<std::string> moving_tags;  ///< "latest-3.13", "latest"
};

struct Plan {
    Matrix matrix;
    Job job;
    std::vector<Image> images;           ///< in the order of the matrix, development before production
    std::vector<std::string> platforms;  ///< "linux/amd64"

    const Row& row_of(const Image& image) const { return matrix.rows[image.row]; }
};

/// The layout's, scan's and verdict's name: "3.13.3-production-linux-amd64".
std::string layout_name(const Image& image, const std::string& platform);

/// The matrix, or Error{bad_input} with every error of the file: text that is not JSON, unknown, missing or mistyped
/// keys, invalid versions, tags outside the grammar (distribution-spec: [A-Za-z0-9_][A-Za-z0-9._-]{0,127}), tags given
/// twice or claimed by two rows, equal versions in two rows, Debian and distroless that disagree, the errors of
/// check_support, and the matrices of sibling repositories (nodeVersion, netVersion), which are recognised and
/// explained. Warnings are added to `warnings`: no rows, a tag that names another Python than its row ("latest-3.12" on
/// 3.13.3), those of check_support. If there is an error, the Error holds them too.
Matrix parse_matrix(std::string_view text, const std::string& file, Date today, Problems& warnings);

/// JOB.env, or Error{bad_input} with every error. KEY=VALUE lines and # comments; no shell, no quotes, no expansion.
/// Unknown keys and CRLF are warnings, added to `warnings` (to the Error if there is one); names that are dangerous in
/// an environment are errors. DEFRA_VERSION is three numbers, IMAGE_NAME the last part of a repository's name.
Job parse_job_env(std::string_view text, const std::string& file, Problems& warnings);

/// Makes the plan of a matrix and a job. `only` is a list of patterns for an image's name, Python version or target
/// ("3.13.*", "*-production", "3.13.3", "production"); empty means all. Throws Error{bad_input} if a pattern matches
/// nothing, if namespace or image name are not valid in a repository's name, or if a platform is not Linux, is given
/// twice, or none is given. A matrix without rows is a plan without images.
Plan plan_images(const Matrix& matrix, const Job& job, const std::string& name_space,
                 const std::vector<std::string>& platforms, const std::vector<std::string>& only);

/// When Python and Debian versions end (support.cpp holds a dated table). Python below 3.12 or
/// past its end: error on the row's line; within 90 days of it, or a base past or near its end: warning; a Python minor
/// that the table does not know: warning.
Problems check_support(const Matrix& matrix, Date today);

/// A release of Debian, as that table has it.
struct DebianSuite {
    std::string name;                     ///< "bookworm"
    int number = 0;                       ///< 12
    Date security_ends;                   ///< last day of Debian's own security support
    Date lts_ends;                        ///< last day of the volunteers' long-term support
    std::optional<Date> distroless_ends;  ///< last day of gcr.io/distroless/*-debian<number>; nothing: not announced
};

std::optional<DebianSuite> find_suite(std::string_view name);
std::optional<DebianSuite> find_suite(int number);

/// What `runs-on` takes in a workflow (GitHub, "Workflow syntax": a label, a list of labels, or a group).
struct Runner {
    std::string group{};                ///< empty: none
    std::vector<std::string> labels{};  ///< a machine has all of them; may be empty only with a group

    bool operator==(const Runner&) const = default;
};

/// A label (ubuntu-24.04-arm), a JSON list of labels (["self-hosted", "arm64"]), or a JSON object with `group` and
/// perhaps `labels`; nothing for anything else, such as several labels with blanks between them.
std::optional<Runner> parse_runner(std::string_view text);

/// The entries of "PLATFORM=RUNNER, …": separated by commas and line breaks, except within JSON.
std::vector<std::string> split_runners(std::string_view text);

/// The matrix for a GitHub workflow: {"include":[{"python":…,"platform":…,"runs-on":…}]} in one line.
/// `runners` maps platforms to runner labels; a platform without one runs on ubuntu-24.04, where foreign processors are
/// emulated. Throws Error{bad_input} above 256 jobs, on the line of the first row that exceeds them. Never names a
/// registry or a namespace (a masked secret would blank the output). Empty without jobs: GitHub refuses an empty list.
std::string render_github_matrix(const Plan& plan, const std::map<std::string, std::string>& runners);
std::size_t count_jobs(const Plan& plan);

/// What the inputs digest covers of one file.
struct InputFile {
    std::string path;
    bool executable = false;
    Digest content;
};

/// The digest of everything that goes into an image: the input files, the target, the image's row less its moving tags,
/// and DEFRA_VERSION. The order of the files does not matter. The exact form is in plan.cpp: it is written into
/// published images, so it must not change by accident.
Digest compute_inputs(const Plan& plan, const Image& image, std::vector<InputFile> files);
