"""Ready decoders and encoders, and how a function becomes one."""

from __future__ import annotations

import json as _json
import struct as _struct
from typing import Any, Callable, Generic, Optional, Tuple, TypeVar, Union

T = TypeVar("T")


#: What the engine is told of a decoder: its kind, a function that reads the frames that this kind
#: does not read, what makes the record of the values, and the format of the values and their bytes.
DecoderWords = Tuple[str, Optional[Callable[[bytes], Any]], Optional[Callable[..., Any]], str, int]


class ReadyDecoder(Generic[T]):
    """A decoder that the engine has, which gives records of type T."""

    def __init__(self, kind: str, function: Optional[Callable[[bytes], T]] = None,
                 make: Optional[Callable[..., T]] = None, format: str = "", size: int = 0) -> None:
        self._kind = kind
        self._function = function
        self._make = make
        self._format = format
        self._size = size

    def _words(self) -> DecoderWords:
        return self._kind, self._function, self._make, self._format, self._size


class ReadyEncoder(Generic[T]):
    """An encoder that the engine has, which takes records of type T."""

    def __init__(self, kind: str, function: Optional[Callable[[Any], Any]] = None,
                 prefixed: bool = False, separator: str = "") -> None:
        self._kind = kind
        self._function = function
        self._prefixed = prefixed
        self._separator = separator

    def _words(self) -> Tuple[str, Optional[Callable[[Any], Any]], bool, str]:
        return self._kind, self._function, self._prefixed, self._separator


#: Takes the bytes of a frame and returns the record, or None for a frame that is none.
DecoderOf = Union[Callable[[bytes], Optional[T]], ReadyDecoder[T]]
#: Takes a record and returns bytes, or a str to be sent as UTF-8, or None for nothing.
EncoderOf = Union[Callable[[T], Union[bytes, str, None]], ReadyEncoder[T]]

#: Decodes a frame of UTF-8 to a str.
text: ReadyDecoder[str] = ReadyDecoder("text")
#: The bytes of a frame as they are.
raw: ReadyDecoder[bytes] = ReadyDecoder("raw")
#: Decodes a frame of JSON; `null` is a record, too.
json: ReadyDecoder[Any] = ReadyDecoder("json", _json.loads)

#: Encodes a str as UTF-8, bytes as they are, other objects as their str(), each with a line end.
line: ReadyEncoder[Any] = ReadyEncoder("line")
#: Encodes a record as JSON, with a line end.
json_line: ReadyEncoder[Any] = ReadyEncoder(
    "json_line", _json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode)


def struct(format: str, cls: Optional[Callable[..., T]] = None) -> ReadyDecoder[Any]:
    """Returns a decoder of frames of this format of the module struct. With `cls`, the record is
    `cls(*values)`, else it is the tuple of values. Raises struct.error for a wrong format."""
    layout = _struct.Struct(format)
    decode: Callable[[bytes], Any] = layout.unpack
    if cls is not None:
        decode = _making(cls, decode)
    return ReadyDecoder("struct", decode, cls, layout.format, layout.size)


def _making(make: Callable[..., T], unpack: Callable[[bytes], Any]) -> Callable[[bytes], T]:
    def decode(frame: bytes) -> T:
        return make(*unpack(frame))

    return decode


def framed(encode: EncoderOf[T]) -> ReadyEncoder[T]:
    """Returns an encoder that puts the number of bytes of each record before it, in 4 bytes, big
    endian: a TCP source with the default framing reads that."""
    kind, function, _, separator = encoder_words(encode, "framed")
    return ReadyEncoder(kind, function, True, separator)


def fields(separator: str = " ") -> ReadyEncoder[Any]:
    """Returns an encoder of tuples and lists: their elements as `line` writes them, with the
    separator between them, and a line end."""
    return ReadyEncoder("fields", None, False, separator)


def decoder_words(decode: Any, what: str) -> DecoderWords:
    """What the engine is told of a decoder. Raises TypeError that names `what`."""
    if isinstance(decode, ReadyDecoder):
        return decode._words()
    if not callable(decode):
        raise TypeError(f"{what}: decode must be a function of bytes or a ready decoder such as "
                        f"wallaroo.text, not {type(decode).__name__}")
    return "function", decode, None, "", 0


def encoder_words(encode: Any, what: str,
                  ) -> Tuple[str, Optional[Callable[[Any], Any]], bool, str]:
    """What the engine is told of an encoder. Raises TypeError that names `what`."""
    if encode is text or encode is raw:  # the names serve both ways
        return "text", None, False, ""
    if isinstance(encode, ReadyEncoder):
        return encode._words()
    if not callable(encode):
        raise TypeError(f"{what}: encode must be a function of the record or a ready encoder such "
                        f"as wallaroo.line, not {type(encode).__name__}")
    return "function", encode, False, ""
