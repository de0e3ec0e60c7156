// Findings and waivers as verdict files hold them. Internal header.
#pragma once

#include "base/json.h"
#include "findings/finding.h"
#include "policy/policy.h"

// These write the fields; the object is the caller's.
void write_finding(JsonWriter& json, const Finding& finding);
Finding read_finding(const Json& value);

void write_waiver(JsonWriter& json, const Waiver& waiver);
Waiver read_waiver(const Json& value);

// Also used by the other files of this module. Empty lists and texts are written too, so that a reader finds every key.
void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts);
std::vector<std::string> read_texts(const Json& object, std::string_view key);
void write_place(JsonWriter& json, const Place& place);
Place read_place(const Json& object);
Scanner read_scanner(const Json& object);
