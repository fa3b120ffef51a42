"""The decorators of functions that make records of a connector's messages, and the reverse."""

from __future__ import annotations

from typing import Any, Callable

from ..original.bases import ConnectorDecoder, ConnectorEncoder, OctetDecoder, OctetEncoder
from ..original.computations import _decorated, _name_of

Function = Callable[..., Any]


def stream_message_decoder(func: Function) -> ConnectorDecoder:
    """Decorates a function that makes a record of a message's bytes."""
    wrapper: ConnectorDecoder = _decorated(_name_of(func), func, 1, ConnectorDecoder)
    return wrapper


def stream_message_encoder(func: Function) -> ConnectorEncoder:
    """Decorates a function that makes a message's bytes of a record. The wrapper's
    `encode(data, event_time=0, key=None)` puts the length, the time, and the key in front."""
    wrapper: ConnectorEncoder = _decorated(_name_of(func), func, 1, ConnectorEncoder)
    return wrapper


def octet_message_decoder(func: Function) -> OctetDecoder:
    """Decorates a function that makes a record of the bytes behind a length of 4 bytes."""
    wrapper: OctetDecoder = _decorated(_name_of(func), func, 1, OctetDecoder, header_length=4,
                                       length_fmt=">I")
    return wrapper


def octet_message_encoder(func: Function) -> OctetEncoder:
    """Decorates a function that makes bytes of a record, which are sent as they are."""
    wrapper: OctetEncoder = _decorated(_name_of(func), func, 1, OctetEncoder)
    return wrapper
