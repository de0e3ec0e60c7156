"""What GitHub's runner makes of a step's files and of its log: its rules, its limits, its messages, and nothing more.

Written from actions/runner 2.336.0: FileCommandManager.cs, ActionCommand.cs, ActionCommandManager.cs, OutputManager.cs.
"""

import base64
import json
import re
import urllib.parse

SUMMARY_LIMIT = 1024 * 1024
OUTPUTS_LIMIT = 1024 * 1024  # of one job, counted in UTF-16
ANNOTATIONS_KEPT = 10  # of each kind, for one step
ANNOTATION_LIMIT = 4096
ANNOTATIONS = ("error", "warning", "notice")
COMMANDS = {*ANNOTATIONS, "stop-commands", "set-output", "save-state", "add-mask", "add-matcher", "remove-matcher",
            "debug", "group", "endgroup", "echo", "set-env", "add-path"}


class FileCommandError(Exception):
    """The step fails, although the pairs before the bad line count."""


def parse_pairs(content, pairs):
    """Adds the pairs of $GITHUB_OUTPUT, $GITHUB_STATE or $GITHUB_ENV to `pairs`; raises at the first line that is none."""
    lines = content.decode("utf-8-sig", errors="replace").split("\n")  # a CR is no line end there
    if lines[-1] == "":
        lines.pop()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            key, value = line[:equals], line[equals + 1:]
        elif heredoc >= 0:
            key, delimiter = line[:heredoc], line[heredoc + 2:]
            if not key or not delimiter:
                raise FileCommandError(f"Invalid format '{line}'. Name must not be empty and delimiter must not be empty")
            if delimiter not in lines[at:]:
                raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'")
            end = lines.index(delimiter, at)
            value = "\n".join(lines[at:end])
            at = end + 1
        else:
            raise FileCommandError(f"Invalid format '{line}'")
        if not key:
            raise FileCommandError(f"Invalid format '{line}'. Name must not be empty")
        set_pair(pairs, key, value)


def set_pair(pairs, key, value):
    """Names are the same whatever their case; the last one wins."""
    for known in [known for known in pairs if known.lower() == key.lower()]:
        del pairs[known]
    pairs[key] = value


def unescape(text, properties=False):
    if properties:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def parse_command(line, known):
    """(name, properties, data) of the command in that line, or None. `known` are the names that there are."""
    left = line.lstrip()
    if left.startswith("::") and left.find("::", 2) >= 0:
        head, data = left[2:].split("::", 1)
    else:
        found = re.search(r"##\[(.*?)\](.*)", line)  # the old form counts anywhere in a line
        if not found:
            return None
        head, data = found.groups()
    name, _, rest = head.strip().partition(" ")
    if name.lower() not in known:
        return None
    properties = {}
    for pair in re.split(r"[,;]", rest):
        key, equals, value = pair.strip().partition("=")
        if equals and key and value:
            properties[key] = unescape(value, properties=True)
    return name.lower(), properties, unescape(data)


class Masks:
    def __init__(self, secrets=()):
        self.values = set()
        for secret in secrets:
            self.add(secret)

    def add(self, value):
        for part in [value, *(line.strip() for line in value.splitlines())]:
            if not part:
                continue
            encoded = part.encode()
            shifted = [base64.b64encode(encoded[shift:]).decode().rstrip("=") for shift in range(min(3, len(encoded)))]
            self.values |= {part, json.dumps(part)[1:-1], urllib.parse.quote(part, safe=""), *(s for s in shifted if s)}

    def hide(self, text):
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def hides(self, text):
        return self.hide(text) != text


class Log:
    """A step's log, line by line, and what the commands in it did."""

    def __init__(self, masks):
        self.masks = masks
        self.lines = []
        self.raw = []  # before anything is hidden: a secret must not even get this far
        self.annotations = []  # (kind, properties, message), as many as are kept
        self.obeyed = []  # (name, data) of every command that was taken for one
        self.outputs = {}
        self.state = {}
        self.errors = []
        self._token = None

    def add(self, chunk):
        """The runner's line reader also ends a line at a lone CR."""
        self.raw.append(chunk)
        for line in re.split(r"\r\n|\r|\n", chunk):
            if not self._obey(line):
                self.lines.append(self.masks.hide(line))

    def text(self):
        return "\n".join(self.lines)

    def messages(self, kind):
        return [message for one, _, message in self.annotations if one == kind]

    def _obey(self, line):
        command = parse_command(line, COMMANDS | {self._token} if self._token else COMMANDS)
        if command is None:
            return False
        name, properties, data = command
        if self._token:
            if name != self._token:
                return False
            self._token = None
            return True
        self.obeyed.append((name, data))
        if name == "stop-commands":
            self._stop(data)
        elif name in ANNOTATIONS:
            self._annotate(name, properties, data)
        elif name == "add-mask":
            self.masks.add(data)
        elif name == "set-output":
            self.outputs[properties["name"]] = data
        elif name == "save-state":
            self.state[properties["name"]] = data
        elif name in ("set-env", "add-path"):
            self.errors.append(f"The `{name}` command is disabled.")
        return True

    def _stop(self, token):
        if not token or token.lower() in COMMANDS:
            self.errors.append(f"Invalid stop token: {token}")
        self._token = token.lower()
        if len(token) > 6:
            self.masks.add(token)

    def _annotate(self, kind, properties, message):
        if len(self.messages(kind)) < ANNOTATIONS_KEPT:
            self.annotations.append((kind, properties, self.masks.hide(message)[:ANNOTATION_LIMIT]))


def take_summary(content, masks, errors):
    """The summary that people see; one that is too large is dropped whole."""
    if len(content) > SUMMARY_LIMIT:
        errors.append("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, "
                      f"got {len(content) // 1024}k.")
        return ""
    return "\n".join(masks.hide(line) for line in content.decode("utf-8-sig", errors="replace").split("\n"))


def job_outputs(outputs, masks, warnings):
    """What other jobs get: nothing that is empty, nothing that holds a secret."""
    kept = {}
    for name, value in outputs.items():
        if value and masks.hides(value):
            warnings.append(f"Skip output '{name}' since it may contain secret.")
        elif value:
            kept[name] = value
    if sum(len(value.encode("utf-16-le")) for value in kept.values()) > OUTPUTS_LIMIT:
        raise FileCommandError("the outputs of a job may have 1 MB")
    return kept
