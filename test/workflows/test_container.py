"""The action's container, driven by the mini-runner as GitHub's runner would."""

import json
import shutil
import signal
import subprocess
import sys
import unittest

import container
from canaries import GITHUB_TOKEN
from fake_github import GitHub
from project import publishing_lines, readme_lines
from project_of_images import Job, give_to_runner, make_small_repository, payload
from test_release import Registry
from workflow_player import Play, places_of_results


def ended_containers(step):
    """Containers of that step which are still there."""
    found = subprocess.run(["docker", "ps", "--all", "--quiet", "--filter", f"name={step.container}"], check=True,
                           capture_output=True, text=True)
    return found.stdout.split()


class Build(unittest.TestCase):
    def test_it_is_built_from_what_the_file_ignore_lets_through(self):
        """Only here: action.Dockerfile builds; the other tests take what it made."""
        container.build()


class TheImage(unittest.TestCase):
    def test_it_is_as_small_as_what_is_in_it(self):
        """Only here: the size of the container that is built."""
        size = container.size(container.build())
        print(f"the action's container: {size:.0f} MB compressed", file=sys.stderr)
        self.assertLess(size, 130)

    def test_it_holds_the_tools_their_records_and_no_shell(self):
        """Only here: the files of the container that is built."""
        paths = container.files(container.build())
        for program in ("python-image-action", "docker-buildx", "trivy", "grype"):
            self.assertIn(f"usr/local/bin/{program}", paths)
        for package in ("git", "libcurl4", "libfmt9", "libyaml-cpp0.7"):
            self.assertIn(f"var/lib/dpkg/status.d/{package}", paths, "scanners see what has a record")
        for name in ("bin/sh", "bin/bash", "usr/bin/apt-get", "usr/bin/dpkg"):
            self.assertNotIn(name, paths)

    def test_it_runs_as_root_from_an_absolute_path_as_the_runner_wants_it(self):
        """Only here: the configuration of the container that is built."""
        inspected = subprocess.run(["docker", "inspect", container.build()], check=True, capture_output=True, text=True)
        config = json.loads(inspected.stdout)[0]["Config"]
        self.assertEqual(config["Entrypoint"], ["/usr/local/bin/python-image-action"])
        self.assertIn(config.get("User", ""), ("", "0", "0:0"))


class Steps(unittest.TestCase):
    def test_check_and_matrix_set_their_outputs_and_leave_nothing_behind(self):
        """Only here: the container on a runner's command line, with files of another user."""
        job = Job(self, payload=payload("push")).check_out()
        checked = job.runner.step({"command": "check"})
        self.assertEqual(checked.conclusion, "success", checked)
        self.assertEqual(checked.outputs, {"problems": str(len(checked.log.annotations))})
        self.assertEqual(checked.log.messages("error"), [])
        planned = job.runner.step({"command": "matrix"})
        self.assertEqual(planned.conclusion, "success", planned)
        self.assertEqual(planned.outputs["count"], "2")
        self.assertEqual(planned.outputs["publish"], "true")
        legs = json.loads(planned.outputs["matrix"])["include"]
        self.assertEqual([leg["python"] for leg in legs], ["3.13.5", "3.12.3"])
        self.assertEqual(job.runner.foreign_files(), [])
        self.assertEqual(ended_containers(planned), [])

    def test_a_mistake_is_an_annotation_on_its_line_and_fails_the_step(self):
        """Only here: what is printed in a container reaches the runner's parser."""
        job = Job(self).check_out()
        job.write("image-matrix.json", '[\n{"pythonVersion": "3.13", "debianVersion": "slim-bookworm", "tags": []}\n]')
        step = job.runner.step({"command": "check"})
        self.assertEqual((step.conclusion, step.exit_code), ("failure", 2), step)
        self.assertIn(("error", {"file": "image-matrix.json", "line": "2"}), [a[:2] for a in step.log.annotations])

    def test_the_source_date_is_that_of_the_last_commit_in_a_checkout_of_another_user(self):
        """Only here: the git inside of the container, in a checkout of another user."""
        job = Job(self).check_out({"fetch-depth": 0})
        step = job.runner.step({"command": "check"})
        self.assertNotIn("dubious ownership", step.log.text())
        self.assertEqual(step.conclusion, "success", step)


