"""The decorators of functions that make records of a connector's messages, and the reverse."""

from __future__ import annotations

from ..original.bases import ConnectorDecoder, ConnectorEncoder, OctetDecoder, OctetEncoder
from ..original.computations import decorated
from ..original.wrappers import Function, name_of_function


def stream_message_decoder(func: Function) -> ConnectorDecoder:
    """Decorates a function that makes a record of a message's bytes."""
    return decorated(name_of_function(func), func, 1, ConnectorDecoder)


def stream_message_encoder(func: Function) -> ConnectorEncoder:
    """Decorates a function that makes a message's bytes of a record. The wrapper's
    `encode(data, event_time=0, key=None)` puts the length, the time, and the key in front."""
    return decorated(name_of_function(func), func, 1, ConnectorEncoder)


def octet_message_decoder(func: Function) -> OctetDecoder:
    """Decorates a function that makes a record of the bytes behind a length of 4 bytes."""
    return decorated(name_of_function(func), func, 1, OctetDecoder, header_length=4,
                     length_fmt=">I")


def octet_message_encoder(func: Function) -> OctetEncoder:
    """Decorates a function that makes bytes of a record, which are sent as they are."""
    return decorated(name_of_function(func), func, 1, OctetEncoder)
