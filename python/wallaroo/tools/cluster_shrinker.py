"""The command `cluster_shrinker`: asks which workers may leave a cluster, or makes some leave."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Dict, List, Optional, Sequence

from .command import add_external_option, connected, joined
from .external_channel import Connection, Id, Message


def request(query: bool, workers: Sequence[str] = (), count: int = 0) -> str:
    """Returns the body of a request."""
    names: List[str] = list(workers)
    body: Dict[str, object] = {"query": query, "node_names": names, "node_count": count}
    return json.dumps(body, separators=(",", ":"))


def text_of(answer: Message) -> str:
    """Returns the line that tells the answer."""
    if answer.id == Id.SHRINK_QUERY_RESPONSE:
        eligible = json.loads(answer.body)
        return (f"Eligible for shrink: Node count: {eligible['node_count']}, "
                f"Nodes: {joined(eligible['node_names'])}")
    return f"Cluster shrink response: {answer.body}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cluster_shrinker",
        description="Asks which workers may leave a cluster, or makes some leave.")
    add_external_option(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--query", "-q", action="store_true", help="list the workers that may leave")
    what.add_argument("--count", "-c", metavar="N", type=int, help="how many workers are to leave")
    what.add_argument("--workers", "-w", metavar="NAME,NAME,..",
                      help="the names of the workers that are to leave")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Sends the request and prints the answer. Returns 1 without a connection."""
    parser = _parser()
    options = parser.parse_args(argv)
    workers = [name for name in (options.workers or "").split(",") if name]
    body = request(options.query, workers, options.count or 0)

    def talk(connection: Connection) -> None:
        connection.send(Id.SHRINK_REQUEST, body)
        print(text_of(connection.receive()), flush=True)

    return connected(parser.prog, options.external, talk)


if __name__ == "__main__":
    sys.exit(main())
