"""The streams of the process: what an application prints must be seen at once."""

from __future__ import annotations

import sys
from typing import Any, Callable


class Unbuffered:
    """A text stream that flushes after each write; everything else is `stream`'s own."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.write = self._then_flush(stream.write)
        self.writelines = self._then_flush(stream.writelines)

    def _then_flush(self, output: Callable[[Any], Any]) -> Callable[[Any], Any]:
        flush = self.stream.flush

        def write_and_flush(text: Any) -> Any:
            result = output(text)
            flush()
            return result

        return write_and_flush

    def __getattr__(self, name: str) -> Any:
        # How it is copied is its own matter; `stream` is missing only while a copy is made.
        if name == "stream" or name.startswith("__"):
            raise AttributeError(name)
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
