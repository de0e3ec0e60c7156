"""The action's own container, built as a runner builds it. Where this machine has an image's content from elsewhere, that
stands in its place: the tools that the set-up built, the stand-ins of the bases. The program is compiled by the same script in
the same image, with a compiler cache."""

import functools
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from project import ROOT

CACHE = Path(os.environ.get("PYTHON_IMAGE_ACTION_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "python-image-action")
IMAGE = "python-image-action-under-test"
COMPILER = "python-image-action-compiler"
TOOLS = {"BUILDX": ("docker-buildx", "buildx"), "TRIVY": ("trivy", "usr/local/bin/trivy"), "GRYPE": ("grype", "grype")}
BASES = {"DEBIAN": "python:3.13.5-slim-bookworm", "DISTROLESS": "gcr.io/distroless/cc-debian12:nonroot"}


def references():
    """The images that action.Dockerfile is made from, by the names of its arguments: {"TRIVY": "aquasec/trivy:…"}."""
    return dict(re.findall(r"^ARG (\w+)_IMAGE=(\S+)$", (ROOT / "action.Dockerfile").read_text(), re.M))


def replacements(directory):
    """What to give `buildx build`, so that nothing is asked of a registry. Keyed by the very reference of the file, whatever
    it is: the file is built as it stands."""
    stand_ins = json.loads((CACHE / "stand-ins/bases.json").read_text())
    contexts = {}
    for name, reference in references().items():
        if name in TOOLS:
            program, place = TOOLS[name]
            found = shutil.which(program, path=f"{CACHE}/bin:{os.environ['PATH']}")
            target = directory / name / place
            target.parent.mkdir(parents=True)
            shutil.copy(found, target)
            contexts[reference] = directory / name
        else:
            base = stand_ins[BASES[name]]
            contexts[reference] = f"oci-layout://{base['layout']}@{base['digest']}"
    return [word for reference, place in contexts.items() for word in ("--build-context", f"{reference}={place}")]


@functools.cache
def build():
    """Returns the image's name. A second call takes seconds: nothing is built again that did not change. ACTION_IMAGE in the
    environment names another one to test, such as a released one."""
    if os.environ.get("ACTION_IMAGE"):
        return os.environ["ACTION_IMAGE"]
    with tempfile.TemporaryDirectory() as directory:
        replaced = replacements(Path(directory))
        buildx("--file", "action.Dockerfile", "--target", "compiler", "--tag", COMPILER, *replaced, ".")
        compiled = Path(directory) / "compiled/source"
        compile_program(compiled)
        buildx("--file", "action.Dockerfile", "--tag", IMAGE, *replaced, "--build-context", f"compiled={compiled.parent}", ".")
    return IMAGE


@functools.cache
def results():
    """The directory of what this very container tested and scanned in earlier tests; there is none of another one."""
    inspected = subprocess.run(["docker", "inspect", "--format", "{{.Id}}", build()], check=True, capture_output=True, text=True)
    mine = CACHE / "results-of-container" / inspected.stdout.strip().removeprefix("sha256:")[:12]
    for other in mine.parent.glob("*"):
        if other != mine:
            shutil.rmtree(other, ignore_errors=True)
    mine.mkdir(parents=True, exist_ok=True)
    return mine


def compile_program(directory):
    """Leaves the source that action.Dockerfile takes, and what its script made of it, in that directory."""
    directory.mkdir(parents=True)
    for name in ("CMakeLists.txt", "CMakePresets.json", "src"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, directory / name)
    buildx("--tag", f"{COMPILER}:cached", "-", text=f"FROM {COMPILER}\nRUN apt-get update && apt-get install -y ccache\n")
    cache = CACHE / "ccache-of-container"
    cache.mkdir(parents=True, exist_ok=True)
    # All processes of a container together get as much of a busy machine as one process outside, unless it has more shares.
    succeed("docker", "run", "--rm", "--cpu-shares=65536", "--volume", f"{cache}:/ccache", "--env", "CCACHE_DIR=/ccache",
            "--volume", f"{directory}:/source", f"{COMPILER}:cached", "/compile", "/source")


def buildx(*words, text=None):
    program = shutil.which("docker-buildx", path=f"{CACHE}/bin:{os.environ['PATH']}")
    succeed(program, "build", "--progress=plain", "--provenance=false", *words, text=text)


def succeed(*words, text=None):
    ended = subprocess.run(words, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stdout[-20000:] + ended.stderr[-20000:])


def sample_databases(sample):
    """The newest ones that the set-up made from that list."""
    return max((CACHE / "databases").glob(f"sample-{sample}-*"), key=lambda path: path.stat().st_mtime)


def size(image):
    """Compressed, in MB of 10^6 bytes: what a runner downloads."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "image.tar"
        subprocess.run(["docker", "save", "--output", file, image], check=True)
        return file.stat().st_size / 1e6


def files(image):
    """The paths in it."""
    created = subprocess.run(["docker", "create", image], check=True, capture_output=True, text=True).stdout.strip()
    with subprocess.Popen(["docker", "export", created], stdout=subprocess.PIPE) as export:
        with tarfile.open(fileobj=export.stdout, mode="r|") as content:
            paths = {entry.name for entry in content}
    subprocess.run(["docker", "rm", created], check=True, capture_output=True)
    return paths
