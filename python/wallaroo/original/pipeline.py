"""Pipelines, and the tuple that an application is."""

from __future__ import annotations

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

_SINKS = ("to_sink", "to_sinks")


class Pipeline:
    """Stages from sources to sinks. A pipeline never changes: each method returns a new one, so a
    pipeline can be the beginning of several."""

    def __init__(self, nodes: List[List[Stage]], children: List[List[int]], root: int) -> None:
        self._nodes = nodes
        self._children = children
        self._root = root

    @classmethod
    def from_source(cls, name: str, source_config: Any) -> Pipeline:
        """Returns a pipeline that begins with a source; `source_config` has a `to_tuple()`."""
        return cls([[("source", name, source_config.to_tuple())]], [[]], 0)

    def to(self, computation: Any) -> Pipeline:
        """Adds a computation, a state computation, or windows over an aggregation."""
        if isinstance(computation, StateComputation):
            return self._with(("to_state", computation))
        if isinstance(computation, RangeWindows):
            return self._with(("to_range_windows", computation.range, computation.slide,
                               computation.delay, computation.aggregation,
                               computation.late_data_policy))
        if isinstance(computation, CountWindows):
            return self._with(("to_count_windows", computation.count, computation.aggregation))
        return self._with(("to", computation))

    def key_by(self, key_extractor: Any) -> Pipeline:
        """Gives each record a key, which stays in force until the next `key_by` or `collect`."""
        return self._with(("key_by", key_extractor))

    def collect(self) -> Pipeline:
        """Gives all records one key, so that the next state is one state for all of them."""
        return self._with(("collect", ""))

    def merge(self, pipeline: Pipeline) -> Pipeline:
        """Returns a pipeline with the records of both."""
        self._require_open("merge")
        pipeline._require_open("merge")
        mine, other = self.clone(), pipeline.clone()
        root = len(mine._nodes)
        shift = root + 1
        nodes = mine._nodes + [[]] + other._nodes
        children = (mine._children + [[mine._root, other._root + shift]]
                    + [[child + shift for child in each] for each in other._children])
        return Pipeline(nodes, children, root)

    def to_sink(self, sink_config: Any) -> Pipeline:
        """Ends the pipeline in a sink; `sink_config` has a `to_tuple()`."""
        return self._with(("to_sink", sink_config.to_tuple()))

    def to_sinks(self, sink_configs: Iterable[Any]) -> Pipeline:
        """Ends the pipeline in several sinks, each of which gets all records."""
        return self._with(("to_sinks", [config.to_tuple() for config in sink_configs]))

    def clone(self) -> Pipeline:
        """Returns an equal pipeline that shares no list with this one."""
        return Pipeline([list(stages) for stages in self._nodes],
                        [list(each) for each in self._children], self._root)

    def _with(self, stage: Stage) -> Pipeline:
        self._require_open(stage[0])
        pipeline = self.clone()
        pipeline._nodes[pipeline._root].append(stage)
        return pipeline

    def _ends_in_sink(self) -> bool:
        stages = self._nodes[self._root]
        return bool(stages) and stages[-1][0] in _SINKS

    def _require_open(self, stage: str) -> None:
        if self._ends_in_sink():
            raise api_error(f"A pipeline that ends in a sink takes no further stage ('{stage}').")

    def _to_tuple(self, name: str) -> ApplicationTuple:
        copy = self.clone()
        return (name, copy._root, copy._nodes, copy._children)


def source(name: str, source_config: Any) -> Pipeline:
    """Begins a pipeline with a source. `name` is also the pipeline's name in metrics."""
    return Pipeline.from_source(name, source_config)


def build_application(app_name: str, pipeline: Pipeline) -> ApplicationTuple:
    """Returns the application, which `application_setup` must return.

    Raises WallarooParameterError when the pipeline does not end in a sink.
    """
    if not pipeline._ends_in_sink():
        raise api_error("An application must end in a sink: add to_sink() or to_sinks().")
    return pipeline._to_tuple(app_name)
