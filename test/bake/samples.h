// Shared samples for the tests of bake/: a plan of two rows, a Dockerfile like the project's, and bases.
#pragma once

#include <string>
#include <string_view>

#include "bake/bake.h"
#include "plan/plan.h"

inline Digest sample_digest(char digit) {
    return *Digest::parse("sha256:" + std::string(64, digit));
}

inline Image sample_image(const std::string& python, Target target, std::size_t row) {
    Image image;
    image.name = python + "-" + render_target(target);
    image.target = target;
    image.row = row;
    image.python_version = python;
    image.repository = target == Target::production ? "defradigital/python" : "defradigital/python-development";
    image.version_tag = "1.0.0-python" + python;
    return image;
}

/// 3.13.3 on distroless, and 3.12.6 without it.
inline Plan sample_plan() {
    Plan plan;
    Row first;
    first.python_version = "3.13.3";
    first.debian_version = "slim-bookworm";
    first.distroless_version = "cc-debian12";
    Row second = first;
    second.python_version = "3.12.6";
    second.distroless_version = "";
    plan.matrix = {"image-matrix.json", {first, second}};
    plan.job.defra_version = "1.0.0";
    plan.job.image_name = "python";
    plan.platforms = {"linux/amd64"};
    plan.images = {sample_image("3.13.3", Target::development, 0), sample_image("3.13.3", Target::production, 0),
                   sample_image("3.12.6", Target::development, 1), sample_image("3.12.6", Target::production, 1)};
    return plan;
}

inline constexpr std::string_view sample_dockerfile =
    "ARG BASE_VERSION=3.13.3-slim-bookworm\n"
    "ARG DISTROLESS_VERSION=cc-debian12\n"
    "ARG PRODUCTION_KIND=distroless\n"
    "FROM ghcr.io/astral-sh/uv:0.13.9 AS uv\n"
    "FROM gcr.io/distroless/${DISTROLESS_VERSION}:nonroot AS distroless\n"
    "FROM python:${BASE_VERSION} AS slim\n"
    "FROM slim AS development\n"
    "COPY --from=uv /uv /uv\n"
    "FROM slim AS interpreter\n"
    "RUN --mount=type=bind,from=distroless,target=/media true\n"
    "FROM distroless AS production-distroless\n"
    "COPY --from=interpreter /files /\n"
    "FROM slim AS production-slim\n"
    "FROM production-${PRODUCTION_KIND} AS production\n"
    "RUN true\n";

inline Dockerfile sample_parsed() {
    return parse_dockerfile(sample_dockerfile, "Dockerfile");
}

inline Base sample_base(const std::string& reference, char digit) {
    return {.reference = reference, .digest = sample_digest(digit)};
}

inline std::vector<Base> sample_bases() {
    return {sample_base("python:3.13.3-slim-bookworm", '1'), sample_base("python:3.12.6-slim-bookworm", '2'),
            sample_base("gcr.io/distroless/cc-debian12:nonroot", '3'), sample_base("ghcr.io/astral-sh/uv:0.13.9", '4')};
}

inline BuildSettings sample_settings() {
    BuildSettings settings;
    settings.buildx = {"docker-buildx"};
    settings.directory = "/checkout";
    settings.dockerfile = "Dockerfile";
    settings.out = "/out";
    settings.bases = sample_bases();
    settings.source_date = *parse_time("2026-11-20T10:00:00Z");
    return settings;
}
