"""Connectors: programs of their own that feed an application, or take what it makes."""

from __future__ import annotations

from . import connector_wire_messages as connector_wire_messages
from .application import BaseConnector as BaseConnector
from .application import parse_connector_args as parse_connector_args
from .at_least_once import AtLeastOnceSourceConnector as AtLeastOnceSourceConnector
from .configs import SinkConnectorConfig as SinkConnectorConfig
from .configs import SourceConnectorConfig as SourceConnectorConfig
from .errors import ConnectorError as ConnectorError
from .errors import ProtocolError as ProtocolError
from .errors import UnexpectedSocketError as UnexpectedSocketError
from .messages import octet_message_decoder as octet_message_decoder
from .messages import octet_message_encoder as octet_message_encoder
from .messages import stream_message_decoder as stream_message_decoder
from .messages import stream_message_encoder as stream_message_encoder
from .sink_connector import SinkConnector as SinkConnector
from .source_connector import SourceConnector as SourceConnector
from .stream import Stream as Stream
