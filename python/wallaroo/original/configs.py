"""Where records come from and go to. `to_tuple()` is the form that they have in an application."""

from __future__ import annotations

from typing import Any, List, Tuple

from .arguments import kafka_parse_sink_options, kafka_parse_source_options


class TCPSourceConfig:
    """A TCP listener on `host` and `port`, which takes frames that `decoder` describes.

    `valid`: whether it listens at all. `parallelism`: connections served at once by a worker; other
    ones wait. `max_size`: bytes of the longest frame; a longer one closes its connection.
    """

    def __init__(self, name: str, host: str, port: Any, decoder: Any, valid: bool = True,
                 parallelism: int = 10, max_size: int = 16384,
                 max_received_count: int = 50) -> None:
        self._name = name
        self._host = host
        self._port = str(port)
        self._decoder = decoder
        self._valid = valid
        self._parallelism = parallelism
        self._max_size = max_size
        self._max_received_count = max_received_count

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("tcp", name, host, port, decoder, valid, parallelism, max size, max count)."""
        return ("tcp", self._name, self._host, self._port, self._decoder, self._valid,
                self._parallelism, self._max_size, self._max_received_count)


class GenSourceConfig:
    """A generator: `gen_instance.initial_value()` is the first record, and `apply(value)` gives the
    one after `value`, or None at the end. Each worker runs its own."""

    def __init__(self, name: str, gen_instance: Any) -> None:
        self._name = name
        self._gen = gen_instance

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("gen", name, generator)."""
        return ("gen", self._name, self._gen)


class TCPSinkConfig:
    """A TCP connection to `host` and `port`, on which the bytes of `encoder` are sent."""

    def __init__(self, host: str, port: Any, encoder: Any) -> None:
        self._host = host
        self._port = str(port)
        self._encoder = encoder

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("tcp", "", host, port, encoder)."""
        return ("tcp", "", self._host, self._port, self._encoder)


class CustomKafkaSourceCLIParser:
    """A Kafka source whose settings are in `args`, see `kafka_parse_source_options`."""

    def __init__(self, args: List[str], decoder: Any) -> None:
        self.name, self.topic, self.brokers, self.log_level = kafka_parse_source_options(args)
        self.decoder = decoder

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("kafka", name, topic, brokers, log level, decoder)."""
        return ("kafka", self.name, self.topic, self.brokers, self.log_level, self.decoder)


class CustomKafkaSinkCLIParser:
    """A Kafka sink whose settings are in `args`, see `kafka_parse_sink_options`."""

    def __init__(self, args: List[str], encoder: Any) -> None:
        (self.name, self.topic, self.brokers, self.log_level, self.max_produce_buffer_ms,
         self.max_message_size) = kafka_parse_sink_options(args)
        self.encoder = encoder

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("kafka", "", topic, brokers, log level, buffer ms, most bytes, encoder)."""
        return ("kafka", self.name, self.topic, self.brokers, self.log_level,
                self.max_produce_buffer_ms, self.max_message_size, self.encoder)


class DefaultKafkaSourceCLIParser:
    """A Kafka source whose settings the launcher takes from `--<name>_topic` and so on."""

    def __init__(self, decoder: Any, name: str = "kafka_source") -> None:
        self.decoder = decoder
        self.name = name

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("kafka-internal", name, decoder)."""
        return ("kafka-internal", self.name, self.decoder)


class DefaultKafkaSinkCLIParser:
    """A Kafka sink whose settings the launcher takes from `--<name>_topic` and so on."""

    def __init__(self, encoder: Any, name: str = "kafka_sink") -> None:
        self.encoder = encoder
        self.name = name

    def to_tuple(self) -> Tuple[Any, ...]:
        """Returns ("kafka-internal", name, encoder)."""
        return ("kafka-internal", self.name, self.encoder)
