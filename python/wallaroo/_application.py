"""Applications, and the streams of which they are made."""

from __future__ import annotations

from typing import (Any, Callable, Dict, Generic, Iterable, List, NamedTuple, Optional, Tuple,
                    TypeVar, Union)

from ._errors import engine_missing
from ._extract import Extractor, words_of
from ._sinks import PySink, SinkOf, sink_words
from ._sources import PySource, SourceOf, source_words
from ._timers import Timers
from ._times import Duration, optional_ns, to_ns
from ._windows import Aggregator, Ready, WindowResult, WindowSpec, aggregation_words

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
K = TypeVar("K")
S = TypeVar("S")
A = TypeVar("A")


class DeadLetter(NamedTuple):
    """A record on which a stage with `on_error="dead_letter"` failed."""

    stage: str  #: the name of the stage
    error: str  #: the type and text of the exception
    traceback: str  #: as Python prints it; empty when no function raised
    #: The record itself; of a decoder the bytes of the frame, of a join the pair of records. Where
    #: no record is to blame (a timer, the output of windows, a reader) a text that says what failed.
    record: Any
    origin: str  #: from a source: the peer or file, and the record's number; otherwise empty


def many(function: Callable[[T], Any]) -> Callable[[T], Any]:
    """Marks a function for `Stream.to` that returns a list of records instead of one."""
    function._wallaroo_many = True  # type: ignore[attr-defined]
    return function


def _needs_function(function: Any, stage: str) -> None:
    if not callable(function):
        raise TypeError(f"stage '{stage}' needs a function, not {type(function).__name__}")


class Application:
    """One or more pipelines. Describe them with `source` and the verbs of streams, then run the
    application with `wallaroo.run`, `wallaroo.start` or `wallaroo.testing.Harness`; nothing can be
    added after that. Names of sources, stages and sinks are unique. The name of the application is
    stored in checkpoints: one that was taken under another name is refused."""

    def __init__(self, name: str) -> None:
        try:
            from ._engine import Application as EngineApplication
        except ImportError as error:
            raise engine_missing(error) from None
        self.name = name
        self._engine = EngineApplication(name)
        self._collects = 0

    def source(self, name: str, source: Union[SourceOf[T], PySource[T]], *,
               on_error: str = "stop") -> Stream[T]:
        """Starts a pipeline. `on_error` says what becomes of frames on which the decoder fails:
        "stop" stops the application, "skip" drops and logs them, "dead_letter" sends them to
        `dead_letters`. Raises TypeError for what is no source."""
        number = self._engine.source((name, on_error), source_words(source, name))
        return Stream(self, number)

    def dead_letters(self, name: str = "dead letters") -> Stream[DeadLetter]:
        """The stream of the records on which stages with `on_error="dead_letter"` failed. Its own
        stages may not use that policy."""
        raw = self._engine.dead_letters(name)
        stream: Stream[Any] = Stream(self, raw)
        return stream.map(f"{name}.letters", lambda fields: DeadLetter(*fields))


