# Debian packages on top of the production image, which has no package manager: curl and a shell, for platforms that
# check a container's health from inside. They are installed in the development image, and debian-rootfs lays their
# files and those of the libraries they are linked to into a directory, with a record of each package: vulnerability
# scanners see them like any other.
#
#   docker build -f examples/curl.Dockerfile -t production-curl .
ARG PARENT_VERSION=1.0.0-python3.13.3
FROM defradigital/python:${PARENT_VERSION} AS parent

FROM defradigital/python-development:${PARENT_VERSION} AS packages
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends curl dash
RUN --mount=type=bind,from=parent,target=/mnt debian-rootfs /mnt /files curl dash

FROM parent
COPY --from=packages /files /
HEALTHCHECK CMD ["curl", "--fail", "--silent", "http://localhost:8085/health"]
