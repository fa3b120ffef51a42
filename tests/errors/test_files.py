"""Files that are empty, missing, forbidden or full; standard output closed; the natural end."""

import ctypes
import os
import subprocess
import unittest

from errors.app import ErrorAppCase
from support.running import temporary_folder, text_file
from support.wire import framed


def without_root_powers():
    """In the child before it starts: even root must obey the permissions of files."""
    cap_dac_override, cap_dac_read_search, pr_capbset_drop = 1, 2, 24
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        for capability in (cap_dac_override, cap_dac_read_search):
            if libc.prctl(pr_capbset_drop, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "cannot drop the right to open every file")


class FilesCase(ErrorAppCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.out = os.path.join(self.folder, "out")

    def file(self, content, name="in"):
        return text_file(self.folder, name, content)

    def run_on(self, path, *arguments, sink=None, **options):
        """Runs error_app to its end; returns its exit code. Its output is in self.out."""
        sink = sink or f"file:{self.out}"
        app = self.start(f"source=file:{path}", f"sink={sink}", *arguments, **options)
        code = app.wait()
        self.log = app.log
        return code

    def written(self):
        with open(self.out) as out:
            return out.read().splitlines()


class Ends(FilesCase):
    def test_of_the_file_is_the_end_of_the_application(self):
        lines = [f"key{i % 7} {i}" for i in range(10_000)]
        path = self.file("".join(f"{line}\n" for line in lines).encode())
        for threads in ("1", "2", "5"):
            with self.subTest(threads=threads):
                flags = ["--threads", threads]
                self.assertEqual(self.run_on(path, "framing=newline", flags=flags), 0, self.log)
                for key in range(7):
                    own = [line for line in lines if line.startswith(f"key{key} ")]
                    wanted = [f"key{key} {i + 1} {line}" for i, line in enumerate(own)]
                    found = [line for line in self.written() if line.startswith(f"key{key} ")]
                    self.assertEqual(found, wanted)
                self.assertEqual(len(self.written()), len(lines))

    def test_of_standard_input_is_the_end_of_the_application(self):
        with open(self.file(b"a\nb")) as stdin:
            self.assertEqual(self.run_on("-", "framing=newline", stdin=stdin), 0, self.log)
        self.assertEqual(sorted(self.written()), ["a 1 a", "b 1 b"])

    def test_of_an_empty_file_comes_at_once(self):
        for framing in ("length", "newline"):
            with self.subTest(framing):
                path = self.file(b"")
                self.assertEqual(self.run_on(path, f"framing={framing}"), 0, self.log)
                self.assertEqual(self.written(), [])

    def test_a_record_that_the_end_cuts_off_is_reported(self):
        path = self.file(framed("whole") + b"\0\0\0\x09cut")
        self.assertEqual(self.run_on(path), 0, self.log)
        self.assertEqual(self.written(), ["whole 1 whole"])
        self.assertRegex(self.log, rf"source 'in': {path}, record 2 .*dropped")

    def test_a_record_longer_than_the_maximum_is_an_error_of_the_file(self):
        path = self.file(framed("whole", b"x" * 1001))
        self.assertEqual(self.run_on(path), 1, self.log)
        self.assertRegex(self.log, rf"error_app: source 'in': {path}, record 2 .*1001")

    def test_a_path_may_be_given_as_a_flag(self):
        path = self.file(b"a\n", "other")
        app = self.start(
            "source=file:/no/such/file",
            f"sink=file:{self.out}",
            "framing=newline",
            flags=["--in", path],
        )
        self.assertEqual(app.wait(), 0, app.log)
        self.assertEqual(self.written(), ["a 1 a"])

    def test_a_path_of_a_sink_may_be_given_as_a_flag(self):
        path = self.file(b"a\n")
        app = self.start(
            f"source=file:{path}",
            "sink=file:/no/such/folder/file",
            "framing=newline",
            flags=["--out", f"out@{self.out}"],
        )
        self.assertEqual(app.wait(), 0, app.log)
        self.assertEqual(self.written(), ["a 1 a"])


    def test_several_and_patterns_may_be_given_as_flags(self):
        one, two = self.file(b"a\n", "1.log"), self.file(b"b\n", "2.log")
        other = self.file(b"c\n", "other")
        for flags in (["--in", other, one, two], ["--in", f"in@{other}", f"{self.folder}/*.log"]):
            with self.subTest(flags):
                app = self.start(
                    "source=file:/no/such/file",
                    f"sink=file:{self.out}",
                    "framing=newline",
                    flags=[*flags, "--threads", "1"],
                )
                self.assertEqual(app.wait(), 0, app.log)
                self.assertEqual(self.written(), ["c 1 c", "a 1 a", "b 1 b"])

    def test_a_pattern_that_matches_nothing_is_a_wrong_flag(self):
        path = os.path.join(self.folder, "*.log")
        self.assertEqual(self.run_on(path), 2, self.log)
        self.assertIn(f"source 'in': no file matches '{path}'", self.log)


class UsedTwice(FilesCase):
    def assert_refused(self, path, sink, **options):
        self.assertEqual(self.run_on(path, "framing=newline", sink=sink, **options), 2, self.log)
        self.assertRegex(self.log, "error_app: source 'in' reads .*, and sink 'out' would write")

    def test_is_an_input_that_is_the_output_however_it_is_spelled(self):
        path = self.file(b"a\n")
        os.symlink(path, os.path.join(self.folder, "link"))
        os.link(path, os.path.join(self.folder, "hard"))
        for name in ("in", "./in", "link", "hard", "../" + os.path.basename(self.folder) + "/in"):
            with self.subTest(name):
                self.assert_refused(path, f"file:{self.folder}/{name}")
        with self.subTest("standard output"), open(path, "ab") as stdout:
            self.assert_refused(path, "file:-", stdout=stdout)
        with self.subTest("standard input"), open(path, "rb") as stdin:
            self.assert_refused("-", f"file:{path}", stdin=stdin)
        with open(path) as file:
            self.assertEqual(file.read(), "a\n")


class CannotBeRead(FilesCase):
    def assert_refused(self, path, why, **options):
        self.assertEqual(self.run_on(path, **options), 1, self.log)
        self.assertRegex(self.log, rf"error_app: source 'in': .*{path}.*{why}")

    def test_one_that_is_missing(self):
        self.assert_refused("/no/such/file", "no such file")

    def test_a_folder(self):
        self.assert_refused(self.folder, "directory")

    def test_one_without_permission(self):
        path = self.file(b"secret\n")
        os.chmod(path, 0)
        self.assert_refused(path, "permission denied", preexec_fn=without_root_powers)

    def test_standard_input_that_is_closed(self):
        self.assertEqual(self.run_on("-", preexec_fn=lambda: os.close(0)), 1, self.log)
        self.assertIn("error_app: source 'in': ", self.log)
        self.assertIn("standard input", self.log)


class CannotBeWritten(FilesCase):
    def assert_refused(self, sink, why, **options):
        path = self.file(b"a\n" * 10_000)
        code = self.run_on(path, "framing=newline", sink=f"file:{sink}", **options)
        self.assertEqual(code, 1, self.log)
        self.assertRegex(self.log, f"error_app: sink 'out': .*{why}")

    def test_a_folder_that_is_missing(self):
        self.assert_refused("/no/such/folder/file", "/no/such/folder/file.*no such file")

    def test_one_without_permission(self):
        folder = os.path.join(self.folder, "locked")
        os.mkdir(folder, 0o500)
        self.assert_refused(
            f"{folder}/out", f"{folder}/out.*permission denied", preexec_fn=without_root_powers
        )

    def test_a_full_disk(self):
        self.assert_refused("/dev/full", "/dev/full.*no space left")

    def test_standard_output_that_is_closed_from_the_start(self):
        self.assert_refused(
            "-", "standard output was closed", stdout=None, preexec_fn=lambda: os.close(1)
        )

    def test_standard_output_whose_reader_goes_away(self):
        reads, writes = os.pipe()
        os.close(reads)
        self.assert_refused("-", "standard output was closed", stdout=writes)
        os.close(writes)

    def test_standard_output_is_complete_when_it_is_read(self):
        path = self.file(b"a\n" * 100_000)
        app = self.start(f"source=file:{path}", "sink=file:-", "framing=newline")
        self.assertEqual(app.wait(), 0, app.log)
        wanted = "".join(f"a {i + 1} a\n" for i in range(100_000))
        self.assertEqual(app.output.decode(), wanted)

    def test_nothing_goes_astray_when_all_three_streams_are_closed(self):
        path = self.file(b"a\n")

        def close_all():
            for number in (0, 1, 2):
                os.close(number)

        app = self.start(
            f"source=file:{path}",
            f"sink=file:{self.out}",
            "framing=newline",
            preexec_fn=close_all,
            stdout=subprocess.DEVNULL,
        )
        self.assertEqual(app.wait(), 0)
        self.assertEqual(self.written(), ["a 1 a"])


if __name__ == "__main__":
    unittest.main()
