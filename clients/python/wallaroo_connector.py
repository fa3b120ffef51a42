"""Programs that feed or drain a wallaroo application over the connector protocol.

Only the standard library is needed (Python 3.9 or later): copy this file beside your program.

* `ConnectorClient` feeds streams of messages into a `connector_source`. It keeps to the credits that
  the application gives, reconnects when the connection breaks, and tells where each stream must go
  on, so that every message counts exactly once when the application takes checkpoints.
* `SinkServer` receives what a `connector_sink` sends and hands it to a `SinkOutput`, a store of
  yours that can prepare, commit and abort, so that the output has every record exactly once.

The protocol's grammar is in docs/formats/connector-protocol.md.
"""

from __future__ import annotations

import abc
import hashlib
import logging
import select
import socket
import socketserver
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple, Union

SOURCE_VERSION = "0.0.1"
SINK_VERSION = "v0.0.1"
NOTHING_PROCESSED = 2**64 - 1
#: The cookie of a connector sink whose options name no other.
SINK_COOKIE = "Dragons-Love-Tacos"
CONTROL_STREAM = 0
DATA_STREAM = 1

log = logging.getLogger("wallaroo_connector")


class ConnectorError(Exception):
    """The application refused something, or sent bytes that break the protocol. Do not retry."""


# --- Frames ---------------------------------------------------------------------------------------


@dataclass
class Hello:
    version: str
    cookie: str
    program_name: str
    instance_name: str


@dataclass
class Ok:
    initial_credits: int


@dataclass
class Error:
    message: str


@dataclass
class Notify:
    stream_id: int
    stream_name: str
    point_of_reference: int = 0


@dataclass
class NotifyAck:
    success: bool
    stream_id: int
    point_of_reference: int


@dataclass
class Message:
    stream_id: int
    message_id: int
    payload: bytes = b""
    key: bytes = b""
    event_time: int = 0


@dataclass
class Ack:
    credits: int
    positions: List[Tuple[int, int]] = field(default_factory=list)  # (stream id, last id processed)


@dataclass
class Restart:
    address: str = ""


@dataclass
class EndOfStream:
    stream_id: int


Frame = Union[Hello, Ok, Error, Notify, NotifyAck, Message, Ack, Restart, EndOfStream]

# The messages of the two-phase commit, payloads on a sink's control stream.


@dataclass
class ListUncommitted:
    request_tag: int


@dataclass
class ReplyUncommitted:
    request_tag: int
    transactions: List[str] = field(default_factory=list)


@dataclass
class Phase1:
    transaction: str
    ranges: List[Tuple[int, int, int]]  # (stream id, start, end)


@dataclass
class Reply:
    transaction: str
    commit: bool


@dataclass
class Phase2:
    transaction: str
    commit: bool


@dataclass
class WorkersLeft:
    request_tag: int
    workers: List[str] = field(default_factory=list)


TwoPhaseMessage = Union[ListUncommitted, ReplyUncommitted, Phase1, Reply, Phase2, WorkersLeft]


def _text(text: Union[str, bytes]) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > 0xFFFF:
        raise ConnectorError(f"a text of {len(raw)} bytes is above the 65535 that a frame takes")
    return struct.pack(">H", len(raw)) + raw


def _message_head(frame: Message) -> bytes:
    return struct.pack(">BQQq", 5, frame.stream_id, frame.message_id, frame.event_time)


_ENCODERS: Dict[type, Callable] = {
    Hello: lambda f: b"\x00" + b"".join(
        map(_text, (f.version, f.cookie, f.program_name, f.instance_name))),
    Ok: lambda f: struct.pack(">BI", 1, f.initial_credits),
    Error: lambda f: b"\x02" + _text(f.message),
    Notify: lambda f: struct.pack(">BQ", 3, f.stream_id) + _text(f.stream_name)
    + struct.pack(">Q", f.point_of_reference),
    NotifyAck: lambda f: struct.pack(">BBQQ", 4, f.success, f.stream_id, f.point_of_reference),
    Message: lambda f: _message_head(f) + _text(f.key) + f.payload,
    Ack: lambda f: struct.pack(">BII", 6, f.credits, len(f.positions))
    + b"".join(struct.pack(">QQ", *each) for each in f.positions),
    Restart: lambda f: struct.pack(">BI", 7, len(f.address.encode())) + f.address.encode(),
    EndOfStream: lambda f: struct.pack(">BQ", 8, f.stream_id),
    ListUncommitted: lambda f: struct.pack(">BQ", 201, f.request_tag),
    ReplyUncommitted: lambda f: struct.pack(">BQI", 202, f.request_tag, len(f.transactions))
    + b"".join(map(_text, f.transactions)),
    Phase1: lambda f: b"\xcb" + _text(f.transaction) + struct.pack(">I", len(f.ranges))
    + b"".join(struct.pack(">QQQ", *each) for each in f.ranges),
    Reply: lambda f: b"\xcc" + _text(f.transaction) + bytes([f.commit]),
    Phase2: lambda f: b"\xcd" + _text(f.transaction) + bytes([f.commit]),
    WorkersLeft: lambda f: struct.pack(">BQI", 206, f.request_tag, len(f.workers))
    + b"".join(map(_text, f.workers)),
}


