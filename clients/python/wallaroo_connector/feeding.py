"""A client that feeds streams into a connector source."""

from __future__ import annotations

import hashlib
import logging
import select
import socket
import time
from dataclasses import dataclass
from typing import Callable, Dict, Optional

from .frames import (
    NOTHING_PROCESSED,
    SOURCE_VERSION,
    Ack,
    ConnectorError,
    EndOfStream,
    Error,
    Frame,
    FrameReader,
    Hello,
    Message,
    Notify,
    NotifyAck,
    Ok,
    Restart,
    encode,
    parse_address,
)

log = logging.getLogger("wallaroo_connector")


def stream_id_of(name: str) -> int:
    """An id for a stream of this name: the first 8 bytes of the name's SHA-256."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


@dataclass
class Stream:
    """A stream of a `ConnectorClient`. Ids of messages rise; what they mean is up to the program:
    a byte offset in a file, a row number, a sequence number of a device."""

    id: int
    name: str
    #: The next message must have a greater id: what the application has, or what was sent since.
    #: None: begin at the beginning.
    position: Optional[int] = None
    #: Messages up to here are part of a complete checkpoint: they will never be asked for again.
    acknowledged: Optional[int] = None
    #: Whether messages can be sent.
    is_open: bool = False
    #: Whether the stream was ended.
    ended: bool = False
    #: Whether the application has acknowledged all messages of the stream, and its end.
    done: bool = False
    _retry_at: float = 0.0
    _refused: bool = False


class ConnectorClient:
    """Feeds streams into a connector source. For one thread.

    The application may go away at any time, and come back knowing less than it was sent. Then the
    client reconnects by itself and finds out where each stream is; `stream.position` steps back,
    and `on_resume(stream)` is called. So find the next message from `stream.position`:

        client = ConnectorClient("127.0.0.1:7100", cookie="secret")
        stream = client.open_stream("numbers")
        while (number := 0 if stream.position is None else stream.position + 1) < 1000:
            client.send(stream, number, str(number).encode())
        client.end_stream(stream)
        client.close()

    All methods that wait reconnect as often as it takes. They raise ConnectorError when the
    application refuses this program with a reason (a wrong cookie, for example).
    """

    FLUSH_BYTES = 64 * 1024

    def __init__(self, address: str, cookie: str = "", program_name: str = "python",
                 instance_name: str = "", *,
                 on_resume: Callable[[Stream], None] = lambda stream: None,
                 first_backoff_s: float = 0.05, max_backoff_s: float = 2.0,
                 retry_open_s: float = 1.0) -> None:
        self._address = parse_address(address)
        self._hello = Hello(SOURCE_VERSION, cookie, program_name, instance_name)
        self._on_resume = on_resume
        self._backoffs = (first_backoff_s, max_backoff_s)
        self._retry_open_s = retry_open_s
        self._streams: Dict[int, Stream] = {}
        self._socket: Optional[socket.socket] = None
        self._reader = FrameReader()
        self._output = bytearray()
        self._credits = 0
        self._greeted = False

    # Programs call these.

    def open_stream(self, name: str, stream_id: Optional[int] = None,
                    position: Optional[int] = None) -> Stream:
        """Opens a stream and waits until the application lets it in, which it does not while
        another connection has it. `position` is where the program would go on by itself; the
        application's answer takes precedence."""
        stream = Stream(stream_id_of(name) if stream_id is None else stream_id, name, position)
        if not self._streams.get(stream.id, stream).done and stream.id in self._streams:
            raise ConnectorError(f"stream {stream.id} ('{name}') is open already")
        self._streams[stream.id] = stream
        if self._greeted:
            self._notify(stream)
        while not stream.is_open:
            self.poll(self._retry_open_s)
        return stream

    def send(self, stream: Stream, message_id: int, payload: bytes, key: bytes = b"",
             event_time: int = 0) -> bool:
        """Sends a message, waiting for credits. False when it was not sent because the stream goes
        on somewhere else now: look at `stream.position`."""
        position = stream.position
        while not stream.is_open or self._credits <= 0:
            self.poll(self._retry_open_s)
            if stream.position != position or stream.done:
                return False
        if stream.ended:
            raise ConnectorError(f"stream {stream.id} ('{stream.name}') was ended")
        if position is not None and message_id <= position:
            raise ConnectorError(f"message id {message_id} of stream '{stream.name}' does not come "
                                 f"after {position}")
        self._output += encode(Message(stream.id, message_id, payload, key, event_time))
        self._credits -= 1
        stream.position = message_id
        if len(self._output) >= self.FLUSH_BYTES:
            self.poll(0)
            return stream.position == message_id
        return True

    def flush(self) -> None:
        """Sends what is buffered, and reads what has arrived. Call when there is nothing more to send
        at present."""
        self.poll(0)

    def end_stream(self, stream: Stream, wait: bool = True) -> bool:
        """Ends this stream. Waits until the application has acknowledged that, which
        takes until the next checkpoint if it takes checkpoints. False when the stream must go on
        at an earlier `stream.position` first; then send the rest and call this again."""
        while not stream.is_open and not stream.done:
            self.poll(self._retry_open_s)
        if not stream.ended:
            stream.ended = True
            self._output += encode(EndOfStream(stream.id))
            self.poll(0)
        while wait and stream.ended and not stream.done:
            self.poll(self._retry_open_s)
        return stream.ended

    def poll(self, timeout_s: float) -> None:
        """Sends what is buffered, and waits at most `timeout_s` until something has arrived from the
        application. Call it now and then when there is nothing to send."""
        try:
            self._connect()
            self._retry_refused()
            self._send_output()
            self._receive(timeout_s)
        except OSError as error:
            self._hear_last_words()
            self._disconnected(str(error))

    def close(self) -> None:
        """Sends what is buffered and closes the connection. Streams stay where they are; the
        application remembers them."""
        try:
            if self._socket is not None:
                self._send_output()
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the connection is gone already, which is what we want
        self._disconnect()

    # Connecting.

    def _connect(self) -> None:
        backoff_s, max_backoff_s = self._backoffs
        while not self._greeted:
            try:
                self._socket = socket.create_connection(self._address, timeout=10)
                self._socket.settimeout(None)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                self._socket.sendall(encode(self._hello))
                give_up_at = time.monotonic() + 10
                while not self._greeted:
                    self._receive(1)
                    if time.monotonic() > give_up_at:
                        raise OSError("no answer to our HELLO")
            except OSError as error:
                log.info("cannot connect to %s:%d: %s; trying again in %g s", *self._address, error,
                         backoff_s)
                self._disconnect()
                time.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, max_backoff_s)

    def _disconnected(self, why: str) -> None:
        log.info("the connection to %s:%d is over: %s", *self._address, why)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._greeted = False
        self._reader = FrameReader()
        self._output.clear()
        for stream in self._streams.values():
            stream.is_open = False

    def _hear_last_words(self) -> None:
        """Reads the reason that an application may have sent before it closed the connection."""
        try:
            if self._socket is not None:
                self._receive(0)
        except OSError:
            pass  # it has sent none

    def _send_output(self) -> None:
        if self._output:
            output = bytes(self._output)
            self._output.clear()
            self._socket.sendall(output)

    def _receive(self, timeout_s: float) -> None:
        while select.select([self._socket], [], [], timeout_s)[0]:
            data = self._socket.recv(1 << 16)
            if not data:
                raise OSError("closed by the application")
            for frame in self._reader.feed(data):
                self._take(frame)
            timeout_s = 0

    # These handle the messages of the application.

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Ok):
            self._greeted = True
            self._credits = frame.initial_credits
            for stream in self._streams.values():
                if not stream.done:
                    self._notify(stream)
        elif isinstance(frame, Ack):
            self._take_ack(frame)
        elif isinstance(frame, NotifyAck):
            self._take_notify_ack(frame)
        elif isinstance(frame, Restart):
            if frame.address:
                self._address = parse_address(frame.address)
            raise OSError("the application asks to reconnect")
        elif isinstance(frame, Error):
            self._disconnect()
            raise ConnectorError(f"the application says: {frame.message}")
        else:
            self._disconnect()
            raise ConnectorError(f"the application sent a {type(frame).__name__}")

    def _take_ack(self, ack: Ack) -> None:
        self._credits += ack.credits
        for stream_id, position in ack.positions:
            stream = self._streams.get(stream_id)
            if stream is None:
                continue
            if position != NOTHING_PROCESSED:
                stream.acknowledged = max(position, stream.acknowledged or 0)
            end = NOTHING_PROCESSED if stream.position is None else stream.position
            if stream.ended and position == end:
                stream.done = True
                stream.is_open = False
        for stream in self._streams.values():
            if stream._refused:
                self._notify(stream)

    def _take_notify_ack(self, ack: NotifyAck) -> None:
        stream = self._streams.get(ack.stream_id)
        if stream is None:
            return
        if not ack.success:
            stream._refused = True
            stream._retry_at = time.monotonic() + self._retry_open_s
            return
        told = None if ack.point_of_reference == NOTHING_PROCESSED else ack.point_of_reference
        stream.is_open = True
        if stream.ended and told == stream.position:
            self._output += encode(EndOfStream(stream.id))
            return
        stream.ended = False
        stream.position = told
        self._on_resume(stream)

    def _notify(self, stream: Stream) -> None:
        stream._refused = False
        here = NOTHING_PROCESSED if stream.position is None else stream.position
        self._output += encode(Notify(stream.id, stream.name, here))
        self._credits -= 1

    def _retry_refused(self) -> None:
        now = time.monotonic()
        for stream in self._streams.values():
            if stream._refused and stream._retry_at <= now:
                self._notify(stream)
