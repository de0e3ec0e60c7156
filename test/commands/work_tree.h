// In-memory work trees for every command.
#pragma once

#include <string>

#include "cli/settings.h"
#include "expect.h"
#include "fakes/fake_world.h"

inline constexpr const char* two_versions = R"([
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

/// Two versions in its matrix, and no git.
struct WorkTreeWorld : FakeWorld {
    WorkTreeWorld() {
        files.texts["image-matrix.json"] = two_versions;
        files.texts["JOB.env"] = "DEFRA_VERSION=1.0.0\nIMAGE_NAME=python\n";
        files.texts["Dockerfile"] =
            "ARG BASE_VERSION=3.13.3-slim-bookworm\n"
            "ARG DISTROLESS_VERSION=cc-debian12\n"
            "ARG PRODUCTION_KIND=distroless\n"
            "ARG DEFRA_VERSION=1.0.0\n"
            "FROM python:${BASE_VERSION} AS development\n"
            "FROM gcr.io/distroless/${DISTROLESS_VERSION}:nonroot AS production\n";
        processes.stub(
            {"git"},
            Finished{
                .exit_code = 128, .timed_out = false, .out = "", .err = "not a git repository", .truncated = false});
    }

    void set_version(const std::string& version) {
        files.texts["JOB.env"] = "DEFRA_VERSION=" + version + "\nIMAGE_NAME=python\n";
    }
};
