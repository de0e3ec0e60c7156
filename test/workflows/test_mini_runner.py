"""The mini-runner itself: it must refuse and obey what GitHub's runner refuses and obeys."""

import base64
import gzip
import tempfile
import unittest

import canaries
import runner_protocol
from mini_runner import Runner, Step
from runner_protocol import FileCommandError, Log, Masks, parse_pairs


def pairs_of(content):
    pairs = {}
    parse_pairs(content if isinstance(content, bytes) else content.encode(), pairs)
    return pairs


class Files(unittest.TestCase):
    """$GITHUB_OUTPUT and its like; the cases of the runner's own tests of them."""

    def test_an_empty_file_and_empty_lines_are_nothing(self):
        self.assertEqual(pairs_of(""), {})
        self.assertEqual(pairs_of("\n\na=b\n\n"), {"a": "b"})

    def test_a_simple_pair_may_lack_its_line_end_and_hold_what_it_likes(self):
        self.assertEqual(pairs_of("a=b"), {"a": "b"})
        self.assertEqual(pairs_of("a=b=c<<d\n"), {"a": "b=c<<d"})
        self.assertEqual(pairs_of("a=\n"), {"a": ""})

    def test_a_heredoc_keeps_its_lines(self):
        self.assertEqual(pairs_of("a<<E\none\n\n two=2\nE\nb=1\n"), {"a": "one\n\n two=2", "b": "1"})
        self.assertEqual(pairs_of("a<<E\nE\n"), {"a": ""})
        self.assertEqual(pairs_of("a<<E=F\nx\nE=F"), {"a": "x"})

    def test_a_carriage_return_is_part_of_the_line(self):
        self.assertEqual(pairs_of("a=b\r\n"), {"a": "b\r"})
        self.assertEqual(pairs_of("a<<E\nx\r\nE\n"), {"a": "x\r"})

    def test_names_are_the_same_whatever_their_case_and_the_last_one_wins(self):
        self.assertEqual(pairs_of("Name=1\nNAME=2\n"), {"NAME": "2"})

    def test_a_byte_order_mark_is_skipped_and_other_bytes_are_replaced(self):
        self.assertEqual(pairs_of(b"\xef\xbb\xbfa=b\n"), {"a": "b"})
        self.assertEqual(pairs_of(b"a=\xff\n"), {"a": "\ufffd"})

    def test_what_is_no_pair_is_refused_after_those_before_it_counted(self):
        for line, message in {"oops": "Invalid format 'oops'", "=x": "Name must not be empty", "<<E": "must not be empty",
                              "a<<": "must not be empty", "a<<E\nx": "Matching delimiter not found 'E'"}.items():
            with self.subTest(line=line):
                pairs = {}
                with self.assertRaisesRegex(FileCommandError, message):
                    parse_pairs(f"first=1\n{line}\n".encode(), pairs)
                self.assertEqual(pairs, {"first": "1"})

    def test_a_summary_over_a_mebibyte_is_dropped_whole(self):
        errors = []
        self.assertEqual(runner_protocol.take_summary(b"x" * (1 << 20), Masks(), errors), "x" * (1 << 20))
        self.assertEqual(errors, [])
        self.assertEqual(runner_protocol.take_summary(b"x" * ((1 << 20) + 1), Masks(), errors), "")
        self.assertEqual(len(errors), 1)

    def test_an_output_that_holds_a_secret_does_not_leave_the_job(self):
        warnings = []
        outputs = {"matrix": '{"image":"defradigital/python"}', "count": "2", "empty": ""}
        self.assertEqual(runner_protocol.job_outputs(outputs, Masks(["defradigital"]), warnings), {"count": "2"})
        self.assertEqual(warnings, ["Skip output 'matrix' since it may contain secret."])
        with self.assertRaises(FileCommandError):
            runner_protocol.job_outputs({"big": "x" * 524_289}, Masks(), [])


