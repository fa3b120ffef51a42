"""Finds in an application's objects the functions that the engine calls."""

from __future__ import annotations

import struct
import sys
from typing import Any, Callable, Optional

from .bases import BaseWrapped, ConnectorEncoder
from .builder import AggregationFunctions, FixedInteger, Framing, Function
from .errors import ApplicationError
from .wrappers import FUNCTION, LENGTH_FORMAT

_INTEGER_CODES = "bBhHiIlLqQnN"
_DEFAULT_HEADER_LENGTH = 4


def method(owner: Any, name: str, what: str) -> Function:
    """Returns the method `name` of `owner`. Raises ApplicationError when it has none.

    Where the method is a wrapper's that only calls the user's function, this returns the function.
    """
    found = getattr(owner, name, None)
    if not callable(found):
        raise ApplicationError(f"{what} is {owner!r}, which has no {name}(): "
                               "decorate a function for it, or give an object of a class that has")
    return _unwrapped(owner, name) or found


def _unwrapped(owner: Any, name: str) -> Optional[Function]:
    """Returns the user's function if the decorators made the class of `owner`, and nobody has put
    another method in front of it."""
    kind = type(owner)
    if not isinstance(owner, BaseWrapped) or isinstance(owner, ConnectorEncoder):
        return None
    if FUNCTION not in vars(kind) or name in vars(owner):
        return None
    return getattr(kind, FUNCTION)  # type: ignore[no-any-return]


def name_of(computation: Any) -> str:
    """Returns the name of a stage: what `name()` returns, or that of the class."""
    name = getattr(computation, "name", None)
    text = name() if callable(name) else name
    return str(text) if text else type(computation).__name__


def is_many(computation: Any) -> bool:
    """Returns whether the computation returns lists of records."""
    return callable(getattr(computation, "compute_multi", None))


def compute_function(computation: Any) -> Function:
    """Returns the function of a computation or a state computation, as `Stream` wants it."""
    what = f"the computation '{name_of(computation)}'"
    if is_many(computation):
        return _checked_list(method(computation, "compute_multi", what), name_of(computation))
    return method(computation, "compute", what)


def _checked_list(function: Function, name: str) -> Function:
    def compute_multi(*args: Any) -> Any:
        results = function(*args)
        if results is None:
            return []
        if not isinstance(results, list):
            raise TypeError(f"computation '{name}' returned {type(results).__name__}: "
                            "it must return a list of records, or None")
        return [each for each in results if each is not None]

    return compute_multi


def framing(decoder: Any, what: str) -> Framing:
    """Returns how a decoder cuts frames."""
    length = method_as_is(decoder, "header_length", what)()
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 8:
        print(f"error: {what}: header_length() returned {length!r}, which is not between 1 and 8; "
              f"headers of {_DEFAULT_HEADER_LENGTH} bytes are taken instead", file=sys.stderr)
        length = _DEFAULT_HEADER_LENGTH
    return Framing(length, method_as_is(decoder, "payload_length", what),
                   _fixed_integer(decoder, length))


def method_as_is(owner: Any, name: str, what: str) -> Callable[..., Any]:
    """Returns the bound method `name` of `owner`. Raises ApplicationError when it has none."""
    method(owner, name, what)
    return getattr(owner, name)  # type: ignore[no-any-return]


def _fixed_integer(decoder: Any, header_length: int) -> Optional[FixedInteger]:
    form = vars(type(decoder)).get(LENGTH_FORMAT)
    if not isinstance(form, str) or "payload_length" in vars(decoder):
        return None
    order, code = (form[0], form[1:]) if form[:1] in "@=<>!" else ("@", form)
    if len(code) != 1 or code not in _INTEGER_CODES:
        return None
    try:
        size = struct.calcsize(form)
    except struct.error:  # such as "n" with a byte order
        return None
    if size != header_length:
        return None
    big_endian = order in ">!" or (order in "@=" and sys.byteorder == "big")
    return FixedInteger(size, big_endian, code.islower())


def aggregation_functions(aggregation: Any) -> AggregationFunctions:
    """Returns the functions of an aggregation."""
    what = f"the aggregation '{name_of(aggregation)}'"
    return AggregationFunctions(*(method_as_is(aggregation, name, what) for name in (
        "initial_accumulator", "update", "combine", "output")))