class Stream(Generic[T]):
    """A stream of records of type T. Every verb adds a stage and returns the stream behind it; a
    stream may be used any number of times, and every use gets all records. `on_error` of a stage
    says what becomes of records on which its function raises: "stop" (the default), "skip" or
    "dead_letter". A record is an object that stages share: a function must not change a record that
    another stage or a state may hold, too."""

    def __init__(self, application: Application, number: int, stamped: bool = False) -> None:
        self._application = application
        self._number = number
        self._stamped = stamped

    def _next(self, number: int) -> Stream[Any]:
        return type(self)(self._application, number, self._stamped)

    @property
    def _engine(self) -> Any:
        return self._application._engine

    def map(self, name: str, function: Callable[[T], U], *, on_error: str = "stop") -> Stream[U]:
        """Turns each record into what the function returns, None included."""
        _needs_function(function, name)
        return self._next(self._engine.one(self._number, (name, on_error), function, "record"))

    def filter(self, name: str, function: Callable[[T], Any], *,
               on_error: str = "stop") -> Stream[T]:
        """Keeps the records for which the function returns something true."""
        _needs_function(function, name)
        return self._next(self._engine.one(self._number, (name, on_error), function, "keep"))

    def flat_map(self, name: str, function: Callable[[T], Iterable[U]], *,
                 on_error: str = "stop") -> Stream[U]:
        """Turns each record into all that the iterable has which the function returns."""
        _needs_function(function, name)
        return self._next(self._engine.many(self._number, (name, on_error), function, "iterable"))

    def to(self, name: str, function: Callable[[T], Any], *, on_error: str = "stop") -> Stream[Any]:
        """As in C++: None is no output, anything else is one record. If the function is marked with
        `many`, a list is as many records as it has elements that are not None."""
        _needs_function(function, name)
        if getattr(function, "_wallaroo_many", False):
            return self._next(self._engine.many(self._number, (name, on_error), function, "list"))
        return self._next(self._engine.one(self._number, (name, on_error), function, "optional"))

    def map_batch(self, name: str, function: Callable[[List[T]], List[U]], *, max: int = 256,
                  on_error: str = "stop") -> Stream[U]:
        """Calls the function with lists of up to `max` records, as they come, and emits the
        elements of the lists that it returns. If there are as many, each keeps the time of its
        record, otherwise all get that of the last one. The result has no keys. When the function
        raises, all records of its list have failed."""
        _needs_function(function, name)
        if max < 1:
            raise ValueError(f"stage '{name}': max must be at least 1")
        number = self._engine.map_batch(self._number, (name, on_error), function, max)
        return Stream(self._application, number, self._stamped)

    def key_by(self, name: str, key: Extractor[T, K], *, on_error: str = "stop") -> KeyedStream[K, T]:
        """Gives each record a key: None, bool, int, float, str, bytes, datetime, date, UUID, Enum,
        or a tuple of these. All records of a key meet in one state. 1, True and 1.0 are different
        keys."""
        kind, argument = words_of(key, f"the key of stage '{name}'")
        number = self._engine.key_by(self._number, (name, on_error), kind, argument, False)
        return KeyedStream(self._application, number, self._stamped)

    def collect(self, name: Optional[str] = None) -> KeyedStream[None, T]:
        """Gives all records one key, None: stages that follow see all of them, one at a time."""
        self._application._collects += 1
        name = name or f"collect {self._application._collects}"
        number = self._engine.key_by(self._number, (name, "stop"), "constant", None, False)
        return KeyedStream(self._application, number, self._stamped)

    def event_time(self: StreamT, name: str, time: Extractor[Any, Any], *,
                   lateness: Duration = "0s", idle: Duration = "5s", max_ahead: Duration = "1h",
                   max_jump: Duration = "5m", on_error: str = "stop") -> StreamT:
        """Gives records the times at which they happened: datetimes (in UTC if they have no time
        zone), or whole nanoseconds since 1970. Without it, records have the time at which they were
        read.

        lateness:  by how much records of one connection or file may be out of order
        idle:      after so long without a record a connection does not hold the others back ("0s":
                   never)
        max_ahead: a time so far ahead of the clock is refused ("0s": none is)
        max_jump:  a time so far ahead of all before moves the watermark only when others follow"""
        kind, argument = words_of(time, f"the time of stage '{name}'")
        options = {"lateness_ns": to_ns(lateness, "lateness"), "idle_ns": to_ns(idle, "idle"),
                   "max_ahead_ns": to_ns(max_ahead, "max_ahead"),
                   "max_jump_ns": to_ns(max_jump, "max_jump")}
        number = self._engine.event_time(self._number, (name, on_error), kind, argument, options,
                                         self._stamped)
        return type(self)(self._application, number, True)

    def merge(self, *others: Stream[U]) -> Stream[Union[T, U]]:
        """One stream of the records of this one and the others. Either all have keys, or none."""
        for other in others:
            if other._application is not self._application:
                raise ValueError("merge: the streams belong to different applications")
            if isinstance(other, KeyedStream) != isinstance(self, KeyedStream):
                raise ValueError("merge of a stream with keys and one without: key_by both, or "
                                 "neither")
            if other._stamped != self._stamped:
                raise ValueError("merge of a stream with event time and one without: call "
                                 "event_time on both, or on their merge")
        numbers = [self._number, *(other._number for other in others)]
        return self._next(self._engine.merge(numbers))

    def sink(self, name: str, sink: Union[SinkOf[Any], PySink[Any]], *, on_error: str = "stop") -> None:
        """Ends the pipeline: every record goes to the sink. `on_error` says what becomes of records
        on which its encoder or function raises."""
        self._engine.sinks(self._number, [(name, on_error, sink_words(sink, name))])

    def sinks(self, sinks: Dict[str, Union[SinkOf[Any], PySink[Any]]], *, on_error: str = "stop") -> None:
        """Ends the pipeline: every record goes to each of the sinks, which are named."""
        if not sinks:
            raise ValueError("sinks needs at least one sink")
        self._engine.sinks(self._number, [(name, on_error, sink_words(sink, name))
                                          for name, sink in sinks.items()])

    def _keyed(self) -> KeyedStream[Any, T]:
        return self.collect()

    def state(self, name: str, function: Callable[[T, S], Optional[U]], init: Callable[[], S], *,
              ttl: Optional[Duration] = None, ttl_by: str = "event_time",
              on_error: str = "stop") -> KeyedStream[Any, U]:
        """See KeyedStream.state. A stream without keys has one state for all records."""
        return self._keyed().state(name, function, init, ttl=ttl, ttl_by=ttl_by, on_error=on_error)

    def scan(self, name: str, function: Callable[[S, T], Tuple[S, Optional[U]]],
             init: Callable[[], S], *, ttl: Optional[Duration] = None, ttl_by: str = "event_time",
             on_error: str = "stop") -> KeyedStream[Any, U]:
        """See KeyedStream.scan. A stream without keys has one state for all records."""
        return self._keyed().scan(name, function, init, ttl=ttl, ttl_by=ttl_by, on_error=on_error)

    def window(self, name: str, windows: WindowSpec,
               aggregation: Union[Ready[T], Aggregator[T, Any, U]], *,
               on_error: str = "stop") -> KeyedStream[Any, Any]:
        """See KeyedStream.window. A stream without keys has one set of windows."""
        return self._keyed().window(name, windows, aggregation, on_error=on_error)