class _Reader:
    """The fields of one frame, one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def bytes(self, count: int) -> bytes:
        if count > len(self._body) - self._at:
            raise ConnectorError(f"a frame of {len(self._body)} bytes is too short for its fields")
        self._at += count
        return self._body[self._at - count:self._at]

    def number(self, form: str) -> int:
        return struct.unpack(">" + form, self.bytes(struct.calcsize(">" + form)))[0]

    def raw_text(self) -> bytes:
        return self.bytes(self.number("H"))

    def text(self) -> str:
        return self.raw_text().decode(errors="replace")

    def texts(self) -> List[str]:
        return [self.text() for _ in range(self.number("I"))]

    def rows(self, columns: int) -> list:
        return [tuple(self.number("Q") for _ in range(columns)) for _ in range(self.number("I"))]

    def rest(self) -> bytes:
        return self.bytes(len(self._body) - self._at)

    def at_end(self) -> bool:
        return self._at == len(self._body)


def _read_message(r: _Reader) -> Message:
    stream_id, message_id, event_time = r.number("Q"), r.number("Q"), r.number("q")
    key = r.raw_text()
    return Message(stream_id, message_id, r.rest(), key, event_time)


_DECODERS: Dict[int, Callable] = {
    0: lambda r: Hello(r.text(), r.text(), r.text(), r.text()),
    1: lambda r: Ok(r.number("I")),
    2: lambda r: Error(r.text()),
    3: lambda r: Notify(r.number("Q"), r.text(), r.number("Q")),
    4: lambda r: NotifyAck(r.number("B") != 0, r.number("Q"), r.number("Q")),
    5: _read_message,
    6: lambda r: Ack(r.number("I"), r.rows(2)),
    7: lambda r: Restart("" if r.at_end() else r.bytes(r.number("I")).decode(errors="replace")),
    8: lambda r: EndOfStream(r.number("Q")),
}

_TWO_PHASE_DECODERS: Dict[int, Callable] = {
    201: lambda r: ListUncommitted(r.number("Q")),
    202: lambda r: ReplyUncommitted(r.number("Q"), r.texts()),
    203: lambda r: Phase1(r.text(), r.rows(3)),
    204: lambda r: Reply(r.text(), r.number("B") != 0),
    205: lambda r: Phase2(r.text(), r.number("B") != 0),
    206: lambda r: WorkersLeft(r.number("Q"), r.texts()),
}


def encode(frame: Frame) -> bytes:
    """The frame with its length in front."""
    body = _ENCODERS[type(frame)](frame)
    return struct.pack(">I", len(body)) + body


def encode_control(message: TwoPhaseMessage) -> bytes:
    """A MESSAGE on the control stream with the two-phase message as its payload."""
    return encode(Message(CONTROL_STREAM, 0, _ENCODERS[type(message)](message)))


def _decode(body: bytes, decoders: Dict[int, Callable]):
    if not body or body[0] not in decoders:
        raise ConnectorError(f"there is no frame or message of type {body[0] if body else 'none'}")
    reader = _Reader(body[1:])
    decoded = decoders[body[0]](reader)
    if not reader.at_end():
        raise ConnectorError(f"a {type(decoded).__name__} has more bytes than its fields")
    return decoded


def decode(body: bytes) -> Frame:
    """The frame of these bytes, without its length. Raises ConnectorError."""
    return _decode(body, _DECODERS)


def decode_two_phase(payload: bytes) -> TwoPhaseMessage:
    """The payload of a MESSAGE on the control stream. Raises ConnectorError."""
    return _decode(payload, _TWO_PHASE_DECODERS)


class FrameReader:
    """Cuts received bytes into frames."""

    def __init__(self, max_frame_bytes: int = 1 << 30) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._bytes = bytearray()

    def feed(self, data: bytes) -> List[Frame]:
        self._bytes += data
        frames: List[Frame] = []
        at = 0
        while len(self._bytes) - at >= 4:
            length = int.from_bytes(self._bytes[at:at + 4], "big")
            if length > self._max_frame_bytes:
                raise ConnectorError(f"a frame of {length} bytes is above {self._max_frame_bytes}")
            if len(self._bytes) - at - 4 < length:
                break
            frames.append(decode(bytes(self._bytes[at + 4:at + 4 + length])))
            at += 4 + length
        del self._bytes[:at]
        return frames


def parse_address(text: str) -> Tuple[str, int]:
    """'host:port' as the socket module wants it."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise ConnectorError(f"'{text}' is not an address: write host:port, like 127.0.0.1:7100")
    return host.strip("[]"), int(port)


