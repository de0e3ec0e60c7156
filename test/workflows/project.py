"""The files of this repository, as the tests of the workflows read them."""

import re
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def load(text):
    """YAML 1.2, as GitHub reads it: `on` is no boolean."""
    return YAML(typ="safe", pure=True).load(text)


def action():
    return load((ROOT / "action.yml").read_text())


def workflow(name):
    return load((ROOT / ".github/workflows" / name).read_text())


def steps(workflow_):
    return [(name, step) for name, job in workflow_["jobs"].items() for step in job.get("steps", [])]


def script(workflow_, name):
    """The text of the one step that has that name."""
    (found,) = [step["run"] for _, step in steps(workflow_) if step.get("name") == name]
    return found


def snippets(document, language):
    """The fenced blocks of a Markdown file that are in that language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / document).read_text(), re.M | re.S)
