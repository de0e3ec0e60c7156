# The action's own container: the program, buildx, Trivy and Grype on distroless; no shell, no package manager.
#
# `tools/pin` writes the digests of the images below. Builders without BuildKit can read this file too: there is no RUN --mount
# here. Sizes and reasons: docs/decisions/container.md.
ARG BUILDX_IMAGE=docker/buildx-bin:0.36.1
ARG TRIVY_IMAGE=aquasec/trivy:0.74.0
ARG GRYPE_IMAGE=anchore/grype:v0.121.2
ARG DEBIAN_IMAGE=debian:bookworm-slim
ARG DISTROLESS_IMAGE=gcr.io/distroless/cc-debian12:latest

FROM ${BUILDX_IMAGE} AS buildx
FROM ${TRIVY_IMAGE} AS trivy
FROM ${GRYPE_IMAGE} AS grype
FROM ${DISTROLESS_IMAGE} AS distroless

FROM ${DEBIAN_IMAGE} AS compiler
RUN apt-get update && apt-get install -y --no-install-recommends cmake dpkg-dev g++ git ninja-build pkg-config \
    libboost-filesystem1.81-dev libboost1.81-dev libcli11-dev libfmt-dev libnghttp2-dev libssl-dev libyaml-cpp-dev \
    rapidjson-dev zlib1g-dev
COPY tools/container/build-curl tools/container/compile /
RUN ["/build-curl"]

# A stage of its own: tests compile in the stage before with a compiler cache, and put the result in the place of this one.
FROM compiler AS compiled
COPY CMakeLists.txt CMakePresets.json /source/
COPY src /source/src
RUN ["/compile", "/source"]

FROM compiler AS program
COPY --from=compiled /source/build/release/python-image-action /
COPY --from=distroless / /distroless
COPY image/debian-rootfs tools/container/lay-out /
RUN ["/lay-out"]

FROM ${DISTROLESS_IMAGE}
LABEL org.opencontainers.image.title="python-image-action" \
      org.opencontainers.image.source="https://github.com/defra/python-image-action" \
      org.opencontainers.image.licenses="OGL-UK-3.0"
COPY --from=buildx /buildx /usr/local/bin/docker-buildx
COPY --from=trivy /usr/local/bin/trivy /usr/local/bin/trivy
COPY --from=grype /grype /usr/local/bin/grype
COPY --from=program /out/ /
# The runner needs root: the workspace is somebody else's, and the engine's socket is root's.
USER 0:0
ENTRYPOINT ["/usr/local/bin/python-image-action"]
