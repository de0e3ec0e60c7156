"""What the workflows promise, read from the files themselves; and their scripts, run."""

import fnmatch
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import expressions
from project import OURS, ROOT, WORKFLOWS, action, commands, load, option_is_taken, script, snippets, steps, workflow

PARENT_IMAGES, NIGHTLY = workflow("parent-images.yml"), workflow("parent-images-nightly.yml")
REUSABLE = {"parent-images.yml": PARENT_IMAGES, "parent-images-nightly.yml": NIGHTLY}
CALL = "89abcdef"  # the name of one call of the workflow
SECRETS_OF_JOBS = {"image": {"registry-auths"}, "publish": {"docker-token", "DOCKER_TOKEN", "registry-auths"}}


def bash(text, directory, **environment):
    """A `run:` step as the runner starts it: bash -e, with pipefail only where `shell: bash` is written."""
    return subprocess.run(["bash", "-e", "-c", text], cwd=directory, env={"PATH": "/usr/bin:/bin", **environment},
                          capture_output=True, text=True, check=False)


class Promises(unittest.TestCase):
    def test_the_action_of_a_workflow_is_the_one_of_a_step_but_for_where_its_container_is_made(self):
        """`$/` alone is refused by the runner's own parser, so the workflows name the directory action/."""
        own = (ROOT / "action.yml").read_text()
        self.assertEqual((ROOT / "action/action.yml").read_text(), own.replace("image: action.Dockerfile", "image: ../action.Dockerfile"),
                         "run: sed 's|image: action.Dockerfile|image: ../action.Dockerfile|' action.yml >action/action.yml")

    def test_a_merge_queue_waits_for_no_check_that_never_comes(self):
        for file in ("ci.yml", "images.yml"):
            self.assertIn("merge_group", workflow(file)["on"], file)

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
        for file in WORKFLOWS:
            for _, step in steps(load(file.read_text())):
                if step.get("uses") in OURS:
                    self.assertLessEqual(set(step["with"]), set(action()["inputs"]), file.name)
                    self.assertIn(step["with"]["command"], commands(), file.name)
                    for name in set(step["with"]) - {"command"}:
                        self.assertTrue(option_is_taken(name, step["with"]["command"]), f"{step['with']['command']} ignores {name}")

    def test_every_step_gets_all_inputs_of_the_workflow_that_its_command_takes(self):
        for file, document in REUSABLE.items():
            for job, step in steps(document):
                if step.get("uses") not in OURS:
                    continue
                for name in set(document["on"]["workflow_call"]["inputs"]) - {"docker-username"}:
                    if option_is_taken(name, step["with"]["command"]):
                        self.assertIn(name, step["with"], f"{file}: {job}: {step['with']['command']}")

    def test_an_input_of_a_workflow_means_what_the_input_of_the_action_means(self):
        for file, document in REUSABLE.items():
            for name, given in document["on"]["workflow_call"]["inputs"].items():
                if name in ("runner", "environment") or (file, name) == ("parent-images.yml", "to"):
                    continue  # a step has none; and a workflow publishes where others can pull
                self.assertEqual(given["default"], action()["inputs"][name]["default"], f"{file}: {name}")

    def test_every_input_of_a_workflow_reaches_the_program(self):
        for file, document in REUSABLE.items():
            text = (ROOT / ".github/workflows" / file).read_text()
            for name in set(document["on"]["workflow_call"]["inputs"]) - {"runner", "environment"}:
                self.assertRegex(text, rf"{name}: \$\{{\{{ (needs.* && )?inputs\.{name} ", f"{file}: {name}")

    def test_jobs_run_where_the_caller_says_on_a_label_a_list_or_a_group(self):
        for document in REUSABLE.values():
            for name, job in document["jobs"].items():
                if name == "image":  # its runner stands in the matrix
                    self.assertEqual(job["runs-on"], "${{ matrix.runs-on }}")
                    continue
                for given, runs_on in [("ubuntu-24.04", "ubuntu-24.04"), ("", "ubuntu-24.04"), ('["self-hosted", "x64"]', ["self-hosted", "x64"]),
                                       ('{"group": "large"}', {"group": "large"})]:
                    self.assertEqual(expressions.resolve(job["runs-on"], {"inputs": {"runner": given}}), runs_on, name)

    def test_what_a_workflow_puts_out_is_put_out_by_its_steps(self):
        for file, document in REUSABLE.items():
            for name, output in document["on"]["workflow_call"]["outputs"].items():
                job, key = re.search(r"jobs\.([\w-]+)\.outputs\.([\w-]+)", output["value"]).groups()
                output = document["jobs"][job]["outputs"][key]
                self.assertRegex(output, r"^\$\{\{ steps\.[\w.-]+( \|\| steps\.[\w.-]+)? \}\}$")
                for step, of_step in re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", output):
                    (found,) = [one for one in document["jobs"][job]["steps"] if one.get("id") == step]
                    self.assertIn(found["uses"], OURS)
                    self.assertIn(of_step, action()["outputs"], f"{file}: {name}")

    def test_a_run_that_judged_nothing_is_unknown_and_published_nothing(self):
        outputs = PARENT_IMAGES["on"]["workflow_call"]["outputs"]
        jobs = {"matrix": {"outputs": {"reason": "the branch topic does not publish"}}, "publish": {"outputs": {}}}
        resolved = {name: expressions.resolve(output["value"], {"jobs": jobs}) for name, output in outputs.items()}
        self.assertEqual(resolved, {"verdict": "unknown", "published": "false", "reason": "the branch topic does not publish",
                                "digests": "", "tags": "", "release": ""})

    def test_what_is_published_is_published_one_run_at_a_time_whatever_its_branch_and_no_run_is_dropped(self):
        concurrency = PARENT_IMAGES["jobs"]["publish"]["concurrency"]
        self.assertEqual((concurrency["cancel-in-progress"], concurrency["queue"]), (False, "max"))

        def group(publish, ref, run):
            return expressions.resolve(concurrency["group"], {
                "needs": {"matrix": {"outputs": {"publish": publish}}}, "github": {"ref": ref, "run_id": run},
                "inputs": {"directory": ".", "image-matrix": "image-matrix.json"}})
        self.assertEqual(group("true", "refs/heads/master", "1"), group("true", "refs/heads/release", "2"))
        self.assertNotEqual(group("false", "refs/heads/topic", "3"), group("false", "refs/heads/topic", "4"))
        self.assertNotEqual(group("false", "refs/heads/topic", "3"), group("true", "refs/heads/master", "3"))

    def test_only_runs_of_one_branch_or_one_pull_request_wait_for_each_other(self):
        """Events whose code is not the branch's have the branch's ref: they must not take the place of a push that waits."""
        concurrency = PARENT_IMAGES["concurrency"]

        def group(event, ref, run, number=""):
            return expressions.resolve(concurrency["group"], {
                "github": {"event_name": event, "ref": ref, "run_id": run, "event": {"number": number}},
                "inputs": {"directory": ".", "image-matrix": "image-matrix.json"}})
        master = group("push", "refs/heads/master", "1")
        self.assertNotRegex(master, r"\s")
        for event in ("push", "schedule", "workflow_dispatch"):
            self.assertEqual(group(event, "refs/heads/master", "2"), master, event)
        for event in ("pull_request_target", "workflow_run", "issue_comment", "repository_dispatch", "merge_group", ""):
            self.assertNotEqual(group(event, "refs/heads/master", "2"), master, event)
            self.assertNotEqual(group(event, "refs/heads/master", "2"), group(event, "refs/heads/master", "3"), event)
        self.assertEqual(group("pull_request", "refs/pull/41/merge", "2", "41"), group("pull_request", "refs/heads/master", "3", "41"))
        self.assertNotEqual(group("pull_request", "refs/heads/master", "2", "41"), master, "closed and merged")
        for event, cancels in (("pull_request", True), ("push", False), ("pull_request_target", False)):
            self.assertEqual(expressions.resolve(concurrency["cancel-in-progress"], {"github": {"event_name": event}}), cancels)

    def test_an_input_that_a_caller_leaves_empty_has_its_default(self):
        """The program takes an empty input as one that was not given; only `to` has another default there."""
        inputs = PARENT_IMAGES["on"]["workflow_call"]["inputs"]
        empty, standard = dict.fromkeys(inputs, ""), {name: one["default"] for name, one in inputs.items()}
        seen = set()
        for publish in ("true", "false"):
            contexts = {"needs": {"matrix": {"outputs": {"publish": publish}}}}
            for job, step in steps(PARENT_IMAGES):
                given = {**step.get("env", {}), **step.get("with", {})}
                for name in {"to", "REGISTRY", "sarif-upload"} & set(given):
                    meant = expressions.resolve(given[name], {**contexts, "inputs": standard})
                    self.assertIn(expressions.resolve(given[name], {**contexts, "inputs": empty}),
                                  (meant, "") if name == "sarif-upload" else (meant,), f"{job}: {step['name']}: {name}")
                    seen.add(name)
        self.assertEqual(seen, {"to", "REGISTRY", "sarif-upload"})

    def test_what_is_kept_is_found_although_a_caller_leaves_the_directory_empty(self):
        for document in REUSABLE.values():
            for _, step in steps(document):
                if "upload-artifact" in step.get("uses", ""):
                    kept = [expressions.resolve(step["with"]["path"], {"inputs": {"directory": one}}) for one in ("", ".", "a")]
                    self.assertEqual(kept[0], kept[1])
                    self.assertTrue(kept[2].startswith("a/out/"), kept[2])

    def test_only_a_run_that_publishes_waits_for_the_environment(self):
        environment = PARENT_IMAGES["jobs"]["publish"]["environment"]
        for publish, waits in (("true", "production"), ("false", ""), ("", "")):
            self.assertEqual(expressions.resolve(environment, {"needs": {"matrix": {"outputs": {"publish": publish}}},
                                                               "inputs": {"environment": "production"}}), waits)

    def test_ghcr_takes_the_jobs_own_token_and_another_registry_never_gets_it(self):
        step = next(one for _, one in steps(PARENT_IMAGES) if one.get("name") == "Publish")

        def credentials(to, username="", **secrets):
            contexts = {"inputs": {"to": to, "docker-username": username}, "secrets": secrets,
                        "github": {"actor": "maintainer", "token": "own"}}
            return tuple(expressions.resolve(step["with"][name], contexts) for name in ("docker-username", "docker-token"))
        self.assertEqual(credentials("ghcr.io"), ("maintainer", "own"))
        self.assertEqual(credentials("docker.io"), ("", ""))
        self.assertEqual(credentials("ghcr.io.example"), ("", ""))
        self.assertEqual(credentials("docker.io", "robot", **{"docker-token": "a"}), ("robot", "a"))
        self.assertEqual(credentials("docker.io", "robot", DOCKER_TOKEN="b"), ("robot", "b"))
        self.assertEqual(credentials("ghcr.io", "robot", **{"docker-token": "a"}), ("robot", "a"))

    def test_findings_go_up_once_after_the_publication_or_from_the_judgement(self):
        wishes = [step["with"]["sarif-upload"] for _, step in steps(PARENT_IMAGES) if step.get("name") in ("Judge", "Publish")]
        for publish, uploads in (("true", ["off", "required"]), ("false", ["required", "off"])):
            contexts = {"needs": {"matrix": {"outputs": {"publish": publish}}}, "inputs": {"sarif-upload": "required"}}
            self.assertEqual([expressions.resolve(wish, contexts) for wish in wishes], uploads)

    def test_the_jobs_ask_for_exactly_the_permissions_that_are_documented(self):
        """GitHub does not start a run whose caller grants less than any job of the called workflow asks for."""
        seen = set()
        documents = [text for name in ("README.md", "docs/github.md", "docs/migrating.md") for text in snippets(name, "yaml")]
        for text in documents + [(ROOT / ".github/workflows" / file).read_text() for file in ("images.yml", "nightly-scan.yml")]:
            caller = load(text)
            for job in caller["jobs"].values() if "jobs" in caller else []:  # some snippets are only steps
                called = re.sub(r".*/([\w-]+\.yml).*", r"\1", job.get("uses", ""))
                if called in REUSABLE:
                    self.assertEqual(job["permissions"], self.asked_for(called), text)
                    seen.add(called)
        self.assertEqual(seen, set(REUSABLE))

    @staticmethod
    def asked_for(called):
        asked = {}
        for job in REUSABLE[called]["jobs"].values():
            asked.update({name: wish for name, wish in job["permissions"].items() if asked.get(name) != "write"})
        return asked

    def test_only_the_joining_job_may_write(self):
        for name, job in PARENT_IMAGES["jobs"].items():
            if name != "publish":
                self.assertNotIn("write", job["permissions"].values(), name)

    def test_a_job_gets_only_the_secrets_that_are_its_own_and_others_learn_at_most_whether_there_is_one(self):
        for name, job in PARENT_IMAGES["jobs"].items():
            text = re.sub(r"secrets\.[\w-]+ != ''", "", str({key: value for key, value in job.items() if key != "name"}))
            self.assertEqual(set(re.findall(r"secrets\.([\w-]+)", text)), SECRETS_OF_JOBS.get(name, set()), name)

    def test_the_nightly_gets_what_its_permissions_are_documented_for(self):
        (job,) = NIGHTLY["jobs"].values()
        (documented,) = [load(text)["jobs"]["nightly"]["permissions"] for text in snippets("README.md", "yaml")
                         if "command: nightly" in text]
        self.assertEqual(job["permissions"], documented)

    def test_every_permission_of_a_workflow_for_images_is_explained(self):
        explained = re.findall(r"^\| `([\w-]+: \w+)` \|", (ROOT / "docs/github.md").read_text(), re.M)
        for file in ("parent-images.yml", "parent-images-nightly.yml", "images.yml", "nightly-scan.yml"):
            for job in workflow(file)["jobs"].values():
                for name, wish in job["permissions"].items():
                    self.assertIn(f"{name}: {wish}", explained, file)

    def test_the_check_to_require_has_the_name_that_the_readme_documents(self):
        caller = workflow("images.yml")["jobs"]["images"]["name"]
        name = PARENT_IMAGES["jobs"]["check"]["name"]
        self.assertIn(f"**The check to require** is `CALLING-JOB / {name}`, here `{caller} / {name}`", (ROOT / "docs/github.md").read_text())

    def test_a_schedule_is_alone_in_its_file(self):
        for file in WORKFLOWS:
            events = load(file.read_text())["on"]
            if "schedule" in events:
                self.assertLessEqual(set(events), {"schedule", "workflow_dispatch"}, file.name)

    def test_artifacts_are_named_by_attempt_and_layouts_live_a_week_reports_ninety_days(self):
        for name, step in steps(PARENT_IMAGES):
            if "upload-artifact" in step.get("uses", ""):
                self.assertIn("-${{ needs.matrix.outputs.call }}-", step["with"]["name"])
                self.assertIn("attempt-${{ github.run_attempt }}", step["with"]["name"])
                days = 7 if step["with"]["name"].startswith("layouts") else 90
                self.assertEqual(step["with"]["retention-days"], days, name)


