"""The streams of the process: what an application prints must be seen at once."""

from __future__ import annotations

import sys
from typing import Any, Iterable


class Unbuffered:
    """A text stream that flushes after each write; everything else is `stream`'s own."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, data: str) -> Any:
        """Writes `data` and flushes."""
        written = self.stream.write(data)
        self.stream.flush()
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes all `lines` and flushes once."""
        self.stream.writelines(lines)
        self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _needs_flushing(stream: Any) -> bool:
    if stream is None or isinstance(stream, Unbuffered):
        return False
    try:
        return not stream.isatty()
    except (AttributeError, ValueError):  # a stand-in without isatty, or a closed stream
        return False


def flush_at_once() -> None:
    """Makes stdout and stderr flush after each write when they are no terminals."""
    if _needs_flushing(sys.stdout):
        sys.stdout = Unbuffered(sys.stdout)
    if _needs_flushing(sys.stderr):
        sys.stderr = Unbuffered(sys.stderr)
