"""GitHub's expressions, as far as the workflows here use them: look-ups, comparisons, and the functions that ask how the job goes."""

import json
import re

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|[!(),]|[\w][\w.*-]*)")
WORDS = {"&&": " and ", "||": " or ", "!": " not ", "==": "==", "!=": "!=", "(": "(", ")": ")", ",": ","}
OF_STATUS = ("always", "cancelled", "failure", "success")


def look_up(contexts, path):
    """What is not there is empty."""
    value = contexts
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else value


def evaluate(expression, contexts, functions):
    """Comparisons ignore case there; none here depends on it."""
    text, words, at = expression.strip(), [], 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"cannot be read: {text[at:]}")
        token, at = found[1], found.end()
        if token.startswith("'"):
            words.append(repr(token[1:-1].replace("''", "'")))
        elif token in WORDS:
            words.append(WORDS[token])
        elif token in ("true", "false"):
            words.append(token.capitalize())
        elif text[at:].lstrip().startswith("("):
            words.append(f"functions[{token.lower()!r}]")
        else:
            words.append(f"look_up(contexts, {token!r})")
    return eval("".join(words), {"__builtins__": {}, "functions": functions, "contexts": contexts, "look_up": look_up})


def make_functions(status):
    """`status` is how the job goes: success or failure."""
    return {"always": lambda: True, "cancelled": lambda: False, "success": lambda: status == "success",
            "failure": lambda: status == "failure", "fromjson": json.loads, "tojson": json.dumps,
            "contains": lambda values, value: value in values,
            "startswith": lambda text, beginning: text.lower().startswith(beginning.lower()),
            "format": lambda text, *values: text.format(*values)}


def is_wanted(condition, contexts, status):
    """Whether a job or a step with this `if:` runs; without a word about how things go it wants success."""
    text = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", str(condition if condition is not None else "success()").strip(), flags=re.S)
    if not any(f"{name}(" in text for name in OF_STATUS):
        text = f"success() && ({text})"
    return bool(evaluate(text, contexts, make_functions(status)))


def resolve(value, contexts):
    """A text with its expressions replaced; one that is a single expression keeps its kind."""
    whole = re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", str(value).strip(), re.S)
    if whole:
        return evaluate(whole[1], contexts, make_functions("success"))

    def as_text(found):
        result = evaluate(found[1], contexts, make_functions("success"))
        return {True: "true", False: "false"}.get(result, str(result))
    return re.sub(r"\$\{\{(.*?)\}\}", as_text, str(value), flags=re.S)
