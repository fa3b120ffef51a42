"""Sinks: where records go."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Callable, Generic, List, Optional, TypeVar, Union

from ._codecs import EncoderOf, encoder_words, line
from ._times import Duration, to_ns

T = TypeVar("T")


class SinkOf(Generic[T]):
    """A sink of records of type T, for Stream.sink. `make` makes it when the application is built;
    it takes the name of the sink."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make


def _encoder(encode: Any, name: str) -> Any:
    from ._engine import Encoder
    kind, function, prefixed, separator = encoder_words(encode, f"sink '{name}'")
    return Encoder(kind, function, prefixed, name, separator)


def _ms(duration: Duration, what: str) -> int:
    return to_ns(duration, what) // 1_000_000


def tcp_sink(address: str, encode: EncoderOf[T] = line, max_buffer_bytes: int = 1 << 20,
             first_backoff: Duration = timedelta(milliseconds=50),
             max_backoff: Duration = timedelta(seconds=2),
             drain_timeout: Duration = timedelta(seconds=10)) -> SinkOf[T]:
    """Sends encoded records to "host:port", and connects again for ever when the peer is away.
    At most `max_buffer_bytes` wait for it; then the pipeline is held back to its sources. When the
    application ends, the peer has `drain_timeout` to take what is left."""
    def make(name: str) -> Any:
        from ._engine import tcp_sink as engine_sink
        return engine_sink(address, {
            "max_buffer_bytes": max_buffer_bytes,
            "first_backoff_ms": _ms(first_backoff, "first_backoff"),
            "max_backoff_ms": _ms(max_backoff, "max_backoff"),
            "drain_timeout_ms": _ms(drain_timeout, "drain_timeout")}, _encoder(encode, name))
    return SinkOf(make)


def file_sink(path: Union[str, "os.PathLike[str]"], encode: EncoderOf[T] = line,
              append: bool = False, roll_bytes: int = 0,
              roll_every: Duration = timedelta(0)) -> SinkOf[T]:
    """Writes encoded records to a file, or to standard output ("-"). With checkpoints each record
    is in the file exactly once. With `roll_bytes` or `roll_every` (0: no limit) there is a sequence
    of files PATH.000001, PATH.000002, ... Unless `append`, earlier contents go at the start."""
    def make(name: str) -> Any:
        from ._engine import file_sink as engine_sink
        return engine_sink(os.fspath(path), {
            "append": append, "roll_bytes": roll_bytes,
            "roll_every_ms": _ms(roll_every, "roll_every")}, _encoder(encode, name))
    return SinkOf(make)


def connector_sink(address: str, encode: EncoderOf[T], cookie: str = "Dragons-Love-Tacos",
                   application: str = "", worker: str = "", max_buffer_bytes: int = 8 << 20,
                   first_backoff: Duration = timedelta(milliseconds=50),
                   max_backoff: Duration = timedelta(seconds=2),
                   drain_timeout: Duration = timedelta(seconds=10)) -> SinkOf[T]:
    """Sends records to a program at "host:port" that speaks the connector protocol and commits them
    with each checkpoint. `application` and `worker` are parts of the name under which it keeps the
    output (empty: those of the engine)."""
    def make(name: str) -> Any:
        from ._engine import connector_sink as engine_sink
        return engine_sink(address, {
            "cookie": cookie, "application": application, "worker": worker,
            "max_buffer_bytes": max_buffer_bytes,
            "first_backoff_ms": _ms(first_backoff, "first_backoff"),
            "max_backoff_ms": _ms(max_backoff, "max_backoff"),
            "drain_timeout_ms": _ms(drain_timeout, "drain_timeout")}, _encoder(encode, name))
    return SinkOf(make)


def callback(function: Callable[[T], Any],
             at_end: Optional[Callable[[], Any]] = None) -> SinkOf[T]:
    """Calls the function with each record, one at a time, and `at_end` once after the last. After a
    restart from a checkpoint it is called again for the records since then."""
    if not callable(function):
        raise TypeError(f"callback needs a function, not {type(function).__name__}")

    def make(name: str) -> Any:
        from ._engine import callback_sink
        return callback_sink(function, at_end)
    return SinkOf(make)


class ListSink(SinkOf[T]):
    """Keeps the records in `records`, a list in the order in which they came."""

    def __init__(self) -> None:
        self.records: List[T] = []
        super().__init__(self._sink)

    def _sink(self, name: str) -> Any:
        from ._engine import callback_sink
        return callback_sink(lambda record: self.records.append(record), None)


def to_list() -> "ListSink[Any]":
    """A sink that keeps the records in a list, for notebooks and tests."""
    return ListSink()


class PySink(Generic[T]):
    """The base of sinks of your own. With checkpoints records are committed by them in two phases;
    without, once at the end."""

    def open(self, prepared: Any) -> "PyWriter[T]":
        """Returns the writer. `prepared` is what its `prepare` returned in the checkpoint from which
        the application goes on: commit that (it may be committed already), and undo everything that
        was written later. It is None when nothing was ever committed: undo everything."""
        raise NotImplementedError


class PyWriter(Generic[T]):
    """Writes the records of a PySink. All methods are called by one thread at a time; an exception
    from one of them ends the application."""

    def write(self, records: List[T]) -> None:
        """Takes records. Nobody may see them yet. They are copies of what the stages made."""
        raise NotImplementedError

    def prepare(self) -> Any:
        """Makes all records so far durable, so that `commit` cannot fail any more, and returns what
        it needs: plain values, which are stored in the checkpoint."""
        raise NotImplementedError

    def commit(self, prepared: Any) -> None:
        """Makes what was prepared visible."""
        raise NotImplementedError


def sink_words(sink: Any, name: str) -> Any:
    """The engine's sink of what a stream was given. Raises TypeError for anything else."""
    if isinstance(sink, SinkOf):
        return sink._make(name)
    if isinstance(sink, PySink):
        from ._engine import python_sink
        return python_sink(sink.open, name)
    raise TypeError(f"sink '{name}' must be made by tcp_sink, file_sink, connector_sink, callback "
                    f"or to_list, or be a PySink, not {type(sink).__name__}")
