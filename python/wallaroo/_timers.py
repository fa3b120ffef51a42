"""Timers of state computations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, Optional, Union

from ._times import Duration, datetime_ns, to_ns


class Timer(NamedTuple):
    """A timer that fires."""

    id: int  #: as given when it was set
    due: int  #: nanoseconds since 1970 for which it was set
    event_time: bool  #: False for a timer of processing time, set by `after`


class Timers:
    """Sets and cancels timers of the key of the present call, and tells the time. A key has at most
    one timer of each id. Timers set while the stream ends do not fire. Use it only during the call
    that it is given to."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def at(self, due: Union[datetime, int], id: int = 0) -> None:
        """Sets a timer for an event time: a datetime, or nanoseconds since 1970. It fires when no
        record of an earlier time is expected."""
        if not isinstance(due, (int, datetime)):
            raise TypeError("the time of a timer must be a datetime or a whole number of "
                            f"nanoseconds since 1970, not {type(due).__name__}")
        self._engine.at(due if isinstance(due, int) else datetime_ns(due), id)

    def after(self, delay: Duration, id: int = 0) -> None:
        """Sets a timer that fires when so much processing time has passed."""
        self._engine.after(to_ns(delay, "the delay of a timer"), id)

    def cancel(self, id: int = 0) -> None:
        """Removes the timer of this id, if there is one."""
        self._engine.cancel(id)

    @property
    def event_time(self) -> int:
        """The event time of the record or of the timer, in nanoseconds since 1970."""
        return int(self._engine.event_time())

    @property
    def watermark(self) -> int:
        """No record of an earlier time is expected: nanoseconds since 1970."""
        return int(self._engine.watermark())

    @property
    def key(self) -> Any:
        """In `on_timer` the key of the timer, otherwise None."""
        return self._engine.key()

    @property
    def timer(self) -> Optional[Timer]:
        """In `on_timer` the timer that fires, otherwise None."""
        timer = self._engine.timer()
        return None if timer is None else Timer(*timer)
