// The layers of a layout as files: what an image holds is read from its blobs, without an engine. Internal header.
#pragma once

#include "contract/file_tree.h"
#include "oci/layout.h"
#include "system/files.h"

/// True if every layer is a plain tar or gzip, which is what we can read. Others are left to an engine's export.
bool can_read_layers(const Layout& layout);

/// Reads one of the layout's layers. Throws Error{failed}, naming it, if its bytes are not what its digest says or are
/// no layer.
LayerFiles load_layer(Files& files, const Layout& layout, const Descriptor& layer);
