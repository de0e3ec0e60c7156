"""A service with one endpoint, GET /health. Listens on PORT."""

import json
import os
import platform

import uvicorn


def health() -> dict[str, str]:
    return {"status": "ok", "python": platform.python_version()}


async def app(scope, receive, send):
    """The service, as ASGI has it (https://asgi.readthedocs.io/en/latest/specs/www.html)."""
    found = scope["method"] in ("GET", "HEAD") and scope["path"] == "/health"
    body = json.dumps(health() if found else {"status": "not found"}).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200 if found else 404,
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]), lifespan="off")
