"""Feeds relay_app, and receives from it, while it is killed and started again."""

import os
import socket
import sys
import threading
import time

from support.running import BUILD, eventually

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "clients", "python"))
from wallaroo_connector import ConnectorClient  # noqa: E402


def free_address():
    """An address where nobody listens now, and which the kernel gives to nobody for a while."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def line(number):
    return f"line {number}"


def relay_command(source, sink, folder, interval_ms=30):
    return [os.path.join(BUILD, "tests", "crash", "relay_app"), source, sink,
            "--checkpoint-dir", os.path.join(folder, "checkpoints"),
            "--checkpoint-interval", f"{interval_ms}ms", "--threads", "2"]


class ConnectorFeed:
    """Sends lines 0, 1, .. as one stream, whatever becomes of the application."""

    def __init__(self, count):
        self.address = free_address()
        #: Whether the application went back behind what it had acknowledged.
        self.asked_again = False
        #: How often the application said where to go on.
        self.resumes = 0
        #: Whether a checkpoint contains the whole stream.
        self.done = False
        self._count = count
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            client = ConnectorClient(self.address, on_resume=self._resumed, max_backoff_s=0.1)
            stream = client.open_stream("lines")
            while True:
                while (number := 0 if stream.position is None else stream.position + 1) < self._count:
                    self._check()
                    client.send(stream, number, line(number).encode())
                client.end_stream(stream, wait=False)
                while stream.ended and not stream.done:
                    self._check()
                    client.poll(0.05)
                if stream.done:
                    self.done = True
                    return client.close()
        except StopIteration:
            pass

    def _check(self):
        if self._closing:
            raise StopIteration

    def _resumed(self, stream):
        self._check()
        position = -1 if stream.position is None else stream.position
        if stream.acknowledged is not None and position < stream.acknowledged:
            self.asked_again = True
        self.resumes += 1

    def close(self):
        self._closing = True
        self._thread.join(1)
        return self


class TcpFeed:
    """A client that connects again when its connection breaks, and sends nothing twice."""

    def __init__(self):
        self.address = free_address()
        self._socket = None

    def send(self, numbers):
        if self._socket is None:
            self._socket = eventually(self._connected, "the source listens")
        self._socket.sendall("".join(f"{line(number)}\n" for number in numbers).encode())

    def _connected(self):
        host, port = self.address.split(":")
        try:
            return socket.create_connection((host, int(port)))
        except OSError:
            return None

    def hang_up(self):
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class TcpReceiver:
    """Keeps whole lines of all connections, in the order of the connections."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._received = []
        self._reading = True
        self._peer = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            if self._peer is not None:
                self._peer.close()
            self._peer = peer
            self._received.append(b"")
            index = len(self._received) - 1
            try:
                while self._reading and (some := self._peer.recv(1 << 16)):
                    self._received[index] += some
            except OSError:
                pass
            while not self._reading:
                time.sleep(0.01)

    def stop_reading(self):
        """Stops reading: data that is sent from now on stays in the sockets."""
        self._reading = False

    def break_connection(self):
        """Closes the connections; data that was not read is lost."""
        self._peer.close()
        self._reading = True

    def lines(self):
        return [text.decode() for part in list(self._received) for text in part.split(b"\n")[:-1]]

    def close(self):
        self._listener.close()
        if self._peer is not None:
            self._peer.close()


class PipeReader:
    """A pipe that stays while applications that write to it come and go."""

    def __init__(self):
        self._read_end, self.write_end = os.pipe()
        self._bytes = b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while some := os.read(self._read_end, 1 << 16):
            self._bytes += some

    def lines(self):
        return [text.decode() for text in self._bytes.split(b"\n")[:-1]]

    def close(self):
        os.close(self.write_end)
