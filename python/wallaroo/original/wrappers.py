"""Wraps functions in classes that pickle can find.

A wrapper is an instance of a class made for its function. The class is an attribute of the module
`wallaroo`, so a wrapper is pickled as a reference to it. Every worker imports the application in
the same order and so gives each class the same name.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from datetime import datetime
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from .bases import (
    BaseWrapped,
    Computation,
    ComputationMulti,
    ConnectorDecoder,
    ConnectorEncoder,
    Encoder,
    KeyExtractor,
    OctetDecoder,
    StateComputation,
)
from .errors import WallarooParameterError
from .times import dt_to_timestamp

Function = Callable[..., Any]
Base = Type[BaseWrapped]
Namespace = Dict[str, Any]

#: The attribute of a class made here that holds the user's function as it is, so that the engine
#: can call it without the wrapper's method between.
FUNCTION = "_wrapped_function"
#: The attribute that holds the format of the headers of a decoder made here.
LENGTH_FORMAT = "_length_format"

_made: Counter[str] = Counter()


def attach_to_module(cls: Base, cls_name: str, func: Any, idx: Optional[int] = None) -> Base:
    """Makes `cls` the attribute `<cls_name>_<idx>__<name of func>` of the module `wallaroo`."""
    number = "" if idx is None else f"_{idx}"
    name = f"{cls_name}{number}__{getattr(func, '__name__', type(func).__name__)}"
    cls.__name__ = name
    cls.__qualname__ = name
    cls.__module__ = "wallaroo"
    setattr(sys.modules["wallaroo"], name, cls)
    return cls


def _wallaroo_wrap(name: str, func: Function, base_cls: Base, **kwargs: Any) -> Base:
    """Makes a class for `func` and returns it.

    State computations need `state_class`; `OctetDecoder` needs `header_length` and `length_fmt`.
    """
    namespace: Namespace = {"__doc__": getattr(func, "__doc__", None),
                            FUNCTION: staticmethod(func)}
    namespace.update(_methods(name, func, base_cls, kwargs))
    _made[base_cls.__name__] += 1
    kind = type(base_cls.__name__, (base_cls,), namespace)
    return attach_to_module(kind, base_cls.__name__, func, _made[base_cls.__name__])


def _methods(name: str, func: Function, base_cls: Base, settings: Dict[str, Any]) -> Namespace:
    makers: List[Tuple[Base, Callable[[], Namespace]]] = [
        (StateComputation, lambda: _state_computation(name, func, base_cls, **settings)),
        (Computation, lambda: _computation(name, func, base_cls)),
        (KeyExtractor, lambda: _key_extractor(func)),
        (ConnectorEncoder, lambda: _connector_encoder(func)),
        (Encoder, lambda: _encoder(func)),
        (OctetDecoder, lambda: _octet_decoder(func, **settings)),
        (ConnectorDecoder, lambda: _connector_decoder(func)),
    ]
    for kind, make in makers:
        if issubclass(base_cls, kind):
            return make()
    raise WallarooParameterError(f"{name}: nothing can be wrapped in {base_cls.__name__}.")


def _compute_name(base_cls: Base) -> str:
    return "compute_multi" if issubclass(base_cls, ComputationMulti) else "compute"


def _computation(name: str, func: Function, base_cls: Base) -> Namespace:
    def compute(self: Any, data: Any) -> Any:
        return func(data)

    return {"name": lambda self: name, _compute_name(base_cls): compute}


def _state_computation(name: str, func: Function, base_cls: Base, *,
                       state_class: Callable[[], Any]) -> Namespace:
    def compute(self: Any, data: Any, state: Any) -> Any:
        return func(data, state)

    return {"name": lambda self: name, _compute_name(base_cls): compute,
            "initial_state": lambda self: state_class()}


def _key_extractor(func: Function) -> Namespace:
    def extract_key(self: Any, data: Any) -> Any:
        key = func(data)
        return chr(key) if isinstance(key, int) else key

    return {"extract_key": extract_key}


def _encoder(func: Function) -> Namespace:
    def encode(self: Any, data: Any) -> Any:
        return func(data)

    return {"encode": encode}


def _connector_encoder(func: Function) -> Namespace:
    def encode(self: Any, data: Any, event_time: Any = 0, key: Any = None) -> bytes:
        payload = func(data)
        payload = payload.encode() if isinstance(payload, str) else payload
        time = dt_to_timestamp(event_time) if isinstance(event_time, datetime) else int(event_time)
        raw_key = b"" if key is None else key.encode() if isinstance(key, str) else key
        # Receivers of this format expect a length that counts its own four bytes.
        length = 4 + 8 + 4 + len(raw_key) + len(payload)
        return struct.pack(">IqI", length, time, len(raw_key)) + raw_key + bytes(payload)

    return {"encode": encode}


def _octet_decoder(func: Function, *, header_length: int, length_fmt: str) -> Namespace:
    def payload_length(self: Any, bs: bytes) -> Any:
        return struct.unpack(length_fmt, bs)[0]

    def decode(self: Any, bs: bytes) -> Any:
        return func(bs)

    return {"header_length": lambda self: header_length, "payload_length": payload_length,
            "decode": decode, LENGTH_FORMAT: length_fmt}


def _connector_decoder(func: Function) -> Namespace:
    namespace = _octet_decoder(func, header_length=4, length_fmt=">I")
    namespace["decoder"] = lambda self: func
    return namespace
