"""The connectors that find their settings in an application: `SourceConnector`, `SinkConnector`."""

import os
import socket
import subprocess
import sys
import threading

import pytest
from connector_rig import DEADLINE_S, Application, Host, Peer, eventually
from original_rig import ENVIRONMENT
from wallaroo import experimental
from wallaroo.experimental import (
    BaseConnector,
    ConnectorError,
    SinkConnector,
    SourceConnector,
    UnexpectedSocketError,
    connection,
    parse_connector_args,
)
from wallaroo.experimental import connector_wire_messages as cwm

APPLICATION = """
import wallaroo, wallaroo.experimental as experimental
seen = []
@experimental.stream_message_decoder
def decode_message(bs): return bs.decode()
@experimental.stream_message_encoder
def encode_message(text): return text.encode()
@experimental.octet_message_encoder
def encode_octets(text): return (text + "\\n").encode()
@wallaroo.encoder
def encode_with_length(text): return len(text).to_bytes(2, "big") + text.encode()
@wallaroo.decoder(header_length=2, length_fmt=">H")
def decode_with_length(bs): return bs.decode()
def application_setup(args):
    seen.append(args)
    feed = experimental.SourceConnectorConfig(
        "feed", encode_message, decode_message, PORT, "cookie", 50, 10)
    octets = experimental.SourceConnectorConfig(
        "octets", encode_octets, decode_message, PORT, "cookie", 50, 10)
    def drain(name, encoder, decoder):
        return experimental.SinkConnectorConfig(
            name, encoder, decoder, PORT, "Dragons-Love-Tacos")
    return wallaroo.build_application("app", wallaroo.source("a", feed).merge(
        wallaroo.source("b", octets)).to_sinks([
            wallaroo.TCPSinkConfig("127.0.0.1", PORT, encode_octets),
            drain("messages", encode_message, decode_message),
            drain("octets", encode_octets, decode_message),
            drain("lengths", encode_with_length, decode_with_length)]))
"""


@pytest.fixture(name="module")
def application_module(tmp_path, monkeypatch, request):
    """Writes the application as a module with a name of its own, and returns a function that gives
    the arguments of a connector."""
    name = f"app_{abs(hash(request.node.nodeid))}"
    monkeypatch.syspath_prepend(str(tmp_path))

    def arguments(connector, port, *more):
        (tmp_path / f"{name}.py").write_text(APPLICATION.replace("PORT", str(port)))
        return ["script.py", "--application-module", name, "--connector", connector, *more]

    yield arguments
    sys.modules.pop(name, None)


@pytest.fixture(name="peer")
def scripted_peer(monkeypatch):
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    peer = Peer()
    yield peer
    peer.close()


FEED_AT = ["--feed-host", "127.0.0.1", "--feed-port", "1"]


def test_arguments_of_a_connector():
    args = ["x.py", "--application-module", "m", "--connector", "feed", "--feed-host", "h",
            "--feed-port=7", "--feed-extra", "e", "--other", "--octets-host", "i"]
    found = parse_connector_args(args, ["host", "port"], ["extra", "more"])
    assert vars(found) == {"application": "m", "connector_name": "feed", "host": "h", "port": "7",
                           "extra": "e", "more": None}


@pytest.mark.parametrize("args, name", [(["--connector", "feed"], "feed"), ([], "<connector>")])
def test_the_help_of_a_connector_has_all_its_arguments(args, name, capsys):
    with pytest.raises(SystemExit) as raised:
        parse_connector_args([*args, "--help"], ["host"], ["extra"])
    assert raised.value.code == 0
    text = capsys.readouterr().out
    for option in ("--application-module", "--connector", f"--{name}-host", f"--{name}-extra"):
        assert option in text


@pytest.mark.parametrize("args", [
    [], ["--connector", "feed"], ["--application-module", "m"],
    ["--application-module", "m", "--connector", "feed"],
    ["--application-module", "m", "--connector", "feed", "--other-host", "h"]])
