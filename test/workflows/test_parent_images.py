"""The reusable workflow, played from its first job to its last on a push to master: planned, built, tested and scanned in a job for each
version, judged together, published to a registry, released."""

import unittest

import expressions
from canaries import DOCKER_TOKEN, GITHUB_TOKEN
from fake_github import GitHub
from project import workflow
from project_of_images import git, head_of, make_small_repository, payload
from test_release import Registry
from workflow_player import Play


class Expressions(unittest.TestCase):
    contexts = {"steps": {"scan": {"outcome": "failure", "outputs": {}}}, "inputs": {"to": "docker.io", "empty": ""},
                "needs": {"matrix": {"result": "success", "outputs": {"count": "0"}}}}

    def test_conditions_of_the_workflows(self):
        for condition, status, wanted in [
                (None, "success", True), (None, "failure", False), ("always()", "failure", True),
                ("${{ !cancelled() && steps.scan.outcome == 'failure' && steps.scan.outputs.verdict != 'vulnerable' }}", "failure", True),
                ("needs.matrix.outputs.count != '0'", "success", False),
                ("${{ !cancelled() && needs.matrix.result == 'success' && (needs.matrix.outputs.count != '0' || needs.matrix.outputs.build == 'false') }}",
                 "success", False),
                ("steps.scan.outcome == 'failure'", "failure", False)]:
            with self.subTest(condition=condition, status=status):
                self.assertEqual(expressions.is_wanted(condition, self.contexts, status), wanted)

    def test_values(self):
        self.assertEqual(expressions.resolve("to ${{ inputs.to }}!", self.contexts), "to docker.io!")
        self.assertEqual(expressions.resolve("${{ inputs.to != '' && inputs.to || 'off' }}", self.contexts), "docker.io")
        self.assertEqual(expressions.resolve("${{ inputs.empty || 'it''s' }}", self.contexts), "it's")
        self.assertEqual(expressions.resolve("${{ fromJson('[1]') }}", self.contexts), [1])
        self.assertEqual(expressions.resolve("${{ secrets.nobody }}", self.contexts), "")
        with self.assertRaises(ValueError):
            expressions.resolve("${{ 1 + 1 }}", self.contexts)


