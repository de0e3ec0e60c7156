// The date of an HTTP answer.
#pragma once

#include <optional>
#include <string_view>

#include "base/date.h"

/// RFC 9110 §5.6.7, the form that servers write: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Time> parse_http_date(std::string_view text);
