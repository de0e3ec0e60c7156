/// Where the tests find files. The paths are compiled into places.cpp only, so that all other objects are the same in
/// every clone and come from the compiler cache.
#pragma once

#include <string>

std::string fixtures_dir();    ///< test/fixtures
std::string repository_dir();  ///< the root of this clone
std::string program_file();    ///< the released program; only the end-to-end tests need it to exist
std::string corpus_dir();      ///< real scanner reports, stored beside the clone; tests skip if it is missing

std::string text_of_file(const std::string& path);  ///< empty if there is no such file
