#include "system/real_files.h"

#include <memory>

// Apart from the test: system's and oci's headers share a name.
std::unique_ptr<Files> make_real_files(const std::filesystem::path& folder) {
    return std::make_unique<RealFiles>(folder, folder);
}
