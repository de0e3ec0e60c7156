// A layout as a tar that every engine loads: containerd's store reads it as an OCI layout, the classic store by
// manifest.json.
#pragma once

#include <filesystem>
#include <string>

#include "oci/layout.h"
#include "system/files.h"

/// Writes the layout's image, under the name REPOSITORY:TAG, to a new file. Throws Error{failed}, naming the path, if
/// that cannot be done.
void write_image_tar(Files& files, const Layout& layout, const std::string& repository, const std::string& tag,
                     const std::filesystem::path& to);
