"""What the tools' commands have in common."""

from __future__ import annotations

import argparse
import sys
from typing import Callable, Iterable, Tuple

from .external_channel import Connection, parse_address


def address_option(text: str) -> Tuple[str, int]:
    """The type of an option or argument that is an address."""
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_external_option(parser: argparse.ArgumentParser) -> None:
    """Adds the option that says where the application listens."""
    parser.add_argument("--external", "-e", metavar="HOST:PORT", type=address_option, required=True,
                        help="where the application listens for external messages")


def connected(program: str, address: Tuple[str, int], talk: Callable[[Connection], None]) -> int:
    """Calls `talk` with a connection. Returns the exit code: 1 when the connection fails."""
    try:
        with Connection(address) as connection:
            talk(connection)
    except OSError as error:
        print(f"{program}: {address[0]}:{address[1]}: {error}", file=sys.stderr)
        return 1
    return 0


def joined(items: Iterable[object]) -> str:
    """Lists items as the tools do: `|a,b,|`."""
    return "|" + "".join(f"{item}," for item in items) + "|"
