"""Python on wallaroo: applications written for Wallaroo as of 2020, and the names they use."""

from __future__ import annotations

from typing import Tuple

from . import experimental as experimental
from .original.arguments import kafka_parse_sink_options as kafka_parse_sink_options
from .original.arguments import kafka_parse_source_options as kafka_parse_source_options
from .original.arguments import tcp_parse_input_addrs as tcp_parse_input_addrs
from .original.arguments import tcp_parse_output_addrs as tcp_parse_output_addrs
from .original.bases import Aggregation as Aggregation
from .original.bases import BaseWrapped as BaseWrapped
from .original.bases import Computation as Computation
from .original.bases import ComputationMulti as ComputationMulti
from .original.bases import ConnectorDecoder as ConnectorDecoder
from .original.bases import ConnectorEncoder as ConnectorEncoder
from .original.bases import Decoder as Decoder
from .original.bases import Encoder as Encoder
from .original.bases import KeyExtractor as KeyExtractor
from .original.bases import OctetDecoder as OctetDecoder
from .original.bases import OctetEncoder as OctetEncoder
from .original.bases import StateComputation as StateComputation
from .original.bases import StateComputationMulti as StateComputationMulti
from .original.computations import _validate_aggregation as _validate_aggregation
from .original.computations import _validate_arity_compatability as _validate_arity_compatability
from .original.computations import computation as computation
from .original.computations import computation_multi as computation_multi
from .original.computations import decoder as decoder
from .original.computations import encoder as encoder
from .original.computations import key_extractor as key_extractor
from .original.computations import state_computation as state_computation
from .original.computations import state_computation_multi as state_computation_multi
from .original.configs import CustomKafkaSinkCLIParser as CustomKafkaSinkCLIParser
from .original.configs import CustomKafkaSourceCLIParser as CustomKafkaSourceCLIParser
from .original.configs import DefaultKafkaSinkCLIParser as DefaultKafkaSinkCLIParser
from .original.configs import DefaultKafkaSourceCLIParser as DefaultKafkaSourceCLIParser
from .original.configs import GenSourceConfig as GenSourceConfig
from .original.configs import TCPSinkConfig as TCPSinkConfig
from .original.configs import TCPSourceConfig as TCPSourceConfig
from .original.errors import WallarooParameterError as WallarooParameterError
from .original.hooks import deserialize as deserialize
from .original.hooks import serialize as serialize
from .original.pipeline import Pipeline as Pipeline
from .original.pipeline import build_application as build_application
from .original.pipeline import source as source
from .original.streams import Unbuffered as Unbuffered
from .original.streams import flush_at_once as _flush_at_once
from .original.times import dt_to_timestamp as dt_to_timestamp
from .original.times import hours as hours
from .original.times import microseconds as microseconds
from .original.times import milliseconds as milliseconds
from .original.times import minutes as minutes
from .original.times import nanoseconds as nanoseconds
from .original.times import seconds as seconds
from .original.windows import CountWindows as CountWindows
from .original.windows import CountWindowsBuilder as CountWindowsBuilder
from .original.windows import RangeWindows as RangeWindows
from .original.windows import RangeWindowsBuilder as RangeWindowsBuilder
from .original.windows import count_windows as count_windows
from .original.windows import range_windows as range_windows
from .original.wrappers import _wallaroo_wrap as _wallaroo_wrap
from .original.wrappers import attach_to_module as attach_to_module

#: The command line of the worker, which the launcher sets after it has imported the application.
_ARGS: Tuple[str, ...] = ()

_flush_at_once()
