"""How objects of an application become bytes: by its own functions, or by pickle."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Callable, Optional


def serialize(obj: Any) -> bytes:
    """Returns `obj` as bytes, by pickle. Used unless the application's module has both hooks."""
    return pickle.dumps(obj)


def deserialize(data: bytes) -> Any:
    """Returns the object of bytes that `serialize` made."""
    return pickle.loads(data)


@dataclass(frozen=True)
class Hooks:
    """The application's own `serialize` and `deserialize`.

    They replace every other encoding of records between workers, of state and accumulators in
    checkpoints, and of a generator's current value. They may know only the application's own types,
    so give them nothing else; keys never go through them.
    """

    dumps: Callable[[Any], Any]
    loads: Callable[[bytes], Any]

    def serialize(self, obj: Any) -> bytes:
        """Returns `obj` as bytes. Raises TypeError when the application's hook returns no bytes."""
        data = self.dumps(obj)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(
                f"the application's serialize() returned {type(data).__name__} for an object of "
                f"{type(obj).__name__}: it must return bytes")
        return bytes(data)

    def deserialize(self, data: bytes) -> Any:
        """Returns the object. Raises TypeError when the application's hook returns None."""
        obj = self.loads(data)
        if obj is None:
            raise TypeError(f"the application's deserialize() returned None for {len(data)} bytes: "
                            "it must return the object that serialize() was given")
        return obj


def choose_hooks(module: ModuleType) -> Optional[Hooks]:
    """Returns the hooks of the application's module if it has both, or None.

    Names that the module took over from `wallaroo` by an import are no hooks of its own.
    """
    dumps = getattr(module, "serialize", None)
    loads = getattr(module, "deserialize", None)
    if not callable(dumps) or not callable(loads):
        return None
    if dumps is serialize and loads is deserialize:
        return None
    return Hooks(dumps, loads)
