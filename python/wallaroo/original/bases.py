"""The base classes of an application's functions."""

from __future__ import annotations

from typing import Any, TypeVar

Self = TypeVar("Self", bound="BaseWrapped")


class BaseWrapped:
    """The base of everything that the decorators make."""

    def __call__(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Returns the wrapper itself, so that `to(f)`, `to(f())` and `to(f(1))` are the same."""
        return self


class Computation(BaseWrapped):
    """A function of a record. `compute(data)` returns a record, or None for none."""

    is_stateful = False

    def name(self) -> str:
        """Returns the name of the stage."""
        return type(self).__name__


class ComputationMulti(Computation):
    """A function of a record. `compute_multi(data)` returns a list of records, or None for none."""


class StateComputation(Computation):
    """A function of a record and the state of its key. `compute(data, state)` changes the state in
    place and returns a record or None; `initial_state()` makes the state of a new key."""

    is_stateful = True


class StateComputationMulti(StateComputation, ComputationMulti):
    """A state computation whose `compute_multi(data, state)` returns a list of records or None."""


class Aggregation(BaseWrapped):
    """The base of aggregations over windows. Subclasses have `initial_accumulator()`,
    `update(data, accumulator)`, which changes the accumulator in place, `combine(a, b)`, which
    returns an accumulator and changes neither, and `output(key, accumulator)`."""

    def name(self) -> str:
        """Returns the name of the stage, that of the class."""
        return type(self).__name__


class KeyExtractor(BaseWrapped):
    """`extract_key(data)` returns the key of a record: str, bytes or int."""


class Encoder(BaseWrapped):
    """The base of encoders: `encode(data)` returns the bytes for a sink, or None for nothing."""


class OctetEncoder(Encoder):
    """An encoder whose bytes are sent as they are."""


class ConnectorEncoder(Encoder):
    """An encoder of messages for a connector: `encode(data, event_time=0, key=None)`."""


class Decoder(BaseWrapped):
    """The base of decoders: `header_length()` bytes come first, of which `payload_length(header)`
    tells how many follow; `decode(payload)` returns a record, or None for none."""


class OctetDecoder(Decoder):
    """A decoder of frames of bytes."""


class ConnectorDecoder(Decoder):
    """A decoder of the payloads of messages of a connector; `decoder()` returns the function."""
