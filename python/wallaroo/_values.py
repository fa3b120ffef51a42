"""How objects become bytes in checkpoints."""

from __future__ import annotations

from typing import Any, Callable, Optional, Type, TypeVar

T = TypeVar("T")


def register(cls: Type[T], *, name: Optional[str] = None,
             encode: Optional[Callable[[T], Any]] = None,
             decode: Optional[Callable[[Any], T]] = None) -> None:
    """Says how objects of a class are stored in checkpoints, where that is not what is wanted:
    dataclasses and plain classes need nothing.

    name:   a name that the class had when checkpoints were taken, "old.module.Class"; they can then
            be restored although it has moved or was renamed
    encode, decode: functions that replace an object by another one, which is stored, and back

    Raises TypeError for what is no class, ValueError for only one of the functions."""
    from ._engine import register_class
    register_class(cls, name, encode, decode)


def trust_present_modules() -> None:
    """Lets checkpoints name classes only of modules that are imported now, whatever bytes say."""
    from ._engine import allow_only_present_modules
    allow_only_present_modules()
