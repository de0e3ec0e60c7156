// A layout as a tar for engines, and its layers as files: what an image holds is read from its blobs, without an
// engine. Internal header.
#pragma once

#include <filesystem>
#include <string>

#include "contract/file_tree.h"
#include "oci/layout.h"
#include "system/files.h"

/// Writes the layout's image, under the name REPOSITORY:TAG, to a new tar that every engine loads: containerd's store
/// reads it as an OCI layout, the classic store by manifest.json. Throws Error{failed}, naming the path, if
/// that cannot be done.
void write_image_tar(Files& files, const Layout& layout, const std::string& repository, const std::string& tag,
                     const std::filesystem::path& to);

/// True if every layer is a plain tar or gzip, which is what we can read. Others are left to an engine's export.
bool can_read_layers(const Layout& layout);

/// Reads one of the layout's layers. Throws Error{failed}, naming it, if its bytes are not what its digest says or are
/// no layer.
LayerFiles load_layer(Files& files, const Layout& layout, const Descriptor& layer);
