// The scanners' own ignore files. They accept nothing here: only the policy does. They are read to be moved into it.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

/// Every name under which Trivy and Grype look for one in a project (trivy pkg/result/ignore.go; grype cmd/grype/cli,
/// clio's configuration files).
inline const std::vector<std::string> ignore_file_names = {
    ".trivyignore", ".trivyignore.yaml",  ".trivyignore.yml",  ".grype.yaml",        ".grype.yml",        ".grype.json",
    ".grype.toml",  ".grype/config.yaml", ".grype/config.yml", ".grype/config.json", ".grype/config.toml"};

struct IgnoreFile {
    std::string name;
    std::string text;

    bool operator==(const IgnoreFile&) const = default;
};

/// One entry, as the policy would say it.
struct IgnoreEntry {
    Waiver waiver{};
    int last_line = 0;       ///< it begins at waiver.at.line
    std::string obstacle{};  ///< why the policy cannot say it; empty if it can
};

/// The entries of a file, with what else in it hides findings. Throws Error{bad_input} for what is not YAML.
std::vector<IgnoreEntry> parse_ignore_file(const IgnoreFile& file);
