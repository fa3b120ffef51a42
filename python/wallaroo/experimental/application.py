"""Connectors that take their settings from the application that they serve."""

from __future__ import annotations

import argparse
import importlib
import struct
import sys
from typing import Any, Iterator, NamedTuple, Optional, Sequence, Tuple

from ..original.bases import ConnectorEncoder


def parse_connector_args(args: Sequence[str], required_params: Sequence[str] = (),
                         optional_params: Sequence[str] = ()) -> argparse.Namespace:
    """Returns the settings of a connector: `application` from `--application-module`,
    `connector_name` from `--connector`, and each parameter from `--<connector name>-<parameter>`.

    Raises SystemExit(2) when one that is required is missing. Ignores other arguments.
    """
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    always = [common.add_argument("--application-module", dest="application"),
              common.add_argument("--connector", dest="connector_name")]
    # The name is needed before the other options have theirs; without one, the help names it so.
    name = common.parse_known_args(list(args))[0].connector_name or "<connector>"
    for option in always:
        option.required = True
    parser = argparse.ArgumentParser(parents=[common], allow_abbrev=False)
    for params, required in ((required_params, True), (optional_params, False)):
        for param in params:
            parser.add_argument(f"--{name}-{param}", dest=param, required=required)
    return parser.parse_known_args(list(args))[0]


class Described(NamedTuple):
    """What an application says about one of its connectors."""

    host: str
    port: int
    encoder: Any
    decoder: Any
    cookie: str


def described(kind: str, params: argparse.Namespace, args: Sequence[str]) -> Described:
    """Imports the application, sets it up with `args`, and finds its `source_connector` or
    `sink_connector`. Raises RuntimeError when it has none of the name in `params`."""
    application = importlib.import_module(params.application).application_setup(list(args))
    others = []
    for config in _configs(application):
        if config[:2] == (kind, params.connector_name):
            host, port, encoder, decoder, cookie = config[2:7]
            return Described(host, int(port), encoder, decoder, cookie)
        others.append(f"{config[0]} '{config[1]}'")
    raise RuntimeError(f"the application has no {kind} of the name '{params.connector_name}' among "
                       f"its sources and sinks: {', '.join(others)}")


def _configs(application: Any) -> Iterator[Tuple[Any, ...]]:
    """Yields the tuples of all configs in an application."""
    _name, _root, nodes, _children = application
    for stage in (stage for node in nodes for stage in node):
        if stage[0] == "source":
            yield stage[2]
        elif stage[0] == "to_sink":
            yield stage[1]
        elif stage[0] == "to_sinks":
            yield from stage[1]


class BaseConnector:
    """The base of connectors that feed a connector source of an application, which is found by the
    arguments `--application-module` and `--connector`. `params` has the settings."""

    def __init__(self, args: Optional[Sequence[str]] = None, required_params: Sequence[str] = (),
                 optional_params: Sequence[str] = ()) -> None:
        args = sys.argv if args is None else args
        self.params = parse_connector_args(args, required_params, optional_params)
        self._source = described("source_connector", self.params, args)


def has_headers(encoder: Any) -> bool:
    """Returns whether the encoder puts length, time and key in front of a payload."""
    return isinstance(encoder, ConnectorEncoder)


def payload_of(encoder: Any, message: Any, event_time: Any, key: Any) -> Optional[bytes]:
    """Returns the payload of a message, which is what the encoder's function makes of it, or None
    when the function returns None."""
    if has_headers(encoder):
        framed = encoder.encode(message, event_time, key)
        return None if framed is None else without_header(framed)
    payload = encoder.encode(message)
    if payload is None:
        return None
    return payload.encode() if isinstance(payload, str) else bytes(payload)


def without_header(framed: bytes) -> bytes:
    """Returns the payload of what a `ConnectorEncoder` made: behind length, time and key."""
    _, _, key_length = struct.unpack_from(">IqI", framed)
    return framed[struct.calcsize(">IqI") + key_length:]
