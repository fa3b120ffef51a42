"""Walks an application's tuple into the engine's builder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Sequence, Tuple

from .builder import Builder, RangeWindowSettings, Stream
from .endpoints import lower_sinks, lower_source
from .errors import ApplicationError
from .functions import aggregation_functions, compute_function, is_many, method, name_of

_LATE_DATA_POLICIES = ("drop", "fire-per-message", "place-in-oldest-window")
_KEYING_STAGES = ("key_by", "collect")


@dataclass
class _Lowered:
    """A stream, and what is known about its keys."""

    stream: Stream
    #: Whether its records have keys.
    keyed: bool
    #: Whether the stage before was a `key_by` or `collect`.
    ends_in_key: bool


def lower(application: Any, builder: Builder, application_args: Sequence[str]) -> None:
    """Builds the application, which is what `build_application` returned.

    `application_args` are those of `application_setup`; Kafka's settings may be among them.
    Raises ApplicationError for what the engine cannot run.
    """
    _, root, nodes, children = application_parts(application)
    _Lowering(nodes, children, builder, application_args).build(root)


def application_parts(application: Any) -> Tuple[str, int, List[Any], List[Any]]:
    """Returns the four parts of an application. Raises ApplicationError if it is something else."""
    if isinstance(application, (tuple, list)) and len(application) == 4:
        name, root, nodes, children = application
        if isinstance(name, str) and isinstance(root, int) and len(nodes) == len(children) > root:
            return name, root, nodes, children
    raise ApplicationError("application_setup() must return what wallaroo.build_application() "
                           f"returned, but it returned {application!r}")


class _Lowering:
    def __init__(self, nodes: List[Any], children: List[Any], builder: Builder,
                 application_args: Sequence[str]) -> None:
        self._nodes = nodes
        self._children = children
        self._builder = builder
        self._args = application_args
        self._names: Counter[str] = Counter()
        self._collected = 0

    def build(self, root: int) -> None:
        stages = self._nodes[root]
        if not stages or stages[-1][0] not in ("to_sink", "to_sinks"):
            raise ApplicationError("an application must end in a sink: add to_sink() or to_sinks()")
        stream = self._node(root, stages[:-1]).stream
        kind, sinks = stages[-1]
        self._end(stream, [sinks] if kind == "to_sink" else sinks)

    def _end(self, stream: Stream, sinks: Sequence[Tuple[Any, ...]]) -> None:
        if not sinks:
            raise ApplicationError("to_sinks() was given no sink: give it at least one")
        stream.sinks(lower_sinks(sinks, self._args))

    def _node(self, index: int, stages: Sequence[Tuple[Any, ...]]) -> _Lowered:
        if self._children[index]:
            left, right = (self._node(child, self._nodes[child])
                           for child in self._children[index])
            lowered = self._merged(left, right)
        else:
            if not stages or stages[0][0] != "source":
                raise ApplicationError("a pipeline must begin with a source")
            lowered, stages = self._source(stages[0]), stages[1:]
        for stage in stages:
            lowered = self._stage(lowered, stage)
        return lowered

    def _source(self, stage: Tuple[Any, ...]) -> _Lowered:
        _, name, config = stage
        source = lower_source(config, f"the source '{name}'", self._args)
        return _Lowered(self._builder.source(self._unique(name), source), False, False)

    def _merged(self, left: _Lowered, right: _Lowered) -> _Lowered:
        if left.ends_in_key != right.ends_in_key:
            raise ApplicationError(
                "merge() of a pipeline that ends in key_by() or collect() with one that does not: "
                "end both in one of these, or merge first")
        if left.keyed != right.keyed:
            # Records that were never given a key share one state, as they would without the merge.
            left, right = self._with_keys(left), self._with_keys(right)
        return _Lowered(left.stream.merge(right.stream), left.keyed, left.ends_in_key)

    def _stage(self, lowered: _Lowered, stage: Tuple[Any, ...]) -> _Lowered:
        kind, *arguments = stage
        kinds: Dict[str, Callable[..., _Lowered]] = {
            "to": self._computation,
            "to_state": self._state,
            "to_range_windows": self._range_windows,
            "to_count_windows": self._count_windows,
            "key_by": self._key_by,
            "collect": self._collect,
        }
        lower_stage = kinds.get(kind)
        if lower_stage is None:
            raise ApplicationError(f"there is no stage of the kind '{kind}' at this place")
        lowered = lower_stage(lowered, *arguments)
        lowered.ends_in_key = kind in _KEYING_STAGES
        return lowered

    def _computation(self, lowered: _Lowered, computation: Any) -> _Lowered:
        name = self._unique(name_of(computation))
        stream = lowered.stream.computation(name, compute_function(computation),
                                            is_many(computation))
        return _Lowered(stream, lowered.keyed, False)

    def _state(self, lowered: _Lowered, computation: Any) -> _Lowered:
        lowered = self._with_keys(lowered)
        name = self._unique(name_of(computation))
        initial = getattr(computation, "initial_state", None)
        if not callable(initial):
            raise ApplicationError(f"the state computation '{name}' has no initial_state()")
        stream = lowered.stream.state(name, compute_function(computation), initial,
                                      is_many(computation))
        return _Lowered(stream, True, False)

    def _key_by(self, lowered: _Lowered, extractor: Any) -> _Lowered:
        function = method(extractor, "extract_key", "the key extractor of key_by()")
        return _Lowered(lowered.stream.key_by(self._unique("key_by"), function), True, True)

    def _collect(self, lowered: _Lowered, _: Any = None) -> _Lowered:
        self._collected += 1
        stream = lowered.stream.collect(self._unique("collect"),
                                        f"collect-key-{self._collected}")
        return _Lowered(stream, True, True)

    def _with_keys(self, lowered: _Lowered) -> _Lowered:
        """Gives records without keys one key: their state is one in the whole cluster."""
        return lowered if lowered.keyed else self._collect(lowered)

    def _range_windows(self, lowered: _Lowered, range_: Any, slide: Any, delay: Any,
                       aggregation: Any, late: str) -> _Lowered:
        lowered = self._with_keys(lowered)
        name = self._unique(name_of(aggregation))
        settings = _range_window_settings(name, range_, slide, delay, late)
        stream = lowered.stream.range_windows(name, settings, aggregation_functions(aggregation))
        return _Lowered(stream, True, False)

    def _count_windows(self, lowered: _Lowered, count: Any, aggregation: Any) -> _Lowered:
        lowered = self._with_keys(lowered)
        name = self._unique(name_of(aggregation))
        number = _whole(f"the count of the windows over '{name}'", count)
        if number < 1:
            raise ApplicationError(f"the windows over '{name}' count to {number}: they must count "
                                   "to 1 at least")
        stream = lowered.stream.count_windows(name, number, aggregation_functions(aggregation))
        return _Lowered(stream, True, False)

    def _unique(self, name: str) -> str:
        """Returns the name, with a number behind it from its second use on."""
        self._names[name] += 1
        if self._names[name] == 1:
            return name
        return self._unique(f"{name}#{self._names[name]}")


def _range_window_settings(name: str, range_: Any, slide: Any, delay: Any,
                           late: Any) -> RangeWindowSettings:
    what = f"of the range windows over '{name}'"
    settings = RangeWindowSettings(_whole(f"the range {what}", range_),
                                   _whole(f"the slide {what}", slide),
                                   _whole(f"the delay {what}", delay), late)
    if settings.slide_ns < 1 or settings.slide_ns > settings.range_ns:
        raise ApplicationError(f"the slide {what} is {settings.slide_ns} ns: it must be above 0 "
                               f"and at most the range, {settings.range_ns} ns")
    if settings.delay_ns < 0:
        raise ApplicationError(f"the delay {what} is {settings.delay_ns} ns: it must not be "
                               "negative")
    if late not in _LATE_DATA_POLICIES:
        raise ApplicationError(f"the late data policy {what} is {late!r}: it must be one of "
                               f"{', '.join(_LATE_DATA_POLICIES)}")
    return settings


def _whole(what: str, number: Any) -> int:
    try:
        return int(round(number))
    except (TypeError, ValueError, OverflowError):
        raise ApplicationError(f"{what} is {number!r}, which is no number") from None
