"""The messages of the connector protocol, and of the two-phase commit of sinks.

docs/formats/connector-protocol.md says what they mean. A text may be given as str or bytes.
"""

from __future__ import annotations

import struct
from typing import Dict, List, Optional, Sequence, Tuple, Type, Union

from .wire_fields import (
    BOOL,
    I64,
    OPTIONAL_LONG_TEXT,
    OPTIONAL_REST,
    OPTIONAL_SHORT_BYTES,
    SHORT_BYTES,
    TEXT,
    U32,
    U64,
    Reader,
    WireMessage,
    listed,
)

Text = Union[str, bytes]

#: The point of reference of a stream of which nothing has been processed.
NOTHING_PROCESSED = 2**64 - 1


class Hello(WireMessage):
    """The first message of a connection."""

    FIELDS = (("version", TEXT), ("cookie", TEXT), ("program_name", TEXT), ("instance_name", TEXT))

    def __init__(self, version: Text, cookie: Text, program_name: Text,
                 instance_name: Text) -> None:
        self.version = version
        self.cookie = cookie
        self.program_name = program_name
        self.instance_name = instance_name


class Ok(WireMessage):
    """The answer to a Hello, with the number of messages that may be sent."""

    FIELDS = (("initial_credits", U32),)

    def __init__(self, initial_credits: int) -> None:
        self.initial_credits = initial_credits


class Error(WireMessage):
    """Why the connection is about to be closed; `message` is the text."""

    FIELDS = (("message", TEXT),)

    def __init__(self, msg: Text) -> None:
        self.message = msg


class Notify(WireMessage):
    """Asks to open a stream. `stream_name` is bytes."""

    FIELDS = (("stream_id", U64), ("stream_name", SHORT_BYTES), ("point_of_ref", U64))

    def __init__(self, stream_id: int, stream_name: Text, point_of_ref: int = 0) -> None:
        self.stream_id = stream_id
        self.stream_name = stream_name
        self.point_of_ref = point_of_ref


class NotifyAck(WireMessage):
    """The answer to a Notify: whether the stream is open, and after which message it goes on."""

    FIELDS = (("notify_success", BOOL), ("stream_id", U64), ("point_of_ref", U64))

    def __init__(self, notify_success: bool, stream_id: int, point_of_ref: int) -> None:
        self.notify_success = notify_success
        self.stream_id = stream_id
        self.point_of_ref = point_of_ref


class Message(WireMessage):
    """A message of a stream. Raises TypeError for a key or a message that is not bytes or None."""

    FIELDS = (("stream_id", U64), ("message_id", U64), ("event_time", I64),
              ("key", OPTIONAL_SHORT_BYTES), ("message", OPTIONAL_REST))

    def __init__(self, stream_id: int, message_id: int, event_time: int,
                 key: Optional[bytes] = None, message: Optional[bytes] = None) -> None:
        for name, value in (("key", key), ("message", message)):
            if value is not None and not isinstance(value, bytes):
                raise TypeError(f"the {name} of a message is bytes, or None for none: "
                                f"{type(value).__name__} cannot be sent")
        self.stream_id = stream_id
        self.message_id = message_id
        self.event_time = event_time
        self.key = key
        self.message = message


class EosMessage(WireMessage):
    """The end of a stream."""

    FIELDS = (("stream_id", U64),)

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id


class Ack(WireMessage):
    """Gives credits. `acks` are (stream id, point of reference): messages up to it are safe."""

    FIELDS = (("credits", U32), ("acks", listed(U64, U64)))

    def __init__(self, credits: int, acks: Sequence[Tuple[int, int]]) -> None:
        self.credits = credits
        self.acks = acks


class Restart(WireMessage):
    """Asks to connect again, to "host:port" if there is an address."""

    FIELDS = (("address", OPTIONAL_LONG_TEXT),)

    def __init__(self, address: Optional[str] = None) -> None:
        self.address = address

    @classmethod
    def decode(cls, bs: bytes) -> Restart:
        """Returns the message of these bytes, which may be none."""
        return super().decode(bs) if bs else cls()