# --- Feeding a source -----------------------------------------------------------------------------


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


# --- Receiving from a sink ------------------------------------------------------------------------


@dataclass
class Transaction:
    """Bytes [start, end) of an output, to be committed together."""

    id: str
    start: int
    end: int


@dataclass
class OutputState:
    """The part of an output that is durable."""

    committed: int = 0
    prepared: Optional[Transaction] = None


class SinkOutput(abc.ABC):
    """A store for the records of sinks: one output for each worker and sink, known by its name.
    Calls come one at a time. A call that raises an exception has failed: the application goes back
    to its last checkpoint and sends again."""

    @abc.abstractmethod
    def load(self, name: str) -> OutputState:
        """Returns the durable part of the output; a new output is empty."""

    @abc.abstractmethod
    def truncate(self, name: str, offset: int) -> None:
        """Forget all bytes that were written at this offset and after it."""

    @abc.abstractmethod
    def write(self, name: str, offset: int, data: bytes) -> None:
        """Append the bytes of one record, where the output ends. Do not show them before their
        commit."""

    @abc.abstractmethod
    def prepare(self, name: str, transaction: Transaction) -> None:
        """Make everything written durable, and the transaction, so that nothing can prevent a
        commit, whatever crashes."""

    @abc.abstractmethod
    def commit(self, name: str, transaction: Transaction) -> None:
        """Show the prepared bytes, durably, and forget the transaction."""

    @abc.abstractmethod
    def abort(self, name: str, transaction: Transaction) -> None:
        """Forget the prepared bytes and the transaction, durably."""


class SinkSession:
    """One connection of a sink, without the socket: frames in, frames out."""

    def __init__(self, output: SinkOutput, cookie: str = SINK_COOKIE, transactional: bool = True) -> None:
        self._output = output
        self._cookie = cookie
        self._transactional = transactional
        self._greeted = False
        self.name: Optional[str] = None  # of the output, once it is known
        self._state = OutputState()
        self._held = 0  # bytes of the output that this receiver has
        self._gap = False

    def take(self, frame: Frame) -> bytes:
        """The answer, which may be empty. Raises ConnectorError when the connection must end."""
        if isinstance(frame, Hello):
            return self._take_hello(frame)
        if isinstance(frame, Notify) and self._greeted:
            return self._take_notify(frame)
        if isinstance(frame, Message) and self.name is not None:
            if frame.stream_id == CONTROL_STREAM:
                return self._take_control(decode_two_phase(frame.payload))
            if frame.stream_id == DATA_STREAM:
                self._take_data(frame.message_id, frame.payload)
                return b""
        if isinstance(frame, Error):
            raise ConnectorError(f"the application says: {frame.message}")
        raise ConnectorError(f"a {type(frame).__name__} that has no place here")

    def _take_hello(self, hello: Hello) -> bytes:
        if self._greeted:
            raise ConnectorError("a second HELLO")
        if hello.version != SINK_VERSION:
            raise ConnectorError(f"version '{hello.version}' instead of '{SINK_VERSION}'")
        if hello.cookie != self._cookie:
            raise ConnectorError("the cookie is wrong")
        self._greeted = True
        return encode(Ok(1000))

    def _take_notify(self, notify: Notify) -> bytes:
        if notify.stream_id != DATA_STREAM or self.name is not None:
            return encode(NotifyAck(False, notify.stream_id, notify.point_of_reference))
        self.name = notify.stream_name
        self._state = self._output.load(self.name)
        prepared = self._state.prepared
        self._held = prepared.end if prepared else self._state.committed
        self._output.truncate(self.name, self._held)
        return encode(NotifyAck(True, DATA_STREAM, self._held))

    def _take_data(self, offset: int, data: bytes) -> None:
        if not self._transactional:
            offset = self._held  # the application counts anew with every start
        if offset < self._held:
            raise ConnectorError(
                f"output '{self.name}' holds {self._held} bytes already, but the application sends "
                f"from {offset} on: it was started without the checkpoint that belongs to this "
                "output")
        if offset > self._held:
            self._gap = True  # bytes between were lost: the application must send them again
        if self._gap:
            return
        self._output.write(self.name, offset, data)
        self._held += len(data)
        if not self._transactional:
            transaction = Transaction("", self._state.committed, self._held)
            self._output.prepare(self.name, transaction)
            self._output.commit(self.name, transaction)
            self._state.committed = self._held

    def _take_control(self, message: TwoPhaseMessage) -> bytes:
        if isinstance(message, ListUncommitted):
            pending = [self._state.prepared.id] if self._state.prepared else []
            return encode_control(ReplyUncommitted(message.request_tag, pending))
        if isinstance(message, Phase1):
            return encode_control(Reply(message.transaction, self._prepare(message)))
        if isinstance(message, Phase2):
            self._finish(message)
            return b""
        if isinstance(message, WorkersLeft):
            log.info("workers have left: %s", ", ".join(message.workers))
            return b""
        raise ConnectorError(f"a {type(message).__name__}, which only a sink's peer sends")

    def _prepare(self, phase: Phase1) -> bool:
        if len(phase.ranges) != 1 or phase.ranges[0][0] != DATA_STREAM:
            raise ConnectorError("a PHASE 1 that is not about the one stream of this connection")
        _, start, end = phase.ranges[0]
        transaction = Transaction(phase.transaction, start, end)
        if self._state.prepared == transaction:
            return True
        if self._gap or self._state.prepared or start != self._state.committed or end != self._held:
            log.warning("output '%s' cannot prepare %s: it holds %d bytes, %d of them committed",
                        self.name, transaction, self._held, self._state.committed)
            return False
        try:
            self._output.prepare(self.name, transaction)
        except Exception:
            log.exception("output '%s' cannot prepare %s", self.name, transaction)
            return False
        self._state.prepared = transaction
        return True

    def _finish(self, phase: Phase2) -> None:
        prepared = self._state.prepared
        if prepared is None or prepared.id != phase.transaction:
            log.info("output '%s': %s was finished before", self.name, phase.transaction)
            return
        if phase.commit:
            self._output.commit(self.name, prepared)
            self._state.committed = prepared.end
        else:
            if self._held > prepared.end:
                raise ConnectorError("an abort after the data that follows it")
            self._output.abort(self.name, prepared)
            self._held = prepared.start
        self._state.prepared = None


