"""Windows over a keyed stream: by time of arrival, or by count."""

from __future__ import annotations

from typing import Any, Optional

from .computations import _validate_aggregation
from .errors import api_error


class RangeWindows:
    """Windows of `range` nanoseconds, made by a `RangeWindowsBuilder`; give it to `Pipeline.to`."""

    def __init__(self, range: Any, slide: Any, delay: Any, aggregation: Any,
                 late_data_policy: str) -> None:
        self.range = range
        self.slide = slide
        self.delay = delay
        self.aggregation = aggregation
        self.late_data_policy = late_data_policy


class RangeWindowsBuilder:
    """Describes range windows. Each `with_` method may be called once and returns this builder."""

    def __init__(self, range: Any) -> None:
        self._range = range
        self._slide: Optional[Any] = None
        self._delay: Optional[Any] = None
        self._late_data_policy: Optional[str] = None

    def with_slide(self, slide: Any) -> RangeWindowsBuilder:
        """Begins a window every `slide` nanoseconds instead of every `range`."""
        if self._slide is not None:
            raise api_error("with_slide() may be called once for range windows.")
        self._slide = slide
        return self

    def with_delay(self, delay: Any) -> RangeWindowsBuilder:
        """Fires windows `delay` nanoseconds after their end, for records that are late."""
        if self._delay is not None:
            raise api_error("with_delay() may be called once for range windows.")
        self._delay = delay
        return self

    def with_late_data_policy(self, policy: str) -> RangeWindowsBuilder:
        """Says what becomes of records whose windows have fired: "drop" (the default),
        "fire-per-message" or "place-in-oldest-window"."""
        if self._late_data_policy is not None:
            raise api_error("with_late_data_policy() may be called once for range windows.")
        self._late_data_policy = policy
        return self

    def over(self, aggregation: Any) -> RangeWindows:
        """Returns the windows over `aggregation`, a subclass of `Aggregation` or an instance."""
        return RangeWindows(
            self._range,
            self._range if self._slide is None else self._slide,
            0 if self._delay is None else self._delay,
            _instance_of(aggregation),
            "drop" if self._late_data_policy is None else self._late_data_policy)


class CountWindows:
    """Windows of `count` records of a key; give it to `Pipeline.to`."""

    def __init__(self, count: Any, aggregation: Any) -> None:
        self.count = count
        self.aggregation = aggregation


class CountWindowsBuilder:
    """Describes windows of `count` records of a key."""

    def __init__(self, count: Any) -> None:
        self._count = count

    def over(self, aggregation: Any) -> CountWindows:
        """Returns the windows over `aggregation`, a subclass of `Aggregation` or an instance."""
        return CountWindows(self._count, _instance_of(aggregation))


def _instance_of(aggregation: Any) -> Any:
    _validate_aggregation(aggregation)
    return aggregation()


def range_windows(range: Any) -> RangeWindowsBuilder:
    """Begins the description of windows of `range` nanoseconds of arrival time."""
    return RangeWindowsBuilder(range)


def count_windows(count: Any) -> CountWindowsBuilder:
    """Begins the description of windows of `count` records."""
    return CountWindowsBuilder(count)
