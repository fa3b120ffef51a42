"""A connector that sends several sources in turn, and the sources that it can send."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Deque, Dict, Optional

from . import connector_wire_messages as cwm
from .at_least_once import AtLeastOnceSourceConnector
from .errors import ConnectorError
from .reading import BaseIter as BaseIter
from .reading import BaseSource as BaseSource
from .reading import FramedFileReader as FramedFileReader
from .reading import ThrottledFileReader as ThrottledFileReader
from .stream import Stream, stream_id_of


@dataclass(eq=False)
class _Feed:
    """A source that is not closed."""

    source: BaseSource
    #: Where the source was when it was added.
    start: int
    #: Where the source was when it was removed.
    end: float = math.inf
    #: Whether its stream is open, and its end has not been sent.
    sends: bool = False


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
        # Changed only with _lock held.
        self._feeds: Dict[int, _Feed] = {}  # by the ids of their streams
        self._turns: Deque[int] = deque()  # the same ids; the first one's turn is next
        self._closed_any = False

    @staticmethod
    def get_id(bs: bytes) -> int:
        """Returns the id of the stream of a source of this name: the first 8 bytes of SHA-256."""
        return stream_id_of(bs)

    def add_source(self, source: BaseSource) -> None:
        """Adds a source. Raises ConnectorError when there is one of the same name."""
        stream_id = stream_id_of(source.name)
        position = source.point_of_ref()
        with self._lock:
            if stream_id in self._feeds:
                raise ConnectorError(f"there is a source of this name already: {source}")
            self._feeds[stream_id] = _Feed(source, position)
            self._turns.append(stream_id)
        self.notify(stream_id, source.name, position)

    def remove_source(self, source: BaseSource) -> None:
        """Ends a source where it is. It is closed when the application has all that was sent."""
        feed = self._feeds.get(stream_id_of(source.name))
        if feed is not None and feed.source is source:
            feed.end = min(feed.end, source.point_of_ref())

    def __next__(self) -> Optional[cwm.Message]:
        """Returns the next message of the source whose turn it is, or of the first one behind it
        that has a message, or None."""
        with self._lock:
            if self._closed_any and not self._feeds:
                raise StopIteration
            turns = len(self._turns)
        for _ in range(turns):
            with self._lock:
                stream_id = self._turns[0]
                self._turns.rotate(-1)
                feed = self._feeds[stream_id]
            message = self._message_of(stream_id, feed) if feed.sends else None
            if message is not None:
                return message
        return None

    def _message_of(self, stream_id: int, feed: _Feed) -> Optional[cwm.Message]:
        """Returns the next message of a source, or None after its end or when there is none now."""
        if feed.source.point_of_ref() < feed.end:
            try:
                payload, position = next(feed.source)
            except StopIteration:
                pass  # the stream ends, too
            else:
                return None if payload is None else cwm.Message(
                    stream_id, position, 0, feed.source.key, payload)
        feed.sends = False
        self.end_of_stream(stream_id)
        return None

    def stream_opened(self, stream: Stream) -> None:
        """Takes the stream's source to where the application wants it to go on."""
        feed = self._feeds.get(stream.id)
        if feed is None:
            raise ConnectorError(f"the application opened a stream that no source was added for: "
                                 f"{stream}")
        nothing = stream.point_of_ref == cwm.NOTHING_PROCESSED
        wanted = feed.start if nothing else stream.point_of_ref
        if wanted != feed.source.point_of_ref():
            feed.source.reset(wanted)
        feed.sends = True

    def stream_closed(self, stream: Stream) -> None:
        """Asks the stream's source for no more messages until it is open again."""
        if stream.id in self._feeds:
            self._feeds[stream.id].sends = False

    def stream_acked(self, stream: Stream) -> None:
        """Tells the stream's source."""
        feed = self._feeds.get(stream.id)
        if feed is not None and stream.point_of_ref != cwm.NOTHING_PROCESSED:
            feed.source.wallaroo_acked(stream.point_of_ref)

    def stream_removed(self, stream: Stream) -> None:
        """Closes the stream's source, of which the application has everything."""
        with self._lock:
            feed = self._feeds.pop(stream.id, None)
            if feed is None:
                return
            self._turns.remove(stream.id)
            self._closed_any = True
        feed.source.close()
