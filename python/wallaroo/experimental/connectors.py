"""A connector that sends several sources in turn, and the sources that it can send."""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Dict, List, Optional, Set

from . import connector_wire_messages as cwm
from .at_least_once import AtLeastOnceSourceConnector
from .errors import ConnectorError
from .reading import BaseIter as BaseIter
from .reading import BaseSource as BaseSource
from .reading import FramedFileReader as FramedFileReader
from .reading import ThrottledFileReader as ThrottledFileReader
from .stream import Stream


class MultiSourceConnector(AtLeastOnceSourceConnector, BaseIter):
    """Sends one message of each source in turn, each source as a stream.

    A source goes back to where the application wants it to go on. At its end the stream ends, and
    when the application has acknowledged all of it the source is closed. The connector ends when
    all of its sources, of which there was at least one, are closed:

        connector = MultiSourceConnector("0.0.1", "cookie", "program", "instance", host, port)
        connector.connect()
        connector.add_source(FramedFileReader("orders.msg"))
        error = connector.join()
    """

    def __init__(self, version: str, cookie: str, program_name: str, instance_name: str, host: str,
                 port: Any, delay: float = 0) -> None:
        super().__init__(version, cookie, program_name, instance_name, host, port, delay=delay)
        #: The sources that are not closed, by the ids of their streams.
        self.sources: Dict[int, BaseSource] = {}
        #: The ids of the sources in the order of their turns.
        self.keys: List[int] = []
        self._turn_of = 0
        self._starts: Dict[int, int] = {}  # where sources were when they were added
        self._ends: Dict[int, int] = {}  # where sources were when they were removed
        self._open: Set[int] = set()
        self._closed_any = False

    @staticmethod
    def get_id(bs: bytes) -> int:
        """Returns the id of the stream of a source of this name: the first 8 bytes of SHA-256."""
        return int.from_bytes(hashlib.sha256(bs).digest()[:8], "big")

    def add_source(self, source: BaseSource) -> None:
        """Adds a source. Raises ConnectorError when there is one of the same name."""
        stream_id = self.get_id(source.name)
        with self._lock:
            if stream_id in self.sources:
                raise ConnectorError(f"there is a source of this name already: {source}")
            self._starts[stream_id] = source.point_of_ref()
            self.sources[stream_id] = source
            self.keys.append(stream_id)
        self.notify(stream_id, source.name, source.point_of_ref())

    def remove_source(self, source: BaseSource) -> None:
        """Ends a source where it is. It is closed when the application has all that was sent."""
        stream_id = self.get_id(source.name)
        if self.sources.get(stream_id) is source:
            self._ends.setdefault(stream_id, source.point_of_ref())

    def __next__(self) -> Optional[cwm.Message]:
        """Returns the next message of the source whose turn it is, or of the first one behind it
        that has a message, or None."""
        if not self.keys and self._closed_any:
            raise StopIteration
        for _ in range(len(self.keys)):
            stream_id = self._take_turn()
            if stream_id in self._open:
                message = self._message_of(stream_id)
                if message is not None:
                    return message
        return None

    def _take_turn(self) -> int:
        with self._lock:
            self._turn_of = (self._turn_of + 1) % len(self.keys)
            return self.keys[self._turn_of]

    def _message_of(self, stream_id: int) -> Optional[cwm.Message]:
        source = self.sources[stream_id]
        try:
            if source.point_of_ref() >= self._ends.get(stream_id, sys.maxsize):
                raise StopIteration
            message, position = source.__next__()
        except StopIteration:
            self._open.discard(stream_id)
            self.end_of_stream(stream_id)
            return None
        if message is None:
            return None
        return cwm.Message(stream_id, position, 0, source.key, message)

    def stream_opened(self, stream: Stream) -> None:
        """Takes the stream's source to where the application wants it to go on."""
        source = self.sources.get(stream.id)
        if source is None:
            raise ConnectorError(f"{stream} has no source: use add_source()")
        position = stream.point_of_ref
        if position == cwm.NOTHING_PROCESSED:
            position = self._starts[stream.id]
        if position != source.point_of_ref():
            source.reset(position)
        self._open.add(stream.id)

    def stream_closed(self, stream: Stream) -> None:
        """Asks the stream's source for no more messages until it is open again."""
        self._open.discard(stream.id)

    def stream_acked(self, stream: Stream) -> None:
        """Tells the stream's source."""
        source = self.sources.get(stream.id)
        if source is not None and stream.point_of_ref != cwm.NOTHING_PROCESSED:
            source.wallaroo_acked(stream.point_of_ref)

    def stream_removed(self, stream: Stream) -> None:
        """Closes the stream's source, of which the application has everything."""
        with self._lock:
            source = self.sources.pop(stream.id)
            self.keys.remove(stream.id)
            self._ends.pop(stream.id, None)
            self._turn_of = max(self._turn_of - 1, 0)
            self._closed_any = True
        source.close()
