"""The commands and the workflow of IMAGE_SCANNING.md, as they stand there, on a service's image in the engine. (Its last command asks
a release, and is run where there is one: test_push_and_nightly.py.)"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from container import BASES, CACHE, sample_databases
from project import ROOT, load, snippets
from project_of_images import git, payload
from test_documents import command_lines
from test_release import Registry
from workflow_player import Play

GUIDE = "IMAGE_SCANNING.md"
SERVICE, PARENT = "example-service", "parent-of-example-service"
# What is not run here: the first two ask an index of packages, and a registry for the parent; the third has its tests in test/commands.
NOT_RUN = ("uv lock --upgrade-package NAME", "docker build --no-cache --pull", "check --fix")
RUN = ("docker save", "trivy image", "grype", "python-image-action judge --trivy", "python-image-action scan --reference",
       "python-image-action scan --layout", "python-image-action explain", "python-image-action judge --release")


def line_of(beginning):
    """The words of the one command that begins like this."""
    (line,) = {line for line in command_lines(GUIDE) if line.startswith(beginning)}
    return line.split()


def snippet(key):
    (found,) = [text for text in snippets(GUIDE, "yaml") if key in load(text)]
    return found


def environment(directory, sample="green"):
    """Where the databases come from is all that is not in the document: no feed is asked here. The docker client finds buildx, as it
    does on a runner."""
    databases = sample_databases(sample)
    trivy = directory / f"trivy-{sample}"
    shutil.copytree(databases / "trivy", trivy)
    (directory / "docker/cli-plugins").mkdir(parents=True, exist_ok=True)
    plugin = directory / "docker/cli-plugins/docker-buildx"
    path = f"{ROOT}/build/release:{CACHE}/bin:{os.environ['PATH']}"
    if not plugin.exists():
        plugin.symlink_to(shutil.which("docker-buildx", path=path))
    return {**os.environ, "PATH": path, "DOCKER_CONFIG": str(directory / "docker"), "TRIVY_CACHE_DIR": str(trivy),
            "TRIVY_SKIP_DB_UPDATE": "true", "TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_OFFLINE_SCAN": "true",
            "GRYPE_DB_CACHE_DIR": str(databases / "grype"), "GRYPE_DB_AUTO_UPDATE": "false",
            "GRYPE_DB_VALIDATE_AGE": "false", "GRYPE_CHECK_FOR_APP_UPDATE": "false"}


class Completeness(unittest.TestCase):
    def test_no_command_of_the_guide_is_left_out(self):
        commands = [line for line in command_lines(GUIDE) if " " in line]
        self.assertEqual([line for line in commands if not line.startswith((*RUN, *NOT_RUN))], [])


class Guide(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="a service "))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environments = {sample: environment(self.directory, sample) for sample in ("green", "red")}
        for image in (PARENT, SERVICE):
            if subprocess.run(["docker", "inspect", image], capture_output=True, check=False).returncode == 0:
                self.skipTest(f"the engine has an image called {image}, which is not ours")
            self.addCleanup(subprocess.run, ["docker", "rmi", image], capture_output=True, check=False)
        self.make_parent()

    def make_parent(self):
        base = json.loads((CACHE / "stand-ins/bases.json").read_text())[BASES["DEBIAN"]]
        (self.directory / "Dockerfile").write_text("FROM base\n")
        self.succeed("docker-buildx", "build", "--provenance=false", "--tag", PARENT, "--build-context",
                     f"base=oci-layout://{base['layout']}@{base['digest']}", ".")
        self.make_service(self.directory)

    def make_service(self, directory):
        (directory / "Dockerfile").write_text(f"FROM {PARENT} AS production\nCMD [\"python3\"]\n")

    def end(self, expected, *words, sample="green"):
        ended = subprocess.run(words, cwd=self.directory, env=self.environments[sample], capture_output=True, text=True, check=False)
        self.assertEqual(ended.returncode, expected, f"{words}\n{ended.stdout}{ended.stderr}")
        return ended.stdout + ended.stderr

    def succeed(self, *words, sample="green"):
        return self.end(0, *words, sample=sample)

    def save(self):
        self.succeed("docker", "build", "--target", "production", "--tag", SERVICE, ".")
        self.succeed(*line_of("docker save"))

    def scan(self, sample="green"):
        for scanner in ("trivy image", "grype"):
            self.succeed(*line_of(scanner), sample=sample)

    def test_a_clean_service_ends_with_0_and_one_that_something_blocks_with_1(self):
        """Only here: the commands of the guide, as they stand there."""
        self.save()
        self.scan("green")
        self.succeed(*line_of("python-image-action judge --trivy"))
        self.assertTrue((self.directory / "scan/report.html").exists())
        self.assertEqual(json.loads((self.directory / "scan/verdict.json").read_text())["outcome"], "clean")
        self.scan("red")
        self.end(1, *line_of("python-image-action judge --trivy"))

    def test_the_policy_decides_and_an_exception_that_matches_nothing_is_said(self):
        """Only here: the policy of the guide, as it stands there."""
        self.save()
        self.scan("red")
        (self.directory / "vulnerability-policy.yml").write_text(snippet("exceptions"))
        self.assertIn("CVE-2025-0000", self.end(1, *line_of("python-image-action judge --trivy")))

    def test_an_image_in_a_registry_or_a_layout_needs_only_the_program_and_one_vulnerability_gets_one_answer(self):
        """Only here: the commands of the guide, as they stand there."""
        self.save()
        registry = Registry(self)
        for place in ("example-service:1.0.0", "defradigital/python:latest"):
            self.succeed("skopeo", "copy", "--dest-tls-verify=false", "docker-archive:image.tar", f"docker://{registry.host}/{place}")
        self.succeed("skopeo", "copy", "docker-archive:image.tar", f"oci:{SERVICE}.oci:latest")
        for sample, exit_code in (("green", 0), ("red", 1)):
            elsewhere = ("--databases", str(sample_databases(sample)),
                         "--mirrors", f"registry.example={registry.host},docker.io={registry.host}")
            self.end(exit_code, *line_of("python-image-action scan --reference"), *elsewhere)
            self.end(exit_code, *line_of("python-image-action scan --layout"), *elsewhere)
            explained = self.succeed(*line_of("python-image-action explain"), *elsewhere)
            self.assertIn("CVE-2026-1234\n  defradigital-python-latest-linux-amd64: not found", explained)

    def test_the_workflow_ends_as_the_commands_do(self):
        """Only here: the workflow of the guide, as it stands there."""
        for sample, verdict in (("green", "clean"), ("red", "vulnerable")):
            with self.subTest(sample=sample):
                play = Play(self, load(snippet("jobs")), payload=payload("push"), machine=self.environments[sample],
                            make=self.make_repository, local_inputs=lambda job, sample=sample: job.databases(sample))
                ends = play.run()
                self.assertEqual(play.last_step("scan").outputs["verdict"], verdict, play.what_failed())
                self.assertEqual(ends, {"scan": "success" if verdict == "clean" else "failure"}, play.what_failed())

    def make_repository(self, directory):
        self.make_service(directory)
        git(directory, "init", "--quiet", "--initial-branch=master")
        git(directory, "add", "--all")
        git(directory, "commit", "--quiet", "--message=A service")


if __name__ == "__main__":
    unittest.main()
