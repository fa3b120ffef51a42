"""The examples in Python and C++ that receive a sink, against a worker that speaks as an
application does, and behind an application."""

import random
import socket
import sqlite3
import subprocess
import unittest

from support.connectors import (
    SINK_TO_SQLITE, SINK_TO_SQLITE_IN_CPP, TAIL_FILE, TAIL_FILE_IN_CPP, Folder, Program, wc)
from support.running import DEADLINE_S, Running, eventually


class Worker:
    """A worker that speaks as an application with a connector sink does."""

    NAME = "App-w-initializer-id-77"

    def __init__(self, address, offset, cookie="cookie"):
        self._socket = socket.create_connection(wc.parse_address(address), timeout=DEADLINE_S)
        self._reader = wc.FrameReader()
        self._heard = []
        self.offset = offset
        self.committed = offset
        self._socket.sendall(wc.encode(wc.Hello(wc.SINK_VERSION, cookie, "App", "initializer"))
                             + wc.encode(wc.Notify(1, self.NAME, offset))
                             + wc.encode_control(wc.ListUncommitted(77778)))

    def say(self, frame):
        self._socket.sendall(wc.encode(frame))

    def control(self, message):
        self._socket.sendall(wc.encode_control(message))

    def hear(self):
        while not self._heard:
            data = self._socket.recv(1 << 16)
            if not data:
                return None
            self._heard += self._reader.feed(data)
        return self._heard.pop(0)

    def uncommitted(self):
        """The transactions in doubt, after the introduction."""
        assert self.hear().initial_credits >= 2
        assert self.hear().success
        return wc.decode_two_phase(self.hear().payload).transactions

    def data(self, payload):
        self.say(wc.Message(1, self.offset, payload))
        self.offset += len(payload)

    def transaction(self, number):
        return f"{self.NAME}:c_id={number}"

    def prepare(self, number):
        self.control(wc.Phase1(self.transaction(number), [(1, self.committed, self.offset)]))
        return wc.decode_two_phase(self.hear().payload)

    def finish(self, number, commit):
        self.control(wc.Phase2(self.transaction(number), commit))
        if commit:
            self.committed = self.offset

    def close(self):
        self._socket.close()


class Draining:
    """The examples that receive a sink; SINK is the program."""

    def setUp(self):
        super().setUp()
        self.sink = None
        self.start()
        self.addCleanup(lambda: self.sink.end())

    def start(self, *flags):
        self.sink = Program(*self.SINK, str(self.folder / "db"), "--listen", "127.0.0.1:0",
                            "--cookie", "cookie", *flags)

    def worker(self, offset=0):
        worker = Worker(self.sink.address, offset)
        self.addCleanup(worker.close)
        return worker

    def results(self):
        database = sqlite3.connect(self.folder / "db")
        try:
            return [bytes(data) for data, in database.execute("SELECT data FROM results")]
        finally:
            database.close()

    def wait_for(self, results):
        eventually(lambda: self.results() == results, f"the results are {results}")

    def test_records_are_shown_when_they_are_committed(self):
        worker = self.worker()
        self.assertEqual(worker.uncommitted(), [])
        worker.data(b"-40.0\n")
        worker.data(b"-38.2\n")
        self.assertEqual(worker.prepare(1), wc.Reply(worker.transaction(1), True))
        self.assertEqual(self.results(), [])
        worker.finish(1, True)
        self.wait_for([b"-40.0\n", b"-38.2\n"])
        self.assertTrue(worker.prepare(2).commit)  # an empty transaction
        worker.finish(2, True)
        worker.data(b"7\n")
        self.assertTrue(worker.prepare(3).commit)
        worker.finish(3, True)
        self.wait_for([b"-40.0\n", b"-38.2\n", b"7\n"])

    def test_a_transaction_in_doubt_survives_a_kill_and_ends_as_it_is_told(self):
        for commit in (True, False):
            with self.subTest(commit=commit):
                shown = self.results()
                end = sum(map(len, shown))
                worker = self.worker(end)
                worker.uncommitted()
                worker.data(b"in doubt\n")
                self.assertTrue(worker.prepare(5).commit)
                self.sink.end()
                self.start()
                self.assertEqual(self.results(), shown)
                worker = self.worker(end + 9 if commit else end)
                self.assertEqual(worker.uncommitted(), [worker.transaction(5)])
                worker.finish(5, commit)
                if commit:
                    shown = [*shown, b"in doubt\n"]
                worker.data(b"next\n")
                self.assertTrue(worker.prepare(6).commit)
                worker.finish(6, True)
                self.wait_for([*shown, b"next\n"])

    def test_what_was_not_prepared_is_sent_again_and_shown_once(self):
        worker = self.worker()
        worker.uncommitted()
        worker.data(b"one\n")
        worker.prepare(1)
        worker.finish(1, True)
        self.wait_for([b"one\n"])
        worker.data(b"two\n")
        worker.close()
        worker = self.worker(4)
        self.assertEqual(worker.uncommitted(), [])
        worker.data(b"two\n")
        self.assertTrue(worker.prepare(3).commit)
        worker.finish(3, True)
        self.wait_for([b"one\n", b"two\n"])

    def test_lost_data_is_not_voted_for(self):
        worker = self.worker()
        worker.uncommitted()
        worker.offset = 10
        worker.data(b"after a gap\n")
        self.assertFalse(worker.prepare(1).commit)

    def test_an_application_without_its_checkpoint_is_told_so(self):
        worker = self.worker()
        worker.uncommitted()
        worker.data(b"one\n")
        worker.prepare(1)
        worker.finish(1, True)
        self.wait_for([b"one\n"])
        worker.close()
        worker = self.worker(0)
        worker.uncommitted()
        worker.data(b"one\n")
        self.assertIn("without the checkpoint", worker.hear().message)
        self.assertEqual(self.results(), [b"one\n"])

    def test_what_follows_a_breach_does_not_take_the_error_along(self):
        worker = self.worker()
        worker.uncommitted()
        # Far more than is read before the first of it is refused: a receiver that closes with bytes
        # unread resets the connection, and then sending fails.
        worker.say(wc.Message(7, 0, b"no such stream"))
        for _ in range(200):
            worker.say(wc.Message(1, 0, bytes(1 << 16)))
        self.assertIsInstance(worker.hear(), wc.Error)
        self.assertIsNone(worker.hear(), "its end is an orderly one")

    def test_a_wrong_cookie_is_refused(self):
        worker = Worker(self.sink.address, 0, "biscuit")
        self.addCleanup(worker.close)
        self.assertEqual(worker.hear(), wc.Error("the cookie is wrong"))


