"""Plays a workflow job by job, in the order of their needs: steps of the action through the mini-runner, scripts as the runner starts
them, artifacts and caches as directories. Other actions than checkout, cache and the two of artifacts would be unknown to it."""

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import canaries
import container
import expressions
import runner_protocol
from project import OURS
from project_of_images import Job, give_to_runner, make_repository

CACHES = Path(tempfile.mkdtemp(prefix="caches-"))  # what the plays of this process saved, as the runs of one repository do
atexit.register(shutil.rmtree, CACHES)
NAMES_OF_OURS = (*OURS, "defra/python-image-action")  # of the same commit, or as others name it


def places_of_results(job):
    """Where the program keeps them in a container: below $HOME, or below what the workflows set as XDG_CACHE_HOME."""
    return [job.runner.places["home"] / ".cache/python-image-action", job.runner.places["runner_temp"] / "cache/python-image-action"]


def restore_results(job):
    """A machine that ran before: what any play tested and scanned is not tested and scanned again if all of it is the same."""
    for place in places_of_results(job):
        shutil.copytree(container.results(), place)
    give_to_runner(job.directory)


def save_results(job):
    for place in places_of_results(job):
        for file in [path for kind in ("tests", "scans") for path in (place / kind).rglob("*") if path.is_file()]:
            kept = container.results() / file.relative_to(place)
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                made = kept.with_name(f"{kept.name}.{os.getpid()}")
                shutil.copy(file, made)
                made.rename(kept)


