"""Connectors: programs of their own that feed an application, or take what it makes."""

from __future__ import annotations

from . import connector_wire_messages as connector_wire_messages
from .configs import SinkConnectorConfig as SinkConnectorConfig
from .configs import SourceConnectorConfig as SourceConnectorConfig
from .errors import ConnectorError as ConnectorError
from .errors import ProtocolError as ProtocolError
from .errors import UnexpectedSocketError as UnexpectedSocketError
from .messages import octet_message_decoder as octet_message_decoder
from .messages import octet_message_encoder as octet_message_encoder
from .messages import stream_message_decoder as stream_message_decoder
from .messages import stream_message_encoder as stream_message_encoder
