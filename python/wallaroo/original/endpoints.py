"""Makes the builder's sources and sinks of the tuples of configs."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

from .arguments import kafka_sink_settings, kafka_source_settings
from .builder import (
    ConnectorSink,
    ConnectorSource,
    GeneratorSource,
    KafkaSink,
    KafkaSource,
    NamedSink,
    Sink,
    Source,
    TcpSink,
    TcpSource,
)
from .errors import ApplicationError
from .functions import framing, method, method_as_is

Config = Sequence[Any]
Args = Sequence[str]


def lower_source(config: Config, what: str, args: Args) -> Source:
    """Returns the source of a config's tuple. `what` names it in messages.

    Raises ApplicationError for a kind of source that does not exist and for values of a wrong type.
    """
    kinds: Dict[str, Callable[[Config, str, Args], Source]] = {
        "tcp": _tcp_source,
        "gen": _generator_source,
        "source_connector": _connector_source,
        "kafka": _kafka_source,
        "kafka-internal": _kafka_internal_source,
    }
    lower = kinds.get(config[0])
    if lower is None:
        raise ApplicationError(f"{what} is of the kind '{config[0]}', which does not exist")
    return lower(config, what, args)


def _port(port: Any, what: str) -> int:
    text = str(port).strip()
    if not text.isdecimal() or int(text) > 0xFFFF:
        raise ApplicationError(f"the port of {what} is {port!r}: it must be a number up to 65535")
    return int(text)


def _count(number: object, name: str, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ApplicationError(f"{name} of {what} is {number!r}: it must be a number above 0")
    return number


def _decode(decoder: Any, what: str) -> Callable[..., Any]:
    return method(decoder, "decode", f"the decoder of {what}")


def _encode(encoder: Any, what: str) -> Callable[..., Any]:
    return method(encoder, "encode", f"the encoder of {what}")


def _tcp_source(config: Config, what: str, args: Args) -> Source:
    _, name, host, port, decoder, valid, parallelism, max_size, max_received_count = config
    return TcpSource(name, host, _port(port, what), framing(decoder, f"the decoder of {what}"),
                     _decode(decoder, what), bool(valid),
                     _count(parallelism, "parallelism", what), _count(max_size, "max_size", what),
                     _count(max_received_count, "max_received_count", what))


def _generator_source(config: Config, what: str, args: Args) -> Source:
    _, name, generator = config
    of = f"the generator of {what}"
    return GeneratorSource(name, method_as_is(generator, "initial_value", of),
                           method_as_is(generator, "apply", of))


def _connector_source(config: Config, what: str, args: Args) -> Source:
    _, name, host, port, _encoder, decoder, cookie, max_credits, refill_credits = config
    return ConnectorSource(name, host, _port(port, what), _decode(decoder, what), cookie,
                           _count(max_credits, "max_credits", what), int(refill_credits))


def _kafka_source(config: Config, what: str, args: Args) -> Source:
    _, name, topic, brokers, log_level, decoder = config
    return KafkaSource(name, topic, tuple(brokers), log_level, _decode(decoder, what))


def _kafka_internal_source(config: Config, what: str, args: Args) -> Source:
    _, name, decoder = config
    topic, brokers, log_level = _kafka(kafka_source_settings, name, what, args)
    return KafkaSource(name, topic, tuple(brokers), log_level, _decode(decoder, what))


def _kafka(settings: Callable[[Args, str], Any], name: str, what: str, args: Args) -> Any:
    try:
        return settings(args, name)
    except SystemExit:
        raise ApplicationError(f"settings of {what} are missing among the arguments: give "
                               f"--{name}_topic and --{name}_brokers") from None


def lower_sinks(configs: Sequence[Config], args: Args) -> List[NamedSink]:
    """Returns the sinks of the tuples of configs, named `sink-1` and so on.

    Raises ApplicationError for a kind of sink that does not exist and for values of a wrong type.
    """
    return [NamedSink(f"sink-{number}", _sink(config, f"sink {number}", args))
            for number, config in enumerate(configs, 1)]


def _sink(config: Config, what: str, args: Args) -> Sink:
    kinds: Dict[str, Callable[[Config, str, Args], Sink]] = {
        "tcp": _tcp_sink,
        "sink_connector": _connector_sink,
        "kafka": _kafka_sink,
        "kafka-internal": _kafka_internal_sink,
    }
    lower = kinds.get(config[0])
    if lower is None:
        raise ApplicationError(f"{what} is of the kind '{config[0]}', which does not exist")
    return lower(config, what, args)


def _tcp_sink(config: Config, what: str, args: Args) -> Sink:
    _, _name, host, port, encoder = config
    return TcpSink(host, _port(port, what), _encode(encoder, what))


def _connector_sink(config: Config, what: str, args: Args) -> Sink:
    _, name, host, port, encoder, _decoder, cookie = config
    return ConnectorSink(name, host, _port(port, what), _encode(encoder, what), cookie)


def _kafka_sink(config: Config, what: str, args: Args) -> Sink:
    _, name, topic, brokers, log_level, buffer_ms, message_size, encoder = config
    return KafkaSink(name, topic, tuple(brokers), log_level, buffer_ms, message_size,
                     _encode(encoder, what))


def _kafka_internal_sink(config: Config, what: str, args: Args) -> Sink:
    _, name, encoder = config
    topic, brokers, log_level, buffer_ms, message_size = _kafka(kafka_sink_settings, name, what,
                                                                args)
    return KafkaSink(name, topic, tuple(brokers), log_level, buffer_ms, message_size,
                     _encode(encoder, what))
