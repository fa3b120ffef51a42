"""./run leaves no process behind when it is stopped, and does nothing that it should not."""

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.running import BUILD, DEADLINE_S, eventually

ROOT = Path(__file__).resolve().parents[2]
MARK = "WALLAROO_TEST_OF_RUN"


def programs_with(mark):
    """The commands of the processes that inherited `mark` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass  # it has ended, or is not ours
    return [command for command in found if command]


class Run(unittest.TestCase):
    """Runs in a folder that looks like the repository, with stand-ins for installing and building."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("run", "scripts", "examples"):
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / "build").symlink_to(BUILD)
        (self.folder / "bin").mkdir()
        self.stand_in("dpkg-query", "printf installed")
        self.stand_in("apt-get", "touch installing")
        self.stand_in("cmake", "true")

    def stand_in(self, name, script):
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def start(self, *arguments):
        run = subprocess.Popen(
            [self.folder / "run", *arguments],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                 MARK: self.folder.name, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(run.stdout.close)
        return run

    def assert_stops(self, run, code, number):
        """Checks that it ends with that exit code, and that no process that it started lives on."""
        run.send_signal(number)
        self.assertEqual(run.wait(DEADLINE_S), code)
        self.assertEqual(programs_with(self.folder.name), [])

    def wait_for_line(self, run, part):
        for line in run.stdout:
            if part in line:
                return
        self.fail(f"no {part!r} in its output")

    def test_stopped_while_it_builds_ends_the_build(self):
        self.stand_in("cmake", "sleep 1000 & sleep 1000; wait")
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number):
                run = self.start()
                eventually(lambda: sum("sleep" in command and "cmake" not in command
                                       for command in programs_with(self.folder.name)) == 2,
                           "the build runs")
                self.assert_stops(run, code, number)

    def test_stopped_while_word_count_runs_ends_all_programs(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                run = self.start("--megabytes", "100000")
                self.wait_for_line(run, "its metrics UI while it runs")
                self.assertGreater(len(programs_with(self.folder.name)), 2)
                self.assert_stops(run, 130, number)

    def test_a_build_that_fails_is_told(self):
        self.stand_in("cmake", "echo no compiler; exit 3")
        run = self.start("celsius")
        out, _ = run.communicate(timeout=DEADLINE_S)
        self.assertEqual(run.returncode, 1)
        self.assertIn("no compiler", out)
        self.assertIn("configuring build failed", out)

    def test_what_it_builds_can_be_installed(self):
        """`wallaroo_installable` is everything that `cmake --install` copies, see tests/package."""
        self.stand_in("cmake", 'echo "cmake $*"; case "$1" in --build) exit 3;; esac')
        for arguments in ((), ("celsius",)):
            with self.subTest(arguments):
                run = self.start(*arguments)
                out, _ = run.communicate(timeout=DEADLINE_S)
                self.assertRegex(out, r"(?m)^cmake --build build --target .*\bwallaroo_installable\b")

    def test_an_example_stays_until_it_is_stopped(self):
        run = self.start("celsius", "--stay")
        self.wait_for_line(run, "Its metrics UI: http://127.0.0.1:")
        self.assertEqual(len(programs_with(self.folder.name)), 2)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=DEADLINE_S)
        self.assertIn("As in examples/celsius/expected.txt", out)
        self.assertEqual(run.returncode, 0)
        self.assertEqual(programs_with(self.folder.name), [])

    def test_the_list_installs_nothing(self):
        self.stand_in("dpkg-query", "printf missing")
        self.stand_in("sudo", "touch installing")
        run = self.start("--list")
        out, _ = run.communicate(timeout=DEADLINE_S)
        self.assertEqual(run.returncode, 0, out)
        names = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()}
        self.assertEqual({line.split()[0] for line in out.splitlines()}, names)
        self.assertFalse((self.folder / "installing").exists())


if __name__ == "__main__":
    unittest.main()
