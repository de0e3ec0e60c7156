// The files of the work tree that go into images.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "system/files.h"

/// What goes into images from the work tree: the Dockerfile, NAME.dockerignore or .dockerignore, and of what that lets
/// in, all that COPY, ADD and bind mounts name, with paths relative to `directory`, sorted. Links count by what they
/// say, and what they point to counts too; modes other than 0644 and 0755 count. Not .git and not out/. Throws
/// Error{bad_input} if there is no Dockerfile or it cannot be read.
std::vector<InputFile> load_input_files(Files& files, const std::filesystem::path& directory,
                                        const std::string& dockerfile);