class TheOneCheck(unittest.TestCase):
    """The job `parent-images`, which repositories require."""

    check = PARENT_IMAGES["jobs"]["check"]

    def ends(self, count="2", matrix="success", image="success", publish="success", build="true", built=""):
        text = script(PARENT_IMAGES, "Did every job do its part?")
        return bash(text, ".", COUNT=count, MATRIX=matrix, IMAGE=image, PUBLISH=publish, BUILD=build, BUILT=built, REASON="nothing changed")

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

    def test_green_with_its_reason_where_nothing_had_to_be_built(self):
        ended = self.ends(count="0", image="skipped", build="false", built="false")
        self.assertEqual((ended.returncode, ended.stdout), (0, "::notice::nothing changed\n"))

    def test_nothing_to_build_is_not_claimed_where_the_last_job_built_all_the_same(self):
        ended = self.ends(count="0", image="skipped", build="false", built="true")
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))

    def test_red_when_what_is_published_was_not_scanned_or_a_job_failed_that_should_not_run(self):
        for results in ({"publish": "failure"}, {"publish": "skipped"}, {"publish": "cancelled"}, {"matrix": "failure"}, {"image": "failure"}):
            with self.subTest(**results):
                ended = self.ends(**{"count": "0", "image": "skipped", "build": "false", "built": "false", **results})
                self.assertEqual(ended.returncode, 1)
                self.assertIn("::error::The job", ended.stdout)

    def test_red_when_planning_failed_and_so_named_no_image(self):
        for count in ("", "0"):
            self.assertEqual(self.ends(count=count, matrix="failure", image="skipped", publish="skipped").returncode, 1)


