"""The real command `wallaroo` on a directory that tools/wallaroo/checkpoint_sample.cpp makes."""

import json
import os
import subprocess
import tempfile
import unittest

from support.running import BUILD, DEADLINE_S

WALLAROO = os.path.join(BUILD, "tools", "wallaroo")
SAMPLE = os.path.join(BUILD, "tools", "checkpoint_sample")


def run(*arguments, **options):
    return subprocess.run(
        [WALLAROO, *arguments], capture_output=True, text=True, timeout=DEADLINE_S, **options
    )


class Checkpoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = os.path.join(folder.name, "checkpoints")
        subprocess.run([SAMPLE, self.directory], check=True, timeout=DEADLINE_S)

    def checkpoints(self, *arguments):
        return run("checkpoints", self.directory, *arguments)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def lines(self, *arguments):
        done = self.checkpoints(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_fails(self, done, message, code=1):
        self.assertEqual(done.returncode, code, done)
        self.assertIn(message, done.stderr)

    def flip_a_byte(self, path, at):
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1]))

    def test_lists_number_time_size_duration_and_state(self):
        done = self.checkpoints()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 10)
        self.assertEqual(lines[1].split()[:4], ["3", "2025-10-09T08:53:20Z", "0.013", "s"])
        self.assertEqual(lines[2].strip(), "count / state: 3 keys, 45 B")
        self.assertEqual(self.checkpoints("list").stdout, done.stdout)

    def test_lists_in_json(self):
        for arguments in (["list", "--json"], ["--json"], ["--json", "list"]):
            [document] = self.lines(*arguments)
            self.assertEqual(document["format"], 1)
            self.assertEqual([c["number"] for c in document["checkpoints"]], [3, 2, 1])
            newest = document["checkpoints"][0]
            self.assertEqual(newest["damage"], None)
            self.assertEqual(newest["duration_seconds"], 0.0125)
            self.assertAlmostEqual(newest["started_seconds"], 1760000000.25, places=3)
            self.assertLess(newest["written_bytes"], newest["stored_bytes"])
            self.assertEqual(
                [(p["stage"], p["part"], p["keys"]) for p in newest["state"]],
                [("count", "state", 3), ("means", "windows", 1)],
            )

    def test_void_numbers_are_listed_and_are_no_checkpoints(self):
        with open(self.path("manifests", "000000000004.manifest"), "wb") as file:
            file.write(b"WALLVOIDa generation began (ab12)")
        done = self.checkpoints()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(
            done.stdout.splitlines()[-1].strip(),
            "4  void, never a checkpoint: a generation began (ab12)",
        )
        [document] = self.lines("--json")
        self.assertEqual([c["number"] for c in document["checkpoints"]], [3, 2, 1])
        reason = "a generation began (ab12)"
        self.assertEqual(document["voids"], [{"number": 4, "reason": reason}])
        self.assertEqual(self.checkpoints("verify").returncode, 0)
        self.assert_fails(self.checkpoints("verify", "4"), f"and never will be: {reason}")
        self.assertEqual(len(self.lines("show", "latest", "count")), 3)

    def test_shows_state_without_the_program(self):
        word = 'the "quoted"'
        self.assertEqual(
            self.lines("show", "latest", "count"),
            [
                {"part": "state", "group": 7, "key": word, "value": 30},
                {"part": "state", "group": 7, "key": "17", "value": 3},
                {"part": "state", "group": 9, "key": "once", "value": 1},
            ],
        )
        self.assertEqual(
            self.lines("show", "2", "means"),
            [
                {"executor": 0, "value": -5},
                {
                    "part": "windows",
                    "group": 3,
                    "key": [5, True],
                    "value": {"end_ns": 1000, "values": [1.5, 2.5]},
                },
            ],
        )

    def test_shows_one_key_by_its_text_or_its_json(self):
        for key in ('the "quoted"', json.dumps('the "quoted"')):
            [line] = self.lines("show", "2", "count", key)
            self.assertEqual(line["value"], 20)
        [line] = self.lines("show", "1", "count", "17")
        self.assertEqual(line["value"], 1)
        self.assertEqual(len(self.lines("show", "1", "means", "[5,true]")), 1)
        self.assert_fails(self.checkpoints("show", "1", "count", "on"), "has no key on in stage")

    def test_show_says_the_order_of_its_arguments(self):
        order = "the order is wallaroo checkpoints DIR show ID STAGE [KEY]"
        for arguments, said in (
            ([], "show: ID is missing; "),
            (["3"], "show: STAGE is missing; "),
            (["count", "latest"], "ID: 'count' is "),
        ):
            done = self.checkpoints("show", *arguments)
            self.assert_fails(done, said, code=2)
            self.assertIn(order, done.stderr)
        for help in (self.checkpoints("show", "--help"), run("checkpoints", "--help")):
            self.assertIn("DIR show ID STAGE [KEY]", " ".join(help.stdout.split()))

    def test_what_does_not_exist_is_named(self):
        done = self.checkpoints("show", "1", "counts")
        self.assert_fails(done, "no state of a stage 'counts'; it has 'count', 'means'")
        self.assert_fails(self.checkpoints("show", "8", "count"), "there is no checkpoint 8 in")
        self.assert_fails(run("checkpoints", "/nonexistent"), "is not a checkpoint directory")
        done = run("checkpoints", self.directory + "x", "prune", "--retain", "1")
        self.assert_fails(done, "is not a checkpoint directory")
        self.assertFalse(os.path.exists(self.directory + "x"))

    def test_verify_finds_a_flipped_bit_wherever_it_is(self):
        done = self.checkpoints("verify")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("whole"), 3)
        # A block of the first file, to which all refer.
        self.flip_a_byte(self.path("data", "000000000001.data"), -1 + os.path.getsize(
            self.path("data", "000000000001.data")))
        done = self.checkpoints("verify")
        self.assert_fails(done, "000000000001.data' is damaged: the block at byte")
        self.assertEqual(done.stdout.count("whole"), 0)
        self.assertEqual(self.checkpoints("verify", "latest").returncode, 1)
        self.assert_fails(self.checkpoints("show", "3", "means"), "its checksum differs")

    def test_a_directory_without_checkpoints_has_nothing_to_verify(self):
        for manifest in os.listdir(self.path("manifests")):
            os.unlink(self.path("manifests", manifest))
        done = self.checkpoints("verify")
        self.assert_fails(done, f"there is no checkpoint in '{self.directory}' yet, so nothing")
        self.assertEqual(done.stdout, "")
        done = self.checkpoints()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"there is no checkpoint in '{self.directory}' yet\n")

    def test_prune_has_to_be_told_how_many_to_keep(self):
        done = self.checkpoints("prune")
        self.assert_fails(done, "wallaroo: prune: --retain is missing; say how many of the newest "
                                "checkpoints to keep, such as --retain 2", code=2)
        for number in ("0", "-1", "two", "99999999999999999999"):
            done = self.checkpoints("prune", "--retain", number)
            self.assert_fails(done, f"--retain: '{number}' is not a number from 1 to", code=2)
        self.assertEqual(len(os.listdir(self.path("manifests"))), 3)
        self.assertIn("must be given", run("checkpoints", "D", "prune", "--help").stdout)

    def test_a_damaged_manifest_is_listed_as_such(self):
        self.flip_a_byte(self.path("manifests", "000000000003.manifest"), 50)
        done = self.checkpoints()
        self.assertEqual(done.returncode, 1)
        self.assertIn("           3  damaged: ", done.stdout)
        self.assert_fails(self.checkpoints("verify", "3"), "000000000003.manifest' is damaged")
        self.assertEqual(self.checkpoints("verify", "2").returncode, 0)
        self.assertEqual(self.lines("show", "2", "count", "17")[0]["value"], 2)

    def test_prune_keeps_the_newest_and_what_they_refer_to(self):
        done = self.checkpoints("prune", "--retain", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("removed 2 checkpoints and 1 data files", done.stdout)
        self.assertEqual(os.listdir(self.path("manifests")), ["000000000003.manifest"])
        self.assertEqual(len(self.lines("show", "latest", "count")), 3)

    def test_mistakes_of_usage_end_with_2(self):
        for arguments in (
            [],
            ["checkpoints"],
            ["checkpoint", self.directory],
            ["checkpoints", self.directory, "verify", "third"],
            ["checkpoints", self.directory, "show"],
            ["checkpoints", self.directory, "show", "3"],
            ["checkpoints", self.directory, "prune"],
            ["checkpoints", self.directory, "prune", "--retain", "0"],
            ["checkpoints", self.directory, "--what"],
        ):
            self.assertEqual(run(*arguments).returncode, 2, arguments)
        self.assertEqual(run("--help").returncode, 0)
        self.assertEqual(run("checkpoints", "--help").returncode, 0)
        self.assertRegex(run("--version").stdout, r"^\d+\.\d+\.\d+$")

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [WALLAROO, "checkpoints", self.directory],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S,
            )
        self.assert_fails(done, "cannot write to standard output")


if __name__ == "__main__":
    unittest.main()
