// Golden files: compares rendered text with text that was reviewed and approved.
#pragma once

#include "places.h"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// Compares `text` with test/fixtures/NAME. With APPROVE=1 in the environment the file is rewritten instead: review
/// the difference before you commit it.
inline void approve(const std::string& text, const std::string& name) {
    const std::filesystem::path golden = std::filesystem::path(fixtures_dir()) / name;
    const char* approving = std::getenv("APPROVE");
    if (approving != nullptr && std::string(approving) == "1") {
        std::filesystem::create_directories(golden.parent_path());
        std::ofstream(golden, std::ios::binary) << text;
        WARN("approved: " << golden.string());
    }
    std::ifstream file(golden, std::ios::binary);
    const std::string approved((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    INFO("golden file: " << golden.string() << " (APPROVE=1 rewrites it)");
    REQUIRE(file.is_open());
    CHECK(text == approved);
}