class Cancelled(unittest.TestCase):
    """Somebody presses Cancel while a step of the Dockerfile sleeps."""

    def cancelled(self, cancellation):
        job = Job(self).check_out()
        job.write("image/prepare-slim", "#!/bin/sh\necho asleep now\nsleep 300\n")
        (job.workspace / "image/prepare-slim").chmod(0o755)
        inputs = {"command": "build", "only": "3.13.5-production", **job.stand_ins()}
        del inputs["databases"]
        step = job.runner.step(inputs, cancel_when=lambda log: "asleep now" in log.split("#", 1)[-1],
                               cancellation=cancellation)
        self.assertTrue(step.cancelled, step)
        self.assertEqual(step.exit_code, 130, step)
        self.assertLess(step.seconds, 7.5)
        self.assertEqual(ended_containers(step), [])
        self.assertEqual(job.runner.foreign_files(), [])
        self.assertEqual([str(p) for p in job.workspace.rglob("*.building*")], [])

    def test_the_first_signal_ends_it_in_time(self):
        """Only here: Docker hands a signal to the program, which ends a real build in time."""
        self.cancelled(((signal.SIGINT, 60),))

    def test_sigterm_does_too(self):
        """Only here: Docker hands a signal to the program, which ends a real build in time."""
        self.cancelled(((signal.SIGTERM, 60),))


class ReadmeWorkflow(unittest.TestCase):
    """The workflow of one job as the README has it, on pull requests."""

    def play(self, workflow, fixture, **options):
        play = Play(self, workflow, event="pull_request", ref="refs/pull/41/merge", payload=payload(fixture), **options)
        self.assertEqual(play.run(), {"images": "success"}, play.what_failed())
        (job,) = play.jobs["images"]
        return job, play.last_step("images")

    def test_it_ends_in_a_verdict_and_a_second_step_of_the_same_job_has_its_own(self):
        """Only here: the README's lines, run in containers."""
        job, step = self.play(readme_lines(), "pull_request", local_inputs=Job.stand_ins)
        self.assertEqual(step.outputs["verdict"], "clean")
        self.assertEqual(step.outputs["tested"], "true")
        self.assertEqual(step.outputs["published"], "false")
        self.assertEqual(step.outputs["reason"], 'an event of the kind "pull_request" never publishes')
        self.assertIn("stand-in", step.summary)
        self.assertEqual({name for name, _ in step.log.obeyed} - {"stop-commands", "notice", "warning"}, set(), step)
        self.assertEqual([name for name, value in step.outputs.items() if "defradigital" in value], [])
        self.assertEqual(job.runner.foreign_files(), [])
        self.plant_scanner_files(job)
        self.scan_again(job)

    def test_a_forks_pull_request_gets_a_verdict_publishes_nothing_and_keeps_its_findings(self):
        """Only here: the README's lines with what a fork gets."""
        self.play_for_fork(readme_lines(), lambda job, registry: job.stand_ins())

    def test_a_forks_pull_request_publishes_nothing_where_the_secret_is_empty(self):
        """Only here: the README's lines with an empty secret."""
        self.play_for_fork(publishing_lines(), lambda job, registry: {**job.stand_ins(), "to": registry.host})

    def play_for_fork(self, workflow, local_inputs):
        registry, hub = Registry(self), GitHub(self, read_only=True)
        job, step = self.play(workflow, "pull_request_fork", token=GITHUB_TOKEN, network="host",
                              variables={"GITHUB_API_URL": hub.address}, settings={"DOCKER_USERNAME": "defra-robot"},
                              local_inputs=lambda job: local_inputs(job, registry), make=make_small_repository)
        self.assertEqual({name: step.outputs[name] for name in ("verdict", "published", "sarif", "reason")},
                         {"verdict": "clean", "published": "false", "sarif": "out/sarif",
                          "reason": 'an event of the kind "pull_request" never publishes'})
        self.assertEqual(len(list((job.workspace / "out/sarif").glob("*.sarif"))), 2)
        self.assertIn("no findings in code scanning: the token of a fork's pull request may only read", step.log.messages("notice"))
        self.assertEqual((registry.repositories(), hub.writes, hub.refused), ([], [], []))
        self.assertFalse((job.workspace / "out/registry").exists())

    def plant_scanner_files(self, job):
        """Settings that would make both scanners silent. Results of earlier scans are removed, so that both run."""
        for place in places_of_results(job):
            shutil.rmtree(place / "scans", ignore_errors=True)
        for directory in ("", "out/", "out/images/"):
            job.write(f"{directory}trivy.yaml", "exit-code: 0\nseverity: [UNKNOWN]\nscan: {skip-dirs: ['**/*']}\n")
            job.write(f"{directory}trivy-secret.yaml", "disable-allow-rules: []\n")
        home = job.runner.places["home"]
        (home / ".grype.yaml").write_text("ignore: [{package: {name: '.*'}}]\nexclude: ['./**']\n")
        (home / ".trivyignore").write_text("CVE-*\n")
        give_to_runner(home)

    def scan_again(self, job):
        """With databases that know of vulnerabilities which block. One image is enough: all are scanned in the same way."""
        step = job.runner.step({"command": "scan", "only": "3.13.5-production", **job.databases("red")})
        self.assertEqual((step.exit_code, step.outputs["verdict"]), (1, "vulnerable"), step)
        self.assertEqual(job.runner.foreign_files(), [])


if __name__ == "__main__":
    unittest.main()
