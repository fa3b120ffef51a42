"""Streams of messages, and what a connector is told about them."""

from __future__ import annotations

import abc
import hashlib
from typing import Any, NamedTuple, Union


class Stream(NamedTuple):
    """A stream of messages: `point_of_ref` is the id of the last one that the application has."""

    id: int
    name: Union[str, bytes]
    point_of_ref: int
    is_open: bool


def stream_id_of(name: bytes) -> int:
    """Returns the id of a stream that is chosen by its name: the first 8 bytes of SHA-256."""
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")


class StreamCallbacks(abc.ABC):
    """What a connector that sends streams calls. Calls come from the connector's thread, except
    that of `stream_added`, which comes from the one that called `notify`."""

    def handle_invalid_message(self, msg: Any) -> None:
        """Called with the body of a frame of an unknown type. Prints a warning."""
        print(f"warning: a frame of an unknown type came, and is ignored: {msg!r}")

    def stream_added(self, stream: Stream) -> None:
        """Called when a stream is notified for the first time."""

    def stream_removed(self, stream: Stream) -> None:
        """Called when the application has all of a stream that has ended."""

    @abc.abstractmethod
    def stream_opened(self, stream: Stream) -> None:
        """Called when messages can be sent: those after `stream.point_of_ref`, which is
        `cwm.NOTHING_PROCESSED` for a new stream."""

    @abc.abstractmethod
    def stream_closed(self, stream: Stream) -> None:
        """Called when an open stream is no longer open because the connection broke."""

    @abc.abstractmethod
    def stream_acked(self, stream: Stream) -> None:
        """Called when messages up to `stream.point_of_ref` will not be asked for again."""
