"""The connectors that send at least once: against a source of the engine, and frame by frame."""

import socket
import threading
import time

import pytest
from connector_rig import DEADLINE_S, Host, Peer, eventually, framed_file
from wallaroo.experimental import (
    AtLeastOnceSourceConnector,
    ConnectorError,
    ProtocolError,
    Stream,
    connection,
)
from wallaroo.experimental import connector_wire_messages as cwm
from wallaroo.experimental.connectors import (
    BaseIter,
    BaseSource,
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


@pytest.fixture(name="peer")
def scripted_peer(monkeypatch):
    # The peer does not close when the connector does; an orderly end need not wait for that.
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    peer = Peer()
    yield peer
    peer.close()


def multi(peer, cookie="cookie", **settings):
    return MultiSourceConnector("0.0.1", cookie, "program", "instance", peer.host, peer.port,
                                **settings)


class Numbers(BaseIter, BaseSource):
    """The numbers from 1 to `end`, as texts; a message's position is its number."""

    def __init__(self, name, end, at=0):
        self.name = self.key = name.encode()
        self.at = at
        self.end = end
        self.resets = []
        self.acked = []
        self.closed = False

    def __str__(self):
        return f"Numbers({self.name}, {self.at} of {self.end})"

    def reset(self, pos=0):
        self.resets.append(pos)
        self.at = pos

    def point_of_ref(self):
        return self.at

    def __next__(self):
        if self.at >= self.end:
            raise StopIteration
        self.at += 1
        return (b"%s %d" % (self.name, self.at), self.at)

    def wallaroo_acked(self, pos):
        self.acked.append(pos)

    def close(self):
        self.closed = True


def numbers_of(lines, name):
    return [int(line.split()[1]) for line in lines if line.split()[0] == name]


class Writer(AtLeastOnceSourceConnector):
    """Writes what the test tells it, and notes what it is told."""

    def __init__(self, peer, cookie="cookie"):
        super().__init__("0.0.1", cookie, "program", "instance", peer.host, peer.port)
        self.events = []

    def stream_added(self, stream):
        self.events.append(("added", stream.id))

    def stream_opened(self, stream):
        self.events.append(("opened", stream.id, stream.point_of_ref))

    def stream_closed(self, stream):
        assert not stream.is_open
        self.events.append(("closed", stream.id))

    def stream_acked(self, stream):
        self.events.append(("acked", stream.id, stream.point_of_ref))

    def stream_removed(self, stream):
        self.events.append(("removed", stream.id))


NOTHING = 2**64 - 1


# Against a source of the engine.


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


# Frame by frame.


def test_the_session_of_a_file(peer, tmp_path):
    path = framed_file(tmp_path / "three.msg", [b"abcd", b"ef", b"ghijk"])
    connector = multi(peer)
    reader = FramedFileReader(path)
    stream_id = MultiSourceConnector.get_id(reader.name)
    connector.add_source(reader)  # before it is connected

    threading.Thread(target=connector.connect).start()
    assert peer.greet() == cwm.Hello("0.0.1", "cookie", "program", "instance")
    assert peer.hear() == cwm.Notify(stream_id, path.encode(), 0)
    assert peer.hears_nothing()
    peer.say(cwm.NotifyAck(True, stream_id, NOTHING))
    for position, payload in ((8, b"abcd"), (14, b"ef"), (23, b"ghijk")):
        assert peer.hear() == cwm.Message(stream_id, position, 0, path.encode(), payload)
    assert peer.hear() == cwm.EosMessage(stream_id)
    peer.say(cwm.Ack(0, [(stream_id, 14)]))
    assert peer.hears_nothing()
    peer.say(cwm.Ack(0, [(stream_id, 23)]))
    assert peer.hear() is None
    assert connector.join(DEADLINE_S) is None
    assert reader.file.closed


def test_ids_of_streams_are_the_beginning_of_sha_256():
    assert MultiSourceConnector.get_id(b"key_0") == 0xBD29AF3B35FBE79A


def connected(peer, connector, credits=10):
    """Connects to the peer, which must be told to greet in time."""
    greeting = threading.Thread(target=peer.greet, args=(credits,))
    greeting.start()
    connector.connect()
    greeting.join(DEADLINE_S)
    return connector


def opened(peer, connector, stream_id=7, credits=10, at=NOTHING):
    connected(peer, connector, credits)
    connector.notify(stream_id, b"seven")
    assert peer.hear() == cwm.Notify(stream_id, b"seven", 0)
    peer.say(cwm.NotifyAck(True, stream_id, at))
    eventually(lambda: ("opened", stream_id, at) in connector.events, "the stream is open")
    return connector


def test_credits_are_kept_to(peer):
    writer = opened(peer, Writer(peer), credits=3)
    assert writer.credits == 2
    for number in range(5):
        writer.write(cwm.Message(7, number, 0))
    assert writer.credits == -3 and writer.pending_sends()
    assert [peer.hear().message_id for _ in range(2)] == [0, 1]
    assert peer.hears_nothing()
    peer.say(cwm.Ack(1, []))
    assert peer.hear().message_id == 2
    assert peer.hears_nothing()
    peer.say(cwm.Ack(5, [(7, 2)]))
    assert [peer.hear().message_id for _ in range(2)] == [3, 4]
    eventually(lambda: writer.credits == 3, "credits are counted")
    assert writer.events[-1] == ("acked", 7, 2)
    writer.end_of_stream(7)  # costs none
    assert peer.hear() == cwm.EosMessage(7)
    assert writer.credits == 3
    writer.shutdown()


def test_an_ok_in_pieces_is_understood(peer):
    writer = Writer(peer)
    connecting = threading.Thread(target=writer.connect)
    connecting.start()
    peer.accept().hear()
    for byte in cwm.Frame.encode(cwm.Ok(4)):
        peer.say_bytes(bytes([byte]))
        time.sleep(0.002)
    connecting.join(DEADLINE_S)
    assert writer.handshake_complete and writer.credits == 4
    writer.shutdown()


def test_a_stream_that_was_refused_is_notified_at_the_next_ack(peer):
    writer = connected(peer, Writer(peer))
    writer.notify(7, b"seven", 5)
    assert peer.hear() == cwm.Notify(7, b"seven", 5)
    peer.say(cwm.NotifyAck(False, 7, 5))
    assert peer.hears_nothing()
    peer.say(cwm.Ack(0, []))
    assert peer.hear() == cwm.Notify(7, b"seven", 5)
    peer.say(cwm.NotifyAck(True, 7, 5), cwm.Ack(0, []))
    eventually(lambda: ("opened", 7, 5) in writer.events, "the stream is open")
    assert peer.hears_nothing()
    writer.shutdown()


def test_after_a_close_it_connects_again_and_notifies(peer):
    writer = opened(peer, Writer(peer))
    writer.write(cwm.Message(7, 1, 0, None, b"one"))
    assert peer.hear().message_id == 1
    peer.say(cwm.Ack(1, [(7, 1)]))
    eventually(lambda: ("acked", 7, 1) in writer.events, "the message is acknowledged")
    peer.hang_up()
    assert peer.greet(5) == cwm.Hello("0.0.1", "cookie", "program", "instance")
    assert peer.hear() == cwm.Notify(7, b"seven", 1)
    assert writer.events[-1] == ("closed", 7)
    with pytest.raises(ProtocolError, match="stream 7 takes nothing now"):
        writer.write(cwm.Message(7, 2, 0))
    peer.say(cwm.NotifyAck(True, 7, 1))
    eventually(lambda: writer.events[-1] == ("opened", 7, 1), "the stream is open")
    writer.write(cwm.Message(7, 2, 0))
    assert peer.hear().message_id == 2
    writer.shutdown()
    assert writer.join() is None


@pytest.mark.parametrize("with_address", [False, True])
def test_a_restart_is_a_close(peer, with_address):
    writer = opened(peer, Writer(peer))
    other = Peer()
    peer.say(cwm.Restart(f"{other.host}:{other.port}") if with_address else cwm.Restart())
    following = other if with_address else peer
    following.greet()
    assert following.hear() == cwm.Notify(7, b"seven", NOTHING)
    assert writer.join(0.01) is None and not writer.stopped.is_set()
    writer.shutdown()
    other.close()


def test_an_error_of_the_application_ends_the_connector(peer, capsys):
    writer = opened(peer, Writer(peer))
    peer.say(cwm.Error("no such stream"))
    peer.hang_up()
    error = writer.join(DEADLINE_S)
    assert isinstance(error, ConnectorError) and str(error) == "no such stream"
    assert "ConnectorError: no such stream" in capsys.readouterr().err


def test_a_frame_that_only_connectors_send_is_answered_by_an_error(peer):
    writer = opened(peer, Writer(peer))
    peer.say(cwm.Notify(1, b"x"))
    assert isinstance(writer.join(DEADLINE_S), ProtocolError)
    assert peer.hear() == cwm.Error("a Notify has no place here")
    assert peer.hear() is None


def test_an_unknown_frame_is_a_warning(peer, capsys):
    writer = opened(peer, Writer(peer))
    peer.say_bytes(b"\0\0\0\3\x63ab")
    peer.say(cwm.Ack(7, []))
    eventually(lambda: writer.credits == 16, "it goes on")
    assert "warning: a frame of an unknown type came, and is ignored: b'cab'" in (
        capsys.readouterr().out)
    writer.shutdown()


def test_an_acknowledgement_above_the_end_is_an_error(peer):
    writer = opened(peer, Writer(peer))
    writer.write(cwm.Message(7, 4, 0))
    writer.end_of_stream(7)
    peer.hear()
    peer.say(cwm.Ack(0, [(7, 5)]))
    error = writer.join(DEADLINE_S)
    assert isinstance(error, ConnectorError) and "acknowledged 5" in str(error)


def test_what_a_callback_raises_is_the_error_of_the_connector(peer, capsys):
    writer = opened(peer, Writer(peer))
    writer.stream_acked = lambda stream: 1 / 0
    peer.say(cwm.Ack(0, [(7, 5)]))
    assert isinstance(writer.join(DEADLINE_S), ZeroDivisionError)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_handler_of_errors_that_fails_does_not_hang_the_program(peer):
    writer = opened(peer, Writer(peer))
    writer.stream_acked = writer.handle_error = lambda *args: 1 / 0
    hook, threading.excepthook = threading.excepthook, lambda args: None
    try:
        peer.say(cwm.Ack(0, [(7, 5)]))
        assert isinstance(writer.join(DEADLINE_S), ZeroDivisionError)
    finally:
        threading.excepthook = hook


def test_a_program_that_does_not_want_to_connect_again_ends(peer):
    writer = opened(peer, Writer(peer))
    writer.handle_close = lambda: writer.events.append("closed by the application")
    peer.hang_up()
    assert writer.join(DEADLINE_S) is None
    assert writer.stopped.is_set()
    assert writer.events[-2:] == [("closed", 7), "closed by the application"]


def test_a_shutdown_with_an_error_says_it(peer):
    writer = opened(peer, Writer(peer))
    writer.shutdown(cwm.Error("out of paper"))
    assert peer.hear() == cwm.Error("out of paper")
    assert peer.hear() is None
    assert isinstance(writer.join(), ConnectorError)


def test_join_waits_no_longer_than_it_is_told(peer):
    writer = opened(peer, Writer(peer))
    assert writer.join(0.01) is None
    assert not writer.stopped.is_set()
    writer.shutdown()


def test_mistakes_are_told(peer):
    writer = connected(peer, Writer(peer))
    with pytest.raises(ConnectorError, match="give its name"):
        writer.notify(1)
    with pytest.raises(ProtocolError, match="stream 1 takes nothing now"):
        writer.write(cwm.Message(1, 1, 0))
    with pytest.raises(ProtocolError, match="stream 1 takes nothing now"):
        writer.end_of_stream(1)
    with pytest.raises(ProtocolError, match="not for a connector to send"):
        writer.write(cwm.Ok(1))
    with pytest.raises(ConnectorError, match="connected already"):
        writer.connect()
    writer.shutdown()


def test_two_sources_of_one_name_are_refused(peer):
    connector = multi(peer)
    connector.add_source(Numbers("a", 1))
    with pytest.raises(ConnectorError, match="there is a source of this name already"):
        connector.add_source(Numbers("a", 2))


def test_a_source_begins_again_where_it_was_added_when_nothing_is_known(peer):
    connector = multi(peer)
    source = Numbers("a", 100, at=40)
    connector.add_source(source)
    connected(peer, connector)
    stream_id = connector.get_id(b"a")
    assert peer.hear() == cwm.Notify(stream_id, b"a", 40)
    peer.say(cwm.NotifyAck(True, stream_id, NOTHING))
    assert peer.hear().message_id == 41
    peer.hang_up()
    peer.greet()
    peer.hear()
    peer.say(cwm.NotifyAck(True, stream_id, NOTHING))
    assert peer.hear().message_id == 41
    connector.shutdown()


def test_a_stream_is_a_tuple():
    stream = Stream(1, b"n", 2, True)
    assert stream == (1, b"n", 2, True)
    assert Stream._fields == ("id", "name", "point_of_ref", "is_open")


def test_abstract_methods():
    assert AtLeastOnceSourceConnector.__abstractmethods__ == {
        "stream_opened", "stream_closed", "stream_acked"}
    assert BaseSource.__abstractmethods__ == {
        "__str__", "reset", "point_of_ref", "__next__", "wallaroo_acked"}
    assert BaseIter.__abstractmethods__ == {"__next__"}
    assert MultiSourceConnector.__mro__[1:3] == (
        AtLeastOnceSourceConnector, AtLeastOnceSourceConnector.__mro__[1])


# Readers.


def test_a_framed_file_is_read_and_read_again(tmp_path):
    path = framed_file(tmp_path / "x.msg", [b"abcd", b"", b"ef"])
    reader = FramedFileReader(path)
    assert (reader.name, reader.key, reader.point_of_ref()) == (path.encode(), path.encode(), 0)
    assert list(reader) == [(b"abcd", 8), (b"", 12), (b"ef", 18)]
    reader.reset(8)
    assert reader.next() == (b"", 12)
    reader.reset()
    assert next(reader) == (b"abcd", 8)
    assert path in str(reader)
    reader.close()
    assert reader.point_of_ref() == -1


@pytest.mark.parametrize("rest", [b"\0", b"\0\0\0\5", b"\0\0\0\5abcd"])
def test_a_message_without_its_end_is_none_yet(tmp_path, rest):
    path = framed_file(tmp_path / "x.msg", [b"abcd"])
    with open(path, "ab") as file:
        file.write(rest)
    reader = FramedFileReader(path)
    assert list(reader) == [(b"abcd", 8)]
    assert reader.point_of_ref() == 8


def test_a_limited_reader_has_nothing_until_it_is_time(tmp_path):
    path = framed_file(tmp_path / "x.msg", [b"a", b"b"])
    reader = ThrottledFileReader(path, 0.001, True, False)
    assert next(reader) == (b"a", 5)
    assert next(reader) == (None, 5)
    free = ThrottledFileReader(path, None, is_framed=True, is_text_lines=False)
    assert list(free) == [(b"a", 5), (b"b", 10)]


def test_a_reader_of_lines(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"one\n\nthree")
    reader = ThrottledFileReader(str(tmp_path / "x.txt"), 0, False, True)
    assert list(reader) == [(b"one\n", 4), (b"\n", 5), (b"three", 10)]
    for framed in (True, False):
        with pytest.raises(ValueError, match="either is_framed or is_text_lines"):
            ThrottledFileReader(str(tmp_path / "x.txt"), 0, framed, framed)
