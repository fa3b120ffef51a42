"""Python on wallaroo.

New applications: `Application`, its sources, streams, windows and sinks, and `run`, `start` or
`testing.Harness`. Applications written for Wallaroo as of 2020: all names of theirs, and `machida3`.
"""

from __future__ import annotations

from typing import Tuple

from . import experimental as experimental
from . import testing as testing
from ._application import Application as Application
from ._application import DeadLetter as DeadLetter
from ._application import Join as Join
from ._application import KeyedStream as KeyedStream
from ._application import Stream as Stream
from ._application import many as many
from ._codecs import ReadyDecoder as ReadyDecoder
from ._codecs import ReadyEncoder as ReadyEncoder
from ._codecs import fields as fields
from ._codecs import framed as framed
from ._codecs import json as json
from ._codecs import json_line as json_line
from ._codecs import line as line
from ._codecs import raw as raw
from ._codecs import struct as struct
from ._codecs import text as text
from ._errors import ConfigError as ConfigError
from ._errors import IoError as IoError
from ._errors import StageError as StageError
from ._errors import WallarooError as WallarooError
from ._extract import Attr as Attr
from ._extract import Item as Item
from ._extract import Itself as Itself
from ._run import Running as Running
from ._run import run as run
from ._run import start as start
from ._sinks import ListSink as ListSink
from ._sinks import PySink as PySink
from ._sinks import PyWriter as PyWriter
from ._sinks import SinkOf as SinkOf
from ._sinks import callback as callback
from ._sinks import connector_sink as connector_sink
from ._sinks import file_sink as file_sink
from ._sinks import tcp_sink as tcp_sink
from ._sinks import to_list as to_list
from ._sources import Framing as Framing
from ._sources import PyReader as PyReader
from ._sources import PySource as PySource
from ._sources import SourceOf as SourceOf
from ._sources import connector_source as connector_source
from ._sources import file_source as file_source
from ._sources import fixed as fixed
from ._sources import generator as generator
from ._sources import iterable as iterable
from ._sources import length_prefixed as length_prefixed
from ._sources import newline as newline
from ._sources import tcp_source as tcp_source
from ._timers import Timer as Timer
from ._timers import Timers as Timers
from ._values import register as register
from ._windows import Aggregator as Aggregator
from ._windows import Firing as Firing
from ._windows import Window as Window
from ._windows import WindowResult as WindowResult
from ._windows import WindowSpec as WindowSpec
from ._windows import combined as combined
from ._windows import count as count
from ._windows import counted as counted
from ._windows import max as max
from ._windows import mean as mean
from ._windows import min as min
from ._windows import sessions as sessions
from ._windows import sliding as sliding
from ._windows import sum as sum
from ._windows import top_k as top_k
from ._windows import tumbling as tumbling
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
