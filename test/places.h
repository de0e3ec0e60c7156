/// Where the tests find files. The paths are compiled into places.cpp alone, so that all other objects are the same in
/// every clone and the compiler's cache serves them all.
#pragma once

#include <string>

std::string fixtures_dir();    ///< test/fixtures
std::string repository_dir();  ///< the root of this clone
std::string program_file();    ///< the released program; only the end-to-end tests need it to exist
std::string corpus_dir();      ///< real reports of scanners, kept beside the clone; tests skip where it is missing
