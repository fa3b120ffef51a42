"""The tools of the external channel: their bytes, what they print, and a running application."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest
from original_rig import ENVIRONMENT, ROOT

from wallaroo.tools import cluster_shrinker, cluster_shutdown, external_sender
from wallaroo.tools.external_channel import Id, Message, encode, parse_address

BUILD = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build"))
HOST = BUILD / "tests" / "tools" / "external_host"
DEADLINE_S = 60

# The type, the message, and the bytes that are sent.
SENT = [
    ("print", "hello", b"\0\0\0\x07\0\x01hello"),
    ("rotate-log", "initializer", b"\0\0\0\x0d\0\x02initializer"),
    ("clean-shutdown", "", b"\0\0\0\x02\0\x03"),
    ("clean-shutdown", "bye", b"\0\0\0\x05\0\x03bye"),
    ("partition-query", "", b"\0\0\0\x02\0\x07"),
    ("cluster-status-query", "", b"\0\0\0\x02\0\x09"),
    ("partition-count-query", "", b"\0\0\0\x02\0\x0c"),
    ("source-ids-query", "", b"\0\0\0\x02\0\x0e"),
    ("boundary-count-status", "", b"\0\0\0\x17\0\x10boundary-count-status"),
    ("state-entity-query", "", b"\0\0\0\x02\0\x11"),
    ("stateless-partition-query", "", b"\0\0\0\x02\0\x13"),
    ("state-entity-count-query", "", b"\0\0\0\x02\0\x15"),
    ("stateless-partition-count-query", "", b"\0\0\0\x02\0\x17"),
    ("cluster-state-entity-count-query", "", b"\0\0\0\x02\0\x19"),
]

STATUS = '{"processing_messages":true,"worker_names":["a","b"],"worker_count":2}'

# The type, the id and body of the answer, and what is printed for people.
PRINTED = [
    ("cluster-status-query", 10, STATUS,
     "Processing messages: true, Worker count: 2, Workers: |a,b,|"),
    ("cluster-status-query", 10,
     '{"processing_messages":false,"worker_names":[],"worker_count":0}',
     "Processing messages: false, Worker count: 0, Workers: ||"),
    ("cluster-status-query", 11, "", "Cluster not initialized"),
    ("source-ids-query", 15, '{"source_ids":["12","3"]}', "Source ids: |12,3,|"),
    ("partition-query", 8,
     '{"state_partitions":{"count":{"a":["1","2"]}},"stateless_partitions":{}}',
     "State partitions: |count: |a: |1,2,|,|,|, Stateless partitions: ||"),
    ("partition-count-query", 13,
     '{"state_partitions":{"count":{"a":10}},"stateless_partitions":{"split":{"a":10}}}',
     "State partitions: |count: |a: 10,|,|, Stateless partitions: |split: |a: 10,|,|"),
    ("state-entity-query", 18, '{"count":["k","l"]}', "State entities: |count: |k,l,|,|"),
    ("state-entity-count-query", 22, '{"count":2}', "State entity counts: |count: 2,|"),
    ("cluster-state-entity-count-query", 26, '{"a":{"count":2}}',
     "Cluster state entity counts: |a: |count: 2,|,|"),
    ("stateless-partition-query", 20, '{"split":{"a":["1"]}}',
     "Stateless partitions: |split: |a: |1,|,|,|"),
    ("stateless-partition-count-query", 24, '{"split":{"a":10}}',
     "Stateless partition counts: |split: |a: 10,|,|"),
    ("partition-query", 99, "what", "Answer 99: what"),
]


class Channel:
    """Listens as an application does: reads what comes, and gives one answer."""

    def __init__(self, answer: bytes = b"") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._answer = answer
        self._received = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        peer, _ = self._listener.accept()
        with peer:
            peer.settimeout(DEADLINE_S)
            while piece := peer.recv(4096):
                self._received += piece
                if self._answer:
                    # In two pieces, as it may come over a network.
                    peer.sendall(self._answer[:5])
                    peer.sendall(self._answer[5:])
                    self._answer = b""

    def received(self) -> bytes:
        """All bytes that came, once the tool has closed its connection."""
        self._thread.join(DEADLINE_S)
        self._listener.close()
        return self._received


def frame(message_id: int, body: str) -> bytes:
    return struct.pack(">IH", 2 + len(body), message_id) + body.encode()


@pytest.mark.parametrize(("kind", "text", "expected"), SENT)
def test_the_sender_sends_the_bytes_of_the_table(kind, text, expected, capsys):
    channel = Channel(frame(99, "{}"))
    assert external_sender.main(
        ["--external", channel.address, "--type", kind, "--message", text]) == 0
    assert channel.received() == expected
    assert capsys.readouterr().out.startswith("Connected...\n")


def test_every_type_is_in_the_table():
    types = {**external_sender.TOLD, **external_sender.ASKED}
    assert {row[0] for row in SENT} == set(types)
    assert len(types) == 13


@pytest.mark.parametrize(("kind", "answer_id", "body", "expected"), PRINTED)
def test_the_sender_prints_answers_for_people(kind, answer_id, body, expected, capsys):
    channel = Channel(frame(answer_id, body))
    assert external_sender.main([f"--external={channel.address}", f"--type={kind}"]) == 0
    channel.received()
    assert capsys.readouterr().out == f"Connected...\n{expected}\n"


def test_every_answer_is_in_the_table():
    answers = {int(one) for one in Id if one.name.endswith(("RESPONSE", "INITIALIZED"))}
    assert answers - {row[1] for row in PRINTED} == {5, 6}


def test_the_sender_prints_nothing_but_json_when_asked_to(capsys):
    channel = Channel(frame(10, STATUS))
    arguments = ["--external", channel.address, "--type", "cluster-status-query", "--json"]
    assert external_sender.main(arguments) == 0
    channel.received()
    assert capsys.readouterr().out == STATUS + "\n"


def test_json_of_a_cluster_that_has_not_started_has_all_members(capsys):
    channel = Channel(frame(11, ""))
    arguments = ["--external", channel.address, "--type", "cluster-status-query", "--json"]
    assert external_sender.main(arguments) == 0
    channel.received()
    assert json.loads(capsys.readouterr().out) == {
        "processing_messages": False, "worker_names": [], "worker_count": 0}


# The options, the body that is sent, the answer, and what is printed.
SHRINKS = [
    (["--query"], '{"query":true,"node_names":[],"node_count":0}',
     (5, '{"node_names":["a","b"],"node_count":2}'),
     "Eligible for shrink: Node count: 2, Nodes: |a,b,|"),
    (["--query"], '{"query":true,"node_names":[],"node_count":0}',
     (5, '{"node_names":[],"node_count":0}'), "Eligible for shrink: Node count: 0, Nodes: ||"),
    (["--count", "3"], '{"query":false,"node_names":[],"node_count":3}',
     (6, "Shrinking by 3 workers!"), "Cluster shrink response: Shrinking by 3 workers!"),
    (["--count", "0"], '{"query":false,"node_names":[],"node_count":0}',
     (6, "Cannot shrink 0 workers!"), "Cluster shrink response: Cannot shrink 0 workers!"),
    (["--workers", "a,b"], '{"query":false,"node_names":["a","b"],"node_count":0}',
     (6, "Invalid shrink targets!"), "Cluster shrink response: Invalid shrink targets!"),
]


@pytest.mark.parametrize(("options", "body", "answer", "expected"), SHRINKS)
def test_the_shrinker_prints_the_answer(options, body, answer, expected, capsys):
    channel = Channel(frame(*answer))
    assert cluster_shrinker.main(["--external", channel.address, *options]) == 0
    assert channel.received() == struct.pack(">IH", 2 + len(body), 4) + body.encode()
    assert capsys.readouterr().out == expected + "\n"


def test_shutdown_prints_nothing(capsys):
    channel = Channel()
    assert cluster_shutdown.main([channel.address]) == 0
    assert channel.received() == b"\0\0\0\x02\0\x03"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", [
    lambda address: cluster_shutdown.main([address]),
    lambda address: cluster_shrinker.main(["--external", address, "--query"]),
    lambda address: external_sender.main(["--external", address, "--type", "print"]),
])
def test_without_a_connection_the_exit_code_is_one(command, capsys):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    assert command(address) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert address in printed.err


@pytest.mark.parametrize("arguments", [
    [], ["--external", "127.0.0.1:1"], ["--external", "nowhere", "--type", "print"],
    ["--external", "127.0.0.1:65536", "--type", "print"],
    ["--external", "127.0.0.1:1", "--type", "weather"],
])
def test_wrong_options_are_refused(arguments):
    with pytest.raises(SystemExit) as ended:
        external_sender.main(arguments)
    assert ended.value.code == 2


def test_an_application_that_does_not_answer_in_time_is_an_error(capsys):
    channel = Channel(frame(10, STATUS)[:8])
    arguments = ["--external", channel.address, "--type", "cluster-status-query"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wallaroo.tools.external_channel.TIMEOUT_S", 0.2)
        assert external_sender.main(arguments) == 1
    channel.received()
    assert channel.address in capsys.readouterr().err


def test_addresses():
    assert parse_address("127.0.0.1:5050") == ("127.0.0.1", 5050)
    assert parse_address("[::1]:5050") == ("::1", 5050)
    for text in ("", ":1", "host", "host:", "host:x", "host:65536"):
        with pytest.raises(ValueError, match="is no address"):
            parse_address(text)


def test_texts_are_sent_as_utf_8():
    assert encode(Id.PRINT, "ü") == b"\0\0\0\x04\0\x01\xc3\xbc"
    assert external_sender.text_of(Message(15, '{"source_ids":[]}')) == "Source ids: ||"


# Against an application of the engine.


@pytest.fixture(name="application")
def running_application() -> Iterator[Tuple[subprocess.Popen, str, str]]:
    if not HOST.exists() and "WALLAROO_BUILD" not in os.environ:
        pytest.skip(f"{HOST} is not built")
    process = subprocess.Popen([str(HOST)], stdout=subprocess.PIPE, text=True)
    try:
        external = process.stdout.readline().strip()
        source = process.stdout.readline().strip()
        yield process, external, source
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        process.stdout.close()


def tool(name: str, *arguments: str) -> str:
    """What the tool prints, run as a process."""
    return subprocess.run([sys.executable, "-m", f"wallaroo.tools.{name}", *arguments], text=True,
                          env=ENVIRONMENT, check=True, capture_output=True,
                          timeout=DEADLINE_S).stdout


def ask(external: str, kind: str) -> dict:
    return json.loads(tool("external_sender", "--external", external, "--type", kind, "--json"))


def test_a_running_application_answers_every_query(application):
    _, external, source = application
    status = tool("external_sender", "--external", external, "--type", "cluster-status-query")
    assert status == ("Connected...\nProcessing messages: true, Worker count: 1, "
                      "Workers: |initializer,|\n")
    host, port = source.rsplit(":", 1)
    words: List[str] = [f"word {i}" for i in range(30)]
    with socket.create_connection((host, int(port))) as sender:
        for word in words:
            sender.sendall(struct.pack(">I", len(word)) + word.encode())
        while ask(external, "state-entity-count-query") != {"count": 30}:
            pass
    entities = ask(external, "state-entity-query")
    assert sorted(entities["count"]) == sorted(f"{word}!" for word in words)
    assert ask(external, "cluster-state-entity-count-query") == {"initializer": {"count": 30}}
    assert ask(external, "partition-count-query") == {
        "state_partitions": {"count": {"initializer": 10}},
        "stateless_partitions": {"shout": {"initializer": 10}}}
    partitions = ask(external, "partition-query")
    ids = [*partitions["state_partitions"]["count"]["initializer"],
           *partitions["stateless_partitions"]["shout"]["initializer"],
           *ask(external, "source-ids-query")["source_ids"]]
    assert len(set(ids)) == 10 + 10 + 3
    assert all(0 <= int(one) < 2**128 for one in ids)
    assert ask(external, "stateless-partition-query") == partitions["stateless_partitions"]
    assert ask(external, "stateless-partition-count-query") == {"shout": {"initializer": 10}}


def test_a_running_application_of_one_worker_does_not_shrink(application):
    _, external, _ = application
    assert tool("cluster_shrinker", "--external", external, "--query") == (
        "Eligible for shrink: Node count: 0, Nodes: ||\n")
    assert tool("cluster_shrinker", "--external", external, "--count", "1") == (
        "Cluster shrink response: Cannot shrink 0 workers!\n")
    assert tool("cluster_shrinker", "--external", external, "--workers", "initializer") == (
        "Cluster shrink response: Invalid shrink targets!\n")


def test_a_running_application_prints_what_it_is_told(application):
    process, external, _ = application
    tool("external_sender", "--external", external, "--type", "print", "--message", "hello there")
    assert process.stdout.readline() == "hello there\n"
    tool("external_sender", "--external", external, "--type", "boundary-count-status")
    assert "0 boundaries" in process.stdout.readline()


def test_a_running_application_ends_when_it_is_shut_down(application):
    process, external, _ = application
    assert tool("cluster_shutdown", external) == ""
    assert process.wait(DEADLINE_S) == 0


def test_a_running_application_ends_when_the_sender_says_so(application):
    process, external, _ = application
    tool("external_sender", "--external", external, "--type", "clean-shutdown")
    assert process.wait(DEADLINE_S) == 0
