// Shared samples for the tests of plan/.
#pragma once

#include <string>

#include "expect.h"
#include "places.h"
#include "plan/plan.h"

/// The date that these tests assume.
inline const Date today = *parse_date("2026-11-23");

inline std::string read_fixture(const std::string& name) {
    return text_of_file(fixtures_dir() + "/plan/" + name);
}

/// The repository's own matrix, as documented.
inline const std::string documented_matrix = R"([
  {
    "pythonVersion": "3.13.3",
    "debianVersion": "slim-bookworm",
    "distrolessVersion": "cc-debian12",
    "tags": ["latest-3.13", "latest"]
  },
  {
    "pythonVersion": "3.12.6",
    "debianVersion": "slim-bookworm",
    "distrolessVersion": "cc-debian12",
    "tags": ["latest-3.12"]
  }
]
)";

inline Matrix parse_matrix(std::string_view text, const std::string& file) {
    Problems warnings;
    return parse_matrix(text, file, today, warnings);
}

inline const std::string documented_job = "DEFRA_VERSION=1.0.0\nIMAGE_NAME=python\n";

inline Job documented_job_parsed() {
    Problems warnings;
    return parse_job_env(documented_job, "JOB.env", warnings);
}

inline Plan plan_of(const std::string& matrix, const std::vector<std::string>& platforms = {"linux/amd64"},
                    const std::vector<std::string>& only = {}) {
    return plan_images(parse_matrix(matrix, "image-matrix.json"), documented_job_parsed(), "defradigital", platforms,
                       only);
}

/// A matrix with this many rows, from 3.13.0 on, one row per line, the first on line 2.
inline std::string make_rows(int count) {
    std::string text = "[\n";
    for (int row = 0; row < count; ++row) {
        const std::string patch = std::to_string(row);
        text += R"({"pythonVersion":"3.13.)" + patch +
                R"(","debianVersion":"slim-trixie","distrolessVersion":"cc-debian13","tags":["t)" + patch + "\"]}" +
                (row + 1 < count ? ",\n" : "\n");
    }
    return text + "]\n";
}

/// The rendered problems that the work throws; "nothing is wrong" if it throws nothing.
inline std::string messages_of(const std::function<void()>& work) {
    const std::string text = thrown_by(work, Exit::bad_input);
    return text == "no error" ? "nothing is wrong\n" : text;
}