def test_missing_arguments_of_a_connector_are_an_exit_with_2(args, capsys):
    with pytest.raises(SystemExit) as raised:
        parse_connector_args(args, ["host"])
    assert raised.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_a_connector_is_found_in_the_application(module):
    connector = BaseConnector(module("octets", 7100))
    source = connector._source
    assert (source.host, source.port, source.cookie) == ("127.0.0.1", 7100, "cookie")
    assert source.encoder.encode("x") == b"x\n" and source.decoder.decode(b"x") == "x"
    assert sys.modules[connector.params.application].seen == [module("octets", 7100)]


@pytest.mark.parametrize("make", [BaseConnector, SinkConnector])
def test_a_connector_that_the_application_does_not_have(module, make):
    with pytest.raises(RuntimeError, match="of the name 'none' among"):
        make(module("none", 7100))


@pytest.mark.parametrize("name", ["feed", "octets"])
def test_messages_that_are_written_arrive_in_order(module, tmp_path, name):
    host = Host(tmp_path)
    try:
        connector = SourceConnector(module(name, host.port, f"--{name}-host", "h",
                                           f"--{name}-port", "1"))
        with pytest.raises(RuntimeError, match=r"call connect\(\)"):
            connector.write("too early")
        connector.connect()
        for number in range(500):  # of 50 credits
            connector.write(f"number {number}", key="k")
        assert connector.count == 500
        connector.close()
        eventually(lambda: [line for line in host.lines() if line] == [
            f"number {number}" for number in range(500)], "all arrive")
    finally:
        host.end()


def test_a_second_connector_goes_on_behind_the_first(module, tmp_path):
    host = Host(tmp_path)
    try:
        for text in ("first", "second"):
            connector = SourceConnector(module("feed", host.port, *FEED_AT))
            connector.connect()
            connector.write(text)
            connector.close()
        eventually(lambda: host.lines() == ["first", "second"], "both arrive")
    finally:
        host.end()


def test_a_program_that_just_ends_loses_nothing(module, tmp_path):
    host = Host(tmp_path)
    try:
        args = module("feed", host.port, *FEED_AT)
        script = ("import sys\nfrom wallaroo.experimental import SourceConnector\n"
                  "connector = SourceConnector()\nconnector.connect()\n"
                  "for number in range(300): connector.write(str(number))\n")
        subprocess.run([sys.executable, "-c", script, *args[1:]], check=True, timeout=DEADLINE_S,
                       env={**ENVIRONMENT, "PYTHONPATH": ENVIRONMENT["PYTHONPATH"] + os.pathsep
                            + str(tmp_path)})
        eventually(lambda: host.lines() == [str(number) for number in range(300)], "all arrive")
    finally:
        host.end()


def test_the_frames_of_a_source_connector(module, peer):
    connector = SourceConnector(module("feed", peer.port, *FEED_AT))
    connecting = threading.Thread(target=connector.connect)
    connecting.start()
    assert peer.greet(3) == cwm.Hello("0.0.1", "cookie", "feed", "feed")
    notify = peer.hear()
    assert (notify.stream_name, notify.point_of_ref) == (b"feed", 0)
    peer.say(cwm.NotifyAck(False, notify.stream_id, 0), cwm.Ack(1, []))
    assert peer.hear() == notify
    peer.say(cwm.NotifyAck(True, notify.stream_id, 41))
    connecting.join(DEADLINE_S)
    connector.write("one", event_time=5, key=b"k")
    assert peer.hear() == cwm.Message(notify.stream_id, 42, 5, b"k", b"one")
    peer.say(cwm.Error("enough"))
    with pytest.raises(ConnectorError, match="enough"):
        while True:
            connector.write("more")


