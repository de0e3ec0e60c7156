"""The workflows in act, which reads and runs them with a parser and an expression evaluator of its own: a pull request, from images.yml
through parent-images.yml, with the real container in every step.

act is no oracle of GitHub: mini_runner.py, written from the runner's source, is the stricter one. What it cannot have here is replaced,
and nothing else is. `$/` and `queue`, which are newer than act, are written `./` and left out, so the repository of images holds action.yml too, and that
names the container that is built already; `strategy.job-index` is empty there, so it is worked out from the job's Python. actions/checkout
copies the directory, as act does for everybody; the other actions, programs for node that would be cloned, are the few lines
below. Registries and feeds are replaced by the defaults of the inputs. A pull request, because a push wants a GitHub and a registry."""

import copy
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import container
from container import BASES, CACHE, sample_databases
from project import ROOT, action
from project_of_images import ROWS, git, make_small_repository, payload

ARTIFACTS = "/artifacts"  # in every container
JOB_IMAGE = "runner-of-python-image-action-under-test"
UNKNOWN_TO_ACT = {"uses: $/action": "uses: ./", "uses: $/": "uses: ./", "      queue: max\n": "",
                  "${{ strategy.job-index }}": f"${{{{ matrix.python == '{ROWS[0][0]}' && '0' || '1' }}}}"}
SUBSTITUTES = {
    "actions/cache": "exit 0",
    "actions/upload-artifact": f"""
        mkdir "{ARTIFACTS}/$NAME"
        set -- $PATHS
        if [ $# = 1 ]; then
          cp -r "$1/." "{ARTIFACTS}/$NAME/"
        else
          for path in "$@"; do [ ! -e "$path" ] || cp -r "$path" "{ARTIFACTS}/$NAME/"; done
        fi""",
    "actions/download-artifact": f"""
        mkdir -p "$PATHS"
        cp -r {ARTIFACTS}/$PATTERN "$PATHS/" """}


def pins():
    """{action: commit} of the workflows."""
    text = "".join((ROOT / f".github/workflows/{name}.yml").read_text() for name in ("images", "parent-images"))
    return dict(re.findall(r"uses: (actions/[\w-]+)@(\w+)", text))


def composite(script):
    environment = {"NAME": "${{ inputs.name }}", "PATHS": "${{ inputs.path }}", "PATTERN": "${{ inputs.pattern }}"}
    return json.dumps({"name": "A substitute", "inputs": {name: {"default": ""} for name in ("name", "path", "pattern", "key")},
                       "runs": {"using": "composite", "steps": [{"shell": "bash", "run": script, "env": environment}]}})


@unittest.skipUnless((CACHE / "bin/act").exists(), "tools/ready act builds act")
class APullRequest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="act-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environment = {**os.environ, "PATH": f"{CACHE}/bin:{os.environ['PATH']}", "XDG_CACHE_HOME": str(self.directory / "cache")}
        self.artifacts = self.directory / "artifacts"
        for directory in (self.artifacts, self.directory / "tree", self.directory / "cache"):
            directory.mkdir()
        self.remove_volume()

    def remove_volume(self):
        """act leaves one for its next run. The test removes it, unless it was there before."""
        volume = ["docker", "volume", "inspect", "act-toolcache"]
        if subprocess.run(volume, capture_output=True, check=False).returncode:
            volume[2] = "rm"
            self.addCleanup(subprocess.run, volume, capture_output=True, check=False)

    def succeed(self, *words):
        subprocess.run(words, cwd=self.directory, env=self.environment, check=True, capture_output=True)

    def make_job_image(self):
        """What a job of act runs in: Debian with jq, in the place of ubuntu-24.04."""
        base = json.loads((CACHE / "stand-ins/bases.json").read_text())[BASES["DEBIAN"]]
        (self.directory / "Dockerfile").write_text("FROM base\nRUN apt-get update && apt-get install -y --no-install-recommends jq\n")
        self.succeed("docker-buildx", "build", "--provenance=false", "--tag", JOB_IMAGE, "--build-context",
                     f"base=oci-layout://{base['layout']}@{base['digest']}", "--file", "Dockerfile", "artifacts")
        self.addCleanup(subprocess.run, ["docker", "rmi", JOB_IMAGE], capture_output=True, check=False)

    def make_tree(self, local_inputs):
        tree = self.directory / "tree"
        make_small_repository(tree)
        definition = copy.deepcopy(action())
        definition["runs"]["image"] = f"docker://{container.build()}"
        for name, value in local_inputs.items():
            definition["inputs"][name]["default"] = value
        (tree / "action.yml").write_text(json.dumps(definition))
        (tree / ".github/workflows").mkdir(parents=True)
        for name in ("images.yml", "parent-images.yml"):
            text = (ROOT / ".github/workflows" / name).read_text()
            for ours, its in UNKNOWN_TO_ACT.items():
                text = text.replace(ours, its)
            (tree / ".github/workflows" / name).write_text(text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message=Workflows")
        git(tree, "remote", "add", "origin", "https://github.com/defra/images")
        (self.directory / "event.json").write_text(json.dumps(payload("pull_request")))

    def make_substitutes(self):
        """The options that put them in place."""
        for name, script in SUBSTITUTES.items():
            directory = self.directory / "substitutes" / name
            directory.mkdir(parents=True)
            (directory / "action.yml").write_text(composite(script))
            yield f"--local-repository={name}@{pins()[name]}={directory}"

    def act(self):
        """What it says, an object for each line."""
        mounts = [f"{CACHE}/stand-ins:{CACHE}/stand-ins:ro", f"{self.directory}/local_inputs:{self.directory}/local_inputs", f"{self.artifacts}:{ARTIFACTS}"]
        words = ["act", "pull_request", "--json", "--pull=false", "--no-cache-server", "--workflows=.github/workflows/images.yml",
                 f"--eventpath={self.directory}/event.json", f"--platform=ubuntu-24.04={JOB_IMAGE}", "--action-cache-path", f"{self.directory}/cache",
                 f"--container-options={' '.join(f'-v {mount}' for mount in mounts)}", *self.make_substitutes()]
        ended = subprocess.run(words, cwd=self.directory / "tree", env=self.environment, capture_output=True, text=True, check=False)
        messages = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        self.assertEqual(ended.returncode, 0, ended.stderr + "\n".join(one.get("msg", "") for one in messages))
        return messages

    def test_it_is_planned_built_tested_scanned_and_judged_and_the_check_is_green(self):
        """Only here: act reads our workflows with a parser and an evaluator that are not ours."""
        local_inputs = self.directory / "local_inputs"
        shutil.copytree(sample_databases("green"), local_inputs / "databases")
        shutil.copy(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"), local_inputs / "authorities.crt")
        self.make_job_image()
        self.make_tree({"stand-ins": f"{CACHE}/stand-ins/bases.json", "databases": f"{local_inputs}/databases", "build-ca": f"{local_inputs}/authorities.crt"})
        messages = self.act()
        ends = [(one["jobID"], one["jobResult"]) for one in messages if "jobResult" in one]
        self.assertEqual(sorted(ends), [(job, "success") for job in ("check", "image", "matrix", "publish")])
        verdict = json.loads(next(self.artifacts.glob("verdict-*/verdict.json")).read_text())
        self.assertEqual(verdict["outcome"], "clean")


if __name__ == "__main__":
    unittest.main()
