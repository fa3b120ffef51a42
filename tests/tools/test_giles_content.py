"""giles sends and receives the right bytes."""

import random
import struct
import unittest

from support.giles import GilesCase, Receive, send
from support.wire import framed


class Content(GilesCase):
    def test_lines_of_a_file_with_a_length_each(self):
        text = self.file("t", b"to be\n\nor not\r\nto be")
        wanted = b"".join(map(framed, [b"to be", b"", b"or not\r", b"to be"]))
        self.assert_transfer(["--file", text], [], wanted, 4)

    def test_lines_of_a_file_with_newlines(self):
        text = self.file("t", b"to be\n\nor not\r\nto be")
        wanted = b"to be\n\nor not\r\nto be\n"
        self.assert_transfer(["--file", text, "--newline"], ["--newline"], wanted, 4)

    def test_several_files_in_order_without_empty_lines(self):
        one, two = self.file("1", b"a\n\n"), self.file("2", b"\nb\n")
        flags = ["--file", one, "--file", two, "--newline", "--skip-empty"]
        self.assert_transfer(flags, ["--newline"], b"a\nb\n", 2)

    def test_standard_input(self):
        self.assert_transfer(
            ["--file", "-", "--newline"], ["--newline"], b"x\ny\n", 2, stdin=b"x\ny\n"
        )

    def test_an_empty_file_sends_nothing(self):
        self.assert_transfer(["--file", self.file("t", b"")], [], b"", 0)

    def test_repeat_goes_on_until_the_count(self):
        text = self.file("t", b"a\nb\nc\n")
        flags = ["--file", text, "--newline", "--repeat", "--messages", "100000"]
        wanted = (b"a\nb\nc\n" * 33334)[: 100000 * 2]
        self.assert_transfer(flags, ["--newline"], wanted, 100000)

    def test_messages_ends_within_a_file(self):
        text = self.file("t", b"a\nb\nc\n")
        self.assert_transfer(
            ["--file", text, "--newline", "--messages", "2"], ["--newline"], b"a\nb\n", 2
        )

    def test_more_messages_than_the_file_has_are_not_invented(self):
        receiver = Receive("--expect", "2")
        sent = send(receiver.address, "--file", self.file("t", b"a\nb\n"), "--messages", "5")
        self.assertEqual(sent.returncode, 0)
        self.assertIn(b"--repeat", sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)

    def test_binary_records_of_one_size(self):
        data = random.Random(1).randbytes(57 * 1000)
        binary = self.file("b", data)
        flags = ["--file", binary, "--binary", "--msg-size", "57"]
        self.assert_transfer(flags, ["--msg-size", "57"], data, 1000)

    def test_binary_records_of_any_size(self):
        chance = random.Random(2)
        data = b"".join(framed(chance.randbytes(chance.randrange(300))) for _ in range(1000))
        binary = self.file("b", data)
        self.assert_transfer(
            ["--file", binary, "--binary", "--variable-size"], ["--framed"], data, 1000
        )

    def test_integers(self):
        wanted = b"".join(struct.pack(">IQ", 8, 1000 + i) for i in range(5000))
        flags = ["--u64", "--start-from", "1000", "--messages", "5000"]
        self.assert_transfer(flags, [], wanted, 5000)

    def test_numbers_as_text(self):
        wanted = b"".join(framed(str(i).encode()) for i in range(95, 1095))
        self.assert_transfer(["--start-from", "95", "--messages", "1_000"], [], wanted, 1000)
        wanted = b"".join(b"%d\n" % i for i in range(7))
        self.assert_transfer(["--messages", "7", "--newline"], ["--newline"], wanted, 7)

    def test_raw_counts_bytes(self):
        self.assert_transfer_raw(b"0\n1\n2\n")

    def assert_transfer_raw(self, wanted):
        receiver = Receive("--raw", "--output", self.path("out"), "--expect", str(len(wanted)))
        self.assertEqual(send(receiver.address, "--messages", "3", "--newline").returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.contents("out"), wanted)

    def test_a_large_file_through_a_slow_receiver_with_a_small_buffer(self):
        chance = random.Random(3)
        data = b"".join(framed(chance.randbytes(chance.randrange(20000))) for _ in range(1000))
        binary = self.file("b", data)
        flags = ["--throttle", "4000/s", "--receive-buffer", "4096"]
        self.assert_transfer(["--file", binary, "--binary", "--variable-size"], flags, data, 1000)

    def test_output_to_standard_output(self):
        receiver = Receive("--newline", "--output", "-")
        self.assertEqual(send(receiver.address, "--messages", "3", "--newline").returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(receiver.out, "0\n1\n2\n")


if __name__ == "__main__":
    unittest.main()
