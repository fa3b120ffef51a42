"""Settings of sources and sinks from an application's arguments.

All of these ignore arguments that they do not know, and raise SystemExit(2) after a line on stderr
when a required one is missing.
"""

from __future__ import annotations

import argparse
import re
from typing import List, Sequence, Tuple

Broker = Tuple[str, str]
#: Topic, brokers, log level.
KafkaSourceSettings = Tuple[str, List[Broker], str]
#: Topic, brokers, log level, buffer in milliseconds, longest message in bytes.
KafkaSinkSettings = Tuple[str, List[Broker], str, int, int]

_LOG_LEVELS = ("Fine", "Info", "Warn", "Error")
_DEFAULT_BROKER_PORT = "9092"


def _parser() -> argparse.ArgumentParser:
    # Without `add_help`, an application's own --help is none of our business; without
    # `allow_abbrev`, an unknown argument is never taken for the beginning of a known one.
    return argparse.ArgumentParser(prog="wallaroo", add_help=False, allow_abbrev=False)


def _parse(parser: argparse.ArgumentParser, args: Sequence[str]) -> argparse.Namespace:
    known, _ = parser.parse_known_args(list(args))
    return known


def _addresses(args: Sequence[str], letter: str, name: str,
               separators: str) -> List[Tuple[str, ...]]:
    """Returns the addresses in the option, each cut at the separators, a regular expression."""
    parser = _parser()
    option = parser.add_argument(letter, name, required=True)
    listed: str = getattr(_parse(parser, args), option.dest)
    return [tuple(re.split(separators, address)) for address in listed.split(",")]


def tcp_parse_input_addrs(args: Sequence[str]) -> List[Tuple[str, ...]]:
    """Returns the addresses of `--in` (`-i`), separated by commas, as tuples of texts.

    `host:port` gives 2 texts, `name@host:port` 3, `name@host:port:max` 4.
    """
    return _addresses(args, "-i", "--in", "[@:]")


def tcp_parse_output_addrs(args: Sequence[str]) -> List[Tuple[str, ...]]:
    """Returns the addresses of `--out` (`-o`), separated by commas, as tuples (host, port)."""
    return _addresses(args, "-o", "--out", ":")


def _brokers(text: str) -> List[Broker]:
    brokers = []
    for entry in text.split(","):
        host, _, port = entry.partition(":")
        brokers.append((host, port or _DEFAULT_BROKER_PORT))
    return brokers


def _add_common_kafka(parser: argparse.ArgumentParser, prefix: str) -> None:
    parser.add_argument(f"--{prefix}_topic", dest="topic", required=True)
    parser.add_argument(f"--{prefix}_brokers", dest="brokers", required=True)
    parser.add_argument(f"--{prefix}_log_level", dest="log_level", default="Warn",
                        choices=_LOG_LEVELS)


def kafka_source_settings(args: Sequence[str], prefix: str) -> KafkaSourceSettings:
    """Returns the settings of the Kafka source whose arguments begin with `--<prefix>_`."""
    parser = _parser()
    _add_common_kafka(parser, prefix)
    found = _parse(parser, args)
    return (found.topic, _brokers(found.brokers), found.log_level)


def kafka_sink_settings(args: Sequence[str], prefix: str) -> KafkaSinkSettings:
    """Returns the settings of the Kafka sink whose arguments begin with `--<prefix>_`."""
    parser = _parser()
    _add_common_kafka(parser, prefix)
    parser.add_argument(f"--{prefix}_max_produce_buffer_ms", dest="buffer_ms", type=int, default=0)
    parser.add_argument(f"--{prefix}_max_message_size", dest="message_size", type=int,
                        default=100000)
    found = _parse(parser, args)
    return (found.topic, _brokers(found.brokers), found.log_level, found.buffer_ms,
            found.message_size)


def kafka_parse_source_options(args: Sequence[str]) -> Tuple[str, str, List[Broker], str]:
    """Returns (name, topic, [(host, port)], log level) from `--kafka_source_name`, `_topic`,
    `_brokers` and `_log_level`."""
    parser = _parser()
    parser.add_argument("--kafka_source_name", dest="name", default="")
    return (_parse(parser, args).name, *kafka_source_settings(args, "kafka_source"))


def kafka_parse_sink_options(
        args: Sequence[str]) -> Tuple[str, str, List[Broker], str, int, int]:
    """Returns ("", topic, [(host, port)], log level, buffer in ms, longest message in bytes) from
    `--kafka_sink_topic`, `_brokers`, `_log_level`, `_max_produce_buffer_ms` and
    `_max_message_size`."""
    return ("", *kafka_sink_settings(args, "kafka_sink"))
