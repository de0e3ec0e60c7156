// What the names in a plan may look like, and how foreign text is shown in a message.
#pragma once

#include <string>
#include <string_view>

/// A tag: [A-Za-z0-9_][A-Za-z0-9._-]{0,127} (OCI distribution-spec, "Pulling manifests").
bool is_tag(std::string_view text);

/// A repository without a registry, "defradigital/python": lower-case letters and digits in parts, joined by one dot,
/// one or two underscores or any number of dashes (OCI distribution-spec, "Pulling manifests"), at most 255 characters.
/// A first part that clients would take for a host ("docker.io/…", "localhost/…") makes it none.
bool is_repository(std::string_view text);

/// The text in quotation marks for a message: cut after 60 characters, and what is not printable ASCII written as \xNN,
/// so that look-alike letters, escape sequences and line feeds are seen and do nothing.
std::string shown(std::string_view text);
