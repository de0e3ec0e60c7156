"""The files of this repository, as the tests of the workflows read them."""

import functools
import re
import sys
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
OURS = ("$/action",)  # how the workflows here name the action of their own commit
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def load(text):
    """YAML 1.2, as GitHub reads it: `on` is no boolean."""
    return YAML(typ="safe", pure=True).load(text)


@functools.cache
def action():
    """Not to be changed: all get the same."""
    return load((ROOT / "action.yml").read_text())


def workflow(name):
    return load((ROOT / ".github/workflows" / name).read_text())


def steps(workflow_):
    return [(name, step) for name, job in workflow_["jobs"].items() for step in job.get("steps", [])]


def script(workflow_, name):
    """The text of the one step that has that name."""
    (found,) = [step["run"] for _, step in steps(workflow_) if step.get("name") == name]
    return found


def options():
    """{option: commands that take it}, from docs/reference.md, which a test of the program compares with the program."""
    return dict(re.findall(r"^\| `(?:--)?([\w-]+)[^|]*\|[^|]*\|.*\| ([^|]+) \|$", (ROOT / "docs/reference.md").read_text(), re.M))


def commands():
    """The names of all commands, from the same file."""
    table = re.search(r"^## Commands\n(.*?)^## ", (ROOT / "docs/reference.md").read_text(), re.M | re.S)[1]
    return re.findall(r"^\| (\w+) \|", table, re.M)[1:]


def option_is_taken(option, command):
    used_by = options().get(option, "")
    if used_by.startswith("all"):
        return command not in used_by.removeprefix("all but ").split(", ")
    return command in used_by.split(", ")


def snippets(document, language):
    """The fenced blocks of a Markdown file that are in that language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / document).read_text(), re.M | re.S)


def publishing_lines():
    """The README's workflow of one job, which publishes and releases."""
    return load(next(text for text in snippets("README.md", "yaml") if "secrets.DOCKER_TOKEN" in text))


def readme_lines():
    """The same without credentials and `to`: it publishes to a directory."""
    workflow_ = publishing_lines()
    (job,) = workflow_["jobs"].values()
    job["permissions"] = {"contents": "read"}
    del job["steps"][-1]["with"]
    return workflow_


def nightly_lines():
    return load(next(text for text in snippets("README.md", "yaml") if "command: nightly" in text))


def calling_lines(called):
    """The README's or the documents' workflow that calls this reusable one: its only job."""
    for document in ("README.md", "docs/github.md"):
        for text in snippets(document, "yaml"):
            jobs = load(text).get("jobs", {}) if "jobs:" in text else {}
            for job in jobs.values():
                if job.get("uses", "").startswith(f"defra/python-image-action/.github/workflows/{called}@"):
                    return job
    raise AssertionError(f"no document calls {called}")


def write_workflow_snippets(directory):
    """Every whole workflow of the documents as a file of its own, for the linters."""
    for document in ("README.md", "IMAGE_SCANNING.md", "docs/github.md", "docs/migrating.md"):
        for number, text in enumerate(snippets(document, "yaml")):
            if "jobs" in load(text):
                (Path(directory) / f"{Path(document).stem.lower()}-{number}.yml").write_text(text)


if __name__ == "__main__":
    write_workflow_snippets(sys.argv[1])
