"""The frames of the connector protocol as objects and as bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Tuple, Union

SOURCE_VERSION = "0.0.1"
SINK_VERSION = "v0.0.1"
NOTHING_PROCESSED = 2**64 - 1
#: The cookie of a connector sink whose options name no other.
SINK_COOKIE = "Dragons-Love-Tacos"
CONTROL_STREAM = 0
DATA_STREAM = 1


class ConnectorError(Exception):
    """The application refused something, or sent bytes that break the protocol. Do not retry."""


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
