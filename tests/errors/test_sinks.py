"""Peers of a TCP sink that are slow, away, or break connections."""

import threading
import unittest

from errors.app import ErrorAppCase
from support.running import sanitized
from support.wire import framed, send_until_blocked

MEBIBYTE = 1 << 20
# Far more than all buffers between a source and a sink: sockets, queues, the sink's own.
MORE_THAN_ALL_BUFFERS_BYTES = 512 * MEBIBYTE
MOST_RSS_GROWTH_BYTES = 96 * MEBIBYTE


def numbered(first, count):
    return [f"k {i}" for i in range(first, first + count)]


def results(first, count):
    return [f"k {i + 1} k {i}" for i in range(first, first + count)]


class Absent(ErrorAppCase):
    def test_at_the_start_it_is_waited_for(self):
        receiver = self.receiver()
        app = self.start(out=receiver)
        peer = self.send(app, *numbered(0, 1000))
        app.wait_for_log(f"sink 'out': cannot connect to {receiver.address}: .*refused")
        receiver.listen().accept()
        self.assertEqual(receiver.lines(1000), results(0, 1000))
        peer.sendall(framed(*numbered(1000, 1000)))
        self.assertEqual(receiver.lines(1000), results(1000, 1000))
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_for_ever_it_ends_a_draining_application_with_exit_code_1(self):
        receiver = self.receiver()
        app = self.start("drain_ms=200", out=receiver)
        self.send(app, *numbered(0, 100))
        app.wait_for_log("sink 'out': cannot connect")
        app.wait_for_metric("wallaroo_source_records_total", 100)
        app.signal()
        self.assertEqual(app.wait(), 1)
        self.assertRegex(app.log, "error_app: 100 records were not delivered by sink 'out'")

    def test_without_records_it_does_not_hinder_the_end(self):
        app = self.start(out=self.receiver())
        app.wait_for_log("sink 'out': cannot connect")
        app.signal()
        self.assertEqual(app.wait(), 0, app.log)

    def test_for_a_while_it_gets_what_came_in_between(self):
        app, receiver = self.start_with_receiver()
        peer = self.send(app, *numbered(0, 100))
        self.assertEqual(receiver.lines(100), results(0, 100))
        receiver.go_away()
        app.wait_for_log(f"sink 'out': lost the connection to {receiver.address}")
        peer.sendall(framed(*numbered(100, 5000)))
        receiver.listen().accept()
        self.assertEqual(receiver.lines(5000), results(100, 5000))
        self.assertEqual(app.metrics()["wallaroo_sink_reconnects_total"], 1)
        self.assertEqual(self.assert_drains(app, receiver), [])


class Resets(ErrorAppCase):
    def test_under_load_tear_no_record_and_repeat_none(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        enough = threading.Event()
        sent = 0

        def send():
            nonlocal sent
            while not enough.is_set():
                peer.sendall(framed(*numbered(sent, 1000)))
                sent += 1000
            peer.sendall(framed("k end"))

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        seen = []
        for _ in range(5):
            seen += receiver.lines(1000)
            receiver.hang_up(reset=True)
            receiver.accept()
        seen += receiver.lines(1000)
        enough.set()
        seen += receiver.lines_until(" end")
        sender.join()
        self.assertEqual(self.assert_drains(app, receiver), [])
        # Bytes that the operating system had accepted are lost, as TcpSinkOptions says; but no line
        # is torn, none comes twice or out of order, and the last one arrives.
        numbers = [int(line.split()[1]) for line in seen]
        self.assertEqual(seen[:-1], [f"k {n} k {n - 1}" for n in numbers[:-1]])
        self.assertTrue(all(a < b for a, b in zip(numbers, numbers[1:])))
        self.assertLess(len(numbers), sent + 1, "no connection was broken while records were in it")
        self.assertEqual(app.log.count("lost the connection"), 5)


class NeverReads(ErrorAppCase):
    def fill(self, app, peer):
        """Sends until the application reads no more; returns how many records were sent."""
        block = framed("k " + "x" * 900)
        before = app.rss_bytes()
        sent = send_until_blocked(peer, block * 64, MORE_THAN_ALL_BUFFERS_BYTES)
        if not sanitized():
            self.assertLess(app.rss_bytes() - before, MOST_RSS_GROWTH_BYTES)
        return sent, len(block)

    def test_holds_back_the_source_in_bounded_memory_and_loses_nothing(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        sent, size = self.fill(app, peer)
        read = app.metrics()["wallaroo_source_bytes_total"]
        self.assertLess(read, sent, "the source must have stopped reading")
        self.assertGreater(app.metrics()["wallaroo_executor_blocked_seconds_total"], 0)
        # Sends the rest of the record that the full buffers have cut.
        rest = framed("k " + "x" * 900)[sent % size :] if sent % size else b""
        thread = threading.Thread(target=peer.sendall, args=(rest,), daemon=True)
        thread.start()
        count = -(-sent // size)
        lines = receiver.lines(count)
        thread.join()
        self.assertEqual([int(line.split()[1]) for line in lines], list(range(1, count + 1)))
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_of_many_connections_none_makes_memory_grow(self):
        app, _ = self.start_with_receiver()
        self.fill(app, self.connect(app))
        before = app.rss_bytes()
        for _ in range(20):
            send_until_blocked(
                self.connect(app), framed("k " + "x" * 900) * 64, MORE_THAN_ALL_BUFFERS_BYTES, 0.2
            )
        if not sanitized():
            self.assertLess(app.rss_bytes() - before, MOST_RSS_GROWTH_BYTES)

    def test_ends_a_draining_application_with_exit_code_1(self):
        app, _ = self.start_with_receiver("drain_ms=300")
        self.fill(app, self.connect(app))
        app.signal()
        self.assertEqual(app.wait(), 1, app.log)
        self.assertRegex(app.log, r"sink 'out': gave up \d+ records")
        self.assertRegex(app.log.splitlines()[-1], r"error_app: \d+ records were not delivered")


if __name__ == "__main__":
    unittest.main()
