# The two parent images for Python services. One Dockerfile makes every row of image-matrix.json on every architecture;
# what differs comes in as an argument.
#
#   docker build --no-cache --target production .
#   docker build --no-cache --target development --build-arg BASE_VERSION=3.12.6-slim-bookworm .
#
# Where a proxy re-signs TLS, --secret id=ca,src=BUNDLE.crt trusts BUNDLE.crt for downloads, and only for these.
# Needs BuildKit 0.13 (Docker 26) or newer. Scripts and their reasons are in image/.

ARG BASE_VERSION=3.13.3-slim-bookworm
ARG DISTROLESS_VERSION=cc-debian12
# What production stands on: distroless, or slim where a row has no distrolessVersion.
ARG PRODUCTION_KIND=distroless
ARG PYTHON_VERSION=${BASE_VERSION%%-*}
ARG DEFRA_VERSION=1.0.0

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv
FROM gcr.io/distroless/${DISTROLESS_VERSION}:nonroot AS distroless
FROM python:${BASE_VERSION} AS slim

# Security upgrades, tini, the user, the internal certificate authorities.
FROM slim AS prepared-slim
RUN --mount=type=bind,target=/mnt ["/mnt/image/prepare-slim", "/mnt/certificates"]
WORKDIR /home/nonroot

# uv, with a link where services mount it from: a layer of its own, the same in all images.
FROM slim AS uv-files
RUN --mount=type=bind,from=uv,target=/opt --mount=type=bind,source=image,target=/mnt \
    install -D /opt/uv /files/usr/local/bin/uv \
    && install -d -o 1000 -g 1000 /files/home/nonroot /files/home/nonroot/.local /files/home/nonroot/.local/bin \
    && ln -s /usr/local/bin/uv /files/home/nonroot/.local/bin/uv \
    && /mnt/settle /files

# What only development has: the debugger, outside site-packages because a virtual environment cannot see into these,
# without the C sources that its wheel carries; and the script that adds Debian packages to a production image.
FROM slim AS development-files
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN --mount=type=bind,from=uv,target=/opt \
    --mount=type=bind,source=image,target=/mnt \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    /opt/uv pip install --no-cache --no-deps --require-hashes --only-binary :all: --target /files/opt/debugger \
        --requirement /mnt/debugger-requirements.txt \
    && find /files \( -name '*.c' -o -name .lock \) -delete \
    && install -D --target-directory /files/usr/local/sbin /mnt/debian-rootfs \
    && /mnt/settle /files

FROM prepared-slim AS development
COPY --link --from=uv-files /files /
COPY --link --from=development-files /files /
ARG PYTHON_VERSION
ARG DEFRA_VERSION
ENV PATH=${PATH}:/home/nonroot/.local/bin \
    PYTHON_ENV=development \
    PYTHONPATH=/opt/debugger \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYDEVD_DISABLE_FILE_VALIDATION=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    UV_PYTHON_DOWNLOADS=never \
    UV_NO_MANAGED_PYTHON=1 \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1
LABEL uk.gov.defra.python.python-version=${PYTHON_VERSION} \
      uk.gov.defra.python.version=${DEFRA_VERSION} \
      uk.gov.defra.python.repository=defradigital/python-development
USER 1000:1000
ENTRYPOINT ["tini", "--", "python"]

# What production adds to distroless: the interpreter, the libraries it needs, tini, the user, the trust store.
FROM slim AS interpreter
RUN --mount=type=bind,source=image,target=/mnt ["/mnt/python-rootfs", "/files"]

FROM prepared-slim AS distroless-files
COPY --from=interpreter /files /files
RUN --mount=type=bind,source=image,target=/mnt --mount=type=bind,from=distroless,target=/media \
    /mnt/prepare-distroless /media /files \
    && /mnt/debian-rootfs /media /files tini \
    && /mnt/settle /files

# Has WORKDIR /home/nonroot from its base.
FROM distroless AS production-distroless
COPY --from=distroless-files /files /

FROM prepared-slim AS production-slim
RUN --mount=type=bind,source=image,target=/mnt \
    /mnt/compile-stdlib / && /mnt/settle /usr/local/lib \( -type d -o -name '*.pyc' \)

FROM production-${PRODUCTION_KIND} AS production
COPY --link --from=uv-files /files /
ARG PYTHON_VERSION
ARG DEFRA_VERSION
ENV PATH=${PATH}:/home/nonroot/.local/bin \
    PYTHON_ENV=production \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    UV_PYTHON_DOWNLOADS=never \
    UV_NO_MANAGED_PYTHON=1 \
    UV_LINK_MODE=copy
# Labels are inherited by the images of services: only what stays true there. The rest are annotations of the index.
LABEL uk.gov.defra.python.python-version=${PYTHON_VERSION} \
      uk.gov.defra.python.version=${DEFRA_VERSION} \
      uk.gov.defra.python.repository=defradigital/python
USER 1000:1000
ENTRYPOINT ["tini", "--", "python"]
