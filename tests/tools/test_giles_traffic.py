"""Connections of giles, and the pace at which it sends."""

import signal
import socket
import subprocess
import unittest

from support.giles import GILES, GilesCase, Receive, send
from support.running import DEADLINE_S


class Connections(GilesCase):
    def test_messages_are_dealt_round_robin(self):
        listener = socket.create_server(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        sender = subprocess.Popen(
            [GILES, "send", "--host", address, "--messages", "10", "--connections", "3"]
            + ["--newline", "--quiet"],
            stdout=subprocess.DEVNULL,
        )
        received = []
        for _ in range(3):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                received.append(stream.read())
        self.assertEqual(sender.wait(DEADLINE_S), 0)
        self.assertEqual(sorted(received), [b"0\n3\n6\n9\n", b"1\n4\n7\n", b"2\n5\n8\n"])
        listener.close()

    def test_records_of_many_connections_never_mix_in_the_output(self):
        lines = [b"%d" % i * 50 for i in range(20000)]
        text = self.file("t", b"\n".join(lines) + b"\n")
        receiver = Receive("--newline", "--output", self.path("out"), "--expect", "20000")
        sent = send(receiver.address, "--file", text, "--newline", "--connections", "5")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(sorted(self.contents("out").splitlines()), sorted(lines))

    def test_a_thousand_connections_that_send_nothing(self):
        receiver = Receive("--json", self.path("r"))
        sent = send(receiver.address, "--messages", "0", "--connections", "1000")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.json("r")["received"]["connections"], 1000)

    def test_keep_open_serves_one_sender_after_the_other(self):
        receiver = Receive("--keep-open", "--expect", "8")
        for _ in range(2):
            self.assertEqual(send(receiver.address, "--messages", "4").returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)


class Pace(GilesCase):
    def assert_lasts(self, flags, records, at_least_s):
        receiver = Receive("--expect", str(records))
        sent = send(receiver.address, *flags, "--json", self.path("s"))
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertGreaterEqual(self.json("s")["sent"]["duration_ns"], at_least_s * 1e9)

    def test_a_rate_is_never_exceeded(self):
        self.assert_lasts(["--rate", "1k/s", "--messages", "201"], 201, 0.2)

    def test_a_rate_over_several_connections_is_their_sum(self):
        flags = ["--rate", "1000", "--messages", "201", "--connections", "4"]
        self.assert_lasts(flags, 201, 0.2)

    def test_batches_leave_at_intervals(self):
        flags = ["--batch-size", "10", "--interval", "50ms", "--messages", "41"]
        self.assert_lasts(flags, 41, 0.2)

    def test_an_interval_may_be_in_nanoseconds(self):
        flags = ["--batch-size", "10", "--interval", "50_000_000", "--messages", "41"]
        self.assert_lasts(flags, 41, 0.2)

    def test_progress_is_told_while_it_runs(self):
        receiver = Receive()
        sender = subprocess.Popen(
            [GILES, "send", "--host", receiver.address, "--rate", "100/s"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertRegex(sender.stderr.readline(), r"sent [\d,]+ records \(.*\), .*/s")
        self.assertRegex(receiver.process.stderr.readline(), r"received [\d,]+ records")
        sender.send_signal(signal.SIGTERM)
        out, _ = sender.communicate(timeout=DEADLINE_S)
        self.assertEqual(sender.returncode, 0)
        self.assertIn("(stopped)", out)
        self.assertEqual(receiver.wait(), 0, receiver.err)


if __name__ == "__main__":
    unittest.main()
