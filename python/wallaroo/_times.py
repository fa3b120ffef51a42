"""Durations and times as the engine counts them: nanoseconds."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Optional, Union

#: A length of time: a timedelta, or a text such as "250ms", "10s", "1.5h", "7d".
Duration = Union[timedelta, str]

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
          "min": 60_000_000_000, "h": 3_600_000_000_000, "d": 86_400_000_000_000}
_TEXT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*\Z")


def to_ns(duration: Duration, what: str) -> int:
    """Returns the nanoseconds of a duration. Raises ValueError that names `what` for a text that is
    none, TypeError for another type."""
    if isinstance(duration, timedelta):
        return ((duration.days * 86_400 + duration.seconds) * 1_000_000
                + duration.microseconds) * 1_000
    if not isinstance(duration, str):
        raise TypeError(f"{what} must be a timedelta or a text such as '10s', "
                        f"not {type(duration).__name__}")
    sign = -1 if duration.lstrip().startswith("-") else 1
    match = _TEXT.match(duration.lstrip().lstrip("-"))
    if match is None or match.group(2) not in _UNITS:
        raise ValueError(f"{what}: '{duration}' is no duration; write a number and one of "
                         f"{', '.join(_UNITS)}, such as '10s'")
    return sign * round(float(match.group(1)) * _UNITS[match.group(2)]) if "." in match.group(1) \
        else sign * int(match.group(1)) * _UNITS[match.group(2)]


def optional_ns(duration: Optional[Duration], what: str) -> Optional[int]:
    """The same, or None for None."""
    return None if duration is None else to_ns(duration, what)


def datetime_ns(time: datetime) -> int:
    """Returns the nanoseconds since 1970 of a datetime; one without a time zone is in UTC."""
    aware = time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)
    return to_ns(aware - datetime(1970, 1, 1, tzinfo=timezone.utc), "the time")


def ns_datetime(nanoseconds: int) -> datetime:
    """Returns the datetime in UTC, cut to microseconds."""
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=nanoseconds // 1000)
