"""The examples in Python and C++ that tail a file, also one that is rotated."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from support.connectors import TAIL_FILE, TAIL_FILE_IN_CPP, Hosted
from support.running import DEADLINE_S, eventually


class TailFile:
    """The examples that tail a file; TAIL is the program."""

    def test_each_line_arrives_once_whoever_is_killed(self):
        lines = [f"line {number}" for number in range(6000)]
        log = self.folder / "log.txt"
        log.write_text("")
        host = self.start()
        tail = self.tail(host)
        choose = random.Random(3)
        with open(log, "a") as growing:
            for start in range(0, len(lines), 300):
                growing.write("".join(line + "\n" for line in lines[start:start + 300]))
                growing.flush()
                enough = choose.randrange(start + 1)
                eventually(lambda: len(self.lines()) >= enough, f"{enough} lines are there")
                if start % 600 == 0:
                    host.end()
                    host = self.start(host.address)
                elif choose.random() < 0.5:
                    tail.kill()
                    tail.communicate()
                    tail = self.tail(host)
            growing.write("without an end")
        eventually(lambda: len(self.lines()) >= len(lines), "all lines are there")
        tail.kill()
        tail.communicate()
        host.end(signal.SIGTERM)
        self.assertEqual(self.lines(), lines)

    def tail(self, host, *flags):
        process = subprocess.Popen(
            [*self.TAIL, str(self.folder / "log.txt"), host.address, "--cookie", "cookie",
             "--poll", "0.01", *flags], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def test_it_ends_when_all_is_acknowledged(self):
        (self.folder / "log.txt").write_bytes(b"one\r\ntwo\n\nlast")
        host = self.start()
        for _ in range(2):
            self.assertEqual(self.tail(host, "--once").wait(DEADLINE_S), 0)
            # An empty line has no payload to decode.
            self.assertEqual(self.lines(), ["one", "two", "last"])


class TailOfRotatedFile:
    """The examples that tail a file, when the file is not only appended to."""

    def setUp(self):
        super().setUp()
        self.log = self.folder / "log.txt"
        self.host = self.start()

    def write(self, text, name="log.txt"):
        """Rewrites the file in place, from its beginning."""
        (self.folder / name).write_text(text)

    def append(self, text, name="log.txt"):
        with open(self.folder / name, "a") as file:
            file.write(text)

    def rotate(self, name):
        os.rename(self.log, self.folder / name)

    def what_the_host_has(self):
        return {name: (self.folder / name).read_bytes() for name in ("lines", "checkpoint")}

    def put_the_host_back(self, kept):
        self.host.end()
        for name, content in kept.items():
            (self.folder / name).write_bytes(content)
        self.host = self.start(self.host.address)

    def inode(self):
        return os.stat(self.log).st_ino

    def tail(self, *flags):
        process = subprocess.Popen(
            [*self.TAIL, str(self.log), self.host.address, "--cookie", "cookie", "--poll", "0.01",
             *flags], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def said(self, tail):
        tail.kill()
        return tail.communicate(timeout=DEADLINE_S)[1]

    def wait_for(self, *lines):
        eventually(lambda: self.lines() == list(lines), f"{lines} are there")

    def paused(self, tail):
        """Stops the program, so that the next changes happen between two of its looks."""
        os.kill(tail.pid, signal.SIGSTOP)
        self.addCleanup(lambda: tail.poll() is None and os.kill(tail.pid, signal.SIGCONT))

    def resumed(self, tail):
        os.kill(tail.pid, signal.SIGCONT)

    def test_a_line_is_sent_when_its_end_is_there(self):
        self.write("one\ntw")
        self.tail()
        self.wait_for("one")
        self.append("o\nthree\n")
        self.wait_for("one", "two", "three")

    def test_a_renamed_file_is_read_to_its_end_and_then_the_new_one(self):
        self.write("one\n")
        old = self.inode()
        tail = self.tail()
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.append("two\nwithout an end", "log.txt.1")
        self.write("one\n")  # begins as the old one does
        self.assertNotEqual(self.inode(), old)
        self.wait_for("one", "two", "without an end", "one")
        self.append("three\n")
        self.wait_for("one", "two", "without an end", "one", "three")
        self.assertIn("was rotated", self.said(tail))

    def test_what_is_written_to_a_renamed_file_that_was_quiet_before_is_not_lost(self):
        self.write("one\n")
        os.utime(self.log, (0, 0))
        self.tail("--rotate-wait", "4")
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.write("three\n")
        time.sleep(0.5)  # long enough to look many times
        self.append("two\n", "log.txt.1")
        self.wait_for("one", "two", "three")

    def test_all_files_of_several_rotations_between_two_looks_are_read(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.paused(tail)
        self.append("two\n")
        self.rotate("log.txt.3")
        for name, line in (("log.txt.2", "three\n"), ("log.txt.1", "four\n")):
            self.write(line)
            self.rotate(name)
        self.write("five\n")
        self.write("no rotated file\n", "log.txt.bak")
        self.resumed(tail)
        self.wait_for("one", "two", "three", "four", "five")

    def test_a_file_that_is_copied_and_cut_off_is_read_to_its_end_in_the_copy(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.paused(tail)
        old = self.inode()
        self.append("two\n")
        shutil.copyfile(self.log, self.folder / "log.txt.1")
        self.write("3\n")
        self.assertEqual((self.inode(), self.log.stat().st_size), (old, 2))
        self.resumed(tail)
        self.wait_for("one", "two", "3")

    def test_a_file_that_is_written_anew_and_longer_is_read_from_its_beginning(self):
        self.write("one\ntwo\n")
        tail = self.tail()
        self.wait_for("one", "two")
        self.paused(tail)
        old = self.inode()
        self.write("a line that is longer than both\nnext\n")
        self.assertEqual(self.inode(), old)
        self.resumed(tail)
        self.wait_for("one", "two", "a line that is longer than both", "next")
        self.assertIn("cut off or written anew when 8 bytes", self.said(tail))

    def test_a_change_far_behind_the_beginning_is_noticed_too(self):
        beginning = "".join(f"the same line {i}\n" for i in range(100))
        lines = beginning.splitlines()
        self.write(beginning + "one\n")
        tail = self.tail()
        self.wait_for(*lines, "one")
        self.paused(tail)
        self.write(beginning + "one more line\nnext\n")
        self.resumed(tail)
        self.wait_for(*lines, "one", *lines, "one more line", "next")

    def test_a_missing_file_is_waited_for(self):
        tail = self.tail()
        eventually(lambda: list(self.folder.glob("checkpoint")), "the application runs")
        self.write("one\n")
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.append("two\n", "log.txt.1")
        self.wait_for("one", "two")
        self.write("three\n")
        self.wait_for("one", "two", "three")
        self.assertIsNone(tail.poll())

    def test_a_file_that_was_rotated_while_the_program_was_down_is_found(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.said(tail)
        self.append("two\n")
        self.rotate("log.txt-20260131")
        self.write("one\nthree\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.wait_for("one", "two", "one", "three")

    def test_a_file_that_was_cut_off_while_the_program_was_down_is_read_anew_and_that_is_said(self):
        self.write("one\ntwo\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.write("1\n")
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "1"])
        self.assertIn("was at byte 8 is not there any more, or was written anew", tail.stderr.read())

    def test_an_application_that_goes_back_gets_the_lines_of_rotated_files_again(self):
        self.write("one\n")
        self.tail()
        self.wait_for("one")
        kept = self.what_the_host_has()
        for number in range(3):
            self.rotate(f"log.txt.{9 - number}")
            self.write(f"line {number}\n")
            self.wait_for("one", *(f"line {i}" for i in range(number + 1)))
        self.put_the_host_back(kept)
        self.wait_for("one", "line 0", "line 1", "line 2")

    def test_lines_that_are_wanted_and_gone_are_an_error_or_left_out_as_one_likes(self):
        self.write("one\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        kept = self.what_the_host_has()
        self.append("two\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.rotate("log.txt.1")
        self.write("three\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "three"])
        os.remove(self.folder / "log.txt.1")
        self.put_the_host_back(kept)
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 1)
        self.assertIn("bytes 4 to 8 of what", tail.stderr.read())
        self.assertEqual(self.lines(), ["one"])
        self.assertEqual(self.tail("--once", "--skip-lost").wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "three"])

    def test_what_follows_a_line_that_was_sent_without_its_end_is_no_line(self):
        self.write("one\ntwo")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.append(" and more\nthree\n")
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "three"])
        self.assertIn(" and more", tail.stderr.read())

    def test_without_a_place_for_its_state_it_says_so_before_it_sends(self):
        self.write("one\n")
        tail = self.tail("--once", "--state", str(self.folder / "missing" / "state"))
        self.assertEqual(tail.wait(DEADLINE_S), 1)
        self.assertIn("give --state a path that can be written", tail.stderr.read())
        self.assertEqual(self.lines(), [])


class TailFileInPython(TailFile, Hosted):
    TAIL = TAIL_FILE


class TailFileInCpp(TailFile, Hosted):
    TAIL = TAIL_FILE_IN_CPP


class TailOfRotatedFileInPython(TailOfRotatedFile, Hosted):
    TAIL = TAIL_FILE


class TailOfRotatedFileInCpp(TailOfRotatedFile, Hosted):
    TAIL = TAIL_FILE_IN_CPP


if __name__ == "__main__":
    unittest.main()
