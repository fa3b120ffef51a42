"""The connectors that send at least once, frame by frame."""

import threading
import time

import pytest
from connector_rig import DEADLINE_S, Peer, eventually, framed_file
from sending_rig import NOTHING, Numbers, Writer, multi
from wallaroo.experimental import ConnectorError, ProtocolError, connection
from wallaroo.experimental import connector_wire_messages as cwm
from wallaroo.experimental.connectors import FramedFileReader, MultiSourceConnector


@pytest.fixture(name="peer")
def scripted_peer(monkeypatch):
    # The peer does not close when the connector does; an orderly end need not wait for that.
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    peer = Peer()
    yield peer
    peer.close()


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
