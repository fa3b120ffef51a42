"""Drives the real giles binary over loopback: $WALLAROO_BUILD/tools/giles.

Run with: WALLAROO_BUILD=build python3 -m unittest tests/tools/test_giles.py
"""

import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

GILES = os.path.join(os.environ.get("WALLAROO_BUILD", "build"), "tools", "giles")
DEADLINE_S = 60  # only to turn a hang into a failure


def framed(body):
    return struct.pack(">I", len(body)) + body


class Receive:
    """A running `giles receive` on a port of the kernel's choice."""

    def __init__(self, *flags, command="receive"):
        self.process = subprocess.Popen(
            [GILES, command, "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # With --output - the line goes to standard error.
        stream = self.process.stderr if "-" in flags else self.process.stdout
        line = stream.readline().strip()
        if not line.startswith("listening on "):
            _, err = self.process.communicate(timeout=DEADLINE_S)
            raise AssertionError(f"no listening line: {line!r} {err!r}")
        self.address = line.removeprefix("listening on ")
        self.port = int(self.address.rsplit(":", 1)[1])

    def wait(self):
        self.out, self.err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


def send(host, *flags, stdin=None):
    return subprocess.run(
        [GILES, "send", "--host", host, "--quiet", *flags],
        input=stdin,
        capture_output=True,
        timeout=DEADLINE_S,
    )


def run(*flags):
    return subprocess.run([GILES, *flags], capture_output=True, text=True, timeout=DEADLINE_S)


class GilesCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, contents):
        with open(self.path(name), "wb") as out:
            out.write(contents)
        return self.path(name)

    def contents(self, name):
        with open(self.path(name), "rb") as read:
            return read.read()

    def json(self, name):
        with open(self.path(name)) as read:
            return json.load(read)

    def assert_transfer(self, send_flags, receive_flags, wanted, records, stdin=None):
        """What is sent arrives byte for byte, and is counted right on both sides."""
        receiver = Receive("--output", self.path("out"), "--json", self.path("r"), *receive_flags)
        sent = send(receiver.address, "--json", self.path("s"), *send_flags, stdin=stdin)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.contents("out"), wanted)
        self.assertEqual(self.json("r")["received"]["records"], records)
        self.assertEqual(self.json("r")["received"]["bytes"], len(wanted))
        self.assertEqual(self.json("s")["sent"]["records"], records)
        self.assertEqual(self.json("s")["sent"]["bytes"], len(wanted))


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


