// GitHub as the commands use it: the connection, findings into code scanning, the age of the last good scan.
#pragma once

#include "github/api.h"
#include "pipeline/project.h"
#include "pipeline/result.h"
#include "report/run.h"

/// True if there is a token, and a repository that it is for.
bool has_github(const World& world, const Settings& settings);
/// Throws Error{bad_input} where has_github is false.
github::Api connect_github(const World& world, const Settings& settings);

/// Uploads the findings to code scanning, where this run should: never after an unknown verdict or with a reason
/// against it, and on a branch that publishes only after a publication, so that alerts always describe what is
/// published. With sarif-upload: required it sets the exit code if nothing was uploaded; otherwise that is a notice.
/// What goes wrong is in the result, not thrown.
void upload_findings(const World& world, const Settings& settings, const Project& project, const Run& run,
                     Result& result, const std::string& reason_against = "");

/// A push warns if the last good scan of what is published is old. If GitHub cannot be asked, nothing is reported.
void warn_of_old_scan(const World& world, const Settings& settings, const Project& project, Result& result);
