"""The engine's side of applications of 2020: the builder that lowering drives, and the run."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, Callable, Dict, List, Tuple

from ._application import Application
from ._errors import ConfigError, StageError, WallarooError
from ._run import Running, obeying_signals
from .original.builder import (AggregationFunctions, ConnectorSink, ConnectorSource,
                               GeneratorSource, NamedSink, RangeWindowSettings, RunSettings,
                               Sink, Source, Stream, TcpSink, TcpSource)
from .original.errors import ApplicationError
from .original.lowering import application_parts, lower
from .original.options import Options

_LATE = {"drop": "drop", "fire-per-message": "fire", "place-in-oldest-window": "oldest"}
#: Counted windows are closed this often.
_FLUSH_NS = 5_000_000_000
#: A worker that was told to stop has ended after two seconds.
_DRAIN_MS = 1_500


def run_application(application: Any, settings: RunSettings) -> None:
    """Runs what `build_application` returned until it has ended. Raises ApplicationError for what
    cannot run, and on what users' functions raise."""
    name = application_parts(application)[0]
    options = settings.options
    described = Application(name)
    builder = _Builder(described)
    lower(application, builder, settings.application_args)
    if settings.hooks is not None:
        from ._engine import set_hooks
        set_hooks(settings.hooks.serialize, settings.hooks.deserialize)
    folder = _recovery_folder(name, options)
    try:
        running = Running(described, _flags(options, folder), True,
                          _engine_options(options, builder.parallelism))
    except ConfigError as error:
        raise ApplicationError(str(error)) from error
    except WallarooError as error:
        raise ApplicationError(str(error)) from error.__cause__
    with obeying_signals(running):
        running._on_ready = settings.on_ready
        try:
            running.wait()
        except StageError as error:
            if error.__cause__ is None:
                raise ApplicationError(str(error)) from None
            print(f"error: {error}", file=sys.stderr, flush=True)
            raise error.__cause__
    if folder:
        # After an orderly end there is nothing to recover.
        shutil.rmtree(folder, ignore_errors=True)


def _recovery_folder(name: str, options: Options) -> str:
    if not options.run_with_resilience:
        return ""
    return os.path.join(options.resilience_dir, f"{name}-{options.worker_name}.checkpoints")


def _flags(options: Options, folder: str) -> List[str]:
    flags = ["--threads", "1"]
    if folder:
        flags += ["--checkpoint-dir", folder, "--checkpoint-interval",
                  f"{max(1, options.time_between_checkpoints // 1_000_000)}ms"]
    return flags


def _engine_options(options: Options, parallelism: Dict[str, int]) -> Any:
    from ._engine import OriginalOptions
    made = OriginalOptions()
    made.hold_sources = True
    if options.metrics is not None:
        made.push_metrics(str(options.metrics), options.worker_name)
    if options.external is not None:
        made.listen(str(options.external), options.worker_name, parallelism)
    return made


