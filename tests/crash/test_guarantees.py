"""Every cell of the table in docs/guide/guarantees.md: the tests provoke losses and repetitions by a
crash, and look at them."""

import concurrent.futures
import os
import signal
import subprocess
import time
import unittest

from crash.crash import failpoints_enabled
from crash.launch import DEADLINE_S, Launch, Receiver
from crash.receiver import committed_bytes
from crash.relay import ConnectorFeed, PipeReader, TcpFeed, TcpReceiver, line, relay_command
from support.running import eventually, temporary_folder

COUNT = 80_000
SINKS = ("file", "connector", "tcp", "stdout", "callback")
EXACTLY_ONCE = ("file", "connector")


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return file.read().split("\n")[:-1]


class SinkEnd:
    """One of SINKS: its address for relay_app, and the lines that came out there."""

    def __init__(self, case, kind, folder):
        self.kind = kind
        self.stdout = subprocess.DEVNULL
        if kind == "connector":
            kept = os.path.join(folder, "receiver")
            os.mkdir(kept)
            end = Receiver(kept)
            self.lines = lambda: committed_bytes(kept).decode().split("\n")[:-1]
        elif kind == "tcp":
            end = TcpReceiver()
            self.lines = end.lines
        elif kind == "stdout":
            end = PipeReader()
            self.stdout = end.write_end
            self.lines = end.lines
        else:
            path = os.path.join(folder, "out")
            self.lines = lambda: read_lines(path)
            self.address = f"{kind}:{path}"
            return
        self.end = end
        self.address = kind if kind == "stdout" else f"{kind}:{end.address}"
        case.addCleanup(end.close)


def numbered(count):
    return [f"{line(i)} #{i + 1}" for i in range(count)]