class Commands(unittest.TestCase):
    def log(self, *lines, secrets=()):
        log = Log(Masks(secrets))
        for line in lines:
            log.add(line)
        return log

    def test_a_command_counts_at_the_beginning_of_a_line_and_the_old_form_anywhere(self):
        for line in ("::set-output name=a::b", "   ::SET-OUTPUT name=a::b", "x ##[set-output name=a]b", "x\r::set-output name=a::b"):
            self.assertEqual(self.log(line).outputs, {"a": "b"}, line)
        for line in ("x ::set-output name=a::b", "::set-output name=a", "::unknown::x", "##[unknown]x", ":\u200b:set-output name=a::b"):
            self.assertEqual(self.log(line).obeyed, [], line)

    def test_an_annotation_is_unescaped_once(self):
        log = self.log("::error file=a%3Ab%2Cc.json,line=11::50%25 of%0Ait")
        self.assertEqual(log.annotations, [("error", {"file": "a:b,c.json", "line": "11"}, "50% of\nit")])

    def test_ten_annotations_of_a_kind_are_kept(self):
        log = self.log(*["::error::x"] * 12, *["::notice::x"] * 3)
        self.assertEqual((len(log.messages("error")), len(log.messages("notice"))), (10, 3))

    def test_between_stop_and_its_token_nothing_is_obeyed(self):
        log = self.log("::stop-commands::abcdefgh", "::set-output name=a::b", "::stop-commands::x", "::abcdefgh::", "::notice::x")
        self.assertEqual(log.outputs, {})
        self.assertEqual(log.messages("notice"), ["x"])

    def test_a_secret_is_hidden_in_its_usual_clothes(self):
        log = self.log("a p4ss/w\"ord", "p4ss%2Fw%22ord", "dTpwNHNzL3ciib3JkcA== cDRzcy93Im9yZA==", secrets=['p4ss/w"ord'])
        self.assertNotIn("p4ss", log.text())
        self.assertNotIn("cDRzcy93Im9yZA", log.text())

    def test_disabled_commands_fail_the_step(self):
        self.assertEqual(len(self.log("::set-env name=PATH::x", "::add-path::/x").errors), 2)


class CommandLine(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.runner = Runner(directory.name, "image", contexts={"github": {"token": "t0ken"}})

    def test_values_are_never_on_it(self):
        line = self.runner.docker_run("name_abcdef", {"INPUT_DOCKER-TOKEN": "secret"})
        self.assertIn("INPUT_DOCKER-TOKEN", line)
        self.assertNotIn("secret", " ".join(line))

    def test_an_input_keeps_its_hyphens_and_an_absent_one_has_its_default(self):
        inputs = self.runner.inputs({"image-matrix": "m.json", "insecure": True})
        self.assertEqual(inputs["INPUT_IMAGE-MATRIX"], "m.json")
        self.assertEqual(inputs["INPUT_INSECURE"], "true")
        self.assertEqual(inputs["INPUT_COMMAND"], "run")
        self.assertEqual(inputs["INPUT_TOKEN"], "t0ken")

    def test_only_a_value_that_begins_with_a_directory_is_translated(self):
        workspace = self.runner.workspace
        self.assertEqual(self.runner.inside(f"{workspace}/out"), "/github/workspace/out")
        self.assertEqual(self.runner.inside(f"x:{workspace}/out"), f"x:{workspace}/out")
        self.assertEqual(self.runner.inside(f"{workspace}-other"), f"{workspace}-other")


class Canaries(unittest.TestCase):
    """The search for secrets finds them where they hide, and only them."""

    def test_in_clear_in_base64_at_any_place_and_in_packed_files(self):
        secret = canaries.DOCKER_TOKEN.encode()
        for user in (b"me:", b"you:", b"defra:"):
            self.assertTrue(canaries.is_in(b'{"auth": "' + base64.b64encode(user + secret) + b'"}'), user)
        for content in (b"x" + secret, gzip.compress(secret), gzip.compress(secret)[:2] + secret):
            self.assertTrue(canaries.is_in(content), content)
        for content in (b"", b"a canary", gzip.compress(b"a canary"), base64.b64encode(b"a canary of the")):
            self.assertFalse(canaries.is_in(content), content)

    def test_in_every_place_that_a_step_can_leave_something_in(self):
        for place in ("raw", "outputs", "state", "env", "summary", "home", "workspace"):
            with self.subTest(place=place), tempfile.TemporaryDirectory() as directory:
                runner = Runner(directory, "image")
                runner.steps.append(Step(0, 0, runner_protocol.Log(runner.masks), container="a step"))
                self.assertEqual(runner.leaks(), [])
                self.leave(runner, place)
                self.assertEqual(len(runner.leaks()), 1)

    def leave(self, runner, place):
        (step,) = runner.steps
        if place in runner.places:
            (runner.places[place] / "file").write_text(canaries.GITHUB_TOKEN)
        elif place == "raw":
            step.log.add(f"a {canaries.GITHUB_TOKEN}")
        elif place == "summary":
            step.summary = canaries.GITHUB_TOKEN
        else:
            getattr(step, place)["a"] = canaries.GITHUB_TOKEN


if __name__ == "__main__":
    unittest.main()
