// Receipts as they stand in receipt.json and in verdict files. Internal header.
#pragma once

#include <string>

#include "base/json.h"
#include "verdict/verdict.h"

void write_receipt(JsonWriter& json, const Receipt& receipt);

/// Throws Error{failed}, naming `source`, if a digest or the scanner is missing: an unbound receipt proves nothing.
Receipt read_receipt(const Json& value, const std::string& source);

/// The digest at this key. Throws Error{failed}, naming `source`, if there is none.
Digest required_digest(const Json& object, std::string_view key, const std::string& source);
