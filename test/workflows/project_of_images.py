"""A repository of parent images as a maintainer has it, and jobs that check it out."""

import datetime
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import container
from mini_runner import Runner
from project import ROOT

FILES = ("Dockerfile", ".dockerignore", "JOB.env", "vulnerability-policy.yml", "image", "certificates")
USER = 1001  # the runner's own, on GitHub's machines
ROWS = [("3.13.5", ["latest-3.13", "latest"]), ("3.12.3", ["latest-3.12"])]  # what stand-ins there are


def matrix(rows=None):
    return json.dumps([{"pythonVersion": version, "debianVersion": "slim-bookworm", "distrolessVersion": "cc-debian12",
                        "tags": tags} for version, tags in (ROWS if rows is None else rows)], indent=2)


def payload(name):
    """The payload of an event of that kind."""
    return json.loads((ROOT / f"test/fixtures/github/{name}.json").read_text())


def git(directory, *words):
    """Everything of a day is committed at its beginning: the same files are the same commit, and make the same images, in all tests."""
    who = ["-c", "user.name=A. Maintainer", "-c", "user.email=a@example.org", "-c", "safe.directory=*"]
    today = datetime.date.today().isoformat() + "T00:00:00Z"
    subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True,
                   env={**os.environ, "GIT_AUTHOR_DATE": today, "GIT_COMMITTER_DATE": today})


def head_of(directory):
    words = ["git", "-C", str(directory), "-c", "safe.directory=*", "rev-parse", "HEAD"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def make_repository(directory, rows=None):
    """Its Dockerfile is that of this project, with the versions that there are stand-ins for."""
    for name in FILES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, directory / name)
    (directory / "image-matrix.json").write_text(matrix(rows))
    dockerfile = directory / "Dockerfile"
    text = dockerfile.read_text()
    first = json.loads((ROOT / "image-matrix.json").read_text())[0]
    dockerfile.write_text(text.replace(f"BASE_VERSION={first['pythonVersion']}-", f"BASE_VERSION={ROWS[0][0]}-"))
    git(directory, "init", "--quiet", "--initial-branch=master")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message=Images")


def make_small_repository(directory):
    """One version only, where more would only take time."""
    make_repository(directory, ROWS[:1])


def give_to_runner(directory):
    if os.geteuid() == 0:
        for path in [directory, *directory.rglob("*")]:
            os.chown(path, USER, USER, follow_symlinks=False)


class Job:
    """A runner with its directories, and the repository checked out. At the test's end no secret may be in anything that it left."""

    def __init__(self, test, origin=None, **options):
        self.directory = Path(tempfile.mkdtemp(prefix="job-"))
        test.addCleanup(shutil.rmtree, self.directory)
        self.runner = Runner(self.directory, container.build(), **options)
        test.addCleanup(lambda: test.assertEqual(self.runner.leaks(), [], "a secret got there"))
        self.workspace = self.runner.workspace
        for place in self.runner.places.values():
            give_to_runner(place)
        self.origin = origin or self.directory / "origin"
        if origin is None:
            self.origin.mkdir()
            make_repository(self.origin)

    def check_out(self, given=None):
        """actions/checkout: one commit, unless `fetch-depth` is 0."""
        depth = [] if str((given or {}).get("fetch-depth")) == "0" else ["--depth=1"]
        git(self.directory, "clone", "--quiet", *depth, f"file://{self.origin}", str(self.workspace))
        self.runner.variables["GITHUB_SHA"] = head_of(self.workspace)
        give_to_runner(self.directory)
        return self

    def write(self, name, text):
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        give_to_runner(path.parent)

    def databases(self, sample="green"):
        """The input that takes the place of the vulnerability feeds; what it names lies where the container sees it."""
        target = self.runner.places["runner_temp"] / f"databases-{sample}"
        shutil.copytree(container.sample_databases(sample), target)
        give_to_runner(target)
        return {"databases": str(target)}

    def stand_ins(self):
        """Inputs that replace image registries and feeds. The images are not copied for each job: they are mounted read-only."""
        temp = self.runner.places["runner_temp"]
        self.runner.shared[container.CACHE / "stand-ins"] = "/stand-ins"
        bases = (container.CACHE / "stand-ins/bases.json").read_text()
        (temp / "bases.json").write_text(bases.replace(f'"{container.CACHE}/stand-ins/', '"/stand-ins/'))
        authorities = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
        shutil.copy(authorities, temp / "authorities.crt")
        give_to_runner(temp)
        return {"stand-ins": str(temp / "bases.json"), "build-ca": str(temp / "authorities.crt"), **self.databases()}
