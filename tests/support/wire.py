"""Peers of an application: senders to its sources, and receivers of its sinks."""

import select
import socket
import struct

from support.running import DEADLINE_S, eventually


def framed(*bodies):
    """Each body, bytes or text, after its length in 4 bytes."""
    raw = [body.encode() if isinstance(body, str) else body for body in bodies]
    return b"".join(struct.pack(">I", len(body)) + body for body in raw)


def connect(address):
    peer = socket.create_connection(address, timeout=DEADLINE_S)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def is_closed_by_peer(peer):
    """Waits until the other side closes; true unless it sends something first."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def refuses_connections(address):
    try:
        socket.create_connection(address, timeout=DEADLINE_S).close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):
        return True


def send_until_blocked(peer, block, most_bytes, patience_s=2):
    """Sends `block` again and again until the other side has taken nothing for `patience_s`.

    Returns the number of bytes sent. Fails when `most_bytes` were taken.
    """
    peer.setblocking(False)
    sent = 0
    while sent < most_bytes:
        if not select.select([], [peer], [], patience_s)[1]:
            peer.settimeout(DEADLINE_S)
            return sent
        offset = sent % len(block)
        sent += peer.send(block[offset:])
    raise AssertionError(f"{sent} bytes were taken although nobody reads the results")


class Receiver:
    """The receiver that a TCP sink connects to. It exists only between `listen` and
    `stop_listening`: before and after that connections to its address are refused."""

    def __init__(self):
        self._listener = None
        self._peer = None
        self._rest = b""
        self._bind(0)

    def _bind(self, port):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.settimeout(DEADLINE_S)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def listen(self):
        self._listener.listen()
        return self

    def accept(self):
        self._peer, _ = self._listener.accept()
        self._peer.settimeout(DEADLINE_S)
        self._rest = b""
        return self

    def lines(self, count):
        """The next `count` lines, as text without line ends."""
        pieces = [self._rest]
        missing = count - self._rest.count(b"\n")
        while missing > 0:
            more = self._peer.recv(1 << 20)
            if not more:
                raise AssertionError(f"the sink closed; {missing} of {count} lines are missing")
            pieces.append(more)
            missing -= more.count(b"\n")
        *lines, self._rest = b"".join(pieces).split(b"\n", count)
        return [line.decode() for line in lines]

    def lines_until(self, last):
        """All lines up to one that ends with `last`."""
        lines = []
        while not lines or not lines[-1].endswith(last):
            lines += self.lines(max(1, self._rest.count(b"\n")))
        return lines

    def rest(self):
        """All bytes until the sink closes its connection."""
        pieces = [self._rest]
        while piece := self._peer.recv(1 << 20):
            pieces.append(piece)
        self._rest = b""
        return b"".join(pieces)

    def rest_lines(self):
        text = self.rest().decode()
        if text and not text.endswith("\n"):
            raise AssertionError(f"the last line is incomplete: {text[-200:]!r}")
        return text.splitlines()

    def hang_up(self, reset=False):
        if reset:
            self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._peer.close()

    def go_away(self, reset=False):
        """Hangs up; connections are refused until `listen`."""
        self._listener.close()
        self.hang_up(reset)
        eventually(self._bind_again, "the receiver's port can be bound again")

    def _bind_again(self):
        try:
            self._bind(self.port)
            return True
        except OSError:
            return False

    def close(self):
        for end in (self._peer, self._listener):
            if end:
                end.close()