class Played(unittest.TestCase):
    def play(self, registry, hub, fixture, local_inputs=None, **options):
        return Play(self, workflow("parent-images.yml"), inputs={"to": registry.host, "docker-username": "defra-robot"}, token=GITHUB_TOKEN,
                    network="host", payload=payload(fixture), local_inputs=local_inputs or self.local_inputs,
                    variables={"GITHUB_API_URL": hub.address}, **options)

    def test_it_is_published_and_released_and_the_check_is_green(self):
        """Only here: the jobs of the reusable workflow hand over what the next ones need."""
        registry, hub = Registry(self), GitHub(self)
        play = self.play(registry, hub, "push", secrets={"docker-token": DOCKER_TOKEN})
        hub.head = head_of(play.origin)
        self.assertEqual(play.run(), {"matrix": "success", "image": "success", "publish": "success", "check": "success"},
                         play.what_failed())
        self.assertEqual(len(play.jobs["image"]), 2)
        self.push_other_words(play, registry, hub)
        self.push_while_findings_block(play, registry, hub)
        self.check_registry(registry)
        self.check_release(hub, hub.head)
        self.assertEqual(hub.findings, {f"images/{python}/{target}/linux-amd64/": "refs/heads/master"
                                        for python in ("3.13", "3.12") for target in ("development", "production")})
        self.check_owners(play)

    def push_again(self, first, registry, hub, files, local_inputs=None):
        """The next push, which changes only these files: none of them goes into an image."""
        play = self.play(registry, hub, "push", local_inputs, secrets={"docker-token": DOCKER_TOKEN},
                         make=lambda directory: git(directory, "clone", "--quiet", str(first.origin), "."))
        for name, text in files.items():
            (play.origin / name).write_text(text)
        git(play.origin, "add", "--all")
        git(play.origin, "commit", "--quiet", "--message=Other words")
        results = play.run()
        self.assertFalse((play.jobs["publish"][0].workspace / "out/images").exists())
        return play, results

    def push_other_words(self, first, registry, hub):
        """No job builds, what is published is scanned, and the check says why it is green."""
        play, results = self.push_again(first, registry, hub, {"NOTES.md": "Other words.\n"})
        self.assertEqual(results, {"matrix": "success", "image": "skipped", "publish": "success", "check": "success"}, play.what_failed())
        step = play.last_step("publish")
        self.assertEqual({name: step.outputs[name] for name in ("build", "verdict", "tested", "published", "created")},
                         {"build": "false", "verdict": "clean", "tested": "true", "published": "false", "created": "false"})
        ((_, check),) = play.steps["check"]
        self.assertIn("::notice::nothing has to be built: 1.0.0 is published", check["log"])

    def push_while_findings_block(self, first, registry, hub):
        """What is published has become vulnerable: only gate.publish: no-worse lets the run pass, by a step without a token."""
        for policy, result in (("gate: {publish: no-worse}\n", "success"), ("gate: {publish: strict}\n", "failure")):
            play, results = self.push_again(first, registry, hub, {"vulnerability-policy.yml": policy},
                                            lambda job: {**self.local_inputs(job), **job.databases("red")})
            self.assertEqual(results, {"matrix": "success", "image": "skipped", "publish": result, "check": result}, play.what_failed())
            outputs = play.outputs()
            self.assertEqual((outputs["verdict"], outputs["published"]), ("vulnerable", "false"), policy)

    def test_a_forks_pull_request_ends_in_a_verdict_whose_findings_are_kept_as_an_artifact(self):
        """Only here: the same with the rights of a fork."""
        registry, hub = Registry(self), GitHub(self, read_only=True)
        play = self.play(registry, hub, "pull_request_fork", event="pull_request", ref="refs/pull/41/merge", make=make_small_repository)
        planted = "out/scans/published/3.13.5-production-linux-amd64/receipts.json"  # what is published has it all, it says
        (play.origin / planted).parent.mkdir(parents=True)
        (play.origin / planted).write_text("{}")
        git(play.origin, "add", "--force", "out")
        git(play.origin, "commit", "--quiet", "--message=A report of our own")
        self.assertEqual(play.run(), {"matrix": "success", "image": "success", "publish": "success", "check": "success"},
                         play.what_failed())
        kept = sorted(path.name for path in (play.directory / "artifacts").glob("verdict-*-attempt-1/**/*.sarif"))
        self.assertEqual(kept, [f"3.13.5-{target}-linux-amd64.sarif" for target in ("development", "production")])
        messages = [notice for _, ended in play.steps["publish"] if "step" in ended for notice in ended["step"].log.messages("notice")]
        self.assertTrue([notice for notice in messages if "no findings in code scanning" in notice], messages)
        self.assertEqual((registry.repositories(), hub.writes), ([], []))
        self.assertFalse((play.jobs["publish"][0].workspace / planted).exists())
        self.check_owners(play)

    def test_no_image_is_green_with_a_reason_and_a_broken_matrix_is_red(self):
        """Only here: conditions between jobs, evaluated."""
        for text, results, messages in [
                ("[]", {"matrix": "success", "image": "skipped", "publish": "skipped", "check": "success"}, "names no image"),
                ("[", {"matrix": "failure", "image": "skipped", "publish": "skipped", "check": "failure"}, "ended with: failure")]:
            with self.subTest(matrix=text):
                play = Play(self, workflow("parent-images.yml"), payload=payload("push"),
                            local_inputs=lambda job: {})
                (play.origin / "image-matrix.json").write_text(text)
                git(play.origin, "commit", "--quiet", "--all", "--message=Other versions")
                self.assertEqual(play.run(), results)
                ((_, check),) = play.steps["check"]
                self.assertIn(messages, check["log"])

    def test_a_branch_that_publishes_without_a_token_stops_before_anything_is_built(self):
        """Only here: conditions between steps, evaluated."""
        play = Play(self, workflow("parent-images.yml"), inputs={"docker-username": "defra-robot"},
                    payload=payload("push"), local_inputs=lambda job: {})
        self.assertEqual(play.run(), {"matrix": "failure", "image": "skipped", "publish": "skipped", "check": "failure"})
        self.assertIn("needs the input docker-username and the secret docker-token", play.steps["matrix"][-1][1]["log"])

    def local_inputs(self, job):
        return {**job.stand_ins(), "cache-from": "", "cache-to": "", "allow-stand-in": "true"}

    def check_registry(self, registry):
        for repository in ("defradigital/python", "defradigital/python-development"):
            self.assertEqual(registry.tags(repository), ["1.0.0-python3.12.3", "1.0.0-python3.13.5", "latest", "latest-3.12", "latest-3.13"])

    def check_release(self, hub, commit):
        (release,) = hub.releases
        self.assertEqual((release["tag_name"], release["name"], release["draft"]), ("1.0.0", "Python 1.0.0", False))
        self.assertEqual(release["target_commitish"], commit)
        self.assertIn("publication.json", release["files"])
        self.assertEqual(hub.refused, [])

    def check_owners(self, play):
        for name, jobs in play.jobs.items():
            for job in jobs:
                self.assertEqual(job.runner.foreign_files(), [], name)


if __name__ == "__main__":
    unittest.main()
