// Memory for large texts. Most of what such a text costs is not its bytes but its memory's pages, each of which the
// system finds, clears and takes back: few large ones (Linux: "transparent huge pages") cost far less.
#pragma once

#include <cstddef>
#include <string>

/// Room for a text of so many bytes, a large one in large pages. What is not needed of it costs nothing.
void make_room(std::string& text, std::size_t bytes);

/// For a program whose texts come and go: what it gives back stays with it, since it wants it again at once, and the
/// first that it takes stands in large pages. Call before anything else.
void keep_memory();