class DrainingInPython(Draining, Folder):
    SINK = SINK_TO_SQLITE

    def test_without_transactions_records_are_shown_as_they_come(self):
        self.sink.end()
        self.start("--no-transactions")
        shown = []
        for record in (b"of one run\n", b"of the next\n"):
            worker = self.worker()
            worker.uncommitted()
            worker.data(record)
            shown.append(record)
            self.wait_for(shown)
            worker.close()


class DrainingInCpp(Draining, Folder):
    SINK = SINK_TO_SQLITE_IN_CPP


class ThroughAnApplication:
    """From a file through an application into a database, while each of the three is killed."""

    def start_sink(self, listen="127.0.0.1:0"):
        self.sink = Program(*self.SINK, str(self.folder / "db"), "--listen", listen)

    def start_application(self, listen="127.0.0.1:0"):
        self.application = Running(
            "tests/tools/connector_app", "--in", f"feed@{listen}", "--out", self.sink.address,
            "--threads", "2", "--checkpoint-dir", str(self.folder / "checkpoints"),
            "--checkpoint-interval", "30ms")
        self.addCleanup(self.application.close)
        host, port = self.application.source_address("feed")
        return f"{host}:{port}"

    def start_tail(self, address):
        self.tail = subprocess.Popen(
            [*self.TAIL, str(self.folder / "log.txt"), address, "--cookie", "cookie",
             "--poll", "0.01"], stderr=subprocess.DEVNULL)

    def end_tail(self):
        self.tail.kill()
        self.tail.wait()

    def kill_one(self, who, address):
        if who == "application":
            self.application.close()
            self.start_application(address)
        elif who == "sink":
            self.sink.end()
            self.start_sink(self.sink.address)
        else:
            self.end_tail()
            self.start_tail(address)

    def results(self):
        try:
            database = sqlite3.connect(self.folder / "db", timeout=DEADLINE_S)
            try:
                return [bytes(data) for data, in database.execute("SELECT data FROM results")]
            finally:
                database.close()
        except sqlite3.OperationalError:
            return []  # the program is still making its tables

    def test_each_line_is_counted_and_shown_once_whoever_is_killed(self):
        choose = random.Random(7)
        log = self.folder / "log.txt"
        log.write_text("")
        self.start_sink()
        self.addCleanup(lambda: self.sink.end())
        address = self.start_application()
        self.start_tail(address)
        self.addCleanup(self.end_tail)
        written = 0
        for who in ["application", "sink", "tail"] * 4:
            with open(log, "a") as growing:
                growing.write("".join(f"line {written + i}\n" for i in range(300)))
            written += 300
            enough = choose.randrange(written - 300, written)
            eventually(lambda: len(self.results()) >= enough, f"{enough} results are there")
            with open(log, "a") as growing:
                growing.write("".join(f"line {written + i}\n" for i in range(300)))
            written += 300
            self.kill_one(who, address)
        eventually(lambda: len(self.results()) >= written, "all results are there")
        self.application.signal()
        self.assertEqual(self.application.wait(), 0, self.application.log)
        self.assertEqual(self.results(),
                         [b"%d line %d\n" % (i + 1, i) for i in range(written)])


class ThroughAnApplicationInPython(ThroughAnApplication, Folder):
    TAIL = TAIL_FILE
    SINK = SINK_TO_SQLITE


class ThroughAnApplicationInCpp(ThroughAnApplication, Folder):
    TAIL = TAIL_FILE_IN_CPP
    SINK = SINK_TO_SQLITE_IN_CPP


if __name__ == "__main__":
    unittest.main()
