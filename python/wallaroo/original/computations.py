"""The decorators that wrap an application's functions, and what they require of a function."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Optional, Type, TypeVar, cast

from .bases import (
    BaseWrapped,
    Computation,
    ComputationMulti,
    KeyExtractor,
    OctetDecoder,
    OctetEncoder,
    StateComputation,
    StateComputationMulti,
)
from .errors import api_error
from .wrappers import Function, _wallaroo_wrap, name_of_function

W = TypeVar("W", bound=BaseWrapped)

_AGGREGATION_METHODS = ("initial_accumulator", "update", "combine", "output")


def _validate_arity_compatability(name: str, obj: Any, arity: int) -> None:
    """Raises WallarooParameterError unless `obj` can be called with `arity` arguments by position.

    A callable whose parameters Python cannot tell, such as some of those in C, is taken as it is.
    """
    if not callable(obj):
        raise api_error(f"{name} needs a function, but got {obj!r}.")
    counts = _argument_counts(obj)
    if counts is not None and arity not in counts:
        taken = " or ".join(str(count) for count in counts)
        raise api_error(f"the function of {name} is called with {arity} argument"
                        f"{'s' * (arity != 1)}, but it takes {taken}.")


def _argument_counts(function: Callable[..., Any]) -> Optional[range]:
    """Returns how many arguments a function may get by position, or None if Python cannot tell.
    Arguments that only `*args` would take do not count."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    has_default = [each.default is not each.empty for each in parameters
                   if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return range(has_default.count(False), len(has_default) + 1)


def _validate_aggregation(aggregation: Any) -> None:
    """Raises WallarooParameterError unless `aggregation`, class or instance, has all methods."""
    missing = [each for each in _AGGREGATION_METHODS if not hasattr(aggregation, each)]
    if missing:
        raise api_error(f"windows cannot be over {aggregation!r}: it has no "
                        f"{', no '.join(missing)}.")


def decorated(name: str, func: Function, arity: int, base_cls: Type[W], **kwargs: Any) -> W:
    """Returns a wrapper of `func`, see `_wallaroo_wrap`. Raises WallarooParameterError when `func`
    cannot be called with `arity` arguments."""
    _validate_arity_compatability(name, func, arity)
    return cast(W, _wallaroo_wrap(name, func, base_cls, **kwargs)())


def _validate_state(name: str, state: Any) -> None:
    if not callable(state):
        raise api_error(f"The state of {name} must be a class or a function without arguments that "
                        f"makes the state of a new key, but is {state!r}.")


def computation(name: str) -> Callable[[Function], Computation]:
    """Decorates a function of a record as a computation of this name."""
    return lambda func: decorated(name, func, 1, Computation)


def computation_multi(name: str) -> Callable[[Function], ComputationMulti]:
    """Decorates a function of a record that returns a list of records."""
    return lambda func: decorated(name, func, 1, ComputationMulti)


def state_computation(name: str,
                      state: Callable[[], Any]) -> Callable[[Function], StateComputation]:
    """Decorates a function of a record and a state; `state()` makes the state of a new key."""
    _validate_state(name, state)
    return lambda func: decorated(name, func, 2, StateComputation, state_class=state)


def state_computation_multi(
        name: str, state: Callable[[], Any]) -> Callable[[Function], StateComputationMulti]:
    """Decorates a function of a record and a state that returns a list of records."""
    _validate_state(name, state)
    return lambda func: decorated(name, func, 2, StateComputationMulti, state_class=state)


def key_extractor(func: Function) -> KeyExtractor:
    """Decorates a function that returns a record's key: str, bytes, or int, which is `chr(int)`."""
    return decorated(name_of_function(func), func, 1, KeyExtractor)


def decoder(header_length: int, length_fmt: str) -> Callable[[Function], OctetDecoder]:
    """Decorates a function that makes a record of a frame's bytes. Frames begin with a header of
    `header_length` bytes; `struct.unpack(length_fmt, header)[0]` is the length of what follows."""
    return lambda func: decorated(
        name_of_function(func), func, 1, OctetDecoder,
        header_length=header_length, length_fmt=length_fmt)


def encoder(func: Function) -> OctetEncoder:
    """Decorates a function that makes bytes, or a str, of a record."""
    return decorated(name_of_function(func), func, 1, OctetEncoder)