def test_a_source_connector_waits_for_a_listener(module, monkeypatch, peer):
    monkeypatch.setattr("wallaroo.experimental.source_connector.RETRY_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connector = SourceConnector(module("feed", port, *FEED_AT))
    connecting = threading.Thread(target=connector.connect, daemon=True)
    connecting.start()
    connecting.join(0.1)
    assert connecting.is_alive()
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(DEADLINE_S)
        peer._socket, _ = listener.accept()
        peer._socket.settimeout(DEADLINE_S)
        peer.hear()
        peer.say(cwm.Ok(5))
        peer.say(cwm.NotifyAck(True, peer.hear().stream_id, 0))
        connecting.join(DEADLINE_S)
    assert not connecting.is_alive()


def test_nothing_is_sent_for_none(module, peer):
    connector = SourceConnector(module("octets", peer.port, "--octets-host", "h",
                                       "--octets-port", "1"))
    for name, encoder in (("octets", lambda text: None), ("message", lambda text: None)):
        wrap = getattr(experimental, "octet_message_encoder" if name == "octets"
                       else "stream_message_encoder")
        connector._source = connector._source._replace(encoder=wrap(encoder))
        connecting = threading.Thread(target=connector.connect)
        connecting.start()
        peer.greet(3)
        peer.say(cwm.NotifyAck(True, peer.hear().stream_id, 0))
        connecting.join(DEADLINE_S)
        connector.write("text")
        assert connector.count == 0 and peer.hears_nothing()


def test_a_source_connector_may_connect_again_when_its_connection_has_broken(module, peer):
    connector = SourceConnector(module("feed", peer.port, *FEED_AT))
    for text in ("one", "two"):
        connecting = threading.Thread(target=connector.connect)
        connecting.start()
        peer.greet(9)
        peer.say(cwm.NotifyAck(True, peer.hear().stream_id, 0))
        connecting.join(DEADLINE_S)
        connector.write(text)
        assert peer.hear().message == text.encode()
        peer.hang_up()
        with pytest.raises(OSError):
            while True:
                connector.write("more")
    connector.close()


@pytest.mark.parametrize("checkpoints", [False, True])
def test_records_of_an_application_of_the_engine_are_read(module, tmp_path, checkpoints):
    sink = SinkConnector(module("octets", 0))
    sink.listen(port=0)
    port = sink._listener.getsockname()[1]
    flags = ["--checkpoint-dir", str(tmp_path / "checkpoints"), "--checkpoint-interval", "30ms"]
    application = Application(f"127.0.0.1:{port}", *(flags if checkpoints else []))
    try:
        source = SourceConnector(module("octets", application.port, "--octets-host", "h",
                                        "--octets-port", "1"))
        got = []
        reading = threading.Thread(
            target=lambda: got.extend(sink.read(DEADLINE_S) for _ in range(3)))
        reading.start()
        source.connect(port=application.port)
        for text in ("a", "b", "c"):
            source.write(text)
        reading.join(DEADLINE_S)
        # The source's encoder adds an end of line, and so does the sink of the application.
        assert [text.split() for text in got] == [["1", "a"], ["2", "b"], ["3", "c"]]
        with pytest.raises(TimeoutError):
            sink.read(0.05)
        source.close()
    finally:
        application.end()
        sink.close()


class Worker:
    """Sends what the sink of a worker sends."""

    def __init__(self, port):
        self.peer = Peer()
        self.peer._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.say = self.peer.say
        self.hear = self.peer.hear

    def introduce(self, cookie="Dragons-Love-Tacos", version="v0.0.1"):
        self.say(cwm.Hello(version, cookie, "App", "initializer"), cwm.Notify(1, b"out", 12),
                 cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(cwm.ListUncommitted(77778))))


@pytest.fixture(name="drain")
def sink_with_worker(module):
    sinks = []

    def drain(name):
        sink = SinkConnector(module(name, 0))
        sink.listen()
        sinks.append((sink, Worker(sink._listener.getsockname()[1])))
        return sinks[-1]

    yield drain
    for sink, worker in sinks:
        sink.close()
        worker.peer.close()


def test_the_frames_of_a_sink_connector(drain):
    sink, worker = drain("octets")
    worker.introduce()
    worker.say(cwm.Message(1, 12, 0, None, b"-40.0"), cwm.Message(1, 17, 0, None, b"-38.2"))
    assert [sink.read(DEADLINE_S), sink.read(DEADLINE_S)] == ["-40.0", "-38.2"]
    assert worker.hear() == cwm.Ok(1000)
    assert worker.hear() == cwm.NotifyAck(True, 1, 12)
    assert worker.hear() == cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(
        cwm.ReplyUncommitted(77778, [])))
    worker.say(cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(
        cwm.TwoPCPhase1("out:c_id=1", [(1, 12, 22)]))))
    with pytest.raises(TimeoutError):
        sink.read(0.1)
    assert worker.hear() == cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(
        cwm.TwoPCReply("out:c_id=1", True)))
    worker.say(cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(
        cwm.TwoPCPhase2("out:c_id=1", True))),
        cwm.Message(0, 0, 0, None, cwm.TwoPCFrame.encode(cwm.WorkersLeft(7, ["w"]))),
        cwm.Message(1, 22, 0, None, b"7"))
    assert sink.read(DEADLINE_S) == "7"


