# A service on the parent images, one Dockerfile for both: development to work on it, production to run it.
#
#   cd examples/service
#   uv lock
#   docker build -f ../uv.Dockerfile --target production -t example-service .
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL -p 8085:8085 example-service
#   curl localhost:8085/health
#
# To debug, build the development target and attach to port 8086 (pathMappings: app <-> /home/nonroot/app):
#   docker run --rm -p 8085:8085 -p 127.0.0.1:8086:8086 example-service-development \
#       -m debugpy --listen 0.0.0.0:8086 -m app.main
#
# A project whose sources are in src/ has src/ where this has app/.
ARG PARENT_VERSION=1.0.0-python3.13.3

FROM defradigital/python-development:${PARENT_VERSION} AS development
ENV PATH=/home/nonroot/.venv/bin:${PATH}
COPY --chown=1000:1000 pyproject.toml uv.lock ./
# Dependencies first, in a layer that stays as it is until the lock changes. The cache is kept by the builder. The secret is
# for machines whose proxy re-signs TLS; without it nothing is mounted.
RUN --mount=type=cache,target=/home/nonroot/.cache/uv,uid=1000,gid=1000 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    uv sync --locked --no-install-project
COPY --chown=1000:1000 app/ app/
# Installs the project itself, if it is a package (has a [build-system]); else there is nothing to do.
RUN --mount=type=cache,target=/home/nonroot/.cache/uv,uid=1000,gid=1000 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    uv sync --locked
ENV PORT=8085
# 8086 is PORT_DEBUG: nothing listens there until the service is started through debugpy.
ENV PORT_DEBUG=8086
EXPOSE 8085 8086
CMD ["-m", "app.main"]

FROM defradigital/python:${PARENT_VERSION} AS production
ENV PATH=/home/nonroot/.venv/bin:${PATH}
COPY pyproject.toml uv.lock ./
# The production image has no shell: write commands as lists.
RUN --mount=type=cache,target=/home/nonroot/.cache/uv,uid=1000,gid=1000 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    ["uv", "sync", "--locked", "--no-dev", "--no-install-project"]
COPY --chown=1000:1000 app/ app/
RUN --mount=type=cache,target=/home/nonroot/.cache/uv,uid=1000,gid=1000 \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    ["uv", "sync", "--locked", "--no-dev", "--no-editable"]
# Bytecode of the service's own code: a container that may not write would compile it at every start.
RUN ["python", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "app"]
ENV PORT=8085
EXPOSE 8085
CMD ["-m", "app.main"]
