"""What lowering needs of the engine: a builder of sources, stages and sinks.

Functions are the user's own wherever they can be, so that a call of the engine goes straight to
them. An exception from any of them ends the process with 1 and the traceback on stderr.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Protocol, Tuple, Union

from .hooks import Hooks
from .options import Options

Function = Callable[..., Any]


@dataclass(frozen=True)
class FixedInteger:
    """The header of frames that is nothing but an integer, which the engine can read by itself."""

    bytes: int  # 1, 2, 4 or 8
    big_endian: bool
    signed: bool


@dataclass(frozen=True)
class Framing:
    """How frames of a TCP connection are cut: a header, and what it says about the payload."""

    #: Bytes of the header, 1 to 8.
    header_length: int
    #: Takes the header's bytes and returns the bytes that follow. A negative number, or one above
    #: the source's `max_size`, ends the connection after a printed line.
    payload_length: Callable[[bytes], int]
    #: What `payload_length` does, if it is this simple; else None.
    integer: Optional[FixedInteger]


@dataclass(frozen=True)
class TcpSource:
    """A listener. What was received before a connection closed is processed."""

    config_name: str
    host: str
    port: int
    framing: Framing
    #: Takes the payload of a frame as bytes, returns the record, or None for none.
    decode: Function
    #: False: it never listens.
    listens: bool
    #: Connections served at once by a worker, and the number of ids reported for the source.
    parallelism: int
    #: Bytes of the longest frame; a longer one closes its connection after a printed line.
    max_size: int
    max_received_count: int


@dataclass(frozen=True)
class GeneratorSource:
    """A generator, of which each worker runs its own. `initial_value()` is called once, when the
    source is built and no checkpoint has a value for it. For each record `apply(current)` is called
    for the next value before `current` goes down; None from either ends the generator with a
    printed line. Checkpoints hold the current value only."""

    config_name: str
    initial_value: Callable[[], Any]
    apply: Callable[[Any], Any]


@dataclass(frozen=True)
class ConnectorSource:
    """A listener for programs that speak the connector protocol. A message's own key and time are
    ignored; an empty payload is not decoded and is no record."""

    config_name: str
    host: str
    port: int
    #: Takes the payload of a message as bytes, returns the record, or None for none.
    decode: Function
    cookie: str
    max_credits: int
    refill_credits: int


@dataclass(frozen=True)
class KafkaSource:
    """A topic of Kafka; brokers are (host, port)."""

    config_name: str
    topic: str
    brokers: Tuple[Tuple[str, str], ...]
    log_level: str
    decode: Function


Source = Union[TcpSource, GeneratorSource, ConnectorSource, KafkaSource]


@dataclass(frozen=True)
class TcpSink:
    """A connection, on which encoded records are sent as they are. It must be connected before the
    worker is ready, and is tried every 250 ms."""

    host: str
    port: int
    #: Takes a record, returns bytes, or a str to be sent as UTF-8, or None for nothing. Anything
    #: else is a TypeError.
    encode: Function


@dataclass(frozen=True)
class ConnectorSink:
    """A receiver that speaks the connector protocol."""

    config_name: str
    host: str
    port: int
    #: Takes a record, returns bytes, or None for nothing. Anything else is a TypeError.
    encode: Function
    cookie: str


@dataclass(frozen=True)
class KafkaSink:
    """A topic of Kafka; brokers are (host, port)."""

    config_name: str
    topic: str
    brokers: Tuple[Tuple[str, str], ...]
    log_level: str
    max_produce_buffer_ms: int
    max_message_size: int
    #: Takes a record, returns (payload, key or None, partition or None), or None for nothing.
    encode: Function


Sink = Union[TcpSink, ConnectorSink, KafkaSink]


@dataclass(frozen=True)
class NamedSink:
    """A sink and a name that is unique in the application and the same at each start."""

    name: str
    sink: Sink


@dataclass(frozen=True)
class RangeWindowSettings:
    """Windows by time of arrival, in nanoseconds: 0 < slide <= range, 0 <= delay."""

    range_ns: int
    slide_ns: int
    delay_ns: int
    #: "drop", "fire-per-message" or "place-in-oldest-window".
    late: str


@dataclass(frozen=True)
class AggregationFunctions:
    """The functions of an aggregation over windows."""

    initial_accumulator: Callable[[], Any]
    #: Takes a record and an accumulator, which it changes in place; what it returns is ignored.
    update: Callable[[Any, Any], Any]
    #: Takes two accumulators and returns one. One of the arguments may be an initial accumulator
    #: that others share, so neither is changed.
    combine: Callable[[Any, Any], Any]
    #: Takes the key as str and an accumulator, returns a record, or None for none.
    output: Callable[[str, Any], Any]


class Stream(Protocol):
    """The records behind a stage. A stream may be used by one stage only.

    Names of stages are unique in the application and the same at each start. The key that `key_by`
    or `collect` gave to a record stays in force through all stages until the next of these.
    """

    def computation(self, name: str, function: Function, many: bool) -> Stream:
        """A function of a record, which returns a record or None for none; with `many`, a list of
        records, which may be empty and contains no None."""

    def state(self, name: str, function: Function, initial: Callable[[], Any],
              many: bool) -> Stream:
        """A function of a record and the state of its key, which it changes in place. `initial()`
        makes the state of a new key. Results are those of `computation`. The stream has keys."""

    def key_by(self, name: str, extractor: Function) -> Stream:
        """Gives each record the key that `extractor` returns for it: `keys.raw_key` makes bytes of
        it, and raises TypeError for what is no key."""

    def collect(self, name: str, key: str) -> Stream:
        """Gives all records this key."""

    def merge(self, other: Stream) -> Stream:
        """The records of both. Either both have keys or neither has."""

    def range_windows(self, name: str, windows: RangeWindowSettings,
                      aggregation: AggregationFunctions) -> Stream:
        """Windows of each key by time of arrival. `output` is also called for windows without
        records. Input that is idle for 4 * (range + delay) fires all windows with records."""

    def count_windows(self, name: str, count: int, aggregation: AggregationFunctions) -> Stream:
        """Windows of `count` records of each key. A window that is not full fires after 5 s."""

    def sinks(self, sinks: List[NamedSink]) -> None:
        """Ends the stream: each of the sinks, of which there is at least one, gets all records."""


class Builder(Protocol):
    """Builds an application."""

    def source(self, name: str, source: Source) -> Stream:
        """Adds a source. `name` is the pipeline's name in metrics. The stream has no keys; the
        records of a connection, and those of a generator, keep their order."""


@dataclass(frozen=True)
class RunSettings:
    """What a run needs beside the application itself."""

    options: Options
    #: The application's own encoding of its objects; None: the engine's.
    hooks: Optional[Hooks]
    #: What `application_setup` was given.
    application_args: Tuple[str, ...]
    #: To be called once, when all workers are ready.
    on_ready: Callable[[], None]


#: Takes an application and the settings, and returns when the application has ended cleanly.
#: Mistakes raise ApplicationError; what users' functions raised is raised on.
RunApplication = Callable[[Any, RunSettings], None]