@pytest.mark.parametrize("name, payloads", [
    # What the encoder of each sink makes of "ab" and "c", as the application sends it.
    ("messages", ["00000012 0000000000000000 00000000 6162",
                  "00000011 0000000000000000 00000000 63"]),
    ("octets", ["6162", "63"]),
    ("lengths", ["0002 6162", "0001 63"]),
    ("lengths", ["0002 6162 0001", "63"]),
])
def test_records_are_decoded_as_they_were_encoded(drain, name, payloads):
    sink, worker = drain(name)
    worker.introduce()
    worker.say(*(cwm.Message(1, n, 0, None, bytes.fromhex(each))
                 for n, each in enumerate(payloads)))
    assert [sink.read(DEADLINE_S), sink.read(DEADLINE_S)] == ["ab", "c"]


@pytest.mark.parametrize("introduction, error", [
    (lambda w: w.introduce(cookie="biscuit"), "the cookie is wrong"),
    (lambda w: w.introduce(version="0.0.1"), "the version is '0.0.1' instead of 'v0.0.1'"),
    (lambda w: w.say(cwm.Message(1, 0, 0)), "a Message has no place here"),
    (lambda w: w.peer.say_bytes(b"\0\0\0\1\x63"), "a frame that cannot be read: 99"),
])
def test_a_worker_that_breaks_the_protocol_is_told(drain, introduction, error):
    sink, worker = drain("octets")
    introduction(worker)
    with pytest.raises(TimeoutError):
        sink.read(0.2)
    assert worker.hear() == cwm.Error(error)


def test_records_before_a_breach_of_the_protocol_are_given_out(drain):
    sink, worker = drain("octets")
    worker.introduce()
    worker.say(cwm.Message(1, 0, 0, None, b"one"), cwm.Message(1, 3, 0, None, b"two"),
               cwm.Message(0, 0, 0, None, b"\1"))  # no message of the two-phase commit
    assert [sink.read(DEADLINE_S), sink.read(DEADLINE_S)] == ["one", "two"]
    with pytest.raises(TimeoutError):
        sink.read(0.1)
    assert list(iter(worker.hear, None))[-1] == cwm.Error("a frame that cannot be read: 1")


def test_a_read_without_a_timeout_of_its_own_looks_once(drain):
    sink, worker = drain("octets")
    worker.introduce()
    worker.say(cwm.Message(1, 0, 0, None, b"one"))

    def look():
        try:
            return sink.read(0)
        except TimeoutError:
            return None

    assert eventually(look, "the record is read") == "one"


def test_a_listener_that_fails_is_told(drain):
    sink, worker = drain("octets")
    sink._listener.shutdown(socket.SHUT_RDWR)
    with pytest.raises(UnexpectedSocketError, match="the socket that listens has failed"):
        sink.read(DEADLINE_S)
    sink.listen(port=0)
    with pytest.raises(TimeoutError):
        sink.read(0.05)


def test_several_workers_are_read_and_one_may_come_back(drain):
    sink, first = drain("octets")
    second = Worker(sink._listener.getsockname()[1])
    for worker, text in ((first, b"one"), (second, b"two")):
        worker.introduce()
        worker.say(cwm.Message(1, 0, 0, None, text))
    assert {sink.read(DEADLINE_S), sink.read(DEADLINE_S)} == {"one", "two"}
    first.peer.hang_up()
    third = Worker(sink._listener.getsockname()[1])
    third.introduce()
    third.say(cwm.Message(1, 0, 0, None, b"three"))
    assert sink.read(DEADLINE_S) == "three"
    for worker in (second, third):
        worker.peer.close()


def test_reading_before_listening_is_a_mistake(module):
    with pytest.raises(RuntimeError, match=r"call listen\(\)"):
        SinkConnector(module("octets", 0)).read()