class Endings(GilesCase):
    def assert_fails(self, result, message):
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(message, result.stderr)

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            address = "127.0.0.1:%d" % closed_soon.getsockname()[1]
        result = run("send", "--host", address, "--connect-timeout", "100ms", "--messages", "1")
        self.assert_fails(result, f"cannot connect to {address} within 0.1 s: Connection refused")

    def test_a_peer_that_comes_late_is_found(self):
        with socket.create_server(("127.0.0.1", 0)) as closed_soon:
            port = closed_soon.getsockname()[1]
        sender = subprocess.Popen(
            [GILES, "send", "--host", f"127.0.0.1:{port}", "--messages", "1", "--newline"],
            stdout=subprocess.DEVNULL,
        )
        with socket.create_server(("127.0.0.1", port)) as listener:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                self.assertEqual(stream.read(), b"0\n")
        self.assertEqual(sender.wait(DEADLINE_S), 0)

    def test_a_missing_file_is_told_before_connecting(self):
        result = run("send", "--host", "127.0.0.1:1", "--file", self.path("none"))
        self.assert_fails(result, f"cannot read {self.path('none')}: No such file or directory")
        result = run("send", "--host", "127.0.0.1:1", "--file", self.folder.name)
        self.assert_fails(result, "Is a directory")

    def test_a_file_that_ends_inside_a_record(self):
        binary = self.file("b", framed(b"abc")[:-1])
        flags = ["send", "--host", "127.0.0.1:1", "--file", binary, "--binary"]
        self.assert_fails(run(*flags, "--variable-size"), "ends inside a record")
        self.assert_fails(run(*flags, "--msg-size", "4"), "not a whole number of records")

    def test_an_empty_file_cannot_be_repeated(self):
        empty = self.file("t", b"")
        result = run("send", "--host", "127.0.0.1:1", "--file", empty, "--repeat")
        self.assert_fails(result, "no messages")

    def test_a_peer_that_closes(self):
        receiver = Receive("--expect", "10")
        result = run("send", "--host", receiver.address, "--quiet")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"connection 1 of 1 to .* broke after \d+ messages: ")
        self.assertEqual(receiver.wait(), 1)
        self.assertRegex(receiver.err, r"expected 10 records, received \d+: too many")

    def test_a_peer_that_closes_without_reading_the_last_message(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
            sender = subprocess.Popen(
                [GILES, "send", "--host", address, "--messages", "1", "--close-timeout", "60s"],
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            connection, _ = listener.accept()
            connection.recv(1, socket.MSG_PEEK)
            connection.close()  # with a byte unread: the kernel resets the connection
            _, err = sender.communicate(timeout=DEADLINE_S)
        self.assertEqual(sender.returncode, 1)
        self.assertIn("did not read everything", err)

    def test_an_interrupted_sender_ends_with_a_whole_record(self):
        text = self.file("t", b"".join(b"%d\n" % i * 20000 for i in range(20)))
        receiver = Receive("--throttle", "100k/s", "--receive-buffer", "4096", "--quiet")
        sender = subprocess.Popen(
            [GILES, "send", "--host", receiver.address, "--file", text, "--repeat"]
            + ["--json", self.path("s")],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        sender.stderr.readline()  # progress: it is on its way
        sender.send_signal(signal.SIGINT)
        sender.communicate(timeout=DEADLINE_S)
        self.assertEqual(sender.returncode, 0)
        self.assertEqual(self.json("s")["sent"]["cut_connections"], 0)
        receiver.process.kill()
        receiver.wait()

    def test_an_interrupted_receiver_tells_what_it_has(self):
        receiver = Receive("--keep-open", "--output", self.path("out"), "--newline")
        # The sender ends when the receiver, which has read everything, closes its side.
        sent = send(receiver.address, "--messages", "3", "--newline", "--close-timeout", "60s")
        self.assertEqual(sent.returncode, 0, sent.stderr)
        receiver.interrupt()
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertIn("received 3 records", receiver.out)

    def test_fewer_records_than_expected(self):
        receiver = Receive("--expect", "5")
        self.assertEqual(send(receiver.address, "--messages", "4").returncode, 0)
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("expected 5 records, received 4: all peers have closed", receiver.err)

    def test_records_too_many_that_come_late(self):
        receiver = Receive("--expect", "2", "--settle", "60s", "--newline")
        with receiver.connect() as peer:
            peer.sendall(b"a\nb\n")
            peer.sendall(b"c\n")
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("expected 2 records, received 3: too many", receiver.err)

    def test_a_timeout(self):
        receiver = Receive("--expect", "5", "--timeout", "100ms")
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("expected 5 records, received 0: --timeout has passed", receiver.err)

    def test_a_rate_too_low(self):
        receiver = Receive("--min-rate", "1G/s")
        self.assertEqual(send(receiver.address, "--rate", "1k", "--messages", "50").returncode, 0)
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("is below --min-rate 1,000,000,000/s", receiver.err)

    def test_a_rate_that_is_enough(self):
        receiver = Receive("--min-rate", "1/s")
        self.assertEqual(send(receiver.address, "--messages", "50000").returncode, 0)
        self.assertEqual(receiver.wait(), 0, receiver.err)

    def test_a_connection_cut_inside_a_record_keeps_its_bytes(self):
        receiver = Receive("--output", self.path("out"))
        with receiver.connect() as peer:
            peer.sendall(framed(b"whole") + framed(b"cut")[:-1])
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("1 connection(s) ended inside a record", receiver.err)
        self.assertEqual(self.contents("out"), framed(b"whole") + framed(b"cut")[:-1])

    def test_http_to_a_framed_receiver(self):
        receiver = Receive()
        with receiver.connect() as peer:
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(receiver.wait(), 1)
        self.assertIn("a record claims 1195725856 bytes", receiver.err)
        self.assertIn("another framing", receiver.err)

    def test_a_connection_that_is_reset(self):
        receiver = Receive()
        peer = receiver.connect()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        self.assertEqual(receiver.wait(), 1)
        self.assertIn("reset by the peer", receiver.err)

    def test_a_receiver_that_never_reads_blocks_the_sender(self):
        receiver = Receive("--never-read", "--keep-open", "--json", self.path("r"))
        sender = subprocess.Popen(
            [GILES, "send", "--host", receiver.address, "--json", self.path("s")],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        sender.stderr.readline()
        line = sender.stderr.readline()
        self.assertIn(", 0/s, 0 B/s", line)
        sender.send_signal(signal.SIGINT)
        sender.communicate(timeout=DEADLINE_S)
        self.assertEqual(sender.returncode, 0)
        receiver.interrupt()
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.json("r")["received"]["bytes"], 0)
        self.assertEqual(self.json("r")["received"]["connections"], 1)

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            result = run("receive", "--listen", address)
        self.assert_fails(result, f"cannot listen on {address}: Address already in use")

    def test_outputs_that_cannot_be_written(self):
        result = run("receive", "--listen", "127.0.0.1:0", "--output", self.path("no/such"))
        self.assert_fails(result, "cannot write to")
        receiver = Receive("--output", "/dev/full")
        with receiver.connect() as peer:
            peer.sendall(framed(b"x"))
            self.assertEqual(receiver.wait(), 1)
        self.assertIn("cannot write to /dev/full: No space left on device", receiver.err)

    def test_an_unknown_host(self):
        result = run("send", "--host", "no.such.host.invalid:1", "--messages", "1")
        self.assert_fails(result, "cannot find the host 'no.such.host.invalid'")


class Flags(GilesCase):
    HOST = ["send", "--host", "127.0.0.1:1"]
    LISTEN = ["receive", "--listen", "127.0.0.1:0"]

    def test_mistakes_are_told_with_exit_code_2(self):
        to = ["--send-to", "127.0.0.1:1", "--listen", "127.0.0.1:0"]
        for flags, message in [
            ([], "a command is needed: send, receive or latency"),
            (["dance"], "dance"),
            (["send"], "--host is required"),
            (["receive"], "--listen is required"),
            (["send", "--host", "nowhere"], "--host: 'nowhere' is not host:port"),
            (["send", "--host", "h:0"], "port 0"),
            (self.HOST + ["--whatever"], "--whatever"),
            (self.HOST + ["--rate", "fast"], "--rate: 'fast' is not a rate"),
            (self.HOST + ["--rate", "0"], "below 1/s"),
            (self.HOST + ["--rate", "1", "--interval", "1s"], "--interval excludes --rate"),
            (self.HOST + ["--interval", "0"], "--interval: an interval"),
            (self.HOST + ["--interval", "5x"], "--interval: '5x' is not a duration"),
            (self.HOST + ["--connect-timeout", "5"], "'5' has no unit; write for example 5s"),
            (self.HOST + ["--messages", "-1"], "--messages: '-1' is not a count"),
            (self.HOST + ["--connections", "0"], "--connections: it is at least 1"),
            (self.HOST + ["--repeat"], "--repeat requires --file"),
            (self.HOST + ["--binary"], "--binary requires --file"),
            (self.HOST + ["--file", "f", "--binary"], "needs --msg-size or --variable-size"),
            (self.HOST + ["--msg-size", "5"], "--msg-size needs --binary or --latency"),
            (self.HOST + ["--variable-size"], "--variable-size requires --binary"),
            (self.HOST + ["--u64", "--newline"], "excludes"),
            (self.HOST + ["--u64", "--file", "f"], "excludes"),
            (self.HOST + ["--start-from", "5", "--file", "f"], "excludes"),
            (self.HOST + ["--latency"], "--latency needs --rate"),
            (self.HOST + ["--keys", "5"], "--keys requires --latency"),
            (self.HOST + ["--latency", "--rate", "1", "--msg-size", "9"], "at least 24 bytes"),
            (self.LISTEN + ["--raw", "--newline"], "excludes"),
            (self.LISTEN + ["--msg-size", "0"], "--msg-size: it is at least 1"),
            (self.LISTEN + ["--raw", "--latency"], "--latency needs records"),
            (self.LISTEN + ["--never-read", "--expect", "1"], "excludes"),
            (self.LISTEN + ["--settle", "1s"], "--settle requires --expect"),
            (self.LISTEN + ["--warmup-seconds", "1"], "--warmup-seconds requires --latency"),
            (["latency"] + to, "--rate is required"),
            (["latency"] + to + ["--rate", "1", "--seconds", "0"], "more than 0"),
        ]:
            with self.subTest(flags=flags):
                result = run(*flags)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(message, result.stderr)
                self.assertEqual(result.stdout, "")

    def test_help_and_version(self):
        for flags in (["--help"], ["send", "--help"], ["receive", "--help"], ["latency", "-h"]):
            result = run(*flags)
            self.assertEqual(result.returncode, 0)
            self.assertIn("Usage:", result.stdout)
        self.assertRegex(run("--version").stdout, r"^giles \d+\.\d+\.\d+\n$")

    def test_every_flag_is_in_the_guide(self):
        guide_path = os.path.join(os.path.dirname(__file__), "../../docs/guide/giles.md")
        with open(guide_path) as read:
            guide = read.read()
        for command in ("send", "receive", "latency"):
            section = guide.split(f"## giles {command}\n")[1].split("\n## ")[0]
            flags = set(re.findall(r"--[a-z][a-z0-9-]+", run(command, "--help").stdout))
            for flag in flags - {"--help"}:
                self.assertRegex(section, rf"[` ]{flag}\b", f"giles {command}")


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
        self.assertIn("expected 60000 records", receiver.err)


if __name__ == "__main__":
    unittest.main()
