"""Keys of applications of 2020: raw bytes without a type, so that "A" and b"A" are one key."""

from __future__ import annotations

from typing import Any


def raw_key(key: Any) -> bytes:
    """Returns the bytes of a key: those of a str in UTF-8, and `chr(key)` of an int.

    Raises TypeError for other types, None among them, and ValueError for an int that is no
    character.
    """
    if isinstance(key, bytes):
        return key
    if isinstance(key, int):
        key = chr(key)
    if isinstance(key, str):
        return key.encode("utf-8", "surrogatepass")
    raise TypeError(f"a key is a str, bytes or an int, but the key extractor returned {key!r}")


def key_text(key: bytes) -> str:
    """Returns the key as the `output` of an aggregation gets it. Bytes that are no UTF-8 become
    surrogate characters, as in the names of files."""
    try:
        return key.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return key.decode("utf-8", "surrogateescape")
