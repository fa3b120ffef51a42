"""The connectors that send at least once, against a source of the engine."""

import socket
import time

import pytest
from connector_rig import DEADLINE_S, Host, eventually, framed_file
from sending_rig import NOTHING, Numbers, Writer, multi, numbers_of
from wallaroo.experimental import ConnectorError
from wallaroo.experimental import connector_wire_messages as cwm
from wallaroo.experimental.connectors import (
    FramedFileReader,
    MultiSourceConnector,
    ThrottledFileReader,
)


@pytest.fixture(name="start")
def start_hosts(tmp_path):
    hosts = []

    def start(address="127.0.0.1:0"):
        hosts.append(Host(tmp_path, address))
        return hosts[-1]

    yield start
    for host in hosts:
        host.end()


def test_sources_are_sent_in_turns_and_the_connector_ends_with_them(start, tmp_path):
    host = start()
    names = [framed_file(tmp_path / f"{n}.msg", [b"%d %d" % (n, i) for i in range(1, 400)])
             for n in range(3)]
    connector = multi(host)
    connector.connect()
    readers = [FramedFileReader(name) for name in names]
    for reader in readers:
        connector.add_source(reader)
    assert connector.join(DEADLINE_S) is None
    assert connector.stopped.is_set() and connector.error is None
    assert all(reader.file.closed for reader in readers)
    for n in range(3):
        assert numbers_of(host.lines(), str(n)) == list(range(1, 400))
    # They took turns: none was through before another had begun.
    firsts = [host.lines().index(f"{n} 1") for n in range(3)]
    assert max(firsts) < len(host.lines()) / 2


def test_every_message_arrives_once_though_the_application_is_killed(start):
    host = start()
    connector = multi(host)
    sources = [Numbers("a", 3000), Numbers("b", 3000)]
    connector.connect()
    for source in sources:
        connector.add_source(source)
    for step in range(1, 5):
        eventually(lambda: len(host.lines()) >= step * 1000, "it goes on")  # noqa: B023
        host.end()
        host = start(host.address)
    deadline = time.monotonic() + DEADLINE_S
    while connector.join(DEADLINE_S) is not None:  # it was refused; it goes on trying
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any(source.resets for source in sources)
    for name in "ab":
        assert numbers_of(host.lines(), name) == list(range(1, 3001))


def test_a_refused_reconnect_is_told_and_tried_again(start):
    host = start()
    connector = multi(host)
    source = Numbers("a", 10**9)
    connector.connect()
    connector.add_source(source)
    eventually(lambda: numbers_of(host.lines(), "a"), "it has begun")
    host.end()
    assert isinstance(connector.join(DEADLINE_S), ConnectionRefusedError)
    assert not connector.handshake_complete
    seen = len(host.lines())
    host = start(host.address)
    eventually(lambda: len(host.lines()) > seen, "it goes on")
    assert connector.error is None and not connector.stopped.is_set()
    connector.shutdown()
    assert connector.join(DEADLINE_S) is None


def test_a_wrong_cookie_is_told_by_connect(start):
    connector = multi(start(), "biscuit")
    with pytest.raises(ConnectorError, match="the cookie of the HELLO"):
        connector.connect()
    assert isinstance(connector.join(), ConnectorError)


def test_without_a_listener_connect_raises():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    connector = MultiSourceConnector("0.0.1", "c", "p", "i", "127.0.0.1", port)
    with pytest.raises(ConnectionRefusedError):
        connector.connect()
    assert connector.stopped.is_set()


def test_more_is_written_than_there_are_credits(start):
    host = start()
    writer = Writer(host)
    writer.connect()
    writer.notify(7, b"seven")
    eventually(lambda: ("opened", 7, NOTHING) in writer.events, "the stream is open")
    for number in range(1000):  # of 50 credits
        writer.write(cwm.Message(7, number, 0, None, b"x %d" % number))
    eventually(lambda: not writer.pending_sends(), "all is sent")
    writer.end_of_stream(7)
    eventually(lambda: ("removed", 7) in writer.events, "all of it is acknowledged")
    assert writer.events[0] == ("added", 7)
    assert ("acked", 7, 999) in writer.events
    writer.shutdown()
    assert writer.join() is None
    assert numbers_of(host.lines(), "x") == list(range(1000))


def test_a_shutdown_sends_what_waits(start):
    host = start()
    writer = Writer(host)
    writer.connect()
    writer.notify(7, b"seven")
    eventually(lambda: ("opened", 7, NOTHING) in writer.events, "the stream is open")
    for number in range(500):
        writer.write(cwm.Message(7, number, 0, None, b"x %d" % number))
    writer.shutdown()
    eventually(lambda: numbers_of(host.lines(), "x") == list(range(500)), "all arrive")


def test_a_source_without_messages_ends(start):
    host = start()
    connector = multi(host)
    connector.connect()
    empty = Numbers("empty", 0)
    connector.add_source(empty)
    assert connector.join(DEADLINE_S) is None
    assert empty.closed


def test_a_source_goes_on_where_the_application_has_it(start):
    host = start()
    for end, resets in ((100, []), (250, [100])):
        connector = multi(host)
        connector.connect()
        source = Numbers("a", end)
        connector.add_source(source)
        assert connector.join(DEADLINE_S) is None
        assert source.resets == resets
    assert numbers_of(host.lines(), "a") == list(range(1, 251))


def test_a_source_that_is_removed_ends_where_it_is(start):
    host = start()
    connector = multi(host)
    connector.connect()
    endless, other = Numbers("endless", 10**9), Numbers("other", 50)
    connector.add_source(endless)
    connector.add_source(other)
    eventually(lambda: endless.at > 200, "it has begun")
    connector.remove_source(endless)
    assert connector.join(DEADLINE_S) is None
    assert endless.closed and other.closed
    count = len(numbers_of(host.lines(), "endless"))
    assert numbers_of(host.lines(), "endless") == list(range(1, count + 1)) and count > 200


def test_a_source_may_be_throttled(start, tmp_path):
    host = start()
    connector = multi(host, delay=0.001)
    connector.connect()
    (tmp_path / "lines.txt").write_bytes(b"line 1\nline 2\nline 3")
    connector.add_source(ThrottledFileReader(str(tmp_path / "lines.txt"), 50, False, True))
    assert connector.join(DEADLINE_S) is None
    assert [line for line in host.lines() if line] == ["line 1", "line 2", "line 3"]
