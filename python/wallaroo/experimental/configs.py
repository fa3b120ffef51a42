"""Sources and sinks that are programs which speak the connector protocol."""

from __future__ import annotations

from typing import Any, Tuple


class SourceConnectorConfig:
    """A source on `host` and `port` that connectors with this cookie feed. A connector may send
    `max_credits` messages before it has to wait, and gets more when `refill_credits` are left."""

    def __init__(self, name: str, encoder: Any, decoder: Any, port: Any, cookie: str,
                 max_credits: int, refill_credits: int, host: str = "127.0.0.1") -> None:
        self._name = name
        self._encoder = encoder
        self._decoder = decoder
        self._port = port
        self._cookie = cookie
        self._max_credits = max_credits
        self._refill_credits = refill_credits
        self._host = host

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("source_connector", name, host, port, encoder, decoder, cookie, max credits,
        refill credits)."""
        return ("source_connector", self._name, self._host, str(self._port), self._encoder,
                self._decoder, self._cookie, self._max_credits, self._refill_credits)


class SinkConnectorConfig:
    """A sink whose records a connector on `host` and `port` takes."""

    def __init__(self, name: str, encoder: Any, decoder: Any, port: Any, cookie: str,
                 host: str = "127.0.0.1") -> None:
        self._name = name
        self._encoder = encoder
        self._decoder = decoder
        self._port = port
        self._cookie = cookie
        self._host = host

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("sink_connector", name, host, port, encoder, decoder, cookie)."""
        return ("sink_connector", self._name, self._host, str(self._port), self._encoder,
                self._decoder, self._cookie)
