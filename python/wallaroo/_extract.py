"""Values that the engine finds in a record without calling Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Tuple, TypeVar, Union

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Item:
    """`record[key]`: an item of a dict, a tuple or a list."""

    key: Any


@dataclass(frozen=True)
class Attr:
    """`record.name`: an attribute of an object."""

    name: str


@dataclass(frozen=True)
class Itself:
    """The record itself."""


#: How a value is found in a record: a function of the record, Item or Attr.
Extractor = Union[Callable[[T], U], Item, Attr, Itself]


def words_of(extractor: Any, what: str) -> Tuple[str, Any]:
    """Returns what the engine is told. Raises TypeError that names `what` for anything else."""
    if isinstance(extractor, Item):
        return "item", extractor.key
    if isinstance(extractor, Attr):
        return "attribute", extractor.name
    if isinstance(extractor, Itself):
        return "record", ""
    if callable(extractor):
        return "function", extractor
    raise TypeError(f"{what} must be a function of the record, Item(key), Attr(name) or "
                    f"Itself(), not {type(extractor).__name__}")