@unittest.skipUnless(failpoints_enabled(), "configure with -DWALLAROO_FAILPOINTS=ON")
class Replayable(unittest.TestCase):
    """Sources that can be read again."""

    def setUp(self):
        self.maxDiff = 1000

    def source(self, kind, folder):
        if kind == "file":
            path = os.path.join(folder, "in")
            with open(path, "w") as file:
                file.writelines(f"{line(i)}\n" for i in range(COUNT))
            return f"file:{path}", None
        if kind == "connector":
            feed = ConnectorFeed(COUNT)
            return f"connector:{feed.address}", feed
        return f"{kind}:{COUNT}", None

    def lines_after_a_crash(self, kind, sink_kind):
        folder = temporary_folder(self)
        source, feed = self.source(kind, folder)
        sink = SinkEnd(self, sink_kind, folder)
        command = relay_command(source, sink.address, folder)
        crashed = Launch(command, folder, ("checkpoint.begin.before=kill@3",), 2000,
                         stdout=sink.stdout).run()
        self.assertTrue(crashed.killed, crashed.log)
        launch = Launch(command, folder, (), 0, stdout=sink.stdout)
        # A source that waits for connections has no end.
        launch.run(when=lambda: feed is not None and feed.done, number=signal.SIGTERM)
        self.assertEqual(launch.code, 0, launch.log)
        last = numbered(COUNT)[-1]
        eventually(lambda: last in sink.lines()[-2:], "the last line has come")
        return sink.lines()

    def test_nothing_is_lost_and_some_sinks_see_some_of_it_twice(self):
        for kind in ("file", "generator", "memory", "connector"):
            for sink in SINKS:
                with self.subTest(source=kind, sink=sink):
                    lines = self.lines_after_a_crash(kind, sink)
                    if sink in EXACTLY_ONCE:
                        self.assertEqual(lines, numbered(COUNT))
                    else:
                        self.assertEqual(set(lines), set(numbered(COUNT)))
                        self.assertGreater(len(lines), COUNT, "some come twice")


    def test_a_connection_that_breaks_takes_with_it_what_was_on_its_way(self):
        folder = temporary_folder(self)
        receiver = TcpReceiver()
        self.addCleanup(receiver.close)
        launch = Launch(relay_command(f"generator:{COUNT}", f"tcp:{receiver.address}", folder),
                        folder, (), 2000)
        eventually(lambda: len(receiver.lines()) > COUNT // 10, "lines come")
        receiver.stop_reading()
        time.sleep(0.3)
        receiver.break_connection()
        self.assertEqual(launch.run().code, 0, launch.log)
        last = numbered(COUNT)[-1]
        eventually(lambda: last in receiver.lines()[-2:], "the last line has come")
        self.assertLess(len(set(receiver.lines())), COUNT)


@unittest.skipUnless(failpoints_enabled(), "configure with -DWALLAROO_FAILPOINTS=ON")
class NotReplayable(unittest.TestCase):
    """TCP and standard input cannot be read again."""

    def start(self, source, sink, folder, interval_ms, echo_ms):
        application = subprocess.Popen(
            relay_command(source, sink.address, folder, interval_ms),
            stdin=subprocess.PIPE, stdout=sink.stdout, stderr=subprocess.DEVNULL,
            env={**os.environ, "ECHO_MS": str(echo_ms)})
        self.addCleanup(self.end, application)
        return application

    @staticmethod
    def end(application):
        application.kill()
        application.communicate()

    def feed(self, kind):
        if kind == "stdin":
            return None, "stdin"
        feed = TcpFeed()
        self.addCleanup(feed.hang_up)
        return feed, f"tcp:{feed.address}"

    @staticmethod
    def wait_for_checkpoint(folder):
        manifests = os.path.join(folder, "checkpoints", "manifests")

        def newest():
            names = os.listdir(manifests) if os.path.exists(manifests) else ()
            return max((name for name in names if name.endswith(".manifest")), default="")

        before = newest()
        eventually(lambda: newest() > before, "another checkpoint is complete")

    def each(self, test, sinks):
        """Calls `test(source, sink)` for all of them, three at a time because they mostly wait."""
        cells = [(source, sink) for source in ("tcp", "stdin") for sink in sinks]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for cell, future in [(cell, pool.submit(test, *cell)) for cell in cells]:
                with self.subTest(source=cell[0], sink=cell[1]):
                    yield cell[1], future.result()

    def lines_around_a_crash(self, kind, sink_kind):
        """Lines 0 to 9 are part of a checkpoint when 10 to 19 come, and the application dies before
        the next one; then 20 to 29 come."""
        folder = temporary_folder(self)
        feed, source = self.feed(kind)
        sink = SinkEnd(self, sink_kind, folder)
        application = self.start(source, sink, folder, 1500, 0)
        send(feed, application, range(10))
        time.sleep(0.1)
        self.wait_for_checkpoint(folder)
        send(feed, application, range(10, 20))
        time.sleep(0.3)
        self.end(application)
        if feed:
            feed.hang_up()
        application = self.start(source, sink, folder, 1500, 0)
        send(feed, application, range(20, 30))
        time.sleep(0.5)
        application.send_signal(signal.SIGTERM)
        if application.wait(DEADLINE_S) != 0:
            raise AssertionError(f"ended with {application.returncode}")
        eventually(lambda: sink.lines()[-1:] and sink.lines()[-1].startswith(f"{line(29)} "),
                   "the last line has come")
        return sink.lines()

    def test_what_came_after_the_checkpoint_is_lost(self):
        first = [f"{line(i)} #{i + 1}" for i in range(10)]
        lost = [f"{line(i)} #{i + 1}" for i in range(10, 20)]
        last = [f"{line(i)} #{i - 9}" for i in range(20, 30)]
        for sink, lines in self.each(self.lines_around_a_crash, SINKS):
            # The state has lost them in any case: the last lines have the numbers of the lost ones.
            # Sinks that take part in checkpoints never showed the lost lines either.
            self.assertEqual(lines, first + ([] if sink in EXACTLY_ONCE else lost) + last)

    def echoes_around_a_crash(self, kind, sink_kind):
        """The application dies after a timer has fired that the checkpoint holds."""
        folder = temporary_folder(self)
        feed, source = self.feed(kind)
        sink = SinkEnd(self, sink_kind, folder)
        application = self.start(source, sink, folder, 1500, 2000)
        self.wait_for_checkpoint(folder)
        send(feed, application, range(1))
        transactional = sink_kind in EXACTLY_ONCE
        if transactional:
            time.sleep(2.3)
        else:
            eventually(lambda: "echo" in sink.lines(), "the timer has fired")
        self.end(application)
        if feed:
            feed.hang_up()
        application = self.start(source, sink, folder, 300, 2000)
        wanted = 1 if transactional else 2
        eventually(lambda: sink.lines().count("echo") == wanted, f"{wanted} echoes")
        self.wait_for_checkpoint(folder)
        return sink.lines().count("echo")

    def test_some_sinks_see_results_of_the_restored_state_twice(self):
        for sink, echoes in self.each(self.echoes_around_a_crash, SINKS):
            self.assertEqual(echoes, 1 if sink in EXACTLY_ONCE else 2)


def send(feed, application, numbers):
    if feed is not None:
        feed.send(numbers)
    else:
        application.stdin.write("".join(f"{line(i)}\n" for i in numbers).encode())
        application.stdin.flush()


if __name__ == "__main__":
    unittest.main()
