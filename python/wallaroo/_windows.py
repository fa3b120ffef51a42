"""Windows, aggregations, joins: what is asked for, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Dict, Generic, NamedTuple, Optional, Tuple, TypeVar

from ._extract import Extractor, words_of
from ._times import Duration, ns_datetime, optional_ns, to_ns

T = TypeVar("T")
A = TypeVar("A")
U = TypeVar("U")

_LATE = ("drop", "fire", "oldest", "stream")


class Firing(enum.IntEnum):
    """Why the result of a window was emitted."""

    COMPLETE = 0  #: the watermark has passed the window, or a counted window has its last record
    EARLY = 1  #: the result is preliminary: a later one replaces it
    LATE = 2  #: the result is that of one late record alone
    CLOSED = 3  #: the window is incomplete: its input stopped, or the stream ended


class Window(NamedTuple):
    """The window from `start` up to but without `end`: nanoseconds since 1970 or, for counted
    windows, numbers of the key's records."""

    start: int
    end: int
    firing: Firing = Firing.COMPLETE

    def start_time(self) -> datetime:
        """`start` as a datetime in UTC."""
        return ns_datetime(self.start)

    def end_time(self) -> datetime:
        """`end` as a datetime in UTC."""
        return ns_datetime(self.end)


class WindowResult(NamedTuple):
    """The result of a ready aggregation for one window of a key."""

    key: Any
    value: Any
    window: Window


@dataclass(frozen=True)
class WindowSpec:
    """Windows, as `tumbling`, `sliding`, `sessions` and `counted` make them. Each method returns a
    changed copy."""

    kind: str
    length: int
    step: int
    delay_ns: int = 0
    early_ns: int = 0
    timeout_ns: Optional[int] = None
    late_data: str = "drop"
    flushes: bool = False
    empty_windows: bool = False

    def delay(self, by: Duration) -> "WindowSpec":
        """Windows fire so much later than the watermark asks for, to wait for late records."""
        return replace(self, delay_ns=to_ns(by, "delay"))

    def late(self, policy: str) -> "WindowSpec":
        """What becomes of records whose windows have fired: "drop" forgets them, "fire" emits a
        result of each alone, "oldest" adds them to the oldest open window, "stream" makes a second
        stream of them (see KeyedStream.window_with_late)."""
        if policy not in _LATE:
            raise ValueError(f"late must be one of {', '.join(_LATE)}, not '{policy}'")
        return replace(self, late_data=policy)

    def early(self, every: Duration) -> "WindowSpec":
        """Windows also give preliminary results, so often in processing time."""
        return replace(self, early_ns=to_ns(every, "early"))

    def timeout(self, after: Duration) -> "WindowSpec":
        """Open windows are closed when no input has come for so long in processing time."""
        return replace(self, timeout_ns=optional_ns(after, "timeout"), flushes=False)

    def flush(self, every: Duration) -> "WindowSpec":
        """Counted windows: all windows are closed this often in processing time, also when records
        come. Raises ValueError for other windows."""
        if self.kind != "count":
            raise ValueError("flush is for counted windows; others have timeout")
        return replace(self, timeout_ns=to_ns(every, "flush"), flushes=True)

    def empty(self) -> "WindowSpec":
        """Tumbling and sliding windows: a key has results of windows without records, too, from its
        first record on, as long as the stage gets records. They need a timer for each key, so they
        are not for millions of keys. Raises ValueError for other windows."""
        if self.kind != "range":
            raise ValueError("empty is for tumbling and sliding windows")
        return replace(self, empty_windows=True)

    def _options(self) -> Dict[str, Any]:
        return {"delay_ns": self.delay_ns, "early_ns": self.early_ns,
                "timeout_ns": self.timeout_ns, "late": self.late_data, "flush": self.flushes,
                "empty": self.empty_windows}


def tumbling(length: Duration) -> WindowSpec:
    """Windows of this length, one after the other."""
    ns = to_ns(length, "the length of windows")
    return WindowSpec("range", ns, ns)


def sliding(length: Duration, every: Duration) -> WindowSpec:
    """Windows of this length, one of which starts `every` so often."""
    return WindowSpec("range", to_ns(length, "the length of windows"), to_ns(every, "every"))


