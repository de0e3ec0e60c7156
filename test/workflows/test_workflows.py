"""What the workflows promise, read from the files themselves; and their scripts, run."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from project import ROOT, WORKFLOWS, action, load, script, snippets, steps, workflow

PARENT_IMAGES = workflow("parent-images.yml")


def bash(text, folder, **environment):
    """A `run:` step as the runner starts it: bash -e, with pipefail only where `shell: bash` is written."""
    return subprocess.run(["bash", "-e", "-c", text], cwd=folder, env={"PATH": "/usr/bin:/bin", **environment},
                          capture_output=True, text=True, check=False)


class Promises(unittest.TestCase):
    def test_every_foreign_action_is_pinned_by_a_full_commit_with_its_version_beside(self):
        for file in WORKFLOWS:
            for line in re.findall(r"uses: (.*)", file.read_text()):
                if not line.startswith("$/"):
                    self.assertRegex(line, r"^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

    def test_one_version_of_each_foreign_action(self):
        pins = {}
        for file in WORKFLOWS:
            for name, commit in re.findall(r"uses: ([\w/-]+)@(.*)", file.read_text()):
                self.assertEqual(pins.setdefault(name, commit), commit)

    def test_every_job_ends_by_itself_and_says_what_it_may(self):
        for file in WORKFLOWS:
            document = load(file.read_text())
            self.assertEqual(document["permissions"], {}, file.name)
            for name, job in document["jobs"].items():
                with self.subTest(file=file.name, job=name):
                    self.assertIn("permissions", job)
                    self.assertTrue("uses" in job or 0 < job["timeout-minutes"] <= 120)

    def test_no_expression_is_part_of_a_script(self):
        for file in WORKFLOWS:
            for name, step in steps(load(file.read_text())):
                self.assertNotIn("${{", step.get("run", ""), f"{file.name}: {name}")

    def test_the_action_gets_only_inputs_and_commands_that_it_has(self):
        commands = re.findall(r"^\| (\w+) \|", (ROOT / "README.md").read_text(), re.M)
        for file in WORKFLOWS:
            for _, step in steps(load(file.read_text())):
                if step.get("uses") == "$/":
                    self.assertLessEqual(set(step["with"]), set(action()["inputs"]), file.name)
                    self.assertIn(step["with"]["command"], commands, file.name)

    def test_an_input_of_the_workflow_means_what_the_input_of_the_action_means(self):
        for name, given in PARENT_IMAGES["on"]["workflow_call"]["inputs"].items():
            if name in ("runners", "to"):  # the workflow has jobs to give runners to, and publishes where others can pull
                continue
            self.assertEqual(given["default"], action()["inputs"][name]["default"], name)

    def test_every_input_of_the_workflow_reaches_the_program(self):
        text = (ROOT / ".github/workflows/parent-images.yml").read_text()
        for name in PARENT_IMAGES["on"]["workflow_call"]["inputs"]:
            self.assertIn(f"{name}: ${{{{ inputs.{name} }}}}", text)

    def test_the_jobs_ask_for_exactly_what_the_caller_is_told_to_give(self):
        asked = {}
        for job in PARENT_IMAGES["jobs"].values():
            asked.update({name: wish for name, wish in job["permissions"].items() if asked.get(name) != "write"})
        del asked["contents"]
        for text in snippets("README.md", "yaml") + [(ROOT / ".github/workflows/images.yml").read_text()]:
            workflow = load(text)
            for job in workflow["jobs"].values() if "jobs" in workflow else []:  # some snippets are only steps
                if "parent-images.yml" in job.get("uses", ""):
                    self.assertEqual(job["permissions"], {**asked, "contents": "write"})

    def test_only_the_joining_job_may_write(self):
        for name, job in PARENT_IMAGES["jobs"].items():
            if name != "publish":
                self.assertNotIn("write", job["permissions"].values(), name)

    def test_only_the_joining_job_gets_the_token_and_others_learn_at_most_whether_there_is_one(self):
        for name, job in PARENT_IMAGES["jobs"].items():
            text = str({key: value for key, value in job.items() if key != "name"}).replace("secrets.docker-token != ''", "")
            self.assertEqual("secrets." in text, name == "publish", name)

    def test_the_nightly_gets_what_its_permissions_are_documented_for(self):
        (job,) = workflow("nightly-scan.yml")["jobs"].values()
        (documented,) = [load(text)["jobs"]["nightly"]["permissions"] for text in snippets("README.md", "yaml")
                         if "command: nightly" in text]
        self.assertEqual(job["permissions"], documented)

    def test_every_permission_of_a_workflow_for_images_is_explained(self):
        explained = re.findall(r"^\| `([\w-]+: \w+)` \|", (ROOT / "README.md").read_text(), re.M)
        for file in ("parent-images.yml", "images.yml", "nightly-scan.yml"):
            for job in workflow(file)["jobs"].values():
                for name, wish in job["permissions"].items():
                    self.assertIn(f"{name}: {wish}", explained, file)

    def test_the_check_to_require_has_the_name_that_the_readme_tells(self):
        caller = workflow("images.yml")["jobs"]["images"]["name"]
        name = PARENT_IMAGES["jobs"]["check"]["name"]
        self.assertIn(f"**The check to require** is `{caller} / {name}`", (ROOT / "README.md").read_text())

    def test_a_schedule_is_alone_in_its_file(self):
        for file in WORKFLOWS:
            events = load(file.read_text())["on"]
            if "schedule" in events:
                self.assertLessEqual(set(events), {"schedule", "workflow_dispatch"})

    def test_artifacts_are_named_by_attempt_and_layouts_live_a_day_reports_ninety(self):
        for name, step in steps(PARENT_IMAGES):
            if "upload-artifact" in step.get("uses", ""):
                self.assertIn("attempt-${{ github.run_attempt }}", step["with"]["name"])
                days = 1 if step["with"]["name"].startswith("layouts") else 90
                self.assertEqual(step["with"]["retention-days"], days, name)


class TheOneCheck(unittest.TestCase):
    """The job `parent-images`, which repositories require."""

    check = PARENT_IMAGES["jobs"]["check"]

    def ends(self, count="2", matrix="success", image="success", publish="success"):
        text = script(PARENT_IMAGES, "Did every job do its part?")
        return bash(text, ".", COUNT=count, MATRIX=matrix, IMAGE=image, PUBLISH=publish)

    def test_its_name_is_fixed_and_it_always_runs_after_all_others(self):
        self.assertEqual(self.check["name"], "parent-images")
        self.assertEqual(self.check["if"], "always()")
        self.assertEqual(set(self.check["needs"]), set(PARENT_IMAGES["jobs"]) - {"check"})

    def test_green_when_every_job_succeeded(self):
        self.assertEqual(self.ends().returncode, 0)

    def test_red_when_any_job_failed_was_cancelled_or_skipped(self):
        for job in ("matrix", "image", "publish"):
            for result in ("failure", "cancelled", "skipped", ""):
                with self.subTest(job=job, result=result):
                    ended = self.ends(**{job: result})
                    self.assertEqual(ended.returncode, 1)
                    self.assertIn(f'::error::The job "{job}" ended with: {result}', ended.stdout)

    def test_green_with_a_reason_for_zero_images(self):
        ended = self.ends(count="0", image="skipped", publish="skipped")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("::notice::The matrix names no image", ended.stdout)

    def test_red_when_planning_failed_and_so_named_no_image(self):
        for count in ("", "0"):
            self.assertEqual(self.ends(count=count, matrix="failure", image="skipped", publish="skipped").returncode, 1)


class SomethingToPublishWith(unittest.TestCase):
    """Asked before anything is built, on a branch that publishes."""

    def ends(self, has_token, username):
        text = script(PARENT_IMAGES, "Is there something to publish with?")
        return bash(text, ".", HAS_TOKEN=has_token, USERNAME=username, REGISTRY="docker.io")

    def test_it_takes_a_name_and_a_token(self):
        self.assertEqual(self.ends("true", "defra-robot").returncode, 0)
        for has_token, username in (("false", "defra-robot"), ("true", ""), ("false", "")):
            ended = self.ends(has_token, username)
            self.assertEqual(ended.returncode, 1)
            self.assertIn("::error::This branch publishes to docker.io", ended.stdout)


class LayingTogether(unittest.TestCase):
    """What the jobs of the matrix handed over becomes one folder out/."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="handed over ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def hand_over(self, job, attempt, image, content, base):
        layouts = self.folder / f"in/layouts-{job}-attempt-{attempt}/{image}"
        scans = self.folder / f"in/reports-{job}-attempt-{attempt}/scans/{image}"
        for folder in (layouts, scans):
            folder.mkdir(parents=True)
            (folder / f"{content}.json").write_text(content)
        bases = [{"reference": base}, {"reference": "shared", "layers": {f"linux/{image}": 1}}]
        (scans.parents[1] / "bases.json").write_text(json.dumps(bases))

    def lay(self):
        ended = bash(script(PARENT_IMAGES, "Lay it together"), self.folder, HANDED_OVER=str(self.folder / "in"))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return sorted(str(p.relative_to(self.folder / "out")) for p in (self.folder / "out").rglob("*.json"))

    def test_every_job_contributes_and_the_bases_are_joined(self):
        self.hand_over(0, 1, "a", "x", "python:3.13")
        self.hand_over(1, 1, "b", "y", "python:3.12")
        self.assertEqual(self.lay(), ["bases.json", "images/a/x.json", "images/b/y.json", "scans/a/x.json", "scans/b/y.json"])
        self.assertEqual(json.loads((self.folder / "out/bases.json").read_text()), [
            {"reference": "python:3.12"}, {"reference": "python:3.13"},
            {"reference": "shared", "layers": {"linux/a": 1, "linux/b": 1}}])

    def test_of_a_job_that_ran_again_only_the_last_attempt_counts(self):
        self.hand_over(0, 1, "a", "first", "python:3.13")
        self.hand_over(0, 2, "a", "second", "python:3.13")
        self.hand_over(0, 10, "a", "tenth", "python:3.13")
        self.hand_over(10, 1, "b", "other", "python:3.12")
        self.assertEqual(self.lay(), ["bases.json", "images/a/tenth.json", "images/b/other.json", "scans/a/tenth.json", "scans/b/other.json"])

    def test_jobs_that_handed_over_nothing_leave_nothing_to_judge(self):
        (self.folder / "in").mkdir()
        ended = bash(script(PARENT_IMAGES, "Lay it together"), self.folder, HANDED_OVER=str(self.folder / "in"))
        self.assertNotEqual(ended.returncode, 0)


if __name__ == "__main__":
    unittest.main()
