"""Tests of pipelines: the same stages, on the calling thread, without sockets or sleeps."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, List, Optional, Union

from ._application import Application
from ._run import forget_failures, raising
from ._times import Duration, datetime_ns, to_ns
from ._values import trust_present_modules

if TYPE_CHECKING:
    from ._engine import Checkpoint
else:
    try:
        from ._engine import Checkpoint
    except ImportError:  # there is no engine
        Checkpoint = None

__all__ = ["Checkpoint", "Harness"]


class Harness:
    """Runs an application on one thread, with a clock that only the test moves. `send` takes the
    place of sources of bytes, and `output` that of sinks of bytes; nothing is opened. Other sources
    and sinks work as they are. When a stage fails, the call that made it run raises StageError.

    start:     the wall clock at the beginning, a datetime; by default the year 2100, so that no time
               of a test is ahead of it
    executors: as with `--threads`; all run on the calling thread, in turn
    restore:   the checkpoint from which to go on
    allow_dropped_state: a checkpoint may have the state of stages that are no more"""

    def __init__(self, application: Application, start: Optional[datetime] = None,
                 executors: int = 1, restore: Optional[Checkpoint] = None,
                 allow_dropped_state: bool = False) -> None:
        from ._engine import Harness as EngineHarness
        trust_present_modules()
        with raising():
            self._engine = EngineHarness(application._engine,
                                         None if start is None else datetime_ns(start), executors,
                                         restore, allow_dropped_state)

    def send(self, source: str, frame: Union[bytes, str]) -> None:
        """Gives one frame to the decoder of a source of bytes, and runs every stage that it
        reaches. A str is sent as UTF-8."""
        with raising():
            self._engine.send(source, frame.encode() if isinstance(frame, str) else bytes(frame))

    def push(self, source: str, record: Any) -> None:
        """Puts a record in place of one that the decoder of a source of bytes would make, and runs
        every stage that it reaches."""
        with raising():
            self._engine.push(source, record)

    def run(self) -> None:
        """Runs until nothing is left to do at the present time: takes all records that iterables
        and other sources of objects have."""
        with raising():
            self._engine.run()

    def advance(self, by: Duration) -> None:
        """Moves the clock forward, and runs what is due then, such as timers and time-outs."""
        with raising():
            self._engine.advance(to_ns(by, "advance"))

    def checkpoint(self) -> Checkpoint:
        """Takes a checkpoint of everything that was run so far: a value for `restore`."""
        with raising():
            checkpoint: Checkpoint = self._engine.checkpoint()
            return checkpoint

    def end(self) -> None:
        """Ends all sources: open windows and timers fire."""
        with raising():
            self._engine.end()

    def output(self, sink: str) -> List[bytes]:
        """Returns the encoded records that a sink of bytes was given since the last call."""
        with raising():
            return list(self._engine.output(sink))

    def records(self, sink: str) -> List[Any]:
        """Returns the records that a sink of bytes was given since the last call, as they were
        before they were encoded."""
        return list(self._engine.records(sink))

    def metrics_text(self) -> str:
        """Returns the present values of all metrics, as Prometheus text."""
        return str(self._engine.metrics_text())

    def close(self) -> None:
        """Gives up the stages and their state."""
        self._engine = None  # type: ignore[assignment]
        forget_failures()

    def __enter__(self) -> Harness:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
