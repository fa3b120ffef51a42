"""Mistakes of operators: directories that are wrong, damaged or somebody else's; and the log."""

import glob
import os
import re
import shutil
import signal
import unittest

from errors.app import ErrorAppCase
from errors.test_files import without_root_powers
from support.running import eventually, temporary_folder


class CheckpointsCase(ErrorAppCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.directory = self.path("checkpoints")
        self.out = self.path("out")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start_here(self, *arguments, flags=(), **options):
        """error_app from TCP to the file `out`, with checkpoints in `directory`."""
        return self.start(
            f"sink=file:{self.out}",
            *arguments,
            flags=["--checkpoint-dir", self.directory, "--checkpoint-interval", "20ms", *flags],
            **options,
        )

    def written(self):
        with open(self.out) as out:
            return out.read().splitlines()

    def write_checkpoints(self, *texts):
        """Gives an application texts that all differ, one by one, and stops it."""
        app = self.start_here(flags=["--checkpoint-retain", "100"])
        for text in texts:
            self.send(app, text)
            eventually(
                lambda: self.written() and self.written()[-1].endswith(f" {text}"),
                f"{text} is committed",
            )
        self.assert_drains(app)

    def numbers(self):
        names = os.listdir(os.path.join(self.directory, "manifests"))
        return sorted(int(name.removesuffix(".manifest")) for name in names)

    def refusal(self, *arguments, code, **options):
        """The last line of the log of an application that must not start."""
        app = self.start_here(*arguments, **options)
        self.assertEqual(app.wait(), code, app.log)
        self.assertNotIn("goes on from", app.log)
        self.assertNotIn("starts anew", app.log)
        return app.log.splitlines()[-1]


class Directories(CheckpointsCase):
    def test_that_cannot_be_used_are_named_with_what_to_do(self):
        file = self.path("file")
        open(file, "w").close()
        os.mkdir(self.path("closed"), 0o555)
        for directory, said in (
            (file, "it exists already, move it away"),
            (os.path.join(file, "below"), "the part before the last '/' must be a directory"),
            (self.path("closed", "below"), "check the permissions"),
        ):
            with self.subTest(directory):
                self.directory = directory
                error = self.refusal(code=1, preexec_fn=without_root_powers)
                self.assertRegex(error, rf"^error_app: cannot create the directory '{directory}'")
                self.assertIn(said, error)

    def test_in_use_are_refused_with_the_process_that_has_it(self):
        first = self.start_here()
        first.source_address()
        error = self.refusal(code=1)
        self.assertIn(f"in use by another process (process {first.process.pid})", error)
        self.assert_drains(first)

    def test_of_another_application_are_refused_with_that_alone(self):
        self.write_checkpoints("a 1")
        app = self.start_here("name=other")
        self.assertEqual(app.wait(), 2)
        self.assertEqual(
            app.log,
            f"other: the checkpoints in '{self.directory}' are of the application 'error_app', and "
            "this one is 'other'; give this one a directory of its own, or its old name if it was "
            "renamed",
        )
        self.assertEqual(self.written(), ["a 1 a 1"])


class Outputs(CheckpointsCase):
    def test_that_were_moved_with_what_is_in_them_are_gone_on_with(self):
        self.write_checkpoints("a 1")
        moved = self.path("moved")
        os.rename(self.out, moved)
        self.out = moved
        self.write_checkpoints("a 2")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a 2"])

    def test_of_somebody_else_are_refused_and_nothing_is_given_up(self):
        self.write_checkpoints("a 1", "a 2")
        numbers, own, foreign = self.numbers(), self.out, self.path("foreign")
        with open(foreign, "w") as file:
            file.write("of somebody else\n" * 1000)
        self.out = foreign
        error = self.refusal(code=2, flags=["--restore", str(numbers[0])])
        self.assertIn(f"while it wrote to '{own}', and '{foreign}' is not that file", error)
        self.assertEqual(self.written(), ["of somebody else"] * 1000)
        self.assertEqual(self.numbers(), numbers)
        self.out = own
        self.write_checkpoints("a 3")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a 2", "a 3 a 3"])


class Damage(CheckpointsCase):
    def damage(self, path):
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))

    def newest_state(self):
        """The newest data file that has a block."""
        files = sorted(glob.glob(os.path.join(self.directory, "data", "*")))
        return [file for file in files if os.path.getsize(file) > 24][-1]

    def test_of_a_block_names_the_checkpoint_to_go_back_to(self):
        self.write_checkpoints("a 1", "a 2", "a 3")
        self.damage(self.newest_state())
        error = self.refusal(code=1)
        self.assertIn(f"'{self.newest_state()}' is damaged: the block at byte", error)
        whole = re.search(r"start once with --restore (\d+)$", error).group(1)
        app = self.start_here(flags=["--restore", whole])
        app.wait_for_log(rf"goes on from checkpoint {whole} in ")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a 2"])
        self.assert_drains(app)

    def test_of_all_checkpoints_says_that_there_is_none(self):
        self.write_checkpoints("a 1")
        for file in glob.glob(os.path.join(self.directory, "data", "*")):
            self.damage(file) if os.path.getsize(file) > 24 else None
        # Checkpoints taken before the first record hold no block.
        for number in self.numbers():
            manifest = os.path.join(self.directory, "manifests", f"{number:012}.manifest")
            if os.path.getsize(manifest) < os.path.getsize(self.manifest_of(self.numbers()[-1])):
                os.unlink(manifest)
        self.assertIn("there is no older checkpoint that is whole: bring back", self.refusal(code=1))

    def manifest_of(self, number):
        return os.path.join(self.directory, "manifests", f"{number:012}.manifest")

    def test_of_half_a_manifest_is_passed_over_with_a_warning(self):
        self.write_checkpoints("a 1", "a 2")
        *_, older, newest = self.numbers()
        os.truncate(self.manifest_of(newest), 100)
        app = self.start_here()
        app.wait_for_log(f"goes on from checkpoint {older} in")
        self.assertRegex(app.log, f"warning checkpoint {newest} is damaged and passed over")
        self.assert_drains(app)

    def test_of_all_manifests_is_exit_code_2(self):
        self.write_checkpoints("a 1")
        for number in self.numbers():
            os.truncate(self.manifest_of(number), 0)
        self.assertIn("no checkpoint can be restored: there are", self.refusal(code=2))
        self.assertEqual(self.written(), ["a 1 a 1"])

    def test_of_the_wanted_checkpoint_gives_nothing_up(self):
        self.write_checkpoints("a 1", "a 2")
        numbers = self.numbers()
        self.damage(self.newest_state())
        error = self.refusal(code=2, flags=["--restore", str(numbers[-1])])
        self.assertIn(f"checkpoint {numbers[-1]} cannot be restored: ", error)
        self.assertIn(f"`wallaroo checkpoints {self.directory} verify` tells which", error)
        error = self.refusal(code=2, flags=["--restore", "9999"])
        self.assertIn("checkpoint 9999 cannot be restored: it does not exist; there are ", error)
        self.assertEqual(self.numbers(), numbers)


