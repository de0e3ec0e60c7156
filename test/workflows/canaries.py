"""The secrets of the tests. Each begins with the same words, so that one search finds any of them wherever it got to: in clear, in
the base64 of a header or of a docker configuration, in a packed file."""

import base64
import gzip
import hashlib
import zlib

MARK = "canary-of-"
DOCKER_TOKEN = f"{MARK}the-docker-token-9f3c"
GITHUB_TOKEN = f"{MARK}the-github-token-5b21"
IDENTITY_TOKEN = f"{MARK}the-identity-token-77d0"
RUNTIME_TOKEN = f"{MARK}the-runtime-token-31aa"


def in_base64(mark):
    """At each of the three places where it may begin there; only characters that hold nothing of what is around it."""
    return [base64.b64encode(part[:len(part) // 3 * 3]) for part in (mark[shift:] for shift in range(3))]


NEEDLES = [MARK.encode(), *in_base64(MARK.encode())]


def unpacked(content):
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):  # it only begins like one
        return content


clean = set()  # digests of large files that were searched: the jobs of a test hand on the same layers


def is_in(content):
    digest = hashlib.sha256(content).digest() if len(content) > 100_000 else None
    if digest in clean:
        return False
    plain = unpacked(content)
    found = any(needle in plain for needle in NEEDLES)
    if digest and not found:
        clean.add(digest)
    return found
