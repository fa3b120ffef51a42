"""Runs every example over real sockets and compares its output with expected.txt.

Run with: WALLAROO_BUILD=build python3 tests/examples/test_examples.py
"""

import contextlib
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import unittest
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "examples")]

import windows_by_hand  # noqa: E402
from demo.examples import Example, Phase, Receiver  # noqa: E402
from demo.processes import ANY_PORT, Application, DemoError, giles, host_port  # noqa: E402

BUILD = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build"))
THREADS = (1, 2)


def framed(record):
    return struct.pack(">I", len(record)) + record


class Golden(unittest.TestCase):
    """The lines of each key are the expected ones, in their order."""

    def check(self, name):
        example = Example(name)
        wanted = example.by_key(example.expected())
        self.assertTrue(wanted)
        for threads in THREADS:
            with self.subTest(threads=threads):
                self.assertEqual(example.by_key(example.run(BUILD, threads)), wanted)

    def test_every_example_has_a_test(self):
        programs = {path.parent.name for path in (ROOT / "examples").glob("*/*.cpp")}
        self.assertEqual(set(Example.names()), programs)
        for name in programs:
            self.assertTrue(hasattr(self, f"test_{name}"), name)

    def test_word_count(self):
        self.check("word_count")

    def test_alphabet(self):
        self.check("alphabet")

    def test_celsius(self):
        self.check("celsius")

    def test_alerts(self):
        self.check("alerts")

    def test_alerts_windowed(self):
        self.check("alerts_windowed")

    def test_taxi(self):
        self.check("taxi")

    def test_market_spread(self):
        self.check("market_spread")

    def test_passthrough(self):
        self.check("passthrough")


class ByHand(unittest.TestCase):
    """The expected results of windows do not come from the engine."""

    def check(self, name, results):
        example = Example(name)
        wanted = list(results(example.phases[0].data))
        self.assertTrue(wanted)
        self.assertEqual(example.by_key(example.expected()), example.by_key(wanted))

    def test_alerts_windowed(self):
        self.check("alerts_windowed", windows_by_hand.alerts_windowed)

    def test_taxi(self):
        self.check("taxi", windows_by_hand.taxi)


class BytesThrough(unittest.TestCase):
    def test_the_bytes_that_come_out_are_those_that_went_in(self):
        example = Example("passthrough")
        for threads in THREADS:
            with self.subTest(threads=threads), example.started(BUILD, threads) as running:
                running.send(example.phases[0])
                self.assertEqual(running.finish(), example.phases[0].data)

    def test_giles_gets_back_what_giles_sent(self):
        """All three programs as a user starts them."""
        with Receiver() as receiver, \
             Application(BUILD / "examples" / "passthrough", {"in": ANY_PORT},
                         {"out": receiver.address}, threads=2) as application:
            subprocess.run(giles(BUILD, "send", "--host",
                                 application.inputs["in"], "--quiet", "--u64",
                                 "--messages", "10000"), check=True, stdout=subprocess.DEVNULL)
            application.stop()
            wanted = b"".join(struct.pack(">IQ", 8, number) for number in range(10_000))
            self.assertEqual(receiver.finish(), wanted)


class ManyConnections(unittest.TestCase):
    """Word count with several senders at once: the totals of each word still rise by one."""

    connections = 8

    def texts(self):
        numbers = random.Random(7)
        vocabulary = ["a", "b's", "the", "THE", "x1", "Wallaroo", *map(str, range(200))]
        separators = [b" ", b", ", b"\t", b"--", b"\xc3\xa4", b"\x00", b"  "]
        for _ in range(self.connections):
            yield [b"".join(numbers.choice(vocabulary).encode() + numbers.choice(separators)
                            for _ in range(numbers.randrange(12))) for _ in range(2_000)]

    def test_no_word_is_lost_or_counted_twice(self):
        texts = list(self.texts())
        wanted = Counter(word for text in texts for line in text
                         for word in re.findall(rb"[a-z0-9']+", line.lower()))
        for threads in THREADS:
            with self.subTest(threads=threads):
                self.assertEqual(self.totals(texts, threads), wanted)

    def totals(self, texts, threads):
        seen = Counter()
        with Example("word_count").started(BUILD, threads) as running:
            senders = [threading.Thread(target=running.send,
                                        args=(Phase("lines", b"".join(map(framed, text))),))
                       for text in texts]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            for line in running.finish().splitlines():
                word, _, total = line.partition(b" => ")
                seen[word] += 1
                self.assertEqual(int(total), seen[word], line)
        return seen


class BadInput(unittest.TestCase):
    """Bytes that are no record: the example reports them, and where they are."""

    def failure(self, name, phase):
        with Example(name).started(BUILD) as running:
            # It may be gone before we have read that it closes the connection.
            with contextlib.suppress(OSError):
                running.send(phase)
            with self.assertRaises(DemoError) as raised:
                running.application.wait()
        return str(raised.exception)

    def test_a_vote_that_is_too_short_stops_alphabet(self):
        error = self.failure("alphabet", Phase("votes", framed(b"a123")))
        self.assertIn("exit code 1", error)
        self.assertIn("stage 'votes'", error)
        self.assertIn("a vote has 5 bytes", error)

    def test_an_order_without_a_side_stops_market_spread(self):
        order = struct.pack(">cQ4sI", b"X", 1, b"AAPL", 1)
        error = self.failure("market_spread", Phase("orders", framed(order)))
        self.assertIn("exit code 1", error)
        self.assertIn("stage 'orders'", error)

    def test_alerts_counts_what_it_skipped(self):
        example = Example("alerts")
        with example.started(BUILD, threads=1) as running:
            running.send(example.phases[0])
            # "dave", "carol one thousand", " 12", one above 32 bits, one negative.
            running.application.await_total("payments", "bad_records_total", 5)
            running.finish()


class Flags(unittest.TestCase):
    def test_every_example_tells_its_flags_and_its_plan(self):
        for name in Example.names():
            for flag, wanted in (("--help", "--threads"), ("--explain", f"application {name}")):
                with self.subTest(name=name, flag=flag):
                    done = subprocess.run([BUILD / "examples" / name, flag], text=True,
                                          capture_output=True, timeout=60)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(wanted, done.stdout)

    def test_default_addresses_are_those_of_the_documentation(self):
        """Nobody has to give an address to try word count."""
        source = (ROOT / "examples" / "word_count" / "word_count.cpp").read_text()
        self.assertIn('"127.0.0.1:7010"', source)
        self.assertIn('"127.0.0.1:7002"', source)


class Idle(unittest.TestCase):
    def test_an_application_that_got_nothing_ends_well(self):
        for name in Example.names():
            with self.subTest(name=name), Example(name).started(BUILD) as running:
                self.assertEqual(running.finish(), b"")

    def test_a_connection_that_sends_nothing_does_not_keep_it_from_ending(self):
        with Example("word_count").started(BUILD) as running:
            with socket.create_connection(host_port(running.inputs["lines"])):
                self.assertEqual(running.finish(), b"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
