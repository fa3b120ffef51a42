"""What a connector knows about its streams."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Union

from . import connector_wire_messages as cwm
from .errors import ProtocolError
from .stream import Stream


class KnownStreams:
    """The streams that were notified and have not been removed. Not safe for several threads."""

    def __init__(self) -> None:
        self._streams: Dict[int, Stream] = {}
        self._last_ids: Dict[int, int] = {}  # of each open stream, sent or processed before
        self._ending: Set[int] = set()
        self._refused: Set[int] = set()

    def __contains__(self, stream_id: int) -> bool:
        return stream_id in self._streams

    def __getitem__(self, stream_id: int) -> Stream:
        return self._streams[stream_id]

    def by_id(self) -> Dict[int, Stream]:
        """Returns a copy of all streams."""
        return dict(self._streams)

    def add(self, stream_id: int, name: Union[str, bytes]) -> None:
        """Adds a stream, which is not open."""
        self._streams[stream_id] = Stream(stream_id, name, 0, False)

    def update(self, stream_id: int, **changes: Any) -> Stream:
        """Changes fields of a stream, and returns it as it is then."""
        self._streams[stream_id] = self._streams[stream_id]._replace(**changes)
        return self._streams[stream_id]

    def remove(self, stream_id: int) -> None:
        """Forgets a stream."""
        self._ending.discard(stream_id)
        self._refused.discard(stream_id)
        del self._streams[stream_id]

    def open(self, stream_id: int, point_of_ref: int) -> Stream:
        """Opens a stream at what the application has of it, and returns it."""
        self._last_ids[stream_id] = point_of_ref
        return self.update(stream_id, point_of_ref=point_of_ref, is_open=True)

    def close_all(self) -> List[Stream]:
        """Closes all streams and returns those that were open. Their ends must be sent again."""
        self._ending.clear()
        self._refused.clear()
        return [self.update(stream.id, is_open=False)
                for stream in self.by_id().values() if stream.is_open]

    def require_open(self, stream_id: int) -> None:
        """Raises ProtocolError unless the stream is open."""
        if stream_id not in self._streams or not self._streams[stream_id].is_open:
            raise ProtocolError(f"stream {stream_id} takes nothing now: it is open from a call of "
                                "stream_opened(), which follows notify(), to one of "
                                "stream_closed()")

    def sends(self, stream_id: int, message_id: int) -> None:
        """Notes the id of the last message that was sent."""
        self._last_ids[stream_id] = message_id

    def ends(self, stream_id: int) -> None:
        """Notes that the end of a stream was sent."""
        self._ending.add(stream_id)

    def end_of(self, stream_id: int) -> Optional[int]:
        """Returns the id of the last message of a stream whose end was sent, else None."""
        if stream_id not in self._ending:
            return None
        return self._last_ids.get(stream_id, cwm.NOTHING_PROCESSED)

    def refuse(self, stream_id: int) -> None:
        """Notes that the application refused to open a stream."""
        if not self._streams[stream_id].is_open:
            self._refused.add(stream_id)

    def take_refused(self) -> List[Stream]:
        """Returns the streams that were refused since the last call and are not open."""
        refused, self._refused = self._refused, set()
        return [self._streams[stream_id] for stream_id in sorted(refused)
                if not self._streams[stream_id].is_open]


def order(point_of_ref: int) -> int:
    """Returns a number by which points of reference are ordered: nothing is before everything."""
    return -1 if point_of_ref == cwm.NOTHING_PROCESSED else point_of_ref
