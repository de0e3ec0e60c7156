// Where the bytes of a publication are.
#pragma once

#include <map>
#include <string>

#include "oci/layout.h"

struct PublicationSources {
    std::map<std::string, Layout> layouts;       ///< by Member::name
    std::map<std::string, std::string> indexes;  ///< bytes of each candidate's index, by Candidate::name
};
