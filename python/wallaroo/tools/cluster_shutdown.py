"""The command `cluster_shutdown HOST:PORT`: stops a running application."""

from __future__ import annotations

import argparse
import sys
from typing import Optional, Sequence

from .command import address_option, connected
from .external_channel import Connection, Id


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Asks the application to stop, and prints nothing. Returns 1 without a connection."""
    parser = argparse.ArgumentParser(prog="cluster_shutdown",
                                     description="Stops a running application.")
    parser.add_argument("address", metavar="HOST:PORT", type=address_option,
                        help="where the application listens for external messages")
    options = parser.parse_args(argv)

    def talk(connection: Connection) -> None:
        connection.tell(Id.CLEAN_SHUTDOWN)

    return connected(parser.prog, options.address, talk)


if __name__ == "__main__":
    sys.exit(main())