#: How long a receiver reads on after it has sent an ERROR, see `_say_last_word`.
LINGER_S = 2.0


def _say_last_word(peer: socket.socket, word: bytes) -> None:
    """Closing a socket with bytes that nobody has read makes the kernel reset the connection, and the
    other side may lose what it was sent last. So this reads and drops what it still sends, until
    it closes, for a short time."""
    give_up_at = time.monotonic() + LINGER_S
    try:
        peer.sendall(word)
        peer.shutdown(socket.SHUT_WR)
        while (left_s := give_up_at - time.monotonic()) > 0:
            peer.settimeout(left_s)
            if not peer.recv(1 << 16):
                break
    except OSError:
        pass  # it does not listen any more


def _shut_down(peer: socket.socket) -> None:
    try:
        peer.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


class SinkServer:
    """Listens for the sinks of an application's workers, a thread for each connection.

    `transactional` is for applications with checkpoints; without them nothing is ever committed,
    so set it to False: then data is committed as it comes, and some may come twice or be lost.
    """

    def __init__(self, listen: str, output: SinkOutput, cookie: str = SINK_COOKIE,
                 transactional: bool = True) -> None:
        lock = threading.Lock()  # guards the output and `connections`
        connections: Dict[str, socket.socket] = {}

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                peer: socket.socket = self.request
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                session = SinkSession(output, cookie, transactional)
                try:
                    self._converse(peer, session)
                except OSError as error:
                    log.info("a connection broke: %s", error)
                except ConnectorError as error:
                    log.error("a connection is closed: %s", error)
                    _say_last_word(peer, encode(Error(str(error))))
                finally:
                    with lock:
                        if connections.get(session.name) is peer:
                            del connections[session.name]

            def _converse(self, peer: socket.socket, session: SinkSession) -> None:
                reader = FrameReader()
                while data := peer.recv(1 << 16):
                    for frame in reader.feed(data):
                        with lock:
                            answer = self._answer(peer, session, frame)
                        if answer:
                            peer.sendall(answer)

            def _answer(self, peer: socket.socket, session: SinkSession, frame: Frame) -> bytes:
                # A worker may come back before its old connection is known to be broken.
                if isinstance(frame, Notify):
                    old = connections.pop(frame.stream_name, None)
                    if old is not None:
                        _shut_down(old)
                    connections[frame.stream_name] = peer
                elif session.name is not None and connections.get(session.name) is not peer:
                    raise OSError("a newer connection has taken its place")
                return session.take(frame)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(parse_address(listen), Connection)

    @property
    def address(self) -> str:
        """The address it listens on, 'host:port'."""
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    def serve_forever(self) -> None:
        """Serves connections until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
