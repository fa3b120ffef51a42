"""Sources and sinks that are programs which speak the connector protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..original.configs import AddressedConfig


@dataclass(eq=False, repr=False)
class _ConnectorConfig(AddressedConfig):
    """What sources and sinks have in common."""

    name: str
    encoder: Any
    decoder: Any
    port: Any
    cookie: str


@dataclass(eq=False, repr=False)
class SourceConnectorConfig(_ConnectorConfig):
    """A source on `host` and `port` that connectors with this cookie feed. A connector may send
    `max_credits` messages before it has to wait, and gets more when `refill_credits` are left."""

    KIND = "source_connector"
    SETTINGS = ("name", "host", "port", "encoder", "decoder", "cookie", "max_credits",
                "refill_credits")

    max_credits: int
    refill_credits: int
    host: str = "127.0.0.1"


@dataclass(eq=False, repr=False)
class SinkConnectorConfig(_ConnectorConfig):
    """A sink whose records a connector on `host` and `port` takes. The connector must know the
    cookie."""

    KIND = "sink_connector"
    SETTINGS = ("name", "host", "port", "encoder", "decoder", "cookie")

    host: str = "127.0.0.1"
