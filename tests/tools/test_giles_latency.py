"""Latencies as giles measures them."""

import socket
import threading
import time
import unittest

from support.giles import GilesCase, Receive, send
from support.running import DEADLINE_S


class Latency(GilesCase):
    def check(self, latency, records):
        self.assertEqual(latency["count"], records)
        names = ["min", "p50", "p90", "p99", "p99_9", "p99_99", "max"]
        values = [latency[f"{name}_ns"] for name in names]
        self.assertEqual(values, sorted(values))
        self.assertGreater(values[0], 0)

    def test_send_stamps_and_receive_measures_in_both_framings(self):
        for framing in ([], ["--newline"]):
            receiver = Receive("--latency", "--json", self.path("r"), *framing)
            flags = ["--latency", "--rate", "5k", "--messages", "500", "--msg-size", "100"]
            sent = send(receiver.address, *flags, *framing)
            self.assertEqual(sent.returncode, 0, sent.stderr)
            self.assertEqual(receiver.wait(), 0, receiver.err)
            self.assertRegex(receiver.out, r"p99\.99 +\d")
            received = self.json("r")["received"]
            self.assertEqual(received["bytes"], 500 * (101 if framing else 104))
            self.check(received["latency"], 500)

    def test_the_warmup_is_left_out(self):
        receiver = Receive("--latency", "--warmup-seconds", "0.1", "--json", self.path("r"))
        flags = ["--latency", "--rate", "1k", "--messages", "150", "--connections", "1"]
        self.assertEqual(send(receiver.address, *flags).returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.json("r")["received"]["warmup_records"], 100)
        self.check(self.json("r")["received"]["latency"], 50)

    def test_keys_and_stamps_in_the_records(self):
        receiver = Receive("--newline", "--output", self.path("out"))
        flags = ["--latency", "--rate", "1k", "--messages", "5", "--keys", "3", "--newline"]
        self.assertEqual(send(receiver.address, *flags, "--msg-size", "30").returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        lines = self.contents("out").decode().splitlines()
        self.assertEqual([line[20:] for line in lines], [f" {k} xxxxxxx" for k in [0, 1, 2, 0, 1]])
        stamps = [int(line[:20]) for line in lines]
        self.assertEqual([b - a for a, b in zip(stamps, stamps[1:])], [1_000_000] * 4)

    def test_records_without_a_stamp_fail(self):
        receiver = Receive("--latency", "--newline")
        with receiver.connect() as peer:
            peer.sendall(b"hello\n99999999999999999999\n09999999999999999999\n")
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("3 record(s) do not begin with a 20-digit time", receiver.err)

    def relay(self, flags, stall_s=0.0):
        """Runs `giles latency` against a relay that may hold everything up for a while."""
        source = socket.create_server(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % source.getsockname()[1]
        receiver = Receive(
            "--send-to", address, "--json", self.path("l"), *flags, command="latency"
        )

        def forward():
            with receiver.connect() as out, source.accept()[0] as peer:
                peer.recv(1, socket.MSG_PEEK)
                time.sleep(stall_s)
                while data := peer.recv(1 << 18):
                    out.sendall(data)

        thread = threading.Thread(target=forward)
        thread.start()
        code = receiver.wait()
        thread.join(DEADLINE_S)
        source.close()
        self.assertEqual(code, 0, receiver.err)
        return self.json("l")

    def test_latency_through_an_application(self):
        flags = ["--rate", "2k/s", "--seconds", "0.2", "--warmup-seconds", "0.1", "--newline"]
        result = self.relay(flags)
        self.assertEqual(result["sent"]["records"], 600)
        self.assertEqual(result["received"]["warmup_records"], 200)
        self.check(result["received"]["latency"], 400)
        self.assertEqual(result["received"]["bad_stamps"], 0)
        self.assertIn("lag", result["sent"])

    def test_a_stall_counts_for_every_record_that_was_due_meanwhile(self):
        # 64 MB/s fill every buffer long before 0.3 s have passed, so the sender is blocked. Of the
        # 400 records, those due in the first 0.2 s are at least 0.1 s late by the schedule.
        flags = ["--rate", "1000", "--seconds", "0.4", "--msg-size", "65536"]
        latency = self.relay(flags, stall_s=0.3)["received"]["latency"]
        self.assertEqual(latency["count"], 400)
        self.assertGreater(latency["p50_ns"], 95e6)
        self.assertGreater(latency["max_ns"], 295e6)

    def test_an_application_that_closes_ends_the_run(self):
        with socket.create_server(("127.0.0.1", 0)) as source:
            address = "127.0.0.1:%d" % source.getsockname()[1]
            flags = ["--send-to", address, "--rate", "1000/s", "--seconds", "60"]
            receiver = Receive(*flags, command="latency")
            out = receiver.connect()
            source.accept()[0].close()
            self.assertEqual(receiver.wait(), 1)
            out.close()
        self.assertIn("broke after", receiver.err)


if __name__ == "__main__":
    unittest.main()
