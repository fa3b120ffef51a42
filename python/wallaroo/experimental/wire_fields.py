"""The fields of the connector protocol's messages, and the base of their classes.

All numbers are big-endian.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, List, Sequence, Tuple, Type, TypeVar, Union

M = TypeVar("M", bound="WireMessage")


class Reader:
    """The bytes of one message, read from the front. Raises struct.error when they are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """Returns the next `count` bytes."""
        taken = self._data[self._at:self._at + count]
        if len(taken) != count:
            raise struct.error(f"a message of {len(self._data)} bytes is too short for its fields")
        self._at += count
        return taken

    def number(self, form: str) -> Any:
        """Returns the next number, of a format of the module struct."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def rest(self) -> bytes:
        """Returns all bytes that are left."""
        return self.take(len(self._data) - self._at)


class Field:
    """How a field becomes bytes and is read again."""

    def __init__(self, write: Callable[[Any], bytes], read: Callable[[Reader], Any]) -> None:
        self.write = write
        self.read = read


def _number(form: str) -> Field:
    return Field(lambda value: struct.pack(form, value), lambda reader: reader.number(form))


def raw(value: Union[str, bytes, None]) -> bytes:
    """Returns the bytes of a text, which may be given as either."""
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else bytes(value)


def _write_short(value: Union[str, bytes, None]) -> bytes:
    data = raw(value)
    return struct.pack(">H", len(data)) + data


def _read_short(reader: Reader) -> bytes:
    return reader.take(reader.number(">H"))


def _write_long(value: Union[str, bytes, None]) -> bytes:
    data = raw(value)
    return struct.pack(">I", len(data)) + data


def listed(*columns: Field) -> Field:
    """A u32 count, and as many rows. A row of one column is its value, else a tuple."""

    def write(rows: Sequence[Any]) -> bytes:
        cells = [[row] if len(columns) == 1 else row for row in rows]
        return struct.pack(">I", len(rows)) + b"".join(
            column.write(cell) for row in cells for column, cell in zip(columns, row))

    def read(reader: Reader) -> List[Any]:
        rows = [tuple(column.read(reader) for column in columns)
                for _ in range(reader.number(">I"))]
        return [row[0] for row in rows] if len(columns) == 1 else rows

    return Field(write, read)


U32 = _number(">I")
U64 = _number(">Q")
I64 = _number(">q")
BOOL = Field(lambda value: b"\x01" if value else b"\x00", lambda reader: reader.take(1) != b"\x00")
TEXT = Field(_write_short, lambda reader: _read_short(reader).decode())
SHORT_BYTES = Field(_write_short, _read_short)
#: Bytes, of which none are None.
OPTIONAL_SHORT_BYTES = Field(_write_short, lambda reader: _read_short(reader) or None)
#: A text with a longer length; an empty one is None.
OPTIONAL_LONG_TEXT = Field(
    _write_long, lambda reader: reader.take(reader.number(">I")).decode() or None)
#: What is left of the message; nothing is None.
OPTIONAL_REST = Field(raw, lambda reader: reader.rest() or None)


class WireMessage:
    """The base of messages. Two are equal when they are of one class and have the same bytes."""

    #: The attributes in the order in which they are sent, which is that of the constructor.
    FIELDS: Tuple[Tuple[str, Field], ...] = ()
    __hash__ = None  # type: ignore[assignment]

    def encode(self) -> bytes:
        """Returns the message's bytes, without its type and length."""
        return b"".join(field.write(getattr(self, name)) for name, field in self.FIELDS)

    @classmethod
    def decode(cls: Type[M], bs: bytes) -> M:
        """Returns the message of these bytes. Raises struct.error when they are too few."""
        reader = Reader(bs)
        return cls(*[field.read(reader) for _, field in cls.FIELDS])

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, WireMessage):
            return NotImplemented
        return self.encode() == other.encode()

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name, _ in self.FIELDS)
        return f"{type(self).__name__}({values})"
