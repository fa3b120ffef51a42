"""SIGTERM, SIGINT and SIGHUP: an application drains or stops at once, also when a function hangs."""

import random
import re
import signal
import threading
import unittest

from errors.app import ErrorAppCase
from support.running import eventually
from support.wire import framed, is_closed_by_peer, refuses_connections


def by_key(lines):
    """Result lines "KEY NUMBER TEXT" as key -> list of (number, text)."""
    found = {}
    for line in lines:
        key, number, text = line.split(" ", 2)
        found.setdefault(key, []).append((int(number), text))
    return found


class Drain(ErrorAppCase):
    def assert_what_was_read_arrives(self, number, threads):
        app, receiver = self.start_with_receiver(flags=["--threads", str(threads)])
        texts = [f"k{random.Random(i).randrange(50)} {i}" for i in range(20_000)]
        stream = framed(*texts)
        self.connect(app).sendall(stream)
        # All records are read, and the peer has taken nothing from the sink.
        app.wait_for_metric("wallaroo_source_bytes_total", len(stream))
        app.signal(number)
        app.wait_for_log("draining")
        lines = receiver.rest_lines()
        self.assertEqual(app.wait(), 0, app.log)
        self.assertEqual(len(lines), len(texts))
        for key, seen in by_key(lines).items():
            wanted = [text for text in texts if text.startswith(f"{key} ")]
            self.assertEqual(seen, [(i + 1, text) for i, text in enumerate(wanted)])

    def test_delivers_all_that_was_read(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for threads in (1, 2, 4):
                with self.subTest(number=number, threads=threads):
                    self.assert_what_was_read_arrives(number, threads)

    def test_under_load_leaves_no_gap(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        stop = threading.Event()

        def send():
            sent = 0
            try:
                while not stop.is_set():
                    peer.sendall(framed(*(f"k {i}" for i in range(sent, sent + 500))))
                    sent += 500
            except (BrokenPipeError, ConnectionResetError):
                pass

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        lines = receiver.lines(20_000)
        app.signal()
        lines += receiver.rest_lines()
        code = app.wait()
        stop.set()
        sender.join()
        self.assertEqual(code, 0, app.log)
        self.assertEqual(lines, [f"k {i + 1} k {i}" for i in range(len(lines))])

    def test_accepts_no_more_connections(self):
        app, receiver = self.start_with_receiver("drain_ms=60000")
        peer = self.connect(app)
        big = framed("k " + "x" * 900) * 20_000
        sender = threading.Thread(target=self.send_ignoring_reset, args=(peer, big), daemon=True)
        sender.start()
        app.wait_for_log("source 'in': reads")
        eventually(
            lambda: app.metrics()["wallaroo_sink_buffered_bytes"] > 500_000, "the sink is full"
        )
        app.signal()
        address = app.source_address()
        eventually(lambda: refuses_connections(address), "new connections are refused")
        self.assertIsNone(app.process.poll(), "it still drains")
        lines = receiver.rest_lines()
        self.assertEqual(app.wait(), 0, app.log)
        sender.join()
        self.assertEqual([int(line.split()[1]) for line in lines], list(range(1, len(lines) + 1)))

    def test_closes_the_connections_of_peers_that_send_nothing(self):
        app, receiver = self.start_with_receiver()
        peer = self.send(app, "a")
        self.assertEqual(receiver.lines(1), ["a 1 a"])
        app.signal()
        self.assertTrue(is_closed_by_peer(peer))
        self.assertEqual(receiver.rest(), b"")
        self.assertEqual(app.wait(), 0, app.log)

    def test_of_an_idle_application_comes_at_once(self):
        app, receiver = self.start_with_receiver()
        self.assertEqual(self.assert_drains(app, receiver), [])
        self.assertRegex(app.log.splitlines()[-1], "application 'error_app' ended")

    @staticmethod
    def send_ignoring_reset(peer, content):
        try:
            peer.sendall(content)
        except (BrokenPipeError, ConnectionResetError):
            pass


class SecondSignal(ErrorAppCase):
    def test_stops_at_once_with_exit_code_1(self):
        for first, second in (
            (signal.SIGTERM, signal.SIGTERM),
            (signal.SIGINT, signal.SIGTERM),
            (signal.SIGTERM, signal.SIGINT),
            (signal.SIGHUP, signal.SIGHUP),
        ):
            with self.subTest(first=first, second=second):
                # Its sink is away, so that draining would take a minute.
                app = self.start(out=self.receiver())
                self.send(app, "a")
                app.wait_for_metric("wallaroo_source_records_total", 1)
                app.signal(first)
                app.wait_for_log("draining")
                app.signal(second)
                self.assertEqual(app.wait(), 1)
                self.assertIn(
                    "error_app: stopped before everything was drained", app.log.splitlines()[-1]
                )

    def test_a_third_ends_a_program_whose_function_never_returns(self):
        app, _ = self.start_with_receiver()
        self.send(app, "forever")
        app.wait_for_metric("wallaroo_source_bytes_total", len(framed("forever")))
        app.signal()
        app.wait_for_log("draining")
        app.signal()
        app.wait_for_log("stopping at once")
        app.signal()
        self.assertEqual(app.wait(), -signal.SIGTERM)


class OtherSignals(ErrorAppCase):
    def test_sigpipe_does_no_harm(self):
        app, receiver = self.start_with_receiver()
        app.signal(signal.SIGPIPE)
        self.assert_still_works(app, receiver)
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_a_hangup_that_was_ignored_before_stays_ignored(self):
        app, receiver = self.start_with_receiver(
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
        )
        app.signal(signal.SIGHUP)
        self.assert_still_works(app, receiver)
        self.assertEqual(self.assert_drains(app, receiver), [])
        self.assertNotIn("SIGHUP", app.log)

    def test_blocked_signals_are_no_hindrance(self):
        app, receiver = self.start_with_receiver(
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        )
        self.assertEqual(self.assert_drains(app, receiver), [])


class Flags(ErrorAppCase):
    def assert_wrong(self, flags, said):
        app = self.start(flags=flags)
        self.assertEqual(app.wait(), 2)
        self.assertEqual(app.output, b"")
        self.assertRegex(app.log, said)

    def test_wrong_ones_are_exit_code_2(self):
        self.assert_wrong(["--speed"], "error_app: unknown flag '--speed'")
        self.assert_wrong(["--threads", "many"], "--threads: 'many' is not a number")
        self.assert_wrong(["--in", "away@h:1"], "there is no source 'away'.*has: in")
        self.assert_wrong(["--config", "/no/such/file"], "/no/such/file: No such file")

    def test_help_version_and_explain_are_exit_code_0(self):
        for flag, said in (
            ("--help", "drain_ms=N"),
            ("--version", r"error_app \(wallaroo \d+\.\d+\.\d+\)"),
            ("--explain", "application error_app: .*\n(.*\n)*.*exchange"),
        ):
            with self.subTest(flag):
                app = self.start(flags=[flag])
                self.assertEqual(app.wait(), 0, app.log)
                self.assertTrue(re.search(said, app.output.decode()), app.output)


if __name__ == "__main__":
    unittest.main()
