"""The documents: every command in them is one that the program, make or the tools have; every link leads somewhere; every
file in a code block is one that its reader takes. What the commands do is tested where they live."""

import json
import re
import shlex
import unittest

from project import ROOT, action, commands, load, option_is_taken, snippets

DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in
                   [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("certificates/*.md")])

# Words that only this project once used, and the field's words for them: pipeline, stage, report, fix, exemption, pre-existing, published,
# based on, introduced by, event, preflight, again, the user, directory, resolve, separate, error, omitted, URL, mode, grace period, threshold.
RETIRED = (r"\b(road|stretch(es)?|told|tells?|mend(s|ed|ing)?|excus\w+|forgiv\w+|pardon\w*|stands? on|brings?|brought|sightings?|occasions?|"
           r"foresee\w*|anew|afresh|whoever|somebody|nobody|harmless|folders?|held against|holds? \w+ against|keeps its contract|"
           r"settl(es?|ed|ing)|asides?|mistakes?|left out|(is|are|was|were) out|odd|address(es)?|wish(es)?|patience|linger\w*|below the gate)\b")


def command_lines(document):
    """The lines of indented code, and `inline code`, with their continuation lines joined."""
    text = (ROOT / document).read_text()
    without_fences = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S).replace("\\\n", " ")
    indented = re.findall(r"^    (\S.*)$", without_fences, re.M)
    return indented + re.findall(r"`([^`\n]+)`", without_fences)


class Documents(unittest.TestCase):
    def test_every_command_of_the_program_is_one_with_options_that_it_takes(self):
        seen = 0
        for document in DOCUMENTS:
            for line in command_lines(document):
                words = shlex.split(line, comments=True) if line.startswith("python-image-action ") else []
                if len(words) < 2 or words[1] in ("COMMAND", "test_whole"):
                    continue
                with self.subTest(document=document, line=line):
                    self.assertIn(words[1], commands())
                    for option in [word[2:].partition("=")[0] for word in words[2:] if word.startswith("--")]:
                        self.assertTrue(option_is_taken(option, words[1]), option)
                    seen += 1
        self.assertGreater(seen, 3)

    def test_make_has_every_target_that_is_named(self):
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        for document in DOCUMENTS:
            for line in command_lines(document):
                if line.startswith("make "):
                    self.assertIn(line.split()[1], targets, document)

    def test_every_link_to_a_file_leads_to_one_and_every_anchor_to_a_heading(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)\s]+)\)", (ROOT / document).read_text()):
                if target.startswith("http"):
                    continue
                with self.subTest(document=document, target=target):
                    name, _, anchor = target.partition("#")
                    file = (ROOT / document).parent / name if name else ROOT / document
                    self.assertTrue(file.exists())
                    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M) if anchor else []
                    known = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
                    self.assertTrue(not anchor or anchor in known)

    def test_files_that_are_named_in_code_are_there(self):
        for document in DOCUMENTS:
            for name in re.findall(r"`((?:tools|docs|examples|image|test|src)/[\w./-]+)`", (ROOT / document).read_text()):
                if "*" not in name and not name.startswith("test/plan, "):
                    self.assertTrue((ROOT / name).exists(), f"{document}: {name}")

    def test_json_and_yaml_blocks_can_be_read(self):
        for document in DOCUMENTS:
            for text in snippets(document, "json"):
                json.loads(text)
            for text in snippets(document, "yaml"):
                load(text)

    def test_workflows_in_documents_give_the_action_only_inputs_that_it_has(self):
        seen = 0
        for document in DOCUMENTS:
            for text in snippets(document, "yaml"):
                for given in re.findall(r"uses: defra/python-image-action@v1\n\s+with:(.*?)(?=\n\s*- |\Z)", text, re.S):
                    self.assertLessEqual(set(load("with:" + given.rstrip("\n"))["with"]), set(action()["inputs"]), document)
                    seen += 1
        self.assertGreaterEqual(seen, 3)

    def test_what_users_read_is_written_in_the_fields_own_words(self):
        """The documents (and with docs/reference.md the help of every option) and action.yml, without code."""
        for document in [*DOCUMENTS, "action.yml"]:
            text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", (ROOT / document).read_text(), flags=re.M | re.S)
            for number, line in enumerate(text.splitlines(), 1):
                self.assertIsNone(re.search(RETIRED, line, re.I), f"{document}, near line {number}: {line}")

    def test_the_readme_can_be_read_in_five_minutes(self):
        self.assertLessEqual(len((ROOT / "README.md").read_text().splitlines()), 150)

    def test_the_readmes_workflow_publishes_releases_and_never_races_with_itself(self):
        workflow = load(snippets("README.md", "yaml")[0])
        (job,) = workflow["jobs"].values()
        self.assertEqual(job["permissions"]["contents"], "write")
        self.assertLessEqual({"to", "docker-username", "docker-token"}, set(job["steps"][-1]["with"]))
        self.assertEqual(workflow["concurrency"]["group"], "${{ github.event_name == 'pull_request' && github.ref || 'publish' }}")
        self.assertEqual(workflow["concurrency"]["cancel-in-progress"], "${{ github.event_name == 'pull_request' }}")


if __name__ == "__main__":
    unittest.main()