class ListUncommitted(WireMessage):
    """Asks a sink's receiver for its prepared transactions."""

    FIELDS = (("rtag", U64),)

    def __init__(self, rtag: int) -> None:
        self.rtag = rtag


class ReplyUncommitted(WireMessage):
    """The answer to a ListUncommitted."""

    FIELDS = (("rtag", U64), ("txn_ids", listed(TEXT)))

    def __init__(self, rtag: int, txn_ids: Sequence[Text]) -> None:
        self.rtag = rtag
        self.txn_ids = txn_ids


class TwoPCPhase1(WireMessage):
    """Asks to prepare. `where_list` has (stream id, start, end)."""

    FIELDS = (("txn_id", TEXT), ("where_list", listed(U64, U64, U64)))

    def __init__(self, txn_id: Text, where_list: Sequence[Tuple[int, int, int]]) -> None:
        self.txn_id = txn_id
        self.where_list = where_list


class TwoPCReply(WireMessage):
    """The answer to a TwoPCPhase1."""

    FIELDS = (("txn_id", TEXT), ("commit", BOOL))

    def __init__(self, txn_id: Text, commit: bool) -> None:
        self.txn_id = txn_id
        self.commit = commit


class TwoPCPhase2(WireMessage):
    """The decision about a transaction. There is no answer."""

    FIELDS = (("txn_id", TEXT), ("commit", BOOL))

    def __init__(self, txn_id: Text, commit: bool) -> None:
        self.txn_id = txn_id
        self.commit = commit


class WorkersLeft(WireMessage):
    """Names workers that have left the cluster."""

    FIELDS = (("rtag", U64), ("leaving_workers", listed(TEXT)))

    def __init__(self, rtag: int, leaving_workers: Sequence[Text]) -> None:
        self.rtag = rtag
        self.leaving_workers = leaving_workers


def _types(first: int, classes: List[Type[WireMessage]]) -> Dict[int, Type[WireMessage]]:
    return dict(enumerate(classes, first))


class Frame:
    """A message with its type, and its length in front."""

    TYPES = _types(0, [Hello, Ok, Error, Notify, NotifyAck, Message, Ack, Restart, EosMessage])

    @classmethod
    def encode(cls, msg: WireMessage) -> bytes:
        """Returns length, type and message. Raises KeyError for what is no frame."""
        body = _with_tag(msg, cls.TYPES)
        return struct.pack(">I", len(body)) + body

    @classmethod
    def decode(cls, bs: bytes) -> WireMessage:
        """Returns the message of a frame without its length. Raises KeyError for an unknown type,
        and struct.error when there are too few bytes."""
        return _without_tag(bs, cls.TYPES)

    @staticmethod
    def read_header(bs: bytes) -> int:
        """Returns how many bytes follow the length that a frame begins with."""
        return int(Reader(bs).number(">I"))


class TwoPCFrame:
    """A message of the two-phase commit with its type, without a length: the payload of a Message
    on stream 0."""

    TYPES = _types(201, [ListUncommitted, ReplyUncommitted, TwoPCPhase1, TwoPCReply, TwoPCPhase2,
                         WorkersLeft])

    @classmethod
    def encode(cls, msg: WireMessage) -> bytes:
        """Returns type and message. Raises KeyError for another message."""
        return _with_tag(msg, cls.TYPES)

    @classmethod
    def decode(cls, bs: bytes) -> WireMessage:
        """Returns the message. Raises KeyError for an unknown type, and struct.error when there are
        too few bytes."""
        return _without_tag(bs, cls.TYPES)


def _with_tag(msg: WireMessage, types: Dict[int, Type[WireMessage]]) -> bytes:
    for tag, kind in types.items():
        if type(msg) is kind:
            return bytes([tag]) + msg.encode()
    raise KeyError(type(msg))


def _without_tag(bs: bytes, types: Dict[int, Type[WireMessage]]) -> WireMessage:
    if not bs:
        raise struct.error("a frame without a type")
    return types[bs[0]].decode(bs[1:])
