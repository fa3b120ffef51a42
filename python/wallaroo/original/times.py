"""Durations in nanoseconds, and timestamps in milliseconds."""

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


def dt_to_timestamp(dt: datetime) -> int:
    """Returns the milliseconds from 1970 to `dt`, rounded down. A time without a zone is UTC."""
    aware = dt if dt.tzinfo is not None else dt.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def event_time_ms(event_time: Any) -> int:
    """Returns the event time of a message, which may be a datetime, as the messages have it."""
    return dt_to_timestamp(event_time) if isinstance(event_time, datetime) else int(event_time)
