"""A runner of container actions for tests: takes a step as a workflow has it, starts the action's container with the very
command line that GitHub's runner makes, and reads back what the runner would read.

Written from actions/runner 2.336.0: ContainerActionHandler.cs, DockerCommandManager.cs, ProcessInvoker.cs. What it leaves
out: container hooks, services, post steps.
"""

import json
import os
import secrets
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import canaries
import expressions
import runner_protocol
from project import action

# The order counts: the first directory that a value begins with is the one that is translated.
MOUNTS = {"workspace": "/github/workspace", "file_commands": "/github/file_commands", "workflow": "/github/workflow",
          "home": "/github/home", "runner_temp": "/github/runner_temp"}
CANCELLATION = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 30))  # and the seconds until the next one


@dataclass
class Step:
    """What a step left, as the runner sees it."""
    exit_code: int
    seconds: float  # from its start, or from its cancellation
    log: runner_protocol.Log
    outputs: dict = field(default_factory=dict)
    state: dict = field(default_factory=dict)
    env: dict = field(default_factory=dict)
    summary: str = ""
    errors: list = field(default_factory=list)  # the runner's own
    cancelled: bool = False
    container: str = ""

    @property
    def conclusion(self):
        if self.cancelled:
            return "cancelled"
        return "failure" if self.exit_code or self.errors or self.log.errors else "success"

    def __str__(self):
        return f"{self.conclusion}, {self.exit_code}\n{self.log.text()}\n{self.errors}"

    def everything(self):
        """What left it, before anything in it is hidden."""
        pairs = [*self.outputs.items(), *self.state.items(), *self.env.items()]
        return "\n".join([*self.log.raw, self.summary, *(f"{name}={value}" for name, value in pairs)]).encode()