StreamT = TypeVar("StreamT", bound="Stream[Any]")


def _expiry(ttl: Optional[Duration], ttl_by: str, stage: str) -> Tuple[Optional[int], bool]:
    if ttl_by not in ("event_time", "processing_time"):
        raise ValueError(f"stage '{stage}': ttl_by must be 'event_time' or 'processing_time', not "
                         f"'{ttl_by}'")
    return optional_ns(ttl, f"stage '{stage}': ttl"), ttl_by == "processing_time"


class KeyedStream(Stream[T], Generic[K, T]):
    """A stream whose records have keys of type K, which they keep through all verbs but
    `map_batch`."""

    def _keyed(self) -> KeyedStream[Any, T]:
        return self

    def map(self, name: str, function: Callable[[T], U], *,
            on_error: str = "stop") -> KeyedStream[K, U]:
        return super().map(name, function, on_error=on_error)  # type: ignore[return-value]

    def filter(self, name: str, function: Callable[[T], Any], *,
               on_error: str = "stop") -> KeyedStream[K, T]:
        return super().filter(name, function, on_error=on_error)  # type: ignore[return-value]

    def flat_map(self, name: str, function: Callable[[T], Iterable[U]], *,
                 on_error: str = "stop") -> KeyedStream[K, U]:
        return super().flat_map(name, function, on_error=on_error)  # type: ignore[return-value]

    def to(self, name: str, function: Callable[[T], Any], *,
           on_error: str = "stop") -> KeyedStream[K, Any]:
        return super().to(name, function, on_error=on_error)  # type: ignore[return-value]

    def merge(self, *others: Stream[U]) -> KeyedStream[K, Union[T, U]]:
        return super().merge(*others)  # type: ignore[return-value]

    def state(self, name: str, function: Callable[[T, S], Optional[U]], init: Callable[[], S], *,
              ttl: Optional[Duration] = None, ttl_by: str = "event_time",
              on_error: str = "stop") -> KeyedStream[K, U]:
        """Calls `function(record, state)` with the state of the record's key, an object that the
        function changes in place and that `init()` made. What it returns is the output, unless that
        is None; a function marked with `many` returns a list of outputs. With `ttl` the state of a
        key that was not used for so long is forgotten, by event time or by processing time. States
        are stored in checkpoints."""
        _needs_function(function, name)
        _needs_function(init, name)
        expiry = _expiry(ttl, ttl_by, name)
        if getattr(function, "_wallaroo_many", False):
            return self._next(self._engine.state_many(  # type: ignore[return-value]
                self._number, (name, on_error), function, init, "list", *expiry))
        return self._next(self._engine.state(  # type: ignore[return-value]
            self._number, (name, on_error), function, init, "in_place", *expiry))

    def scan(self, name: str, function: Callable[[S, T], Tuple[S, Optional[U]]],
             init: Callable[[], S], *, ttl: Optional[Duration] = None, ttl_by: str = "event_time",
             on_error: str = "stop") -> KeyedStream[K, U]:
        """Calls `function(state, record)`, which returns the new state and the output, or None for
        no output: for states such as numbers and tuples, which cannot be changed in place."""
        _needs_function(function, name)
        _needs_function(init, name)
        expiry = _expiry(ttl, ttl_by, name)
        return self._next(self._engine.state(  # type: ignore[return-value]
            self._number, (name, on_error), function, init, "replaced", *expiry))

    def running(self, name: str, aggregation: Ready[T], *,
                on_error: str = "stop") -> KeyedStream[K, Tuple[T, Any]]:
        """Aggregates all records of a key so far by a ready aggregation, and emits
        `(record, value)` for each record, without calling Python."""
        if not isinstance(aggregation, Ready):
            raise TypeError(f"stage '{name}' needs a ready aggregation such as count(), not "
                            f"{type(aggregation).__name__}")
        return self._next(self._engine.running(  # type: ignore[return-value]
            self._number, (name, on_error), aggregation.words))

    def timed_state(self, name: str, function: Callable[[T, S, Timers], Optional[U]],
                    on_timer: Callable[[S, Timers], Optional[U]], init: Callable[[], S], *,
                    ttl: Optional[Duration] = None, ttl_by: str = "event_time",
                    timeout: Optional[Duration] = None,
                    on_error: str = "stop") -> KeyedStream[K, U]:
        """Like `state`, with timers: `function(record, state, timers)` sets them, and
        `on_timer(state, timers)` is called when one fires, with `timers.timer` and `timers.key`.
        With `timeout` timers of event time also fire when the input has been silent for so long in
        processing time."""
        for one in (function, on_timer, init):
            _needs_function(one, name)

        def call(record: T, state: S, timers: Any) -> Optional[U]:
            return function(record, state, Timers(timers))

        def fire(state: S, timers: Any) -> Optional[U]:
            return on_timer(state, Timers(timers))

        return self._next(self._engine.timed_state(  # type: ignore[return-value]
            self._number, (name, on_error), call, fire, init, *_expiry(ttl, ttl_by, name),
            optional_ns(timeout, f"stage '{name}': timeout")))

    def window(self, name: str, windows: WindowSpec,
               aggregation: Union[Ready[T], Aggregator[T, Any, U]], *,
               on_error: str = "stop") -> KeyedStream[K, Any]:
        """Aggregates the records of each key in windows. A ready aggregation gives WindowResults,
        one of your own what its `output` returns. Each result keeps its key, and has the time of
        the end of its window."""
        if windows.late_data == "stream":
            raise ValueError(f"stage '{name}': late('stream') makes a second stream: use "
                             "window_with_late")
        return self._windows(name, windows, aggregation, on_error)

    def window_with_late(self, name: str, windows: WindowSpec,
                         aggregation: Union[Ready[T], Aggregator[T, Any, U]], *,
                         on_error: str = "stop") -> Tuple[KeyedStream[K, Any], KeyedStream[K, T]]:
        """The same, and the stream of the records that came too late."""
        both = self._windows(name, windows.late("stream"), aggregation, on_error)
        return both._split(name)

    def _windows(self, name: str, windows: WindowSpec, aggregation: Any,
                 on_error: str) -> KeyedStream[K, Any]:
        words, output = aggregation_words(aggregation, name)
        return self._next(self._engine.windows(  # type: ignore[return-value]
            self._number, (name, on_error), windows.kind, windows.length, windows.step,
            windows._options(), words, output, False))

    def _split(self, name: str) -> Tuple[KeyedStream[K, Any], KeyedStream[K, Any]]:
        results = self._engine.split(self._number, f"{name}.results", False)
        late = self._engine.split(self._number, f"{name}.late", True)
        return self._next(results), self._next(late)  # type: ignore[return-value]

    def join(self, other: KeyedStream[K, V], *, within: Tuple[Duration, Duration]) -> Join[K, T, V]:
        """Joins records with those of another stream that have the same key, and a time from
        `within[0]` to `within[1]` after theirs (a negative duration is before: "-5s")."""
        if not isinstance(other, KeyedStream):
            raise TypeError("join needs two streams with keys: key_by both")
        if other._stamped != self._stamped:
            raise ValueError("join of a stream with event time and one without: call event_time on "
                             "both")
        return Join(self, other, to_ns(within[0], "within"), to_ns(within[1], "within"))


