# The action's own container: the program, buildx, Trivy and Grype, and nothing that runs a shell for them.
# Docker's classic builder must be able to read this file too (local runners use it): no RUN --mount.
ARG BUILDX_IMAGE=docker/buildx-bin:0.36.1
ARG TRIVY_IMAGE=aquasec/trivy:0.74.0
ARG GRYPE_IMAGE=anchore/grype:v0.121.2
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${BUILDX_IMAGE} AS buildx
FROM ${TRIVY_IMAGE} AS trivy
FROM ${GRYPE_IMAGE} AS grype

FROM ${DEBIAN_IMAGE} AS program
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates cmake g++ ninja-build pkg-config \
    libboost-filesystem1.81-dev libboost1.81-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libssl-dev libyaml-cpp-dev \
    rapidjson-dev zlib1g-dev
COPY CMakeLists.txt CMakePresets.json /source/
COPY src /source/src
RUN cd /source && cmake --preset release && cmake --build --preset release && strip build/release/python-image-action

FROM ${DEBIAN_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git libboost-filesystem1.81.0 libcurl4 libfmt9 \
    libssl3 libyaml-cpp0.7 zlib1g && rm -rf /var/lib/apt/lists/*
COPY --from=buildx /buildx /usr/local/bin/docker-buildx
COPY --from=trivy /usr/local/bin/trivy /usr/local/bin/trivy
COPY --from=grype /grype /usr/local/bin/grype
COPY --from=program /source/build/release/python-image-action /usr/local/bin/python-image-action
ENTRYPOINT ["/usr/local/bin/python-image-action"]
