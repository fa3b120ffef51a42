"""Connectors that take their settings from the application that they serve."""

from __future__ import annotations

import argparse
import importlib
import struct
import sys
from typing import Any, Iterator, Optional, Sequence, Tuple

from ..original.bases import ConnectorEncoder


def parse_connector_args(args: Sequence[str], required_params: Sequence[str] = (),
                         optional_params: Sequence[str] = ()) -> argparse.Namespace:
    """Returns the settings of a connector: `application` from `--application-module`,
    `connector_name` from `--connector`, and each parameter from `--<connector name>-<parameter>`.

    Raises SystemExit(2) when one that is required is missing. Ignores other arguments.
    """
    names = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    names.add_argument("--connector")
    name = names.parse_known_args(list(args))[0].connector or "CONNECTOR_NAME"
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--application-module", dest="application", required=True)
    parser.add_argument("--connector", dest="connector_name", required=True)
    for parameter in required_params:
        parser.add_argument(f"--{name}-{parameter}", dest=parameter, required=True)
    for parameter in optional_params:
        parser.add_argument(f"--{name}-{parameter}", dest=parameter)
    return parser.parse_known_args(list(args))[0]


def _application(args: Sequence[str], params: argparse.Namespace) -> Any:
    module = importlib.import_module(params.application)
    return module.application_setup(list(args))


def _sources(application: Any) -> Iterator[Tuple[Any, ...]]:
    for stages in application[2]:
        for stage in stages:
            if stage[0] == "source":
                yield stage[2]


def _sinks(application: Any) -> Iterator[Tuple[Any, ...]]:
    for stages in application[2]:
        for stage in stages:
            if stage[0] == "to_sink":
                yield stage[1]
            elif stage[0] == "to_sinks":
                yield from stage[1]


def find_source(application: Any, name: str) -> Tuple[Any, ...]:
    """Returns the config's tuple of the connector source of this name. Raises RuntimeError."""
    return _find(_sources(application), "source_connector", name)


def find_sink(application: Any, name: str) -> Tuple[Any, ...]:
    """Returns the config's tuple of the connector sink of this name. Raises RuntimeError."""
    return _find(_sinks(application), "sink_connector", name)


def _find(configs: Iterator[Tuple[Any, ...]], kind: str, name: str) -> Tuple[Any, ...]:
    others = []
    for config in configs:
        if config[0] == kind and config[1] == name:
            return config
        others.append(config[1])
    raise RuntimeError(f"the application has no {kind} of the name '{name}' among {others}")


class BaseConnector:
    """The base of connectors that feed a connector source of an application, which is found by the
    arguments `--application-module` and `--connector`. `params` has the settings."""

    def __init__(self, args: Optional[Sequence[str]] = None, required_params: Sequence[str] = (),
                 optional_params: Sequence[str] = ()) -> None:
        args = sys.argv if args is None else args
        self.params = parse_connector_args(args, required_params, optional_params)
        config = find_source(_application(args, self.params), self.params.connector_name)
        (_, _name, self._host, self._port, self._encoder, _decoder, self._cookie,
         self._max_credits, self._refill_credits) = config


def has_headers(encoder: Any) -> bool:
    """Returns whether the encoder puts length, time and key in front of a payload."""
    return isinstance(encoder, ConnectorEncoder)


def payload_of(encoder: Any, message: Any, event_time: Any, key: Any) -> bytes:
    """Returns the payload of a message: what the encoder's function makes of it."""
    if not has_headers(encoder):
        payload = encoder.encode(message)
        return payload.encode() if isinstance(payload, str) else bytes(payload)
    return without_header(encoder.encode(message, event_time, key))


def without_header(framed: bytes) -> bytes:
    """Returns the payload of what a `ConnectorEncoder` made: behind length, time and key."""
    _, _, key_length = struct.unpack_from(">IqI", framed)
    return framed[struct.calcsize(">IqI") + key_length:]