class _Builder:
    """Adds sources to the engine's application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.parallelism: Dict[str, int] = {}

    def source(self, name: str, source: Source) -> Stream:
        number = self._application._engine.source((name, "stop"), self._engine_source(name, source))
        return _Stream(self._application._engine, number)

    def _engine_source(self, name: str, source: Source) -> Any:
        from . import _engine
        if isinstance(source, GeneratorSource):
            return _engine.value_generator(source.initial_value, source.apply)
        if isinstance(source, ConnectorSource):
            return _engine.connector_source(f"{source.host}:{source.port}", source.cookie,
                                            source.max_credits, source.refill_credits,
                                            _engine.Decoder("function", source.decode))
        if isinstance(source, TcpSource):
            if not source.listens:
                return _engine.pull_source(_SilentReader, ["0"], False)
            self.parallelism[name] = source.parallelism
            return _engine.tcp_source(f"{source.host}:{source.port}", _framing(source),
                                      source.max_size, source.parallelism,
                                      _engine.Decoder("function", source.decode))
        raise ApplicationError(f"the source '{name}' reads from Kafka, which this installation "
                               "cannot: use a connector that reads Kafka and sends its messages to "
                               "a connector source")


def _framing(source: TcpSource) -> Tuple[Any, ...]:
    framing = source.framing
    integer = framing.integer
    if integer is not None and not integer.signed:
        return "length", integer.bytes, integer.big_endian
    return "header", framing.header_length, framing.payload_length, source.max_size


class _SilentReader:
    """Stands in for a source that never listens."""

    wait = 60.0

    def __init__(self, partition: str, position: Any) -> None:
        pass

    def pull(self, most: int) -> List[Any]:
        return []

    def position(self) -> int:
        return 0

    def completed(self, checkpoint: int) -> None:
        pass


class _Stream:
    """A stream of the engine's application."""

    def __init__(self, engine: Any, number: int) -> None:
        self._engine = engine
        self._number = number

    def _next(self, number: int) -> Stream:
        return _Stream(self._engine, number)

    def computation(self, name: str, function: Callable[..., Any], many: bool) -> Stream:
        words = (name, "stop")
        if many:
            return self._next(self._engine.many(self._number, words, function, "list"))
        return self._next(self._engine.one(self._number, words, function, "optional"))

    def state(self, name: str, function: Callable[..., Any], initial: Callable[[], Any],
              many: bool) -> Stream:
        words = (name, "stop")
        if many:
            return self._next(self._engine.state_many(self._number, words, function, initial,
                                                      "list", None, False))
        return self._next(self._engine.state(self._number, words, function, initial, "in_place",
                                             None, False))

    def key_by(self, name: str, extractor: Callable[..., Any]) -> Stream:
        return self._next(self._engine.key_by(self._number, (name, "stop"), "function", extractor,
                                              True))

    def collect(self, name: str, key: str) -> Stream:
        return self._next(self._engine.key_by(self._number, (name, "stop"), "constant", key, True))

    def merge(self, other: Stream) -> Stream:
        assert isinstance(other, _Stream)
        return self._next(self._engine.merge([self._number, other._number]))

    def range_windows(self, name: str, windows: RangeWindowSettings,
                      aggregation: AggregationFunctions) -> Stream:
        options = {"delay_ns": windows.delay_ns, "early_ns": 0, "late": _LATE[windows.late],
                   "timeout_ns": 4 * (windows.range_ns + windows.delay_ns), "flush": False,
                   "empty": True}
        return self._windows(name, "range", windows.range_ns, windows.slide_ns, options,
                             aggregation)

    def count_windows(self, name: str, count: int, aggregation: AggregationFunctions) -> Stream:
        options = {"delay_ns": 0, "early_ns": 0, "late": "drop", "timeout_ns": _FLUSH_NS,
                   "flush": True, "empty": False}
        return self._windows(name, "count", count, count, options, aggregation)

    def _windows(self, name: str, kind: str, length: int, step: int, options: Dict[str, Any],
                 aggregation: AggregationFunctions) -> Stream:
        user_output = aggregation.output

        def output(key: Any, accumulator: Any, start: int, end: int, firing: int) -> Any:
            return user_output(key, accumulator)

        return self._next(self._engine.windows(
            self._number, (name, "stop"), kind, length, step, options,
            ("in_place", aggregation.initial_accumulator, aggregation.update, aggregation.combine),
            output, True))

    def sinks(self, sinks: List[NamedSink]) -> None:
        self._engine.sinks(self._number, [(each.name, "stop", _engine_sink(each.name, each.sink))
                                          for each in sinks])


def _engine_sink(name: str, sink: Sink) -> Any:
    from . import _engine
    options: Dict[str, Any]
    if isinstance(sink, TcpSink):
        options = {"max_buffer_bytes": 1 << 20, "first_backoff_ms": 250, "max_backoff_ms": 250,
                   "drain_timeout_ms": _DRAIN_MS}
        return _engine.tcp_sink(f"{sink.host}:{sink.port}", options,
                                _engine.Encoder("function", sink.encode, False, name, ""))
    if isinstance(sink, ConnectorSink):
        options = {"cookie": sink.cookie, "application": "", "worker": "",
                   "max_buffer_bytes": 8 << 20, "first_backoff_ms": 250, "max_backoff_ms": 250,
                   "drain_timeout_ms": _DRAIN_MS}
        return _engine.connector_sink(f"{sink.host}:{sink.port}", options,
                                      _engine.Encoder("function", sink.encode, False, name, ""))
    raise ApplicationError(f"the sink '{name}' writes to Kafka, which this installation cannot: use "
                           "a connector sink and a program that passes its messages on to Kafka")
