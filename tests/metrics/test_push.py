"""Metrics that an application pushes to a receiver by the protocol of Wallaroo 0.6."""

import socket
import struct
import subprocess
import time
import unittest

from support.running import DEADLINE_S, Running
from support.wire import Receiver, connect, framed

PERIOD_NS = 2_000_000_000


class Fields:
    """Takes apart a message of big-endian numbers and texts with their lengths."""

    def __init__(self, data):
        self.data = data

    def number(self, size):
        value = int.from_bytes(self.data[:size], "big")
        self.data = self.data[size:]
        return value

    def text(self):
        size = self.number(4)
        value, self.data = self.data[:size], self.data[size:]
        return value


class MetricsReceiver:
    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE_S)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._peer = None

    def accept(self):
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(DEADLINE_S)
        self._stream = self._peer.makefile("rb")

    def message(self):
        """The next message without its size; None at the end."""
        size = self._stream.read(4)
        return self._stream.read(struct.unpack(">I", size)[0]) if size else None

    def hang_up(self):
        self._stream.close()
        self._peer.close()

    def close(self):
        if self._peer is not None:
            self.hang_up()
        self._listener.close()


class Histogram:
    def __init__(self, message):
        outer = Fields(message)
        assert outer.number(1) == 3
        self.event, self.topic, data = outer.text(), outer.text(), outer.text()
        assert outer.data == b""
        fields = Fields(data)
        announced = fields.number(4)
        texts = [fields.text() for _ in range(4)]
        assert announced == 18 + sum(map(len, texts)) + 704
        self.name, self.category, self.worker, self.pipeline = (t.decode() for t in texts)
        self.id = fields.number(2)
        self.bins = [fields.number(8) for _ in range(65)]
        self.min, self.max = fields.number(8), fields.number(8)
        self.period, self.end = fields.number(8), fields.number(8)
        assert fields.data == b""
        self.key = (self.category, self.name)


class PushTest(unittest.TestCase):
    def start(self):
        self.metrics, self.sink = MetricsReceiver(), Receiver().listen()
        self.addCleanup(self.metrics.close)
        self.addCleanup(self.sink.close)
        self.app = Running("tests/metrics/push_app", self.metrics.address, self.sink.address,
                           stdin=subprocess.PIPE)
        self.addCleanup(self.app.close)
        self.addCleanup(self.app.process.stdin.close)
        host, port = self.app.process.stdout.readline().decode().strip().rsplit(":", 1)
        self.sender = connect((host, int(port)))
        self.addCleanup(self.sender.close)

    def begin(self):
        self.metrics.accept()
        self.assertEqual(self.metrics.message(), b"\x01")
        join = Fields(self.metrics.message())
        self.assertEqual((join.number(1), join.text(), join.text(), join.data),
                         (2, b"metrics:words", b"worker7", b""))

    def until_counted(self, records):
        """All histograms until `records` went from start to end, and the rest of that period."""
        histograms, seen = [], 0
        while seen < records or histograms[-1].category != "node-ingress-egress":
            histograms.append(Histogram(self.metrics.message()))
            if histograms[-1].category == "start-to-end":
                seen += sum(histograms[-1].bins)
        return histograms

    @staticmethod
    def counts(histograms):
        counts = dict.fromkeys((one.key for one in histograms), 0)
        for one in histograms:
            counts[one.key] += sum(one.bins)
        return counts

    def test_all_records_of_a_pipeline_are_counted_once_in_each_category(self):
        self.start()
        self.begin()
        before = time.time_ns()
        self.sender.sendall(framed(*["ab"] * 3000))
        histograms, records = self.until_counted(3000), 3000
        # When the end of a period comes in between, the last calls may wait for one that is timed.
        while set(self.counts(histograms).values()) != {records} and records < 3005:
            self.sender.sendall(framed("ab"))
            histograms += self.until_counted(1)
            records += 1
        self.assertEqual(set(self.counts(histograms).values()), {records}, self.counts(histograms))
        ids = {}
        for one in histograms:
            self.assertEqual((one.event, one.topic), (b"metrics", b"metrics:words"))
            self.assertEqual((one.worker, one.pipeline, one.period), ("worker7", "lines", PERIOD_NS))
            self.assertEqual(one.end % PERIOD_NS, 0)
            self.assertLess(abs(one.end - before), DEADLINE_S * 10**9)
            used = [i for i, n in enumerate(one.bins) if n]
            if used:
                self.assertEqual(one.min, 2 ** (used[0] - 1) if used[0] else 0)
                self.assertEqual(one.max, 2 ** used[-1] - 1)
            else:
                self.assertEqual((one.min, one.max), (2**64 - 1, 0))
            ids[one.key] = one.id
        self.assertEqual(ids, {
            ("pipeline-ingestion", "lines source"): 0,
            ("computation", "Decode Time in TCP Source"): 1,
            ("computation", "shout"): 2,
            ("computation", "count"): 3,
            ("start-to-end", "lines"): 0,
            ("node-ingress-egress", "worker7"): 0,
        })
        ingested = [one for one in histograms if one.category == "pipeline-ingestion"]
        self.assertEqual(sum(one.bins[0] for one in ingested), records)

    def test_a_receiver_that_comes_back_is_joined_again(self):
        self.start()
        self.begin()
        self.metrics.hang_up()
        self.begin()
        self.assertEqual(Histogram(self.metrics.message()).topic, b"metrics:words")

    def test_the_last_period_is_sent_at_the_end(self):
        self.start()
        self.begin()
        self.sink.accept()
        self.sender.sendall(framed("ab"))
        self.sink.lines(1)
        self.app.process.stdin.write(b"stop\n")
        self.app.process.stdin.flush()
        self.until_counted(1)
        while self.metrics.message() is not None:
            pass
        self.assertEqual(self.app.process.wait(DEADLINE_S), 0)


if __name__ == "__main__":
    unittest.main()
