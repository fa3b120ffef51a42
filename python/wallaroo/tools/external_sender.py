"""The command `external_sender`: sends one message to a running application, prints the answer."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Callable, Dict, Optional, Sequence

from .command import add_external_option, connected, joined
from .external_channel import Connection, Id, Message

#: Messages without an answer, by the value of `--type`.
TOLD: Dict[str, Id] = {
    "print": Id.PRINT,
    "rotate-log": Id.ROTATE_LOG,
    "clean-shutdown": Id.CLEAN_SHUTDOWN,
    "boundary-count-status": Id.REPORT_STATUS,
}

#: Messages with an answer, by the value of `--type`.
ASKED: Dict[str, Id] = {
    "partition-query": Id.PARTITION_QUERY,
    "partition-count-query": Id.PARTITION_COUNT_QUERY,
    "cluster-status-query": Id.CLUSTER_STATUS_QUERY,
    "source-ids-query": Id.SOURCE_IDS_QUERY,
    "state-entity-query": Id.STATE_ENTITY_QUERY,
    "state-entity-count-query": Id.STATE_ENTITY_COUNT_QUERY,
    "cluster-state-entity-count-query": Id.CLUSTER_STATE_ENTITY_COUNT_QUERY,
    "stateless-partition-query": Id.STATELESS_PARTITION_QUERY,
    "stateless-partition-count-query": Id.STATELESS_PARTITION_COUNT_QUERY,
}

#: The answer of a cluster that has not started, as `--json` prints it.
NOT_INITIALIZED: Dict[str, Any] = {
    "processing_messages": False,
    "worker_names": [],
    "worker_count": 0,
}


def _status(answer: Any) -> str:
    processing = "true" if answer["processing_messages"] else "false"
    return (f"Processing messages: {processing}, Worker count: {answer['worker_count']}, "
            f"Workers: {joined(answer['worker_names'])}")


def _nested(value: Any) -> str:
    """Lists as `|a,b,|`, and members of objects as `name: value`."""
    if isinstance(value, dict):
        return joined(f"{name}: {_nested(inner)}" for name, inner in value.items())
    return joined(value) if isinstance(value, list) else str(value)


def _partitions(answer: Any) -> str:
    return (f"State partitions: {_nested(answer['state_partitions'])}, "
            f"Stateless partitions: {_nested(answer['stateless_partitions'])}")


def _labelled(label: str) -> Callable[[Any], str]:
    return lambda answer: f"{label}: {_nested(answer)}"


_TEXTS: Dict[int, Callable[[Any], str]] = {
    Id.CLUSTER_STATUS_RESPONSE: _status,
    Id.CLUSTER_NOT_INITIALIZED: lambda answer: "Cluster not initialized",
    Id.PARTITION_RESPONSE: _partitions,
    Id.PARTITION_COUNT_RESPONSE: _partitions,
    Id.SOURCE_IDS_RESPONSE: lambda answer: f"Source ids: {joined(answer['source_ids'])}",
    Id.STATE_ENTITY_RESPONSE: _labelled("State entities"),
    Id.STATE_ENTITY_COUNT_RESPONSE: _labelled("State entity counts"),
    Id.CLUSTER_STATE_ENTITY_COUNT_RESPONSE: _labelled("Cluster state entity counts"),
    Id.STATELESS_PARTITION_RESPONSE: _labelled("Stateless partitions"),
    Id.STATELESS_PARTITION_COUNT_RESPONSE: _labelled("Stateless partition counts"),
}


def json_of(answer: Message) -> str:
    """Returns the answer as JSON on one line."""
    if answer.id == Id.CLUSTER_NOT_INITIALIZED:
        return json.dumps(NOT_INITIALIZED, separators=(",", ":"))
    return answer.body


def text_of(answer: Message) -> str:
    """Returns the answer as a line for people."""
    text = _TEXTS.get(answer.id)
    if text is None:
        return f"Answer {answer.id}: {answer.body}"
    return text(json.loads(json_of(answer)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="external_sender",
        description="Sends a message to a running application, and prints the answer.")
    add_external_option(parser)
    parser.add_argument("--type", "-t", metavar="TYPE", required=True,
                        choices=sorted({**TOLD, **ASKED}),
                        help="the message: " + ", ".join(sorted({**TOLD, **ASKED})))
    parser.add_argument("--message", "-m", metavar="TEXT", default="",
                        help="what is printed, the worker whose log is rotated, or a text for the "
                             "log when the application stops")
    parser.add_argument("--json", "-j", action="store_true", help="print nothing but the JSON")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Sends the message and prints the answer if it has one. Returns 1 without a connection."""
    parser = _parser()
    options = parser.parse_args(argv)

    def talk(connection: Connection) -> None:
        if not options.json:
            print("Connected...", flush=True)
        if options.type in TOLD:
            status = options.type == "boundary-count-status"
            connection.tell(TOLD[options.type], options.type if status else options.message)
            return
        connection.send(ASKED[options.type])
        answer = connection.receive()
        print(json_of(answer) if options.json else text_of(answer), flush=True)

    return connected(parser.prog, options.external, talk)


if __name__ == "__main__":
    sys.exit(main())
