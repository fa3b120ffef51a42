"""Where records come from and go to."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, List, Sequence, Tuple

from .arguments import Broker, kafka_parse_sink_options, kafka_parse_source_options


class Config:
    """The base of configs. In an application, a config is a tuple: its kind and its settings."""

    KIND: ClassVar[str]
    #: The attributes in the order of the tuple, which is often not that of the constructor.
    SETTINGS: ClassVar[Tuple[str, ...]]

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns the kind and the settings."""
        return (self.KIND, *(getattr(self, setting) for setting in self.SETTINGS))


class AddressedConfig(Config):
    """The base of configs that have a port: a text, which may be given as a number."""

    port: Any

    def __post_init__(self) -> None:
        self.port = str(self.port)


@dataclass(eq=False, repr=False)
class TCPSourceConfig(AddressedConfig):
    """A TCP listener on `host` and `port`, which takes frames that `decoder` describes.

    `valid`: whether it listens at all. `parallelism`: connections served at once by a worker; other
    ones wait. `max_size`: bytes of the longest frame; a longer one closes its connection.
    `max_received_count` must be above 0 and has no effect.
    """

    KIND = "tcp"
    SETTINGS = ("name", "host", "port", "decoder", "valid", "parallelism", "max_size",
                "max_received_count")

    name: str
    host: str
    port: Any
    decoder: Any
    valid: bool = True
    parallelism: int = 10
    max_size: int = 16384
    max_received_count: int = 50


@dataclass(eq=False, repr=False)
class GenSourceConfig(Config):
    """A generator: `gen_instance.initial_value()` is the first record, and `apply(value)` gives the
    one after `value`, or None at the end. Each worker runs its own."""

    KIND = "gen"
    SETTINGS = ("name", "gen_instance")

    name: str
    gen_instance: Any


@dataclass(eq=False, repr=False)
class TCPSinkConfig(AddressedConfig):
    """A TCP connection to `host` and `port`, on which the bytes of `encoder` are sent."""

    KIND = "tcp"
    SETTINGS = ("name", "host", "port", "encoder")

    #: Sinks of this kind have no name of their own, but a place for one in the tuple.
    name: str = field(default="", init=False)
    host: str
    port: Any
    encoder: Any


@dataclass(eq=False, repr=False)
class CustomKafkaSourceCLIParser(Config):
    """A Kafka source whose settings are in `args`, see `kafka_parse_source_options`."""

    KIND = "kafka"
    SETTINGS = ("name", "topic", "brokers", "log_level", "decoder")

    args: InitVar[Sequence[str]]
    decoder: Any
    name: str = field(init=False)
    topic: str = field(init=False)
    brokers: List[Broker] = field(init=False)
    log_level: str = field(init=False)

    def __post_init__(self, args: Sequence[str]) -> None:
        self.name, self.topic, self.brokers, self.log_level = kafka_parse_source_options(args)


@dataclass(eq=False, repr=False)
class CustomKafkaSinkCLIParser(Config):
    """A Kafka sink whose settings are in `args`, see `kafka_parse_sink_options`."""

    KIND = "kafka"
    SETTINGS = ("name", "topic", "brokers", "log_level", "max_produce_buffer_ms",
                "max_message_size", "encoder")

    args: InitVar[Sequence[str]]
    encoder: Any
    name: str = field(init=False)
    topic: str = field(init=False)
    brokers: List[Broker] = field(init=False)
    log_level: str = field(init=False)
    max_produce_buffer_ms: int = field(init=False)
    max_message_size: int = field(init=False)

    def __post_init__(self, args: Sequence[str]) -> None:
        for setting, value in zip(self.SETTINGS, kafka_parse_sink_options(args)):
            setattr(self, setting, value)


@dataclass(eq=False, repr=False)
class DefaultKafkaSourceCLIParser(Config):
    """A Kafka source whose settings the launcher takes from `--<name>_topic` and so on."""

    KIND = "kafka-internal"
    SETTINGS = ("name", "decoder")

    decoder: Any
    name: str = "kafka_source"


@dataclass(eq=False, repr=False)
class DefaultKafkaSinkCLIParser(Config):
    """A Kafka sink whose settings the launcher takes from `--<name>_topic` and so on."""

    KIND = "kafka-internal"
    SETTINGS = ("name", "encoder")

    encoder: Any
    name: str = "kafka_sink"