class Runner:
    """One job on one machine: its directories, its event, its secrets; steps one after the other."""

    def __init__(self, directory, image, *, event="push", payload=None, ref="refs/heads/master", repository="defra/images",
                 hidden=(), variables=None, contexts=None, network=""):
        self.directory = Path(directory)
        self.image = image
        self.places = {name: self.directory / name for name in MOUNTS}
        for place in self.places.values():
            place.mkdir(parents=True, exist_ok=True)
        self.workspace = self.places["workspace"]
        (self.places["workflow"] / "event.json").write_text(json.dumps(payload or {}))
        self.masks = runner_protocol.Masks(hidden)
        self.network = network  # the runner names one if the job has services
        self.shared = {}  # directories that every job shares, read-only: {path on this machine: path in the container}
        self.env = {}  # what earlier steps wrote into $GITHUB_ENV
        self.step_env = {}  # the next step's own `env:`
        self.steps = []
        self.contexts = contexts or {}
        self.variables = {
            "GITHUB_ACTOR": "maintainer", "GITHUB_API_URL": "https://api.github.invalid", "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(self.places["workflow"] / "event.json"), "GITHUB_REF": ref,
            "GITHUB_REF_NAME": ref.split("/", 2)[-1], "GITHUB_REPOSITORY": repository, "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_SHA": "a" * 40,
            "GITHUB_WORKFLOW_REF": f"{repository}/.github/workflows/images.yml@{ref}",
            "GITHUB_WORKSPACE": str(self.workspace), "RUNNER_TEMP": str(self.places["runner_temp"]),
            "RUNNER_OS": "Linux", "HOME": str(self.places["home"]),
            "ACTIONS_RUNTIME_TOKEN": canaries.RUNTIME_TOKEN, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": canaries.IDENTITY_TOKEN,
            **(variables or {})}
        for own in (canaries.RUNTIME_TOKEN, canaries.IDENTITY_TOKEN):
            self.masks.add(own)

    def inputs(self, given):
        """Defaults of action.yml, overridden by `with:`; unknown ones are passed on, with a warning."""
        values = {name: entry.get("default", "") for name, entry in action()["inputs"].items()}
        values.update(given)
        as_text = {name: {True: "true", False: "false"}.get(value, value) for name, value in values.items()}
        return {"INPUT_" + name.replace(" ", "_").upper(): str(expressions.resolve(value, self.contexts)) for name, value in as_text.items()}

    def inside(self, value):
        """A value that is a path on this machine becomes the one in the container."""
        for name, place in self.places.items():
            if value == str(place) or value.startswith(f"{place}/"):
                return MOUNTS[name] + value[len(str(place)):]
        return value

    def command_files(self):
        files = {}
        for name in ("output", "state", "env", "path", "step_summary"):
            files[name] = self.places["file_commands"] / f"{name}_{secrets.token_hex(8)}"
            files[name].touch()
            if os.geteuid() == 0:  # the runner itself is not root
                os.chown(files[name], self.workspace.stat().st_uid, self.workspace.stat().st_gid)
            self.variables["GITHUB_" + name.upper()] = str(files[name])
        return files

    def docker_run(self, name, variables, args=()):
        """The runner's command line: only names of variables are on it, their values are in the client's environment."""
        words = ["docker", "run", "--name", name, "--label", name[-6:], "--workdir", MOUNTS["workspace"], "--rm"]
        for variable in variables:
            words += ["-e", variable]
        words += ["-e", "GITHUB_ACTIONS=true", "-e", "CI=true"]
        words += ["--network", self.network] if self.network else []
        words += ["-v", "/var/run/docker.sock:/var/run/docker.sock"]
        for place, inside in MOUNTS.items():
            words += ["-v", f"{self.places[place]}:{inside}"]
        for place, inside in self.shared.items():
            words += ["-v", f"{place}:{inside}:ro"]
        return [*words, self.image, *args]

    def step(self, given=None, *, args=(), cancel_when=None, cancellation=CANCELLATION):
        """Runs the action with these inputs; `args` is what `with: args:` would add to the command line.
        `cancel_when(log text)` says when the run is cancelled."""
        files = self.command_files()
        variables = {**self.variables, **self.env, **self.step_env, **self.inputs(given or {})}
        variables = {name: self.inside(value) for name, value in variables.items()}
        name = f"{self.image.replace(':', '_').replace('/', '_')}_{secrets.token_hex(3)}"
        log = runner_protocol.Log(self.masks)
        started = time.monotonic()
        try:
            process = subprocess.Popen(self.docker_run(name, variables, args), env={**os.environ, **variables},
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       start_new_session=True)
        except OSError as error:  # as with every program, the kernel has a limit for one variable
            return Step(1, 0, log, errors=[f"An error occurred trying to start process: {error.strerror}"])
        cancelled_at = self._attend(process, log, cancel_when, cancellation)
        step = Step(process.returncode, time.monotonic() - (cancelled_at or started), log,
                    cancelled=cancelled_at is not None, container=name)
        self._take(files, step)
        self.steps.append(step)
        return step

    def _attend(self, process, log, cancel_when, cancellation):
        """Both streams are read by tasks of their own. A cancellation's signals go to the docker client. Returns when it was."""
        asked = threading.Event()
        lock = threading.Lock()

        def read(stream):
            with stream:
                for line in stream:
                    with lock:
                        log.add(line.decode("utf-8", errors="replace").removesuffix("\n"))
                        if cancel_when and cancel_when(log.text()):
                            asked.set()

        readers = [threading.Thread(target=read, args=(stream,)) for stream in (process.stdout, process.stderr)]
        for reader in readers:
            reader.start()
        while process.poll() is None and not asked.wait(0.05):
            pass
        cancelled_at = time.monotonic() if asked.is_set() else None
        for number, patience in cancellation if asked.is_set() else ():
            process.send_signal(number)
            try:
                process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        for reader in readers:
            reader.join()
        return cancelled_at

    def _take(self, files, step):
        """The files are read whatever the step's end was."""
        for name, pairs in (("output", step.outputs), ("state", step.state), ("env", step.env)):
            try:
                runner_protocol.parse_pairs(files[name].read_bytes(), pairs)
            except runner_protocol.FileCommandError as error:
                step.errors.append(f"Unable to process file command '{name}' successfully. {error}")
        for name, value in step.log.outputs.items():
            runner_protocol.set_pair(step.outputs, name, value)
        step.state.update(step.log.state)
        step.summary = runner_protocol.take_summary(files["step_summary"].read_bytes(), self.masks, step.errors)
        self.env.update(step.env)

    def files(self):
        return [path for place in self.places.values() for path in [place, *place.rglob("*")]]

    def leaks(self, holds=canaries.is_in):
        """Where a secret was written: files, outputs, summaries, and logs before they are masked."""
        files = [path for path in self.files() if path.is_file() and not path.is_symlink()]
        return [*(str(path) for path in files if holds(path.read_bytes())),
                *(step.container for step in self.steps if holds(step.everything()))]

    def foreign_files(self):
        """What the steps left that the runner's own user could not remove."""
        owner = self.workspace.stat().st_uid
        return [str(path) for path in self.files() if path.lstat().st_uid != owner]
