"""A repository's life on GitHub, with the workflows that the README shows: a push to master is built, published and released; the release
explains its verdict at any later time; nightly scans find something new in what is published, open an issue, and close it again."""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

import canaries
from canaries import DOCKER_TOKEN, GITHUB_TOKEN
from fake_github import GitHub
from guarded_registry import GuardedRegistry
from project import ROOT, nightly_lines, publishing_lines
from project_of_images import Job, git, give_to_runner, head_of, make_repository, payload
from test_documents import command_lines
from workflow_player import Play

IMAGES = [f"{python}-{target}" for python in ("3.13.5", "3.12.3") for target in ("production", "development")]
CATEGORIES = {f"images/{image[:4]}/{image.partition('-')[2]}/linux-amd64/" for image in IMAGES}
OLD_NEWS, NEWS = "CVE-2025-4517", "CVE-2025-8194"  # the first is critical; the red list knows of both


def repository_of(image):
    return "defradigital/python" + ("-development" if image.endswith("-development") else "")


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def unpack(content):
    """{name: content} of an archive among a release's files."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


def make_no_databases(job):
    """What a nightly scan finds when no vulnerability feed responds."""
    directory = job.runner.places["runner_temp"] / "no-databases"
    directory.mkdir()
    give_to_runner(directory)
    return {"databases": str(directory)}


class PushAndNightly(unittest.TestCase):
    def setUp(self):
        self.registry, self.hub = GuardedRegistry(self, "defra-robot", DOCKER_TOKEN), GitHub(self)
        self.origin = Path(tempfile.mkdtemp(prefix="origin-"))
        self.addCleanup(shutil.rmtree, self.origin)
        make_repository(self.origin)

    def test_a_push_is_published_and_released_and_nightly_scans_open_and_close_the_issue(self):
        """Only here: all workflows of the README, one after the other, on one registry and one GitHub. What each nightly scan does with
        the issue is tested in test/report/tracking_test.cpp and test/commands/nightly_test.cpp."""
        pushed = self.push()
        self.check_published(pushed)
        self.check_released(pushed)
        self.push_other_words()
        self.replay(pushed)
        self.scan_clean_images()
        self.find_one_vulnerability()
        self.find_another_vulnerability()
        self.scan_without_an_image_and_without_feeds()
        self.scan_clean_images_again()
        self.assertEqual(self.hub.refused, [])

    def play(self, workflow, event, local_inputs, **options):
        """Both GitHub and the registry are on this machine, and that is all that is different from the README."""
        variables = {"GITHUB_API_URL": self.hub.address,
                     "GITHUB_WORKFLOW_REF": "defra/images/.github/workflows/nightly-scan.yml@refs/heads/master"}
        play = Play(self, workflow, event=event, payload=payload(event), token=GITHUB_TOKEN, network="host", variables=variables,
                    local_inputs=local_inputs, make=lambda directory: git(directory, "clone", "--quiet", str(self.origin), "."), **options)
        (name,) = workflow["jobs"]
        self.hub.head = head_of(play.origin)
        play.run()
        (job,) = play.jobs[name]
        self.assertEqual(job.runner.foreign_files(), [])
        return job, play.last_step(name)

    # a push ---------------------------------------------------------------------------------------------------------

    def play_push(self):
        job, step = self.play(
            publishing_lines(), "push", lambda job: {**job.stand_ins(), "to": self.registry.host, "allow-stand-in": True},
            secrets={"DOCKER_TOKEN": DOCKER_TOKEN}, settings={"DOCKER_USERNAME": "defra-robot"})
        self.assertEqual(step.conclusion, "success", step)
        return job, step

    def push(self):
        job, step = self.play_push()
        self.assertEqual({name: step.outputs[name] for name in ("verdict", "tested", "published", "created")},
                         {"verdict": "clean", "tested": "true", "published": "true", "created": "true"})
        self.assertEqual(step.outputs["release"], self.hub.show(self.hub.releases[0])["html_url"])
        self.assertEqual(self.hub.findings, dict.fromkeys(CATEGORIES, "refs/heads/master"))
        return job

    def push_other_words(self):
        """A commit that changes nothing of what goes into an image publishes nothing and releases nothing."""
        (self.origin / "NOTES.md").write_text("Other words.\n")
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "--message=Other words")
        before = {image: self.tagged(image, "latest-" + image[:4]) for image in IMAGES}
        _, step = self.play_push()
        self.assertEqual((step.outputs["build"], step.outputs["published"], step.outputs["created"]), ("false", "false", "false"))
        self.assertIn("nothing that goes into an image changed", step.outputs["reason"])
        self.assertEqual({image: self.tagged(image, "latest-" + image[:4]) for image in IMAGES}, before)
        self.assertEqual(len(self.hub.releases), 1)

    def check_published(self, pushed):
        for repository in ("defradigital/python", "defradigital/python-development"):
            self.assertEqual(self.registry.tags(repository),
                             ["1.0.0-python3.12.3", "1.0.0-python3.13.5", "latest", "latest-3.12", "latest-3.13"])
        for image in IMAGES:
            python, _, _ = image.partition("-")
            index = self.tagged(image, f"1.0.0-python{python}")
            (child,) = [one for one in json.loads(index)["manifests"] if one["platform"]["os"] == "linux"]
            verdict = json.loads((pushed.workspace / f"out/verdicts/{image}-linux-amd64.json").read_text())
            self.assertEqual((verdict["outcome"], verdict["manifest"]), ("clean", child["digest"]))
            self.assertEqual(self.tagged(image, f"latest-{python[:4]}"), index)
            self.check_no_secret(image, index)
        self.assertEqual(self.tagged(IMAGES[0], "latest"), self.tagged(IMAGES[0], "latest-3.13"))

    def tagged(self, image, tag):
        return self.registry.get(f"{repository_of(image)}/manifests/{tag}")

    def check_no_secret(self, image, index):
        """Neither in the index nor in what is below it: manifests, configurations, attestations."""
        for child in json.loads(index)["manifests"]:
            manifest = self.registry.get(f"{repository_of(image)}/manifests/{child['digest']}")
            described = json.loads(manifest)
            blobs = [described["config"], *(layer for layer in described["layers"] if "json" in layer["mediaType"])]
            for content in (index, manifest, *(self.registry.get(f"{repository_of(image)}/blobs/{one['digest']}") for one in blobs)):
                self.assertFalse(canaries.is_in(content), image)

    def check_released(self, pushed):
        (release,) = self.hub.releases
        self.assertEqual({key: release[key] for key in ("tag_name", "name", "draft", "target_commitish", "make_latest")},
                         {"tag_name": "1.0.0", "name": "Python 1.0.0", "draft": False, "target_commitish": self.hub.head, "make_latest": "true"})
        files = dict(release["files"])
        self.assertEqual(set(files), {"checksums.txt", "evidence.tar.gz", "evidence-3.12.3.tar.gz", "evidence-3.13.5.tar.gz",
                                      "publication.json", "report.html"})
        sums = dict(reversed(line.split("  ")) for line in files.pop("checksums.txt").decode().splitlines())
        self.assertEqual(sums, {name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
        for image in json.loads(files["publication.json"])["images"]:
            self.assertEqual(image["digest"], digest_of(self.tagged(image["name"], image["tag"])))
            self.assertIn(image["digest"], release["body"])
        for image in IMAGES:
            kept = unpack(files[f"evidence-{image.partition('-')[0]}.tar.gz"])
            for name in ("trivy.json", "grype.json", "receipt.json"):
                self.assertEqual(kept[f"out/scans/{image}-linux-amd64/{name}"],
                                 (pushed.workspace / f"out/scans/{image}-linux-amd64/{name}").read_bytes())

    # why? -----------------------------------------------------------------------------------------------------------

    def replay(self, pushed):
        """In a workflow, and by hand as IMAGE_SCANNING.md describes it."""
        job = Job(self, payload=payload("workflow_dispatch"), event="workflow_dispatch", network="host", hidden=[GITHUB_TOKEN],
                  variables={"GITHUB_API_URL": self.hub.address}, contexts={"github": {"token": GITHUB_TOKEN}}).check_out()
        step = job.runner.step({"command": "judge", "release": "1.0.0", "out": "then"})
        self.assertEqual((step.conclusion, step.outputs["verdict"]), ("success", "clean"), step)
        self.check_same_verdicts(pushed, job.workspace / "then")

        (line,) = [one for one in command_lines("IMAGE_SCANNING.md") if one.startswith("python-image-action judge --release")]
        ended = subprocess.run(line.split(), cwd=self.origin, capture_output=True, text=True, check=False, env={
            "PATH": f"{ROOT}/build/release:{os.environ['PATH']}", "GITHUB_API_URL": self.hub.address,
            "GITHUB_REPOSITORY": "defra/images", "GITHUB_TOKEN": GITHUB_TOKEN})
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.check_same_verdicts(pushed, self.origin / "then")

    def check_same_verdicts(self, pushed, replayed):
        for image in IMAGES:
            name = f"verdicts/{image}-linux-amd64.json"
            self.assertEqual(json.loads((replayed / name).read_text()), json.loads((pushed.workspace / "out" / name).read_text()))

    # nightly scans --------------------------------------------------------------------------------------------------

    def scan(self, expected, databases, **inputs):
        """`expected`: the exit code and the verdict."""
        _, step = self.play(nightly_lines(), "schedule", lambda job: {**databases(job), **inputs})
        self.assertEqual((step.exit_code, step.outputs["verdict"]), expected, step)
        return step

    def scan_with_findings(self, exit_code, **inputs):
        return self.scan((exit_code, "vulnerable"), lambda job: job.databases("red"), **inputs)

    def scan_in_vain(self, databases):
        """An unknown verdict is a failure, whatever `nightly-fail` says."""
        return self.scan((3, "unknown"), databases, **{"nightly-fail": "never"})

    def state(self):
        """What the newest issue remembers, hidden in its body."""
        (text,) = re.findall(r"^<!-- state: (\{.*\}) -->$", self.hub.issues[-1]["body"], re.M)
        return json.loads(text)

    def last_alerts(self):
        return {one["category"]: one["results_count"] for one in self.hub.analyses[-4:]}

    def scan_clean_images(self):
        before = len(self.hub.analyses)
        step = self.scan((0, "clean"), Job.databases)
        self.assertEqual((self.hub.issues, step.outputs["issue"]), ([], ""))
        self.assertIn("4 of 4 scanned again, nothing pulled", step.log.text())
        self.clean_alerts = self.last_alerts()
        self.assertEqual((set(self.clean_alerts), len(self.hub.analyses)), (CATEGORIES, before + 4))
        self.assertEqual(self.hub.findings, dict.fromkeys(CATEGORIES, "refs/heads/master"), "the same alerts as of the push")
        self.assertEqual(self.hub.enabled, {"nightly-scan.yml"})

    def find_one_vulnerability(self):
        """The gate lets the other one through, which the next scan finds."""
        step = self.scan_with_findings(0, **{"severity": "critical", "nightly-fail": "never"})
        (issue,) = self.hub.issues
        self.assertEqual((issue["state"], issue["labels"], self.hub.labels), ("open", ["python-image-action"], {"python-image-action"}))
        self.assertEqual(step.outputs["issue"], issue["html_url"])
        self.assertIn("@defra/platform", issue["body"])
        self.assertIn(OLD_NEWS, issue["body"])
        self.assertIn("This scan is the last good one.", issue["body"])
        self.assertTrue(self.state()["known"])
        self.assertNotEqual(self.last_alerts(), self.clean_alerts)

    def find_another_vulnerability(self):
        self.scan_with_findings(1)
        (issue,) = self.hub.issues
        (comment,) = issue["comments"]
        self.assertIn(NEWS, comment)
        self.assertNotIn(OLD_NEWS, comment)
        self.assertIn("@defra/platform", comment)

    def scan_without_an_image_and_without_feeds(self):
        """Once an image is gone from the registry, once no feed responds: what was known stays, in the issue and in the alerts."""
        (issue,) = self.hub.issues
        before, alerts = self.state(), len(self.hub.analyses)
        lost = self.delete_an_image()
        self.scan_in_vain(lambda job: job.databases("red"))
        self.assertIn(f"{lost} is not in the registry any more", issue["body"])
        self.put_it_back()
        self.scan_in_vain(make_no_databases)
        self.assertEqual((len(self.hub.issues), len(issue["comments"]), issue["state"]), (1, 1, "open"))
        self.assertEqual(self.state(), {**before, "unknown_nights": 2})
        self.assertRegex(issue["body"], r"The last good scan was .* ago, on ")
        self.assertEqual(len(self.hub.analyses), alerts, "an upload would close alerts unseen")

    def delete_an_image(self):
        """Returns its digest. The tags still name its index, and it cannot be pulled."""
        index = json.loads(self.tagged(IMAGES[0], "latest"))
        (child,) = [one for one in index["manifests"] if one["platform"]["os"] == "linux"]
        path = f"{repository_of(IMAGES[0])}/manifests/{child['digest']}"
        self.deleted = path, self.registry.get(path), child["mediaType"]
        self.registry.write("DELETE", path)
        return child["digest"]

    def put_it_back(self):
        path, content, media_type = self.deleted
        self.registry.write("PUT", path, content, **{"Content-Type": media_type})

    def scan_clean_images_again(self):
        (issue,) = self.hub.issues
        self.scan((0, "clean"), Job.databases)
        self.assertEqual((issue["state"], issue["state_reason"], len(issue["comments"])), ("closed", "completed", 1))
        self.assertIn("clean", issue["title"])
        self.assertEqual((self.state()["known"], self.state()["unknown_nights"]), ("", 0))
        self.assertEqual(self.last_alerts(), self.clean_alerts)


if __name__ == "__main__":
    unittest.main()
