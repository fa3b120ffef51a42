"""A connection to a source of an application: the handshake, and frames."""

from __future__ import annotations

import socket
import time
from typing import Callable, Iterator, List

from . import connector_wire_messages as cwm
from .errors import ConnectorError, ProtocolError

CONNECT_TIMEOUT_S = 10.0
#: How long an orderly close waits until the application has read everything.
LINGER_S = 2.0
RECEIVE_BYTES = 1 << 16


class FrameCutter:
    """Cuts received bytes into the bodies of frames. A frame begins with a header, from which
    `length_of` tells how many bytes follow; by default the frames are those of the protocol."""

    def __init__(self, header_length: int = 4,
                 length_of: Callable[[bytes], int] = cwm.Frame.read_header) -> None:
        self._header_length = header_length
        self._length_of = length_of
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes bytes as they were received."""
        self._bytes += data

    def frames(self) -> Iterator[bytes]:
        """Yields the bodies of all frames that are complete."""
        start = self._header_length
        while len(self._bytes) >= start:
            end = start + self._length_of(bytes(self._bytes[:start]))
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[start:end])
            del self._bytes[:end]
            yield body


class Connection:
    """A connected socket that has had its Hello answered."""

    def __init__(self, host: str, port: int, hello: cwm.Hello) -> None:
        """Connects, and waits for the answer. Raises OSError when there is no connection or no
        answer, and ConnectorError when the application refuses."""
        self._cutter = FrameCutter()
        self.socket = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self.socket.sendall(cwm.Frame.encode(hello))
            #: The number of messages that may be sent before more credits come.
            self.initial_credits = self._wait_for_ok()
            self.socket.setblocking(False)
        except BaseException:
            self.socket.close()
            raise

    def _wait_for_ok(self) -> int:
        give_up_at = time.monotonic() + CONNECT_TIMEOUT_S
        while time.monotonic() < give_up_at:
            data = self.socket.recv(RECEIVE_BYTES)
            if not data:
                raise ConnectionResetError("the application closed the connection before its OK")
            self._cutter.feed(data)
            for body in self._cutter.frames():
                answer = cwm.Frame.decode(body)
                if isinstance(answer, cwm.Ok):
                    return answer.initial_credits
                if isinstance(answer, cwm.Error):
                    raise ConnectorError(str(answer.message))
                raise ProtocolError(f"{answer} came instead of an OK")
        raise TimeoutError("the application did not answer the HELLO")

    def receive(self) -> List[bytes]:
        """Returns the bodies of the frames that have arrived, without waiting. Raises OSError when
        the connection is over and all frames that came before have been returned."""
        frames = list(self._cutter.frames())
        if frames:
            return frames
        try:
            data = self.socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return []
        if not data:
            raise ConnectionResetError("the application closed the connection")
        self._cutter.feed(data)
        return list(self._cutter.frames())

    def send_some(self, data: bytes) -> int:
        """Sends what the socket takes without waiting, and returns how many bytes that were."""
        try:
            return self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0

    def close(self) -> None:
        """Closes at once; the application may lose what it has not read yet."""
        self.socket.close()

    def end(self, data: bytes) -> None:
        """Sends the last bytes, and closes when the application has read all or after a while.

        A socket with bytes that nobody has read would be reset when it is closed, and the
        application would lose what it was sent last. So what still comes is read and dropped.
        """
        give_up_at = time.monotonic() + LINGER_S
        try:
            self.socket.settimeout(LINGER_S)
            self.socket.sendall(data)
            self.socket.shutdown(socket.SHUT_WR)
            while time.monotonic() < give_up_at and self.socket.recv(RECEIVE_BYTES):
                pass
        except OSError:
            pass  # it does not listen any more
        finally:
            self.socket.close()
