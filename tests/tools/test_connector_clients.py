"""The connector libraries in Python and C++ and their examples, against a source of the engine, and
against a worker that speaks as an application does."""

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support.running import BUILD, DEADLINE_S, Running, eventually

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "clients" / "python"
sys.path.insert(0, str(CLIENTS))
import wallaroo_connector as wc  # noqa: E402

HOST = os.path.join(BUILD, "tests", "tools", "connector_host")
# The examples in both languages.
CPP_EXAMPLES = os.path.join(BUILD, "clients", "cpp", "examples")
TAIL_FILE = (sys.executable, str(CLIENTS / "examples" / "tail_file.py"))
TAIL_FILE_IN_CPP = (os.path.join(CPP_EXAMPLES, "tail_file"), "--id", "7")
SINK_TO_SQLITE = (sys.executable, str(CLIENTS / "examples" / "sink_to_sqlite.py"))
SINK_TO_SQLITE_IN_CPP = (os.path.join(CPP_EXAMPLES, "sink_to_sqlite"),)


class Program:
    """A child process that prints `listening on ADDRESS` first."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline().strip()
        if not line.startswith("listening on "):
            raise AssertionError(self.process.communicate(timeout=DEADLINE_S))
        self.address = line.removeprefix("listening on ")
        self._drain = threading.Thread(target=self.process.stderr.read, daemon=True)
        self._drain.start()

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self._drain.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Frames(unittest.TestCase):
    """The same bytes as src/io/connector_protocol.test.cpp."""

    def check(self, frame, hexadecimal):
        data = bytes.fromhex(hexadecimal)
        self.assertEqual(wc.encode(frame), data)
        self.assertEqual(wc.FrameReader().feed(data), [frame])

    def test_frames_have_the_bytes_of_the_protocol(self):
        key_0 = wc.stream_id_of("key_0")
        self.assertEqual(key_0, 0xBD29AF3B35FBE79A)
        self.check(wc.Hello("0.0.1", "cookie", "prog", "i0"),
                   "0000001a 00 0005 302e302e31 0006 636f6f6b6965 0004 70726f67 0002 6930")
        self.check(wc.Ok(67), "00000005 01 00000043")
        self.check(wc.Error("bad"), "00000006 02 0003 626164")
        self.check(wc.Notify(key_0, "key_0"),
                   "00000018 03 bd29af3b35fbe79a 0005 6b65795f30 0000000000000000")
        self.check(wc.NotifyAck(True, key_0, wc.NOTHING_PROCESSED),
                   "00000012 04 01 bd29af3b35fbe79a ffffffffffffffff")
        self.check(wc.Message(7, 2, event_time=-1),
                   "0000001b 05 0000000000000007 0000000000000002 ffffffffffffffff 0000")
        self.check(wc.Ack(3, [(key_0, 1)]),
                   "00000019 06 00000003 00000001 bd29af3b35fbe79a 0000000000000001")
        self.check(wc.Restart("127.0.0.1:7100"),
                   "00000013 07 0000000e 3132372e302e302e313a37313030")
        self.check(wc.EndOfStream(key_0), "00000009 08 bd29af3b35fbe79a")

    def test_control_messages_come_back_as_they_were(self):
        for message in (wc.ListUncommitted(1), wc.ReplyUncommitted(1, ["a", "b"]),
                        wc.Phase1("t", [(1, 2, 3)]), wc.Reply("t", True), wc.Phase2("t", False),
                        wc.WorkersLeft(7, ["w"])):
            frame, = wc.FrameReader().feed(wc.encode_control(message))
            self.assertEqual(wc.decode_two_phase(frame.payload), message)

    def test_broken_bytes_are_an_error(self):
        for body in (b"", b"\x09", b"\x01\0\0", b"\x01\0\0\0\1x"):
            with self.assertRaises(wc.ConnectorError):
                wc.decode(body)
        with self.assertRaises(wc.ConnectorError):
            wc.FrameReader(10).feed(b"\0\0\1\0")


class Hosted(Folder):
    def start(self, address="127.0.0.1:0"):
        program = Program(HOST, address, str(self.folder))
        self.addCleanup(lambda: program.process.poll() is None and program.end())
        return program

    def lines(self):
        return (self.folder / "lines").read_text().splitlines()


class Feeding(Hosted):
    def test_a_wrong_cookie_is_not_tried_again(self):
        host = self.start()
        client = wc.ConnectorClient(host.address, "biscuit")
        with self.assertRaisesRegex(wc.ConnectorError, "the cookie of the HELLO"):
            client.open_stream("s")

    def test_credits_acknowledgements_and_the_end_of_a_stream(self):
        host = self.start()
        client = wc.ConnectorClient(host.address, "cookie")
        stream = client.open_stream("s")
        self.assertIsNone(stream.position)
        for number in range(500):  # ten times the credits
            self.assertTrue(client.send(stream, number, b"%d" % number))
        self.assertTrue(client.end_stream(stream))
        self.assertEqual(stream.acknowledged, 499)
        again = client.open_stream("s")
        self.assertEqual(again.position, 499)
        client.close()
        self.assertEqual(self.lines(), [str(number) for number in range(500)])

    def test_a_stream_is_let_in_when_the_other_connection_lets_go(self):
        host = self.start()
        first = wc.ConnectorClient(host.address, "cookie")
        second = wc.ConnectorClient(host.address, "cookie")
        first.send(first.open_stream("s"), 3, b"x")
        opening = threading.Thread(target=second.open_stream, args=("s",))
        opening.start()
        first.flush()
        first.close()
        opening.join(DEADLINE_S)
        self.assertFalse(opening.is_alive())
        second.close()

    def test_a_stopped_application_acknowledges_what_it_has(self):
        host = self.start()
        client = wc.ConnectorClient(host.address, "cookie")
        self.addCleanup(client.close)
        stream = client.open_stream("s")
        for number in range(40):
            client.send(stream, number, b"%d" % number)
        client.flush()
        eventually(lambda: len(self.lines()) > 0, "some lines are there")
        self.assertEqual(host.end(signal.SIGTERM), 0)
        with self.assertRaises(OSError):
            while True:
                client._receive(1)  # without connecting again
        self.assertEqual(stream.acknowledged, len(self.lines()) - 1)


class AsTheOriginalClient(Hosted):
    """The frames that programs made with the original library rely on, byte by byte."""

    HELLO = wc.encode(wc.Hello(wc.SOURCE_VERSION, "cookie", "program", "instance"))

    def setUp(self):
        super().setUp()
        self.host = self.start()

    def connect(self):
        peer = socket.create_connection(wc.parse_address(self.host.address), timeout=DEADLINE_S)
        self.addCleanup(peer.close)
        self._reader = wc.FrameReader()
        self._heard = []
        return peer

    def hear(self, peer):
        """Returns None at the end."""
        while not self._heard:
            data = peer.recv(1 << 16)
            if not data:
                return None
            self._heard += self._reader.feed(data)
        return self._heard.pop(0)

    def session(self, stream_id, payloads):
        return (self.HELLO + wc.encode(wc.Notify(stream_id, "s", 0))
                + b"".join(wc.encode(wc.Message(stream_id, i, payload))
                           for i, payload in enumerate(payloads)))

    def test_the_ok_comes_in_one_piece_and_alone(self):
        peer = self.connect()
        peer.sendall(self.HELLO)
        length = int.from_bytes(peer.recv(4), "big")
        self.assertEqual(peer.recv(length), b"\x01" + (50).to_bytes(4, "big"))
        peer.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            peer.recv(1)

    def test_a_session_may_come_in_one_segment_or_byte_by_byte(self):
        for stream_id, step in ((1, 1 << 20), (2, 1)):
            peer = self.connect()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = self.session(stream_id, [b"a", b"", b"c"]) + wc.encode(wc.EndOfStream(stream_id))
            for start in range(0, len(data), step):
                peer.sendall(data[start:start + step])
            self.assertEqual(self.hear(peer), wc.Ok(50))
            self.assertEqual(self.hear(peer), wc.NotifyAck(True, stream_id, wc.NOTHING_PROCESSED))
            while not (isinstance(ack := self.hear(peer), wc.Ack) and ack.positions):
                pass
            while ack.positions != [(stream_id, 2)]:
                ack = self.hear(peer)
            peer.close()

    def test_credits_come_back_before_they_are_used_up(self):
        peer = self.connect()
        credits_left = 0
        peer.sendall(self.session(1, []))
        credits_left += self.hear(peer).initial_credits - 1
        self.assertTrue(self.hear(peer).success)
        for number in range(300):
            while credits_left <= 0:
                credits_left += self.hear(peer).credits
            peer.sendall(wc.encode(wc.Message(1, number, b"x")))
            credits_left -= 1
        eventually(lambda: len(self.lines()) == 300, "all of them arrive")

    def test_frames_above_the_16384_bytes_of_original_workers_are_taken(self):
        peer = self.connect()
        peer.sendall(self.session(1, [bytes(16384 - 27).replace(b"\0", b"a"),
                                      bytes(100_000).replace(b"\0", b"b")]))
        eventually(lambda: [len(each) for each in self.lines()] == [16384 - 27, 100_000],
                   "both arrive")

    def test_a_stop_acknowledges_and_closes_and_never_sends_restart(self):
        peer = self.connect()
        peer.sendall(self.session(1, [b"a", b"b"]))
        eventually(lambda: self.lines() == ["a", "b"], "the lines are there")
        self.assertEqual(self.host.end(signal.SIGTERM), 0)
        heard = []
        while (frame := self.hear(peer)) is not None:
            heard.append(frame)
        self.assertEqual({type(frame) for frame in heard}, {wc.Ok, wc.NotifyAck, wc.Ack})
        self.assertEqual([frame for frame in heard if isinstance(frame, wc.Ack)][-1].positions,
                         [(1, 1)])


class TailFile:
    """The examples that tail a file; TAIL is the program."""

    def test_each_line_arrives_once_whoever_is_killed(self):
        lines = [f"line {number}" for number in range(6000)]
        log = self.folder / "log.txt"
        log.write_text("")
        host = self.start()
        tail = self.tail(host)
        choose = random.Random(3)
        with open(log, "a") as growing:
            for start in range(0, len(lines), 300):
                growing.write("".join(line + "\n" for line in lines[start:start + 300]))
                growing.flush()
                enough = choose.randrange(start + 1)
                eventually(lambda: len(self.lines()) >= enough, f"{enough} lines are there")
                if start % 600 == 0:
                    host.end()
                    host = self.start(host.address)
                elif choose.random() < 0.5:
                    tail.kill()
                    tail.communicate()
                    tail = self.tail(host)
            growing.write("without an end")
        eventually(lambda: len(self.lines()) >= len(lines), "all lines are there")
        tail.kill()
        tail.communicate()
        host.end(signal.SIGTERM)
        self.assertEqual(self.lines(), lines)

    def tail(self, host, *flags):
        process = subprocess.Popen(
            [*self.TAIL, str(self.folder / "log.txt"), host.address, "--cookie", "cookie",
             "--poll", "0.01", *flags], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def test_it_ends_when_all_is_acknowledged(self):
        (self.folder / "log.txt").write_bytes(b"one\r\ntwo\n\nlast")
        host = self.start()
        for _ in range(2):
            self.assertEqual(self.tail(host, "--once").wait(DEADLINE_S), 0)
            # An empty line has no payload to decode.
            self.assertEqual(self.lines(), ["one", "two", "last"])


class TailOfRotatedFile:
    """The examples that tail a file, when the file is not only appended to."""

    def setUp(self):
        super().setUp()
        self.log = self.folder / "log.txt"
        self.host = self.start()

    def write(self, text, name="log.txt"):
        """Rewrites the file in place, from its beginning."""
        (self.folder / name).write_text(text)

    def append(self, text, name="log.txt"):
        with open(self.folder / name, "a") as file:
            file.write(text)

    def rotate(self, name):
        os.rename(self.log, self.folder / name)

    def what_the_host_has(self):
        return {name: (self.folder / name).read_bytes() for name in ("lines", "checkpoint")}

    def put_the_host_back(self, kept):
        self.host.end()
        for name, content in kept.items():
            (self.folder / name).write_bytes(content)
        self.host = self.start(self.host.address)

    def inode(self):
        return os.stat(self.log).st_ino

    def tail(self, *flags):
        process = subprocess.Popen(
            [*self.TAIL, str(self.log), self.host.address, "--cookie", "cookie", "--poll", "0.01",
             *flags], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def said(self, tail):
        tail.kill()
        return tail.communicate(timeout=DEADLINE_S)[1]

    def wait_for(self, *lines):
        eventually(lambda: self.lines() == list(lines), f"{lines} are there")

    def paused(self, tail):
        """Stops the program, so that the next changes happen between two of its looks."""
        os.kill(tail.pid, signal.SIGSTOP)
        self.addCleanup(lambda: tail.poll() is None and os.kill(tail.pid, signal.SIGCONT))

    def resumed(self, tail):
        os.kill(tail.pid, signal.SIGCONT)

    def test_a_line_is_sent_when_its_end_is_there(self):
        self.write("one\ntw")
        self.tail()
        self.wait_for("one")
        self.append("o\nthree\n")
        self.wait_for("one", "two", "three")

    def test_a_renamed_file_is_read_to_its_end_and_then_the_new_one(self):
        self.write("one\n")
        old = self.inode()
        tail = self.tail()
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.append("two\nwithout an end", "log.txt.1")
        self.write("one\n")  # begins as the old one does
        self.assertNotEqual(self.inode(), old)
        self.wait_for("one", "two", "without an end", "one")
        self.append("three\n")
        self.wait_for("one", "two", "without an end", "one", "three")
        self.assertIn("was rotated", self.said(tail))

    def test_what_is_written_to_a_renamed_file_that_was_quiet_before_is_not_lost(self):
        self.write("one\n")
        os.utime(self.log, (0, 0))
        self.tail("--rotate-wait", "4")
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.write("three\n")
        time.sleep(0.5)  # long enough to look many times
        self.append("two\n", "log.txt.1")
        self.wait_for("one", "two", "three")

    def test_all_files_of_several_rotations_between_two_looks_are_read(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.paused(tail)
        self.append("two\n")
        self.rotate("log.txt.3")
        for name, line in (("log.txt.2", "three\n"), ("log.txt.1", "four\n")):
            self.write(line)
            self.rotate(name)
        self.write("five\n")
        self.write("no rotated file\n", "log.txt.bak")
        self.resumed(tail)
        self.wait_for("one", "two", "three", "four", "five")

    def test_a_file_that_is_copied_and_cut_off_is_read_to_its_end_in_the_copy(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.paused(tail)
        old = self.inode()
        self.append("two\n")
        shutil.copyfile(self.log, self.folder / "log.txt.1")
        self.write("3\n")
        self.assertEqual((self.inode(), self.log.stat().st_size), (old, 2))
        self.resumed(tail)
        self.wait_for("one", "two", "3")

    def test_a_file_that_is_written_anew_and_longer_is_read_from_its_beginning(self):
        self.write("one\ntwo\n")
        tail = self.tail()
        self.wait_for("one", "two")
        self.paused(tail)
        old = self.inode()
        self.write("a line that is longer than both\nnext\n")
        self.assertEqual(self.inode(), old)
        self.resumed(tail)
        self.wait_for("one", "two", "a line that is longer than both", "next")
        self.assertIn("cut off or written anew when 8 bytes", self.said(tail))

    def test_a_change_far_behind_the_beginning_is_noticed_too(self):
        beginning = "".join(f"the same line {i}\n" for i in range(100))
        lines = beginning.splitlines()
        self.write(beginning + "one\n")
        tail = self.tail()
        self.wait_for(*lines, "one")
        self.paused(tail)
        self.write(beginning + "one more line\nnext\n")
        self.resumed(tail)
        self.wait_for(*lines, "one", *lines, "one more line", "next")

    def test_a_missing_file_is_waited_for(self):
        tail = self.tail()
        eventually(lambda: list(self.folder.glob("checkpoint")), "the application runs")
        self.write("one\n")
        self.wait_for("one")
        self.rotate("log.txt.1")
        self.append("two\n", "log.txt.1")
        self.wait_for("one", "two")
        self.write("three\n")
        self.wait_for("one", "two", "three")
        self.assertIsNone(tail.poll())

    def test_a_file_that_was_rotated_while_the_program_was_down_is_found(self):
        self.write("one\n")
        tail = self.tail()
        self.wait_for("one")
        self.said(tail)
        self.append("two\n")
        self.rotate("log.txt-20260131")
        self.write("one\nthree\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.wait_for("one", "two", "one", "three")

    def test_a_file_that_was_cut_off_while_the_program_was_down_is_read_anew_and_that_is_said(self):
        self.write("one\ntwo\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.write("1\n")
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "1"])
        self.assertIn("was at byte 8 is not there any more, or was written anew", tail.stderr.read())

    def test_an_application_that_goes_back_gets_the_lines_of_rotated_files_again(self):
        self.write("one\n")
        self.tail()
        self.wait_for("one")
        kept = self.what_the_host_has()
        for number in range(3):
            self.rotate(f"log.txt.{9 - number}")
            self.write(f"line {number}\n")
            self.wait_for("one", *(f"line {i}" for i in range(number + 1)))
        self.put_the_host_back(kept)
        self.wait_for("one", "line 0", "line 1", "line 2")

    def test_lines_that_are_wanted_and_gone_are_an_error_or_left_out_as_one_likes(self):
        self.write("one\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        kept = self.what_the_host_has()
        self.append("two\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.rotate("log.txt.1")
        self.write("three\n")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "three"])
        os.remove(self.folder / "log.txt.1")
        self.put_the_host_back(kept)
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 1)
        self.assertIn("bytes 4 to 8 of what", tail.stderr.read())
        self.assertEqual(self.lines(), ["one"])
        self.assertEqual(self.tail("--once", "--skip-lost").wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "three"])

    def test_what_follows_a_line_that_was_sent_without_its_end_is_no_line(self):
        self.write("one\ntwo")
        self.assertEqual(self.tail("--once").wait(DEADLINE_S), 0)
        self.append(" and more\nthree\n")
        tail = self.tail("--once")
        self.assertEqual(tail.wait(DEADLINE_S), 0)
        self.assertEqual(self.lines(), ["one", "two", "three"])
        self.assertIn(" and more", tail.stderr.read())

    def test_without_a_place_for_its_state_it_says_so_before_it_sends(self):
        self.write("one\n")
        tail = self.tail("--once", "--state", str(self.folder / "missing" / "state"))
        self.assertEqual(tail.wait(DEADLINE_S), 1)
        self.assertIn("give --state a path that can be written", tail.stderr.read())
        self.assertEqual(self.lines(), [])


class TailFileInPython(TailFile, Hosted):
    TAIL = TAIL_FILE


class TailFileInCpp(TailFile, Hosted):
    TAIL = TAIL_FILE_IN_CPP


class TailOfRotatedFileInPython(TailOfRotatedFile, Hosted):
    TAIL = TAIL_FILE


class TailOfRotatedFileInCpp(TailOfRotatedFile, Hosted):
    TAIL = TAIL_FILE_IN_CPP


class FeedingInCpp(Hosted):
    """The client in C++ does the same."""

    FEEDER = os.path.join(BUILD, "tests", "tools", "connector_feeder")

    def feed(self, address, count):
        process = subprocess.Popen([self.FEEDER, address, str(count)], stderr=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(lambda: process.poll() is None and (process.kill(), process.wait()))
        return process

    def test_numbers_arrive_once_whoever_is_killed(self):
        count = 20000
        host = self.start()
        feeder = self.feed(host.address, count)
        for step in range(1, 9):
            eventually(lambda: len(self.lines()) >= step * count / 10, "it goes on")
            if step % 2 == 0:
                host.end()
                host = self.start(host.address)
            else:
                feeder.kill()
                feeder.wait()
                feeder = self.feed(host.address, count)
        self.assertEqual(feeder.wait(DEADLINE_S), 0, feeder.stderr.read())
        host.end(signal.SIGTERM)
        self.assertEqual(self.lines(), [str(number) for number in range(count)])

    def test_an_error_of_the_application_is_told(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        feeder = self.feed("127.0.0.1:%d" % listener.getsockname()[1], 1)
        peer, _ = listener.accept()
        peer.sendall(wc.encode(wc.Error("the cookie is wrong")))
        peer.close()
        self.assertEqual(feeder.wait(DEADLINE_S), 1)
        self.assertEqual(feeder.stderr.read(), "the application says: the cookie is wrong\n")


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
