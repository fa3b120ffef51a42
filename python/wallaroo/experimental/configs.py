"""Sources and sinks that are programs which speak the connector protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..original.configs import Config


@dataclass(eq=False, repr=False)
class SourceConnectorConfig(Config):
    """A source on `host` and `port` that connectors with this cookie feed. A connector may send
    `max_credits` messages before it has to wait, and gets more when `refill_credits` are left."""

    KIND = "source_connector"
    SETTINGS = ("name", "host", "port", "encoder", "decoder", "cookie", "max_credits",
                "refill_credits")

    name: str
    encoder: Any
    decoder: Any
    port: Any
    cookie: str
    max_credits: int
    refill_credits: int
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.port = str(self.port)


@dataclass(eq=False, repr=False)
class SinkConnectorConfig(Config):
    """A sink whose records a connector on `host` and `port` takes. The connector must know the
    cookie."""

    KIND = "sink_connector"
    SETTINGS = ("name", "host", "port", "encoder", "decoder", "cookie")

    name: str
    encoder: Any
    decoder: Any
    port: Any
    cookie: str
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.port = str(self.port)
