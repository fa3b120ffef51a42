"""Windows over a keyed stream: by time of arrival, or by count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict

from .computations import _validate_aggregation
from .errors import api_error


@dataclass(eq=False)
class RangeWindows:
    """Windows of `range` nanoseconds, made by a `RangeWindowsBuilder`; give it to `Pipeline.to`."""

    range: Any
    slide: Any
    delay: Any
    aggregation: Any
    late_data_policy: str


class RangeWindowsBuilder:
    """Describes range windows. Each `with_` method may be called once and returns this builder."""

    def __init__(self, range: Any) -> None:
        self._range = range
        self._chosen: Dict[str, Any] = {}

    def with_slide(self, slide: Any) -> RangeWindowsBuilder:
        """Begins a window every `slide` nanoseconds instead of every `range`."""
        return self._choose("slide", slide)

    def with_delay(self, delay: Any) -> RangeWindowsBuilder:
        """Fires windows `delay` nanoseconds after their end, for records that are late."""
        return self._choose("delay", delay)

    def with_late_data_policy(self, policy: str) -> RangeWindowsBuilder:
        """Says what becomes of records whose windows have fired: "drop" (the default),
        "fire-per-message" or "place-in-oldest-window"."""
        return self._choose("late_data_policy", policy)

    def over(self, aggregation: Any) -> RangeWindows:
        """Returns the windows over `aggregation`, a subclass of `Aggregation` or an instance."""
        settings = {"slide": self._range, "delay": 0, "late_data_policy": "drop", **self._chosen}
        return RangeWindows(range=self._range, aggregation=_instance_of(aggregation), **settings)

    def _choose(self, setting: str, value: Any) -> RangeWindowsBuilder:
        if setting in self._chosen:
            raise api_error(f"with_{setting}({value!r}) comes too late: these windows have the "
                            f"{setting} {self._chosen[setting]!r} already")
        if value is not None:  # None leaves the default
            self._chosen[setting] = value
        return self


@dataclass(eq=False)
class CountWindows:
    """Windows of `count` records of a key; give it to `Pipeline.to`."""

    count: Any
    aggregation: Any


class CountWindowsBuilder:
    """Describes windows of `count` records of a key."""

    def __init__(self, count: Any) -> None:
        self._count = count

    def over(self, aggregation: Any) -> CountWindows:
        """Returns the windows over `aggregation`, a subclass of `Aggregation` or an instance."""
        return CountWindows(self._count, _instance_of(aggregation))


def _instance_of(aggregation: Any) -> Any:
    """Makes an instance of a class. Instances of `Aggregation` return themselves when called."""
    _validate_aggregation(aggregation)
    return aggregation()


def range_windows(range: Any) -> RangeWindowsBuilder:
    """Begins the description of windows of `range` nanoseconds of arrival time."""
    return RangeWindowsBuilder(range)


def count_windows(count: Any) -> CountWindowsBuilder:
    """Begins the description of windows of `count` records."""
    return CountWindowsBuilder(count)
