// Which files of an image belong to a package that vulnerability scanners can see, and what the package says they are.
#pragma once

#include <map>
#include <string>

#include "contract/file_tree.h"

struct RecordedFile {
    std::string package;  ///< "libc6", "numpy-2.3.5"
    bool wheel = false;   ///< installed from a Python wheel; false: a Debian package
    std::string md5;      ///< hexadecimal, as dpkg writes it; empty if the package's list gives none
    std::string sha256;   ///< base64 for URLs without padding, as a wheel's RECORD writes it; empty if it gives none
};

/// By real path: every file that is listed in /var/lib/dpkg/status.d/*.md5sums (distroless: PACKAGE_METADATA.md), or in
/// the RECORD of a wheel whose dist-info directory has the METADATA that scanners read (PyPA specification "Recording
/// installed projects"). A file that both list is the Debian package's.
std::map<std::string, RecordedFile> list_recorded_files(const FileTree& files);
