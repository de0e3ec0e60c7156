// What the page looks like, and its filter. Both go into the page as they are, and their hashes into its content
// security policy.
#pragma once

#include <string_view>

extern const std::string_view page_style;
extern const std::string_view page_script;
