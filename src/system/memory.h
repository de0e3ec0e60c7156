// Memory for large texts. Most of their cost is the pages of memory, each of which the system finds, clears and
// takes back: a few large ones (Linux: "transparent huge pages") cost far less.
#pragma once

#include <cstddef>
#include <string>

/// Room for a text of so many bytes, a large one in large pages. What is not needed of it costs nothing.
void make_room(std::string& text, std::size_t bytes);

/// Makes the heap keep what is freed, because large texts come and go, and puts its beginning into large pages. Call
/// before anything else.
void keep_memory();
