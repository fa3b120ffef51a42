"""Wraps functions in classes that pickle can find.

A wrapper is an instance of a class made for its function. The class is an attribute of the module
`wallaroo`, so a wrapper is pickled as a reference to it. Every worker imports the application in
the same order and so gives each class the same name.
"""

from __future__ import annotations

import itertools
import struct
import sys
from collections import defaultdict
from typing import Any, Callable, DefaultDict, Dict, Iterator, Optional, Tuple, Type, Union

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
from .times import event_time_ms

Function = Callable[..., Any]
Base = Type[BaseWrapped]
Namespace = Dict[str, Any]

#: The attribute of a class made here that holds the user's function as it is, so that the engine
#: can call it without the wrapper's method between.
FUNCTION = "_wrapped_function"
#: The attribute that holds the format of the headers of a decoder made here.
LENGTH_FORMAT = "_length_format"

#: For each base, the numbers of the classes that are still to be made.
_numbers: DefaultDict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))


def name_of_function(func: Any) -> str:
    """Returns the name of a function, or of the class of another callable."""
    return str(getattr(func, "__name__", type(func).__name__))


def attach_to_module(cls: Base, cls_name: str, func: Any, idx: Optional[int] = None) -> Base:
    """Makes `cls` the attribute `<cls_name>_<idx>__<name of func>` of the module `wallaroo`."""
    kind = cls_name if idx is None else f"{cls_name}_{idx}"
    cls.__module__ = "wallaroo"
    cls.__name__ = cls.__qualname__ = f"{kind}__{name_of_function(func)}"
    setattr(sys.modules[cls.__module__], cls.__name__, cls)
    return cls


def _wallaroo_wrap(name: str, func: Function, base_cls: Base, **kwargs: Any) -> Base:
    """Makes a class for `func` and returns it.

    State computations need `state_class`; `OctetDecoder` needs `header_length` and `length_fmt`.
    """
    namespace = _maker(name, base_cls)(name, func, base_cls, **kwargs)
    namespace.update({"__doc__": getattr(func, "__doc__", None), FUNCTION: staticmethod(func)})
    number = next(_numbers[base_cls.__name__])
    return attach_to_module(type(base_cls.__name__, (base_cls,), namespace), base_cls.__name__,
                            func, number)


def _maker(name: str, base_cls: Base) -> Callable[..., Namespace]:
    """Returns the function that makes the methods of subclasses of `base_cls`."""
    for base, maker in _MAKERS:
        if issubclass(base_cls, base):
            return maker
    raise WallarooParameterError(f"{name}: nothing can be wrapped in {base_cls.__name__}.")


def _octet_decoder(_: str, func: Function, base_cls: Base, *, header_length: int,
                   length_fmt: str) -> Namespace:
    def payload_length(self: Any, bs: bytes) -> Any:
        return struct.unpack(length_fmt, bs)[0]

    return {"header_length": lambda self: header_length, "payload_length": payload_length,
            "decode": lambda self, bs: func(bs), LENGTH_FORMAT: length_fmt}


def _connector_decoder(name: str, func: Function, base_cls: Base) -> Namespace:
    cutting = _octet_decoder(name, func, base_cls, header_length=4, length_fmt=">I")
    return {**cutting, "decoder": lambda self: func}


def _encoder(_: str, func: Function, base_cls: Base) -> Namespace:
    return {"encode": lambda self, data: func(data)}


def _connector_encoder(_: str, func: Function, base_cls: Base) -> Namespace:
    def encode(self: Any, data: Any, event_time: Any = 0, key: Any = None) -> Optional[bytes]:
        encoded = func(data)
        if encoded is None:
            return None
        payload, raw_key = _bytes(encoded), b"" if key is None else _bytes(key)
        # Receivers of this format expect a length that counts its own four bytes.
        length = struct.calcsize(">IqI") + len(raw_key) + len(payload)
        header = struct.pack(">IqI", length, event_time_ms(event_time), len(raw_key))
        return header + raw_key + payload

    return {"encode": encode}


def _bytes(text: Union[str, bytes, bytearray, memoryview]) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _key_extractor(_: str, func: Function, base_cls: Base) -> Namespace:
    def extract_key(self: Any, data: Any) -> Any:
        key = func(data)
        return chr(key) if isinstance(key, int) else key

    return {"extract_key": extract_key}


def _method_of_computation(base_cls: Base) -> str:
    return "compute_multi" if issubclass(base_cls, ComputationMulti) else "compute"


def _state_computation(name: str, func: Function, base_cls: Base, *,
                       state_class: Callable[[], Any]) -> Namespace:
    return {"name": lambda self: name, "initial_state": lambda self: state_class(),
            _method_of_computation(base_cls): lambda self, data, state: func(data, state)}


def _computation(name: str, func: Function, base_cls: Base) -> Namespace:
    return {"name": lambda self: name,
            _method_of_computation(base_cls): lambda self, data: func(data)}


#: How the methods of a class are made, by its base. A base stands before those that it is made of.
_MAKERS: Tuple[Tuple[Base, Callable[..., Namespace]], ...] = (
    (OctetDecoder, _octet_decoder),
    (ConnectorDecoder, _connector_decoder),
    (ConnectorEncoder, _connector_encoder),
    (Encoder, _encoder),
    (KeyExtractor, _key_extractor),
    (StateComputation, _state_computation),
    (Computation, _computation),
)
