"""The connector libraries in Python and C++ feed a source of the engine."""

import os
import signal
import socket
import subprocess
import threading
import unittest

from support.connectors import Hosted, wc
from support.running import BUILD, DEADLINE_S, eventually


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


if __name__ == "__main__":
    unittest.main()