class Join(Generic[K, T, V]):
    """A join of two streams, to which a function is still to be given."""

    def __init__(self, left: KeyedStream[K, T], right: KeyedStream[K, V], lower_ns: int,
                 upper_ns: int) -> None:
        self._left = left
        self._right = right
        self._bounds = (lower_ns, upper_ns)

    def to(self, name: str, function: Callable[[Any, Any], Optional[U]], *, kind: str = "inner",
           delay: Duration = "0s", timeout: Optional[Duration] = None,
           on_error: str = "stop") -> KeyedStream[K, U]:
        """Calls `function(left, right)` for each pair; what it returns is the output, unless that
        is None. With the kinds "left", "right" and "full" it is also called for records of that
        side (or both) that have no partner, with None in its place, once none can come any more.
        With `delay` records wait so much longer for late partners; with `timeout` they wait at most
        so long in processing time when no input comes."""
        return self._make(name, function, kind, delay, timeout, "drop", on_error)

    def to_with_late(self, name: str, function: Callable[[Any, Any], Optional[U]], *,
                     kind: str = "inner", delay: Duration = "0s",
                     timeout: Optional[Duration] = None, on_error: str = "stop",
                     ) -> Tuple[KeyedStream[K, U], KeyedStream[K, Union[T, V]]]:
        """The same, and the stream of the records of both sides that came too late."""
        return self._make(name, function, kind, delay, timeout, "stream", on_error)._split(name)

    def _make(self, name: str, function: Callable[[Any, Any], Any], kind: str, delay: Duration,
              timeout: Optional[Duration], late: str, on_error: str) -> KeyedStream[K, Any]:
        _needs_function(function, name)
        options = {"delay_ns": to_ns(delay, "delay"), "late": late,
                   "timeout_ns": optional_ns(timeout, "timeout")}
        number = self._left._engine.join(self._left._number, self._right._number, (name, on_error),
                                         *self._bounds, kind, options, function)
        return self._left._next(number)  # type: ignore[return-value]
