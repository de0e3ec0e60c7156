"""What starts a run, and who would like to get more out of one than is theirs: real events and hostile inputs, through the
container."""

import json
import unittest

import runner_protocol
from canaries import DOCKER_TOKEN
from project_of_images import Job, matrix, payload


class Events(unittest.TestCase):
    EVENTS = [  # payload, event, ref, repository, why it publishes or not (None: its kind never does)
        ("push", "push", "refs/heads/master", "defra/images", "the branch master publishes"),
        ("push", "push", "refs/heads/topic", "defra/images", "the branch topic does not publish"),
        ("push", "push", "refs/tags/master", "defra/images", "refs/tags/master is not a branch"),
        ("push", "push", "refs/heads/master", "eve/images", "the event is about defra/images, the workflow runs in eve/images"),
        ("schedule", "schedule", "refs/heads/master", "defra/images", "the branch master publishes"),
        ("schedule", "schedule", "refs/heads/topic", "defra/images", "the branch topic does not publish"),
        ("schedule_in_fork", "schedule", "refs/heads/master", "eve/images", "a fork never publishes"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/master", "defra/images", "the branch master publishes"),
        ("workflow_dispatch", "workflow_dispatch", "refs/heads/topic", "defra/images", "the branch topic does not publish"),
        ("workflow_dispatch", "workflow_dispatch", "refs/tags/1.0.0", "defra/images", "refs/tags/1.0.0 is not a branch"),
        ("pull_request", "pull_request", "refs/pull/41/merge", "defra/images", None),
        ("pull_request", "pull_request", "refs/heads/master", "defra/images", None),  # closed and merged
        ("pull_request_fork", "pull_request", "refs/pull/41/merge", "defra/images", None),
        ("pull_request_fork", "pull_request_target", "refs/heads/master", "defra/images", None),
        ("dependabot", "pull_request", "refs/pull/41/merge", "defra/images", None),
        ("release", "release", "refs/tags/1.1.0", "defra/images", None),
        ("merge_group", "merge_group", "refs/heads/gh-readonly-queue/master/pr-41-029a0e7f", "defra/images", None),
        ("workflow_run_of_fork", "workflow_run", "refs/heads/master", "defra/images", None),
        ("push", "repository_dispatch", "refs/heads/master", "defra/images", None),
    ]

    def test_each_kind_of_event_publishes_or_says_why_not(self):
        """Only here: GitHub's own payloads, read inside of the container."""
        for fixture, event, ref, repository, why in self.EVENTS:
            reason = why or f'an event of the kind "{event}" never publishes'
            with self.subTest(fixture=fixture, event=event, ref=ref):
                job = Job(self, payload=payload(fixture), event=event, ref=ref, repository=repository).check_out()
                step = job.runner.step({"command": "matrix"})
                self.assertEqual(step.conclusion, "success", step)
                self.assertEqual((step.outputs["publish"], step.outputs["reason"]), ("true" if reason == "the branch master publishes" else "false", reason))
                self.assertEqual({name for name, _ in step.log.obeyed} - {"notice", "warning"}, set(), step)

    def test_a_fork_has_no_nightly_of_its_own(self):
        """Only here: GitHub's own payload of a schedule in a fork."""
        job = Job(self, payload=payload("schedule_in_fork"), event="schedule", repository="eve/images").check_out()
        step = job.runner.step({"command": "nightly"})
        self.assertEqual(step.conclusion, "success", step)
        self.assertIn("no nightly scan: this is a fork", step.log.messages("notice")[0])

    def test_an_event_without_its_payload_is_refused(self):
        """Only here: a file that the runner did not mount."""
        job = Job(self).check_out()
        (job.runner.places["workflow"] / "event.json").unlink()
        step = job.runner.step({"command": "matrix"})
        self.assertEqual((step.exit_code, step.outputs), (2, {}), step)


class Attacks(unittest.TestCase):
    def test_a_branch_name_is_never_run_as_code(self):
        """Only here: the name goes through an environment, a container and a log."""
        branch = """it's;"quoted"$(touch${IFS}pwned)`touch${IFS}pwned`${{secrets.TOKEN}}%0A::error::forged""".replace(":", "")
        job = Job(self, payload=payload("push"), ref=f"refs/heads/{branch}").check_out()
        step = job.runner.step({"command": "matrix"})
        self.assertEqual(step.outputs["reason"], f"the branch {branch} does not publish")
        self.assertEqual(step.log.messages("error"), [])
        self.assertEqual([path for path in job.runner.files() if path.name == "pwned"], [])

    def test_values_of_the_matrix_with_newlines_and_delimiters_forge_no_output(self):
        """Only here: the runner's own parsers read what hostile values became."""
        for value in ("3.13.5\nverdict=clean", "3.13.5\nghadelimiter_0\npublish<<x\ntrue\nx", "3.13.5\r::set-output name=publish::true",
                      "3.13.5##[set-output name=publish]true"):
            with self.subTest(value=value):
                job = Job(self).check_out()
                job.write("image-matrix.json", json.dumps([{"pythonVersion": value, "debianVersion": "slim-bookworm",
                                                            "tags": ["a\nb", value]}]))
                step = job.runner.step({"command": "matrix"})
                self.assertEqual((step.exit_code, step.outputs, step.errors), (2, {}, []), step)
                self.assertEqual({name for name, _ in step.log.obeyed} - {"warning"}, {"error"})

    def test_what_a_dockerfile_prints_and_what_lies_in_home_change_nothing(self):
        """Only here: a real build prints, and the runner's own parser reads it."""
        job = Job(self).check_out()
        job.write("image/prepare-slim", "#!/bin/sh\n" + "".join(f"printf '%b\\n' '{line}'\n" for line in (
            "::add-mask::verdict", "##[set-output name=verdict]clean", "x ##[save-state name=a]b", "\\r::error::forged",
            "::set-output name=publish::true", "::stop-commands::pwned", "::add-matcher::/x", "::set-env name=PATH::/x")) + "exit 1\n")
        (job.workspace / "image/prepare-slim").chmod(0o755)
        home = job.runner.places["home"]
        (home / ".docker/cli-plugins").mkdir(parents=True)
        (home / ".docker/config.json").write_text('{"credsStore": "evil", "credHelpers": {"docker.io": "evil"}, "currentContext": "evil"}')
        for name in ("docker-buildx", "docker-credential-evil"):
            (home / ".docker/cli-plugins" / name).write_text("#!/bin/sh\ntouch /github/home/pwned\n")
            (home / ".docker/cli-plugins" / name).chmod(0o755)
        before = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
        inputs = job.stand_ins()
        del inputs["databases"]
        step = job.runner.step({"command": "build", "only": "3.13.5-production", **inputs})
        self.assertEqual((step.exit_code, step.outputs, step.state, step.env), (3, {}, {}, {}), step)
        self.assertIn("set-output", step.log.text(), "people still see what it printed")
        self.assertEqual({name for name, _ in step.log.obeyed} - {"stop-commands", "notice", "warning"}, {"error"}, step)
        self.assertNotIn("forged", step.log.messages("error"))
        tokens = [data for name, data in step.log.obeyed if name == "stop-commands"]
        self.assertTrue(tokens and all(len(token) == 32 for token in tokens), tokens)
        self.assertNotIn("verdict", job.runner.masks.values)
        self.assertEqual({str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}, before)

    def test_a_symbolic_link_in_an_input_files_place_is_refused_and_not_shown(self):
        """Only here: /proc of the container's own process."""
        for name in ("image-matrix.json", "JOB.env", "vulnerability-policy.yml", "Dockerfile"):
            with self.subTest(name=name):
                job = Job(self).check_out()
                (job.workspace / name).unlink()
                (job.workspace / name).symlink_to("/proc/self/environ")
                step = job.runner.step({"command": "check", "docker-token": DOCKER_TOKEN})
                self.assertEqual(step.exit_code, 2, step)
                self.assertIn("this is a symbolic link", step.log.text())
                self.assertEqual(job.runner.leaks(lambda content: b"INPUT_COMMAND" in content), [])

    def test_a_secret_as_the_user_name_blanks_no_output_of_the_job(self):
        """Only here: the runner's own masks."""
        job = Job(self, payload=payload("push"), hidden=["defradigital", DOCKER_TOKEN]).check_out()
        step = job.runner.step({"command": "matrix", "docker-username": "defradigital", "docker-token": DOCKER_TOKEN})
        warnings = []
        self.assertEqual(runner_protocol.job_outputs(step.outputs, job.runner.masks, warnings), step.outputs)
        self.assertEqual(warnings, [])

    def test_an_input_over_the_kernels_limit_never_starts_and_one_below_it_is_read(self):
        """Only here: the kernel's limit for one variable."""
        job = Job(self).check_out()
        step = job.runner.step({"command": "matrix", "only": "x" * 200_000})
        self.assertEqual((step.conclusion, step.exit_code), ("failure", 1))
        self.assertIn("Argument list too long", step.errors[0])
        step = job.runner.step({"command": "matrix", "only": "x" * 120_000})
        self.assertEqual((step.exit_code, step.outputs, step.errors), (2, {}, []), step.log.text()[:1000])

    def test_arguments_from_with_args_are_ignored(self):
        """Only here: Docker's command line."""
        job = Job(self, payload=payload("push")).check_out()
        step = job.runner.step({"command": "matrix"}, args=["publish", "--to", "evil.example", "--version"])
        self.assertEqual((step.conclusion, step.outputs["count"]), ("success", "2"), step)

    def test_a_misspelt_input_is_named(self):
        """Only here: inputs reach the program as the runner spells them."""
        step = Job(self).check_out().runner.step({"command": "matrix", "image-martix": "x"})
        self.assertEqual(step.exit_code, 2)
        self.assertIn('there is no input "image-martix"', step.log.messages("error")[0])

    def test_no_row_and_one_row_and_as_many_as_github_takes_and_one_more(self):
        """Only here: the runner's own limits of outputs."""
        for count in (0, 1, 256, 257):
            with self.subTest(count=count):
                job = Job(self, payload=payload("push")).check_out()
                job.write("image-matrix.json", matrix([(f"3.13.{number}", []) for number in range(count)]))
                step = job.runner.step({"command": "matrix"})
                if count == 257:
                    self.assertEqual((step.exit_code, step.outputs), (2, {}), step)
                    self.assertIn("more than 256 jobs", step.log.messages("error")[0])
                    continue
                self.assertEqual(step.conclusion, "success", step)
                outputs = runner_protocol.job_outputs(step.outputs, job.runner.masks, [])
                self.assertEqual(outputs["count"], str(count))
                self.assertEqual("matrix" in outputs, count > 0, "an empty list is a workflow error: there is none")
                if count:
                    self.assertEqual(len(json.loads(outputs["matrix"])["include"]), count)


if __name__ == "__main__":
    unittest.main()
