"""A repository that has only what the documented pipeline has: no markers in its README, a Dockerfile and ignore files of its own, no policy,
`main` as its branch. It takes the lines that the documents show, and goes from `check --fix` to a published release."""

import json
import shutil
import unittest

import expressions
from canaries import DOCKER_TOKEN, GITHUB_TOKEN
from fake_github import GitHub
from guarded_registry import GuardedRegistry
from project import ROOT, calling_lines, workflow
from project_of_images import Job, git, payload
from workflow_player import Play

FIXTURE = ROOT / "test/fixtures/adopter"
REPOSITORIES = ("defradigital/python", "defradigital/python-development")


def make_adopter(directory):
    shutil.copytree(FIXTURE, directory, dirs_exist_ok=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message=As it was")


def push_to_main():
    event = payload("push")
    event["repository"]["default_branch"], event["ref"] = "main", "refs/heads/main"
    return event


class Adoption(unittest.TestCase):
    def setUp(self):
        self.registry, self.hub = GuardedRegistry(self, "defra-robot", DOCKER_TOKEN), GitHub(self)

    def play(self, make, **inputs):
        """The lines of the documents on a push to main: only the registry, GitHub and what stands in for the outside differ."""
        job, called = calling_lines("parent-images.yml"), workflow("parent-images.yml")
        contexts = {"vars": {"DOCKER_USERNAME": "defra-robot"}, "secrets": {"DOCKER_TOKEN": DOCKER_TOKEN}}
        given = {name: expressions.resolve(value, contexts) for name, value in job["with"].items()}
        secrets = {name: expressions.resolve(value, contexts) for name, value in job["secrets"].items()}
        play = Play(self, called, inputs={**given, "to": self.registry.host, **inputs}, secrets=secrets, token=GITHUB_TOKEN,
                    network="host", payload=push_to_main(), ref="refs/heads/main", make=make,
                    local_inputs=lambda job: {**job.stand_ins(), "cache-from": "", "cache-to": "", "allow-stand-in": "true"},
                    variables={"GITHUB_API_URL": self.hub.address})
        return play, play.run()

    def test_before_it_is_adapted_each_problem_is_reported_and_nothing_is_built(self):
        """Only here: the container meets an adopter's repository as it is."""
        play, results = self.play(make_adopter)
        self.assertEqual(results, {"matrix": "failure", "image": "skipped", "publish": "skipped", "check": "failure"})
        self.assertEqual(play.outputs()["verdict"], "unknown")
        ((_, ended),) = [step for step in play.steps["matrix"] if step[0] == "Check the files"]
        log = ended["step"].log
        # Nothing else is read while these exist; --fix moves them, and the Dockerfile comes next.
        self.assertEqual([place["file"] for level, place, _ in log.annotations if level == "error"], [".grype.yaml", ".trivyignore"])
        self.assertIn("check --fix", log.text())
        self.assertEqual((self.registry.repositories(), self.hub.releases), ([], []))

    def test_fixed_it_goes_from_the_documented_lines_to_a_published_release(self):
        """Only here: an adopter's repository goes the whole documented way, in containers."""
        play, results = self.play(self.make_fixed, contract="off")  # as docs/migrating.md says
        self.assertEqual(results, {"matrix": "success", "image": "success", "publish": "success", "check": "success"}, play.what_failed())
        for repository in REPOSITORIES:
            self.assertEqual(self.registry.tags(repository), ["2.1.0-python3.13.5", "latest", "latest-3.13"])
        (release,) = self.hub.releases
        self.assertEqual((release["tag_name"], release["draft"]), ("2.1.0", False))
        outputs = play.outputs()
        self.assertEqual({name: outputs[name] for name in ("verdict", "published")}, {"verdict": "clean", "published": "true"})
        self.assertEqual(outputs["release"], self.hub.show(release)["html_url"])
        self.assertEqual(set(json.loads(outputs["digests"])), {"3.13.5-development", "3.13.5-production"}, "one index for each image")
        self.assertEqual(set(self.hub.findings.values()), {"refs/heads/main"})
        self.assertEqual(self.hub.refused, [])

        self.check_nightly_scan(play.origin)

    def check_nightly_scan(self, origin):
        event = payload("schedule")
        event["repository"]["default_branch"] = "main"
        nightly = Play(self, workflow("parent-images-nightly.yml"), event="schedule", payload=event, ref="refs/heads/main",
                     token=GITHUB_TOKEN, network="host", make=lambda directory: git(directory, "clone", "--quiet", str(origin), "."),
                     local_inputs=Job.databases, variables={
                         "GITHUB_API_URL": self.hub.address,
                         "GITHUB_WORKFLOW_REF": "defra/images/.github/workflows/nightly-scan.yml@refs/heads/main"})
        self.assertEqual(nightly.run(), {"nightly": "success"}, nightly.what_failed())
        self.assertEqual(nightly.outputs(), {"verdict": "clean", "issue": ""})
        self.assertEqual(self.hub.enabled, {"nightly-scan.yml"})

    def make_fixed(self, directory):
        """What `check --fix` makes of it."""
        origin = directory.parent / "as-it-was"
        origin.mkdir()
        make_adopter(origin)
        job = Job(self, origin=origin, payload=push_to_main(), ref="refs/heads/main").check_out({"fetch-depth": 0})
        step = job.runner.step({"command": "check", "fix": "true"})
        self.assertEqual(step.conclusion, "success", step)
        for name in (".trivyignore", ".grype.yaml"):
            self.assertFalse((job.workspace / name).exists(), name)
        self.assertIn("<!-- versions:begin -->", (job.workspace / "README.md").read_text())
        shutil.copytree(job.workspace, directory, dirs_exist_ok=True)
        shutil.rmtree(directory / "out", ignore_errors=True)
        git(directory, "add", "--all")
        git(directory, "commit", "--quiet", "--message=On the action")


if __name__ == "__main__":
    unittest.main()
