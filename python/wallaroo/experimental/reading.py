"""Iterators of messages with a position to which they can go back."""

from __future__ import annotations

import abc
import struct
import time
from collections.abc import Iterator
from typing import Any, NoReturn, Optional, Tuple, Union


class BaseIter(Iterator[Any]):
    """The base of iterators that keep their own state: a subclass has `__next__`."""

    def next(self) -> Any:
        """Does the same as the function `next`, as iterators of Python 2 had it."""
        return next(self)

    def throw(self, *exception: Any) -> NoReturn:
        """Raises StopIteration, whatever the exception is: iterators of this kind catch none."""
        raise StopIteration


class BaseSource(abc.ABC):
    """The base of sources of a `MultiSourceConnector`. A subclass has the attributes `name` and
    `key`, both bytes. A position says what comes next: 0 at the beginning, and then the number that
    came with the last message; these rise."""

    name: bytes
    key: bytes

    @abc.abstractmethod
    def __str__(self) -> str:
        """Returns a description for people."""

    @abc.abstractmethod
    def reset(self, pos: int = 0) -> None:
        """Goes to position `pos`."""

    @abc.abstractmethod
    def point_of_ref(self) -> int:
        """Returns the position."""

    @abc.abstractmethod
    def __next__(self) -> Tuple[Optional[bytes], int]:
        """Returns the next message and the position behind it; the message is None when there is
        none at the moment. Raises StopIteration at the end."""

    @abc.abstractmethod
    def wallaroo_acked(self, pos: int) -> None:
        """Called when the application will not ask for messages up to `pos` again."""

    def close(self) -> None:
        """Called when the application has the whole source."""


class FramedFileReader(BaseIter, BaseSource):
    """Reads a file of messages, each of which has its length in front, a big-endian u32. A message
    without its end, at the end of the file, is none. Positions are offsets in the file."""

    def __init__(self, filename: str) -> None:
        self.file = open(filename, "rb")
        self.name = self.key = filename.encode()

    def __str__(self) -> str:
        place = "closed" if self.file.closed else f"at byte {self.file.tell()}"
        return f"{self.file.name} ({place})"

    def point_of_ref(self) -> int:
        """Returns the offset of what comes next, or -1 when the file is closed."""
        return -1 if self.file.closed else self.file.tell()

    def reset(self, pos: int = 0) -> None:
        """Goes to this offset."""
        self.file.seek(pos)

    def __next__(self) -> Tuple[Optional[bytes], int]:
        start = self.file.tell()
        message = self._read_message()
        if message is None:
            self.file.seek(start)
            raise StopIteration
        return (message, self.file.tell())

    def _read_message(self) -> Optional[bytes]:
        header = self.file.read(4)
        if len(header) < 4:
            return None
        length: int = struct.unpack(">I", header)[0]
        message = self.file.read(length)
        return message if len(message) == length else None

    def wallaroo_acked(self, pos: int) -> None:
        """Does nothing: the file stays as it is."""

    def close(self) -> None:
        """Closes the file."""
        self.file.close()


class ThrottledFileReader(FramedFileReader):
    """Reads a file of framed messages or of lines, at most `limit_rate` messages in a second; 0 or
    None is no limit. A line keeps its end. Raises ValueError unless exactly one of `is_framed` and
    `is_text_lines` is true."""

    def __init__(self, filename: str, limit_rate: Union[int, float, None], is_framed: bool = True,
                 is_text_lines: bool = False) -> None:
        if bool(is_framed) == bool(is_text_lines):
            raise ValueError("either is_framed or is_text_lines must be true")
        super().__init__(filename)
        self._is_text_lines = bool(is_text_lines)
        self._pause_s = 1 / limit_rate if limit_rate else 0.0
        self._next_at = 0.0

    def __next__(self) -> Tuple[Optional[bytes], int]:
        now = time.monotonic()
        if now < self._next_at:
            return (None, self.file.tell())
        result = super().__next__()
        # A reader that was kept waiting for longer than a pause does not catch up.
        in_time = now - self._next_at < self._pause_s
        self._next_at = (self._next_at if in_time else now) + self._pause_s
        return result

    def _read_message(self) -> Optional[bytes]:
        if not self._is_text_lines:
            return super()._read_message()
        return self.file.readline() or None