class DoesItEndHere(unittest.TestCase):
    """Between the verdict and the publication in the job `publish`: these two steps may fail without ending it."""

    job = PARENT_IMAGES["jobs"]["publish"]

    def runs(self, name, judge=("skipped", ""), unchanged=("skipped", ""), build="true", publish="true", image="success"):
        (step,) = [one for one in self.job["steps"] if one.get("name") == name]
        return expressions.is_wanted(step["if"], {
            "steps": {"judge": {"outcome": judge[0], "outputs": {"verdict": judge[1]}},
                      "unchanged": {"outcome": unchanged[0], "outputs": {"build": unchanged[1]}}},
            "needs": {"matrix": {"outputs": {"build": build, "publish": publish}},
                      "image": {"result": image if build == "true" else "skipped"}}}, "success")

    def ends(self, **how):
        return self.runs("Does it end here?", **how)

    def test_it_stands_between_them_and_the_publication(self):
        names = [step.get("name") for step in self.job["steps"]]
        self.assertEqual(names[names.index("Judge"):names.index("Release")], ["Judge", "Does it end here?", "Publish"])
        tolerant = [step.get("id") for step in self.job["steps"] if step.get("continue-on-error")]
        self.assertEqual(tolerant, ["unchanged", "judge"])

    def test_a_clean_verdict_goes_on_and_any_other_ends_a_run_that_may_not_publish(self):
        for publish in ("true", "false"):
            self.assertFalse(self.ends(judge=("success", "clean"), publish=publish))
        for verdict in ("vulnerable", "unknown", "clean", ""):  # clean: an image fails its contract
            self.assertTrue(self.ends(judge=("failure", verdict), publish="false"), verdict)

    def test_images_of_a_job_that_failed_are_not_published_although_their_verdict_is_clean(self):
        """Their test may have ended without a result: then no report says that they fail it."""
        for image in ("failure", "cancelled"):
            for publish in ("true", "false"):
                self.assertTrue(self.ends(judge=("success", "clean"), image=image, publish=publish))

    def test_on_a_branch_that_publishes_the_publication_decides_about_what_is_vulnerable(self):
        """gate.publish: no-worse in the policy may let it; without that `publish` refuses it."""
        for verdict in ("unknown", "clean", ""):
            self.assertTrue(self.ends(judge=("failure", verdict)), verdict)
        self.assertFalse(self.ends(judge=("failure", "vulnerable")))
        self.assertTrue(self.runs("Publish", judge=("failure", "vulnerable")))

    def test_a_scan_of_what_is_published_ends_with_its_own_result(self):
        self.assertFalse(self.ends(unchanged=("success", "false"), build="false"))
        for build in ("false", ""):  # it found something, or could not be done
            self.assertTrue(self.ends(unchanged=("failure", build), build="false"), build)
        for name in ("Judge", "Publish", "Release"):
            self.assertFalse(self.runs(name, unchanged=("success", "false"), build="false"))

    def test_what_it_built_all_the_same_is_judged_like_all_that_is_built(self):
        for outcome in ("success", "failure"):
            for name in ("Judge", "Publish", "Release"):
                self.assertTrue(self.runs(name, unchanged=(outcome, "true"), build="false"))
            self.assertFalse(self.ends(unchanged=(outcome, "true"), judge=("success", "clean"), build="false"))
            self.assertTrue(self.ends(unchanged=(outcome, "true"), judge=("failure", "vulnerable"), build="false", publish="false"))

    def test_the_step_that_may_build_has_no_token_and_publishes_nothing(self):
        (step,) = [one for one in self.job["steps"] if one.get("id") == "unchanged"]
        self.assertEqual((step["with"]["dry-run"], step["with"]["publish"]), ("true", "${{ inputs.publish }}"))
        self.assertEqual({"docker-token", "docker-username"} & set(step["with"]), set())


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
    """What the jobs of the matrix handed over becomes one directory out/."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="handed over ")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def hand_over(self, job, attempt, image, content, base, call=CALL):
        layouts = self.directory / f"in/layouts-{call}-{job}-attempt-{attempt}/{image}"
        scans = self.directory / f"in/reports-{call}-{job}-attempt-{attempt}/scans/{image}"
        for directory in (layouts, scans):
            directory.mkdir(parents=True)
            (directory / f"{content}.json").write_text(content)
        bases = [{"reference": base}, {"reference": "shared", "layers": {f"linux/{image}": 1}}]
        (scans.parents[1] / "bases.json").write_text(json.dumps(bases))

    def run_it(self, jobs=2, image="success"):
        matrix = {"include": [{"python": f"3.{12 + job}.0", "platform": "linux/amd64"} for job in range(jobs)]}
        return bash(script(PARENT_IMAGES, "Lay it together"), self.directory, HANDED_OVER=str(self.directory / "in"),
                    MATRIX=json.dumps(matrix), IMAGE=image, CALL=CALL)

    def lay(self, jobs=2):
        ended = self.run_it(jobs)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return sorted(str(p.relative_to(self.directory / "out")) for p in (self.directory / "out").rglob("*.json"))

    def the_only_reason(self, **options):
        ended = self.run_it(**options)
        self.assertEqual((ended.returncode, ended.stderr), (1, ""), ended.stdout)
        (line,) = ended.stdout.splitlines()
        return line

    def test_no_job_hands_over_what_was_committed(self):
        """Images and reports under the names of another job's would be judged and published in their place."""
        names = [step.get("name") for step in PARENT_IMAGES["jobs"]["image"]["steps"]]
        self.assertEqual(names.index("Nothing is built yet") + 1, names.index("Build"))
        (self.directory / "out/images/a").mkdir(parents=True)
        self.assertEqual(bash(script(PARENT_IMAGES, "Nothing is built yet"), self.directory).returncode, 0)
        self.assertFalse((self.directory / "out").exists())

    def test_every_job_contributes_and_the_bases_are_joined(self):
        self.hand_over(0, 1, "a", "x", "python:3.13")
        self.hand_over(1, 1, "b", "y", "python:3.12")
        self.assertEqual(self.lay(), ["bases.json", "images/a/x.json", "images/b/y.json", "scans/a/x.json", "scans/b/y.json"])
        self.assertEqual(json.loads((self.directory / "out/bases.json").read_text()), [
            {"reference": "python:3.12"}, {"reference": "python:3.13"},
            {"reference": "shared", "layers": {"linux/a": 1, "linux/b": 1}}])

    def test_what_another_call_of_the_workflow_handed_over_in_the_same_run_is_not_taken(self):
        self.hand_over(0, 1, "a", "x", "python:3.13", call="01234567")
        self.assertIn("No image was built", self.the_only_reason(jobs=1, image="failure"))
        (download,) = [one for _, one in steps(PARENT_IMAGES) if "download-artifact" in one.get("uses", "")]
        pattern = expressions.resolve(download["with"]["pattern"], {"needs": {"matrix": {"outputs": {"call": CALL}}}})
        for name, taken in ((f"layouts-{CALL}-0-attempt-1", True), ("layouts-01234567-0-attempt-1", False),
                            (f"verdict-{CALL}-attempt-1", False)):
            self.assertEqual(fnmatch.fnmatch(name, pattern), taken, name)

    def test_a_call_is_named_after_its_inputs(self):
        def name(**inputs):
            output = self.directory / "output"
            output.write_text("")
            step = next(one for _, one in steps(PARENT_IMAGES) if one.get("id") == "call")
            given = expressions.resolve(step["env"]["INPUTS"], {"inputs": inputs})
            self.assertEqual(bash(step["run"], self.directory, INPUTS=given, GITHUB_OUTPUT=str(output)).returncode, 0)
            return output.read_text()
        first = name(directory=".", contract="")
        self.assertRegex(first, r"^name=[0-9a-f]{8}\n$")
        self.assertEqual(name(directory=".", contract=""), first)
        self.assertNotEqual(name(directory=".", contract="off"), first)

    def test_of_a_job_that_ran_again_only_the_last_attempt_counts(self):
        self.hand_over(0, 1, "a", "first", "python:3.13")
        self.hand_over(0, 2, "a", "second", "python:3.13")
        self.hand_over(0, 10, "a", "tenth", "python:3.13")
        self.hand_over(1, 1, "b", "other", "python:3.12")
        for job in range(2, 10):
            self.hand_over(job, 1, "c", "same", "python:3.12")
        self.hand_over(10, 1, "d", "last", "python:3.12")
        self.assertEqual([name for name in self.lay(jobs=11) if name.startswith("images/")],
                         ["images/a/tenth.json", "images/b/other.json", "images/c/same.json", "images/d/last.json"])

    def test_when_every_build_failed_there_is_one_readable_reason(self):
        (self.directory / "in").mkdir()
        self.assertEqual(self.the_only_reason(image="failure"),
                         '::error::No image was built, so there is nothing to judge: each job "Python …" says why')

    def test_when_some_builds_failed_their_jobs_are_named(self):
        self.hand_over(0, 1, "a", "x", "python:3.13")
        self.assertEqual(self.the_only_reason(jobs=3, image="failure"),
                         "::error::Not every image was built, so nothing is judged or published; see the jobs "
                         "Python 3.13.0 on linux/amd64, Python 3.14.0 on linux/amd64")

    def test_a_re_run_after_the_images_were_deleted_says_what_to_press(self):
        """Reports are kept longer; a single artifact is unpacked without a directory of its own."""
        (self.directory / "in/scans").mkdir(parents=True)
        (self.directory / "in/bases.json").write_text("[]")
        self.assertEqual(self.the_only_reason(jobs=1),
                         '::error::The images of an earlier attempt are no longer kept (Python 3.12.0 on linux/amd64): press "Re-run all jobs"')


if __name__ == "__main__":
    unittest.main()
