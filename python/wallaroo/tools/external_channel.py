"""The tools' side of the external channel, which docs/formats/external-channel.md describes."""

from __future__ import annotations

import enum
import socket
import struct
from types import TracebackType
from typing import NamedTuple, Optional, Tuple, Type

#: Seconds to wait for a connection, or for the next bytes of an answer.
TIMEOUT_S = 10.0

_HEADER = struct.Struct(">IH")


class Id(enum.IntEnum):
    """What a message is about. Each query has an answer, whose name ends in RESPONSE."""

    PRINT = 1
    ROTATE_LOG = 2
    CLEAN_SHUTDOWN = 3
    SHRINK_REQUEST = 4
    SHRINK_QUERY_RESPONSE = 5
    SHRINK_RESPONSE = 6
    PARTITION_QUERY = 7
    PARTITION_RESPONSE = 8
    CLUSTER_STATUS_QUERY = 9
    CLUSTER_STATUS_RESPONSE = 10
    CLUSTER_NOT_INITIALIZED = 11
    PARTITION_COUNT_QUERY = 12
    PARTITION_COUNT_RESPONSE = 13
    SOURCE_IDS_QUERY = 14
    SOURCE_IDS_RESPONSE = 15
    REPORT_STATUS = 16
    STATE_ENTITY_QUERY = 17
    STATE_ENTITY_RESPONSE = 18
    STATELESS_PARTITION_QUERY = 19
    STATELESS_PARTITION_RESPONSE = 20
    STATE_ENTITY_COUNT_QUERY = 21
    STATE_ENTITY_COUNT_RESPONSE = 22
    STATELESS_PARTITION_COUNT_QUERY = 23
    STATELESS_PARTITION_COUNT_RESPONSE = 24
    CLUSTER_STATE_ENTITY_COUNT_QUERY = 25
    CLUSTER_STATE_ENTITY_COUNT_RESPONSE = 26


class Message(NamedTuple):
    """An answer. Its id may be one that this version does not know."""

    id: int
    body: str


def encode(message_id: int, body: str = "") -> bytes:
    """Returns the bytes of a message."""
    data = body.encode()
    return _HEADER.pack(2 + len(data), message_id) + data


def parse_address(text: str) -> Tuple[str, int]:
    """Returns host and port of `host:port`, also of `[::1]:port`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError(f"'{text}' is no address: write host:port, for example 127.0.0.1:5050")
    return host.strip("[]"), int(port)


class Connection:
    """A connection to the channel, which `with` closes. Raises OSError when it fails."""

    def __init__(self, address: Tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=TIMEOUT_S)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self._socket.close()

    def send(self, message_id: int, body: str = "") -> None:
        """Sends a message."""
        self._socket.sendall(encode(message_id, body))

    def receive(self) -> Message:
        """Waits for the next answer. Raises OSError when the channel closes the connection."""
        length, message_id = _HEADER.unpack(self._receive(_HEADER.size))
        return Message(message_id, self._receive(length - 2).decode(errors="replace"))

    def tell(self, message_id: int, body: str = "") -> None:
        """Sends a message that has no answer, and returns when the channel has read it."""
        self.send(message_id, body)
        self._socket.shutdown(socket.SHUT_WR)
        while self._socket.recv(4096):
            pass

    def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            piece = self._socket.recv(size - len(received))
            if not piece:
                raise ConnectionResetError("the application closed the connection")
            received += piece
        return received