class Backup(CheckpointsCase):
    """The rules of the guide for copies."""

    def killed_between_manifest_and_commit(self):
        environment = dict(os.environ, WALLAROO_FAILPOINTS="sink.file.copy.before=kill@2")
        app = self.start_here(env=environment)
        self.send(app, "a 1")
        eventually(lambda: self.written() == ["a 1 a 1"], "the first is committed")
        self.send(app, "a 2")
        if app.wait() != -signal.SIGKILL:
            self.skipTest("built without WALLAROO_FAILPOINTS")

    def hidden(self):
        return glob.glob(self.path(".out.uncommitted.*"))

    def test_after_a_kill_has_to_hold_the_hidden_files(self):
        self.killed_between_manifest_and_commit()
        self.assertEqual(self.written(), ["a 1 a 1"])
        self.assertTrue(self.hidden())
        whole = self.folder
        without = temporary_folder(self)
        shutil.copytree(whole, without, dirs_exist_ok=True)

        app = self.start_here()
        app.wait_for_log("goes on from")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a 2"])
        self.assert_drains(app)
        self.assertEqual(self.hidden(), [])

        self.folder = without
        self.directory, self.out = self.path("checkpoints"), self.path("out")
        for name in self.hidden():
            os.unlink(name)
        self.assertIn("is missing or was shortened", self.refusal(code=2))

    def test_may_have_newer_outputs_than_checkpoints(self):
        self.write_checkpoints("a 1")
        older = self.path("older")
        shutil.copytree(self.directory, older)
        self.write_checkpoints("a 2")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a 2"])
        self.directory = older
        self.write_checkpoints("a again")
        self.assertEqual(self.written(), ["a 1 a 1", "a 2 a again"])


class Log(CheckpointsCase):
    def said(self, app):
        """The log without times and addresses."""
        return [re.sub(r"^\S+ \S+ ", "", line) for line in app.log.splitlines()]

    def test_of_a_roll_back_says_why_then_where_then_that_it_runs(self):
        environment = dict(os.environ, WALLAROO_FAILPOINTS="store.manifest.rename.before=error:EIO@1")
        app = self.start_here(env=environment, flags=["--log-level", "info"])
        try:
            app.wait_for_log("goes on from the beginning")
        except AssertionError:
            self.skipTest("built without WALLAROO_FAILPOINTS")
        self.assert_drains(app)
        story = [line for line in self.said(app) if not re.search(r"metrics on|sink 'out'", line)]
        for line, wanted in zip(
            story,
            (
                rf"info +no checkpoint in {self.directory}: starts anew$",
                r"info +application 'error_app' runs on \d+ executors?$",
                r"info +source 'in': reads ",
                r"warning +cannot create .*; goes back to the beginning$",
                r"info +goes on from the beginning$",
                r"info +SIGTERM: stopping with a last checkpoint; ",
                r"info +application 'error_app' ended$",
            ),
            strict=True,
        ):
            self.assertRegex(line, "^" + wanted)

    def test_of_two_signals_tells_what_the_second_leaves_out(self):
        # Its sink is away, so that no checkpoint can complete.
        app = self.start(out=self.receiver(), flags=["--checkpoint-dir", self.directory])
        self.send(app, "a")
        app.wait_for_metric("wallaroo_source_records_total", 1)
        app.signal()
        app.wait_for_log("SIGTERM: stopping with a last checkpoint; a second signal stops at once, ")
        app.signal()
        self.assertEqual(app.wait(), 1)
        self.assertEqual(
            app.log.splitlines()[-1],
            "error_app: stopped at once, without a last checkpoint; the next start goes on from "
            "the last complete one",
        )


class Flags(CheckpointsCase):
    def test_of_checkpoints_without_a_directory_are_exit_code_2(self):
        app = self.start(flags=["--checkpoint-interval", "1s", "--restore", "3"])
        self.assertEqual(app.wait(), 2)
        self.assertIn(
            "error_app: --checkpoint-interval, --restore: without --checkpoint-dir no checkpoints "
            "are taken or restored; give --checkpoint-dir DIR too, or leave out what needs it",
            app.log,
        )


if __name__ == "__main__":
    unittest.main()
