"""How runs of giles end: the messages and exit codes."""

import signal
import socket
import struct
import subprocess
import unittest

from support.giles import GILES, GilesCase, Receive, run, send
from support.running import DEADLINE_S
from support.wire import framed


class Endings(GilesCase):
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
        sender.stderr.readline()  # a line of progress: it is sending
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


if __name__ == "__main__":
    unittest.main()
