// Which machines the jobs of a matrix run on: what `runs-on` takes in a workflow (GitHub, "Workflow syntax": a label, a
// list of labels, or a group).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct Runner {
    std::string group{};                ///< empty: none
    std::vector<std::string> labels{};  ///< a machine has all of them; may be empty only with a group

    bool operator==(const Runner&) const = default;
};

/// A label (ubuntu-24.04-arm), a JSON list of labels (["self-hosted", "arm64"]), or a JSON object with `group` and
/// perhaps `labels`. Nothing if it is none of these. Several labels with blanks between them are not a label.
std::optional<Runner> parse_runner(std::string_view text);

/// The entries of "PLATFORM=RUNNER, …": parted by commas and line breaks, except within JSON.
std::vector<std::string> split_runners(std::string_view text);
