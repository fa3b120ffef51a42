"""Pipelines, and the tuple that an application is."""

from __future__ import annotations

from functools import singledispatch
from typing import Any, Iterable, List, Tuple

from .bases import StateComputation
from .errors import api_error
from .windows import CountWindows, RangeWindows

#: A stage: its kind first, see `Pipeline`.
Stage = Tuple[Any, ...]
#: (name, index of the root, stages of each node, children of each node). A node is a list of stages
#: that follow each other; it has no children when it begins with a source, and two when it begins
#: with a merge.
ApplicationTuple = Tuple[str, int, List[List[Stage]], List[List[int]]]


class Pipeline:
    """Stages from sources to sinks. A pipeline never changes: each method returns a new one, so a
    pipeline can be the beginning of several.

    It holds the stages since its source or since the last merge, and the two pipelines that the
    merge was of.
    """

    def __init__(self, stages: Tuple[Stage, ...], merged: Tuple[Pipeline, ...] = ()) -> None:
        self._stages = stages
        self._merged = merged

    def to(self, computation: Any) -> Pipeline:
        """Adds a computation, a state computation, or windows over an aggregation."""
        return self._and(_stage_of(computation))

    def key_by(self, key_extractor: Any) -> Pipeline:
        """Gives each record a key, which stays in force until the next `key_by` or `collect`."""
        return self._and(("key_by", key_extractor))

    def collect(self) -> Pipeline:
        """Gives all records one key, so that the next state is one state for all of them."""
        return self._and(("collect", ""))

    def merge(self, pipeline: Pipeline) -> Pipeline:
        """Returns a pipeline with the records of both."""
        both = (self, pipeline)
        for each in both:
            each._require_open("merge")
        return Pipeline((), both)

    def to_sink(self, sink_config: Any) -> Pipeline:
        """Ends the pipeline in a sink; `sink_config` has a `to_tuple()`."""
        return self._and(("to_sink", sink_config.to_tuple()))

    def to_sinks(self, sink_configs: Iterable[Any]) -> Pipeline:
        """Ends the pipeline in several sinks, each of which gets all records."""
        return self._and(("to_sinks", [config.to_tuple() for config in sink_configs]))

    def clone(self) -> Pipeline:
        """Returns an equal pipeline."""
        return Pipeline(self._stages, self._merged)

    def _and(self, stage: Stage) -> Pipeline:
        self._require_open(stage[0])
        return Pipeline((*self._stages, stage), self._merged)

    def _ends_in_sink(self) -> bool:
        return bool(self._stages) and self._stages[-1][0] in ("to_sink", "to_sinks")

    def _require_open(self, stage: str) -> None:
        if self._ends_in_sink():
            raise api_error(f"'{stage}' cannot follow a sink: a sink is the end of its pipeline")

    def _lay_out(self, nodes: List[List[Stage]], children: List[List[int]]) -> int:
        """Adds a node for each pipeline of this tree, a merge between its two sides. Returns the
        index of the node of this pipeline."""
        below = [side._lay_out(nodes, children) for side in self._merged[:1]]
        index = len(nodes)
        nodes.append(list(self._stages))
        children.append(below)
        below += [side._lay_out(nodes, children) for side in self._merged[1:]]
        return index


@singledispatch
def _stage_of(computation: Any) -> Stage:
    return ("to", computation)


@_stage_of.register
def _state_stage(computation: StateComputation) -> Stage:
    return ("to_state", computation)


@_stage_of.register
def _range_stage(windows: RangeWindows) -> Stage:
    return ("to_range_windows", windows.range, windows.slide, windows.delay, windows.aggregation,
            windows.late_data_policy)


@_stage_of.register
def _count_stage(windows: CountWindows) -> Stage:
    return ("to_count_windows", windows.count, windows.aggregation)


def source(name: str, source_config: Any) -> Pipeline:
    """Begins a pipeline with a source. `name` is also the pipeline's name in metrics."""
    return Pipeline((("source", name, source_config.to_tuple()),))


def build_application(app_name: str, pipeline: Pipeline) -> ApplicationTuple:
    """Returns the application, which `application_setup` must return.

    Raises WallarooParameterError when the pipeline does not end in a sink.
    """
    if not pipeline._ends_in_sink():
        raise api_error(f"the application '{app_name}' has no sink for what its pipeline makes: "
                        "finish the pipeline by to_sink() or to_sinks()")
    nodes: List[List[Stage]] = []
    children: List[List[int]] = []
    root = pipeline._lay_out(nodes, children)
    return (app_name, root, nodes, children)
