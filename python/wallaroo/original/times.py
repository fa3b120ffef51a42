"""Durations in nanoseconds, and times since 1970."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

Number = TypeVar("Number", int, float)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def nanoseconds(x: Number) -> Number:
    """Returns `x` nanoseconds, the unit of all durations of windows."""
    return x


def microseconds(x: Number) -> Number:
    """Returns `x` microseconds in nanoseconds; a float gives a float."""
    return x * 1000


def milliseconds(x: Number) -> Number:
    """Returns `x` milliseconds in nanoseconds; a float gives a float."""
    return x * 1_000_000


def seconds(x: Number) -> Number:
    """Returns `x` seconds in nanoseconds; a float gives a float."""
    return x * 1_000_000_000


def minutes(x: Number) -> Number:
    """Returns `x` minutes in nanoseconds; a float gives a float."""
    return x * 60_000_000_000


def hours(x: Number) -> Number:
    """Returns `x` hours in nanoseconds; a float gives a float."""
    return x * 3_600_000_000_000


def _since_epoch(dt: datetime) -> timedelta:
    """A time without a zone is UTC."""
    aware = dt if dt.tzinfo is not None else dt.replace(tzinfo=timezone.utc)
    return aware - _EPOCH


def dt_to_timestamp(dt: datetime) -> float:
    """Returns the seconds from 1970 to `dt`. A time without a zone is UTC."""
    return _since_epoch(dt).total_seconds()


def event_time_ms(event_time: Any) -> int:
    """Returns the event time of a message in milliseconds. A datetime is rounded down."""
    if isinstance(event_time, datetime):
        return _since_epoch(event_time) // timedelta(milliseconds=1)
    return int(event_time)