def sessions(gap: Duration) -> WindowSpec:
    """Windows that end where a key had no record for `gap`."""
    return WindowSpec("session", to_ns(gap, "gap"), 0)


def counted(records: int, every: Optional[int] = None) -> WindowSpec:
    """Windows of so many records of a key, one of which starts with `every` so many of them."""
    return WindowSpec("count", records, records if every is None else every)


class Aggregator(Generic[T, A, U]):
    """The base of aggregations of your own: T is the type of records, A of accumulators, U of
    results. The object is shared by all windows; only accumulators change. They are stored in
    checkpoints."""

    def initial(self) -> A:
        """Returns the accumulator of no record."""
        raise NotImplementedError

    def update(self, accumulator: A, record: T) -> Optional[A]:
        """Adds a record. Returns the new accumulator, or None when it was changed in place."""
        raise NotImplementedError

    def combine(self, earlier: A, later: A) -> A:
        """Returns a new accumulator of the records of both, and changes neither."""
        raise NotImplementedError

    def output(self, key: Any, accumulator: A, window: Window) -> Optional[U]:
        """Returns the result of a window; None emits nothing. Does not change the accumulator."""
        raise NotImplementedError


@dataclass(frozen=True)
class Ready(Generic[T]):
    """A ready aggregation, which runs without calling Python; its result is a WindowResult."""

    words: Tuple[Any, ...]


def count() -> "Ready[Any]":
    """The number of records."""
    return Ready(("count",))


def sum(of: "Extractor[T, Any]") -> "Ready[T]":
    """The sum of `of`, starting with 0."""
    return Ready(("sum", *words_of(of, "sum")))


def mean(of: "Extractor[T, Any]") -> "Ready[T]":
    """The sum of `of` divided by the number of records; None for a window without records."""
    return Ready(("mean", *words_of(of, "mean")))


def min(of: "Extractor[T, Any]") -> "Ready[T]":
    """The least value of `of`, among equal ones the earliest; None without records."""
    return Ready(("min", *words_of(of, "min")))


def max(of: "Extractor[T, Any]") -> "Ready[T]":
    """The greatest value of `of`, among equal ones the earliest; None without records."""
    return Ready(("max", *words_of(of, "max")))


def top_k(k: int, of: "Extractor[T, Any]") -> "Ready[T]":
    """A list of the k records with the greatest values of `of`, the greatest first; among equal
    ones the earlier first."""
    if k < 1:
        raise ValueError("top_k keeps nothing: k must be at least 1")
    return Ready(("top", *words_of(of, "top_k"), k))


def combined(*aggregations: "Ready[T]") -> "Ready[T]":
    """Several ready aggregations at once: the value is a tuple of their values."""
    return Ready(("combined", tuple(each.words for each in aggregations)))


_FIRINGS = tuple(Firing)


def _window_result(key: Any, value: Any, start: int, end: int, firing: int) -> WindowResult:
    return WindowResult(key, value, Window(start, end, _FIRINGS[firing]))


def aggregation_words(aggregation: Any, stage: str) -> Tuple[Tuple[Any, ...], Callable[..., Any]]:
    """What the engine is told of an aggregation: how it aggregates, and how it makes results.
    Raises TypeError that names the stage for anything else."""
    if isinstance(aggregation, Ready):
        return aggregation.words, _window_result
    missing = [name for name in ("initial", "update", "combine", "output")
               if not callable(getattr(aggregation, name, None))]
    if missing:
        raise TypeError(f"stage '{stage}': an aggregation must be a ready one such as count() or "
                        f"have the methods of Aggregator; {type(aggregation).__name__} lacks "
                        f"{', '.join(missing)}")
    user_update, user_output = aggregation.update, aggregation.output

    def update(record: Any, accumulator: Any) -> Any:
        return user_update(accumulator, record)

    def output(key: Any, value: Any, start: int, end: int, firing: int) -> Any:
        return user_output(key, value, Window(start, end, _FIRINGS[firing]))

    return ("methods", aggregation.initial, update, aggregation.combine), output
