"""Peers of a TCP source that break the framing, close early, or come in great number."""

import random
import resource
import socket
import struct
import unittest

from errors.app import ErrorAppCase
from support.running import sanitized
from support.wire import connect, framed, is_closed_by_peer

MAX_FRAME_BYTES = 1000  # error_app's default


class Frames(ErrorAppCase):
    def test_one_longer_than_the_maximum_closes_its_connection_only(self):
        app, receiver = self.start_with_receiver()
        other = self.send(app, "before")
        self.assertEqual(receiver.lines(1), ["before 1 before"])

        peer = self.connect(app)
        peer.sendall(framed("good") + struct.pack(">I", MAX_FRAME_BYTES + 1) + b"x" * 500)
        self.assertTrue(is_closed_by_peer(peer))

        self.assertEqual(receiver.lines(1), ["good 1 good"])
        name = "127.0.0.1:%d" % peer.getsockname()[1]
        app.wait_for_log(rf"source 'in' from {name}: .*{MAX_FRAME_BYTES + 1}.*{MAX_FRAME_BYTES}")
        self.assertEqual(app.metrics()["wallaroo_source_framing_errors_total"], 1)
        other.sendall(framed("after"))
        self.assertEqual(receiver.lines(1), ["after 1 after"])
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_one_of_exactly_the_maximum_is_a_record(self):
        app, receiver = self.start_with_receiver()
        text = "x" * MAX_FRAME_BYTES
        self.send(app, text)
        self.assertEqual(receiver.lines(1), [f"{text} 1 {text}"])

    def test_a_line_longer_than_the_maximum_closes_its_connection(self):
        app, receiver = self.start_with_receiver("framing=newline")
        peer = self.connect(app)
        peer.sendall(b"good\n" + b"x" * (MAX_FRAME_BYTES + 1))
        self.assertTrue(is_closed_by_peer(peer))
        app.wait_for_log(rf"source 'in' from .* longer than .*{MAX_FRAME_BYTES}")
        self.assertEqual(receiver.lines(1), ["good 1 good"])
        peer = self.connect(app)
        peer.sendall(b"after\n")
        self.assertEqual(receiver.lines(1), ["after 1 after"])

    def test_a_length_of_0_is_an_empty_record(self):
        app, receiver = self.start_with_receiver()
        self.send(app, "", "", "end")
        self.assertEqual(sorted(receiver.lines(3)), [" 1 ", " 2 ", "end 1 end"])
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_a_length_of_2_to_the_32_minus_1_takes_no_memory(self):
        app, receiver = self.start_with_receiver()
        before = app.rss_bytes()
        for _ in range(20):
            peer = self.connect(app)
            peer.sendall(b"\xff\xff\xff\xff" + b"x" * 100)
            self.assertTrue(is_closed_by_peer(peer))
        app.wait_for_log("source 'in' from .*4294967295")
        self.assertEqual(app.metrics()["wallaroo_source_framing_errors_total"], 20)
        if not sanitized():
            self.assertLess(app.rss_bytes() - before, 32 << 20)
        self.assert_still_works(app, receiver)

    def test_a_connection_cut_inside_a_record_loses_that_record_only(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        peer.sendall(framed("whole") + struct.pack(">I", 10) + b"par")
        peer.close()
        self.assertEqual(receiver.lines(1), ["whole 1 whole"])
        app.wait_for_log("source 'in' from .*record is dropped")
        self.assertEqual(app.metrics()["wallaroo_source_bad_records_total"], 1)
        self.assert_still_works(app, receiver)
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_a_connection_reset_inside_a_record_loses_that_record_only(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        peer.sendall(framed("whole") + struct.pack(">I", 10) + b"par")
        self.assertEqual(receiver.lines(1), ["whole 1 whole"])
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        app.wait_for_log("source 'in' from .*the connection broke")
        self.assertEqual(app.metrics()["wallaroo_source_bad_records_total"], 1)
        self.assert_still_works(app, receiver)

    def test_random_bytes_do_no_harm(self):
        app, receiver = self.start_with_receiver("decoder=skip", "max=64")
        noise = random.Random(11)
        for _ in range(200):
            peer = self.connect(app)
            try:
                peer.sendall(noise.randbytes(noise.randrange(1, 3000)))
            except (ConnectionResetError, BrokenPipeError):
                pass  # closed before it had read everything
            peer.close()
        app.wait_for_metric("wallaroo_source_connections_opened_total", 200)
        app.wait_for_metric("wallaroo_source_connections", 0)
        self.assertGreater(app.metrics()["wallaroo_source_framing_errors_total"], 100)
        self.assert_still_works(app, receiver)
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_http_is_recognised(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(is_closed_by_peer(peer))
        app.wait_for_log("source 'in' from .*HTTP")
        self.assert_still_works(app, receiver)


class Connections(ErrorAppCase):
    def thousand_silent(self, app):
        # This is after the application has started: it must raise its own limit.
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        peers = []
        for _ in range(1000):
            peers.append(connect(app.source_address()))
            self.addCleanup(peers[-1].close)
        app.wait_for_metric("wallaroo_source_connections", 1000)
        return peers

    def test_a_thousand_that_send_nothing_do_not_hinder_one_that_does(self):
        app, receiver = self.start_with_receiver()
        before = app.rss_bytes()
        silent = self.thousand_silent(app)
        self.assert_still_works(app, receiver)
        if not sanitized():
            self.assertLess(app.rss_bytes() - before, 64 << 20)
        for peer in silent:
            peer.close()
        app.wait_for_metric("wallaroo_source_connections", 1)
        self.assert_still_works(app, receiver)
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_a_thousand_that_send_nothing_do_not_hinder_the_end(self):
        app, receiver = self.start_with_receiver()
        silent = self.thousand_silent(app)
        self.assertEqual(self.assert_drains(app, receiver), [])
        for peer in silent:
            self.assertTrue(is_closed_by_peer(peer))

    def test_one_that_never_reads_can_send(self):
        app, receiver = self.start_with_receiver()
        peer = self.connect(app)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        count = 20_000
        peer.sendall(framed(*(f"same {i}" for i in range(count))))
        wanted = [f"same {i + 1} same {i}" for i in range(count)]
        self.assertEqual(receiver.lines(count), wanted)
        self.assertEqual(self.assert_drains(app, receiver), [])

    def test_a_port_in_use_is_exit_code_1_and_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = "127.0.0.1:%d" % other.getsockname()[1]
            app = self.start(flags=["--in", f"in@{taken}"])
            self.assertEqual(app.wait(), 1)
        self.assertRegex(app.log, f"source 'in': .*{taken}.*address already in use")


if __name__ == "__main__":
    unittest.main()
