"""What the connector-side classes raise."""

from __future__ import annotations


class ConnectorError(Exception):
    """The application refused something, or a connector was used in a wrong way."""


class ProtocolError(Exception):
    """A frame came, or was to be sent, that has no place in the protocol."""


class UnexpectedSocketError(Exception):
    """The socket on which a sink connector listens has failed."""