class Play:
    def __init__(self, test, workflow, *, local_inputs, inputs=None, secrets=None, settings=None, token="", make=make_repository,
                 machine=None, **job_options):
        """`local_inputs(job)` gives the inputs that replace what this machine cannot reach: registries, feeds, caches. `settings` are what
        workflows know as `vars`, `machine` the environment that scripts find there."""
        self.test, self.workflow, self.local_inputs, self.job_options = test, workflow, local_inputs, job_options
        self.machine = machine or {"PATH": os.environ["PATH"]}
        self.directory = Path(tempfile.mkdtemp(prefix="play-"))
        test.addCleanup(shutil.rmtree, self.directory)
        self.origin = self.directory / "origin"
        self.origin.mkdir()
        make(self.origin)
        called = workflow["on"].get("workflow_call", {"inputs": {}})
        defaults = {name: one.get("default", "") for name, one in called["inputs"].items()}
        self.contexts = {"inputs": {**defaults, **(inputs or {})}, "secrets": secrets or {}, "vars": settings or {}, "needs": {},
                         "github": {"run_attempt": "1", "run_id": "7", "actor": "maintainer", "token": token}}
        self.hidden = [secret for secret in [token, *self.contexts["secrets"].values()] if secret]
        self.steps, self.jobs = {}, {}  # what ran, by job and name

    def run(self):
        """{job: result}"""
        results = {}
        for name, job in self.workflow["jobs"].items():
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            status = "success" if all(results[need] == "success" for need in needs) else "failure"
            if not expressions.is_wanted(job.get("if"), self.contexts, status):
                results[name] = "skipped"
            else:
                results[name] = self.run_legs(name, job)
            self.contexts["needs"].setdefault(name, {"outputs": {}})["result"] = results[name]
        return results

    def outputs(self):
        """What the workflow puts out to its caller."""
        contexts = {**self.contexts, "jobs": self.contexts["needs"]}
        return {name: expressions.resolve(one["value"], contexts)
                for name, one in self.workflow["on"]["workflow_call"].get("outputs", {}).items()}

    def run_legs(self, name, job):
        matrix = job.get("strategy", {}).get("matrix")
        legs = expressions.resolve(matrix, self.contexts)["include"] if matrix else [{}]
        ends = [self.run_job(name, job, {**self.contexts, "matrix": leg, "strategy": {"job-index": str(number)}})
                for number, leg in enumerate(legs)]
        return "success" if all(end == "success" for end in ends) else "failure"

    def run_job(self, name, definition, contexts):
        job = Job(self.test, origin=self.origin, hidden=self.hidden, contexts={"github": contexts["github"]}, **self.job_options)
        job.extra, job.caches = None, {}
        restore_results(job)
        contexts |= {"runner": {"temp": str(job.runner.places["runner_temp"])}, "steps": {}}
        status = "success"
        for number, step in enumerate(definition["steps"]):
            label = step.get("id") or step.get("name") or str(number)
            ended = {"outcome": "skipped", "outputs": {}}
            if expressions.is_wanted(step.get("if"), contexts, status):
                ended = self.run_step(job, step, contexts)
                self.steps.setdefault(name, []).append((step.get("name") or step.get("uses") or step["run"], ended))
                if ended["outcome"] == "failure" and not step.get("continue-on-error"):
                    status = "failure"
            contexts["steps"][label] = ended
        if status == "success":
            self.save_caches(job)
        save_results(job)
        outputs = {key: str(expressions.resolve(value, contexts)) for key, value in definition.get("outputs", {}).items()}
        self.contexts["needs"][name] = {"outputs": runner_protocol.job_outputs(outputs, job.runner.masks, [])}
        self.jobs.setdefault(name, []).append(job)
        return status

    def run_step(self, job, step, contexts):
        given = {key: expressions.resolve(value, contexts) for key, value in step.get("with", {}).items()}
        environment = {key: self.text(expressions.resolve(value, contexts)) for key, value in step.get("env", {}).items()}
        if "run" in step:
            directory = job.workspace / str(expressions.resolve(step.get("working-directory", "."), contexts))
            return self.run_script(job, step["run"], environment, directory)
        action = step["uses"].partition("@")[0]
        if action in NAMES_OF_OURS:
            return self.run_action(job, given, environment)
        if action == "actions/checkout":
            job.check_out(given)
        elif action == "actions/upload-artifact":
            return {"outcome": self.upload(job, given), "outputs": {}}
        elif action == "actions/download-artifact":
            self.download(given)
            give_to_runner(Path(given["path"]))
        else:
            self.test.assertEqual(action, "actions/cache")
            self.restore_cache(job, given)
        return {"outcome": "success", "outputs": {}}

    @staticmethod
    def text(value):
        return {True: "true", False: "false"}.get(value, str(value))

    def run_action(self, job, given, environment):
        if job.extra is None:
            job.extra = self.local_inputs(job)
        job.runner.step_env = environment
        step = job.runner.step({**given, **job.extra})
        return {"outcome": "failure" if step.conclusion != "success" else "success", "outputs": step.outputs, "step": step}

    def run_script(self, job, text, environment, directory):
        output = self.directory / "output"
        output.write_text("")
        ended = subprocess.run(["bash", "-e", "-c", text], cwd=directory, capture_output=True, text=True, check=False,
                               env={**self.machine, "GITHUB_OUTPUT": str(output), **environment})
        self.test.assertFalse(canaries.is_in((ended.stdout + ended.stderr).encode()), text)
        give_to_runner(job.workspace)
        outputs = {}
        runner_protocol.parse_pairs(output.read_bytes(), outputs)
        return {"outcome": "failure" if ended.returncode else "success", "outputs": outputs, "log": ended.stdout + ended.stderr}

    def what_failed(self):
        return "\n".join(f"{job}: {name}: {ended.get('step') or ended.get('log', ended['outcome'])}"
                         for job, steps in self.steps.items() for name, ended in steps if ended["outcome"] != "success")

    def last_step(self, name):
        """The last one of the action in that job."""
        return [ended["step"] for _, ended in self.steps[name] if "step" in ended][-1]

    @staticmethod
    def restore_cache(job, given):
        """The entry of that key, else the newest one that begins with one of `restore-keys`."""
        key, paths = given["key"], [Path(path) for path in given["path"].split()]
        found = sorted(CACHES.glob(key)) or sorted((entry for begin in given.get("restore-keys", "").split() for entry in CACHES.glob(f"{begin}*")),
                                                   key=os.path.getmtime, reverse=True)
        for number, path in enumerate(paths if found else []):
            if (found[0] / str(number)).exists():
                shutil.copytree(found[0] / str(number), path, dirs_exist_ok=True)
        job.caches[key] = paths
        give_to_runner(job.runner.places["runner_temp"])

    @staticmethod
    def save_caches(job):
        """An entry is never replaced."""
        for key, paths in job.caches.items():
            for number, path in enumerate(paths):
                if path.exists() and not (CACHES / key / str(number)).exists():
                    shutil.copytree(path, CACHES / key / str(number))

    def upload(self, job, given):
        """One directory's content, or several paths below what they have in common."""
        paths = [job.workspace / path for path in str(given["path"]).split() if (job.workspace / path).exists()]
        if not paths:
            return "failure" if given.get("if-no-files-found") == "error" else "success"
        artifact = self.directory / "artifacts" / given["name"]
        self.test.assertFalse(artifact.exists(), "an artifact's name is used once")
        root = paths[0] if len(paths) == 1 and paths[0].is_dir() else Path(os.path.commonpath(paths))
        for path in paths:
            target = artifact / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target)
        return "success"

    def download(self, given):
        """A single artifact is unpacked without a directory of its own (actions/download-artifact 8)."""
        found = list((self.directory / "artifacts").glob(given["pattern"]))
        for artifact in found:
            shutil.copytree(artifact, Path(given["path"]) / (artifact.name if len(found) > 1 else ""), dirs_exist_ok=True)
