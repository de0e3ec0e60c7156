// The scanners' own ignore files. They accept nothing here: only the policy does. They are read to be moved into it,
// where every entry has a reason, an owner and a day.
#pragma once

#include <string>
#include <vector>

#include "base/date.h"
#include "base/error.h"

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

/// One error for each of the files, on its first line: it is no longer applied. A file of Grype's that hides no
/// finding only sets up Grype, and is left alone.
Problems check_ignore_files(const std::vector<IgnoreFile>& files, const std::string& policy_name);

struct Migration {
    std::string policy;             ///< with the entries that were moved
    std::vector<IgnoreFile> files;  ///< as given, with what could not be moved; an empty text: the file may go
    Problems problems;              ///< errors: what could not be moved and why, by line
};

/// Adds the entries of the files to the exceptions of the policy, where they count for both scanners. What several
/// entries say about one vulnerability becomes one exception, which covers no more than each of them and ends with the
/// first; what the policy accepts already is not added again. The policy's own text stays as it is.
Migration migrate_ignore_files(const std::string& policy, const std::string& policy_name,
                               const std::vector<IgnoreFile>& files, Date today);
