// What is known about an image when its contract is judged: its configuration, its files, and what Python reported from
// inside it. And the rows: a check each, and how its result follows from these facts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/certificates.h"
#include "contract/contract.h"
#include "contract/file_tree.h"
#include "plan/plan.h"

/// What the image should be. Empty texts are not asserted.
struct Expectations {
    Target target = Target::production;
    bool distroless = true;      ///< production only: no shell and a registered library each; false: it stands on slim
    std::string python_version;  ///< "3.13.3"
    std::string defra_version;   ///< "1.0.0"
    std::string repository;      ///< "defradigital/python"
    std::string architecture;    ///< "amd64"
};

/// The label with the DEFRA_VERSION that an image was built as.
inline constexpr const char* version_label = "uk.gov.defra.python.version";
/// The label with the repository that it was built for.
inline constexpr const char* repository_label = "uk.gov.defra.python.repository";

/// The image configuration (OCI image-spec, config.md), as far as the contract asks for it.
struct ImageConfig {
    std::string user;
    std::string working_directory;
    std::vector<std::string> entrypoint;
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> labels;
    std::vector<std::string> inherited;  ///< what else services would inherit: "ONBUILD", "VOLUME", …
    std::string architecture;            ///< "amd64"
    std::size_t layers = 0;
};

/// The configuration's JSON, as in a layout, or as the engine's inspection shows it. Throws Error{failed}, naming
/// `source`.
ImageConfig parse_image_config(std::string_view text, const std::string& source);

/// What one probe inside the image reported: values, or why there are none.
struct ProbeAnswer {
    std::vector<std::string> values;
    std::string error;
};

/// One container that ran to its end, or did not.
struct ContainerRun {
    std::string failure{};  ///< why it could not be started, or was ended; empty if it ended by itself
    int exit_code = 0;
    std::string last_line{};                       ///< of its standard error
    std::map<std::string, ProbeAnswer> answers{};  ///< by the probe's name
    double seconds = 0;                            ///< how long it took to stop, where that was measured
};

/// Reads what the probe program printed: one JSON object per line, {"probe": NAME, "values": […]} or {"probe": NAME,
/// "error": "…"}. Any other line is ignored: an image may print what it likes.
std::map<std::string, ProbeAnswer> parse_answers(std::string_view output);

struct ImageFacts {
    Expectations expected;
    ImageConfig config;
    FileTree files;
    ContainerRun python;    ///< the whole probe program, as the image's user; clients trust one authority more
    ContainerRun hardened;  ///< read-only, no capabilities, no new privileges, a temporary file system on /tmp
    ContainerRun any_user;  ///< the same as uid 23456, which no file of the image knows
    ContainerRun orphans;   ///< with the image's own entrypoint
    ContainerRun stop;      ///< how that one took `docker stop`
    std::vector<Certificate> certificates;         ///< internal authorities that the image has to trust
    std::optional<std::uint64_t> compressed_size;  ///< of all layers, from the manifest
};

/// Which images a row applies to.
enum class AppliesTo {
    all,
    production,
    distroless,
    with_debian,  ///< development, and production on slim
    development
};

struct Observation {
    bool passed = false;
    std::string expected;
    std::string found;
};

using Observe = std::function<Observation(const ImageFacts& facts, const Limits& limits)>;

struct RowRule {
    std::string id;  ///< stable: contract files name it
    std::string check;
    Observe observe;
    AppliesTo applies_to = AppliesTo::all;
};

std::vector<RowRule> configuration_rows();
std::vector<RowRule> running_rows();
std::vector<RowRule> file_rows();
std::vector<RowRule> trust_rows();
/// Every row there is, in the order in which reports show them.
const std::vector<RowRule>& contract_rows();

/// The verdict on one image: every row that applies to it. A failure is expected if the contract has the row off or
/// `expected_failures` names it, or known if the contract says so and the day has not passed. Rows about internal
/// authorities are omitted if there are none.
ContractReport judge_contract(const std::string& name, const std::string& manifest, const ImageFacts& facts,
                              const Contract& contract, const std::vector<std::string>& expected_failures, Date today);

Observation compare(const std::string& expected, const std::string& found);

/// Passes if nothing was found; else names the first five. `expected` describes this in words.
Observation expect_none(const std::vector<std::string>& found, const std::string& expected = "none");

/// A probe's answer; or, in `error`, why there is none.
ProbeAnswer answer_of(const ContainerRun& run, const std::string& probe);

// Rows that need only the answer of one probe, by default one that the image's Python ran.

/// Passes if the answer is values that `passes` accepts. `expected` describes them in words.
Observe probe_shows(const std::string& probe, const std::string& expected,
                    const std::function<bool(const std::vector<std::string>&)>& passes,
                    ContainerRun ImageFacts::*run = &ImageFacts::python);
/// Passes if the answer is exactly these values.
Observe probe_answers(const std::string& probe, const std::vector<std::string>& expected,
                      ContainerRun ImageFacts::*run = &ImageFacts::python);
/// Passes if the answer is not an error.
Observe probe_succeeds(const std::string& probe, const std::string& expected);
/// Passes if the answer is values as "name=value", none of them Python's None.
Observe probe_finds_all(const std::string& probe, const std::string& expected);
/// Passes if the answer has no value.
Observe probe_finds_none(const std::string& probe, ContainerRun ImageFacts::*run = &ImageFacts::python);
