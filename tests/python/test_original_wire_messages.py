"""The messages of connectors, byte by byte."""

import struct

import pytest
from wallaroo.experimental import connector_wire_messages as cwm

KEY_0 = 0xBD29AF3B35FBE79A
NAME = "App-w-initializer-id-77"
NAME_HEX = "4170702d772d696e697469616c697a65722d69642d3737"
TXN = NAME + ":c_id=1"
TXN_HEX = NAME_HEX + "3a635f69643d31"

FRAMES = [
    (cwm.Hello("0.0.1", "cookie", "prog", "i0"),
     "0000001a 00 0005302e302e31 0006636f6f6b6965 000470726f67 00026930"),
    (cwm.Ok(67), "00000005 01 00000043"),
    (cwm.Error("bad"), "00000006 02 0003626164"),
    (cwm.Notify(KEY_0, b"key_0", 0),
     "00000018 03 bd29af3b35fbe79a 00056b65795f30 0000000000000000"),
    (cwm.NotifyAck(True, KEY_0, 2**64 - 1), "00000012 04 01 bd29af3b35fbe79a ffffffffffffffff"),
    (cwm.NotifyAck(False, KEY_0, 5), "00000012 04 00 bd29af3b35fbe79a 0000000000000005"),
    (cwm.Message(KEY_0, 1, 0, b"key_0", b"\0\0\0\0\0\0\0\1key_0"),
     "0000002d 05 bd29af3b35fbe79a 0000000000000001 0000000000000000 00056b65795f30 "
     "0000000000000001 6b65795f30"),
    (cwm.Message(7, 2, -1),
     "0000001b 05 0000000000000007 0000000000000002 ffffffffffffffff 0000"),
    (cwm.Ack(3, [(KEY_0, 1)]), "00000019 06 00000003 00000001 bd29af3b35fbe79a 0000000000000001"),
    (cwm.Ack(2, []), "00000009 06 00000002 00000000"),
    (cwm.EosMessage(KEY_0), "00000009 08 bd29af3b35fbe79a"),
    (cwm.Restart("127.0.0.1:7100"), "00000013 07 0000000e 3132372e302e302e313a37313030"),
    (cwm.Restart(), "00000005 07 00000000"),
    (cwm.Hello("v0.0.1", "Dragons-Love-Tacos", "App", "initializer"),
     "0000002f 00 000676302e302e31 0012447261676f6e732d4c6f76652d5461636f73 0003417070 "
     "000b696e697469616c697a6572"),
    (cwm.Notify(1, NAME.encode(), 0),
     "0000002a 03 0000000000000001 0017" + NAME_HEX + "0000000000000000"),
]

CONTROL = [
    (cwm.ListUncommitted(77778), "c9 0000000000012fd2"),
    (cwm.ReplyUncommitted(77778, []), "ca 0000000000012fd2 00000000"),
    (cwm.ReplyUncommitted(1, ["a", "bc"]), "ca 0000000000000001 00000002 000161 00026263"),
    (cwm.TwoPCPhase1(TXN, [(1, 0, 12)]),
     f"cb 001e{TXN_HEX} 00000001 0000000000000001 0000000000000000 000000000000000c"),
    (cwm.TwoPCReply(TXN.encode(), True), f"cc 001e{TXN_HEX} 01"),
    (cwm.TwoPCPhase2(TXN, True), f"cd 001e{TXN_HEX} 01"),
    (cwm.TwoPCPhase2(TXN, False), f"cd 001e{TXN_HEX} 00"),
    (cwm.WorkersLeft(7, ["worker2"]), "ce 0000000000000007 00000001 0007776f726b657232"),
]


def kind(case):
    return f"{type(case[0]).__name__}"


@pytest.mark.parametrize("message, expected", FRAMES, ids=map(kind, FRAMES))
def test_a_frame_has_its_bytes(message, expected):
    data = bytes.fromhex(expected)
    assert cwm.Frame.encode(message) == data
    assert cwm.Frame.read_header(data) == len(data) - 4
    decoded = cwm.Frame.decode(data[4:])
    assert type(decoded) is type(message) and decoded == message
    assert message.encode() == data[5:]
    assert type(message).decode(data[5:]) == message


@pytest.mark.parametrize("message, expected", CONTROL, ids=map(kind, CONTROL))
def test_a_control_message_has_its_bytes(message, expected):
    data = bytes.fromhex(expected)
    assert cwm.TwoPCFrame.encode(message) == data
    decoded = cwm.TwoPCFrame.decode(data)
    assert type(decoded) is type(message) and decoded == message
    # On the wire it is the payload of a message on stream 0.
    frame = cwm.Frame.encode(cwm.Message(0, 0, 0, None, data))
    assert frame == (struct.pack(">IB", 27 + len(data), 5) + bytes(26) + data)


@pytest.mark.parametrize("message, attributes", [
    (cwm.Hello("v", "c", "p", "i"),
     {"version": "v", "cookie": "c", "program_name": "p", "instance_name": "i"}),
    (cwm.Ok(5), {"initial_credits": 5}),
    (cwm.Error("m"), {"message": "m"}),
    (cwm.Notify(1, b"n"), {"stream_id": 1, "stream_name": b"n", "point_of_ref": 0}),
    (cwm.NotifyAck(False, 1, 2), {"notify_success": False, "stream_id": 1, "point_of_ref": 2}),
    (cwm.Message(1, 2, 3, b"k", b"m"),
     {"stream_id": 1, "message_id": 2, "event_time": 3, "key": b"k", "message": b"m"}),
    (cwm.Message(1, 2, 3), {"key": None, "message": None}),
    (cwm.EosMessage(1), {"stream_id": 1}),
    (cwm.Ack(1, [(2, 3), (4, 5)]), {"credits": 1, "acks": [(2, 3), (4, 5)]}),
    (cwm.Restart("h:1"), {"address": "h:1"}),
    (cwm.Restart(), {"address": None}),
])
def test_a_decoded_frame_has_its_attributes(message, attributes):
    decoded = cwm.Frame.decode(cwm.Frame.encode(message)[4:])
    assert {name: getattr(decoded, name) for name in attributes} == attributes


@pytest.mark.parametrize("message, attributes", [
    (cwm.ListUncommitted(1), {"rtag": 1}),
    (cwm.ReplyUncommitted(1, ["t"]), {"rtag": 1, "txn_ids": ["t"]}),
    (cwm.TwoPCPhase1("t", [(1, 2, 3)]), {"txn_id": "t", "where_list": [(1, 2, 3)]}),
    (cwm.TwoPCReply(b"t", True), {"txn_id": "t", "commit": True}),
    (cwm.TwoPCPhase2("t", False), {"txn_id": "t", "commit": False}),
    (cwm.WorkersLeft(1, ["w"]), {"rtag": 1, "leaving_workers": ["w"]}),
])
def test_a_decoded_control_message_has_its_attributes(message, attributes):
    decoded = cwm.TwoPCFrame.decode(cwm.TwoPCFrame.encode(message))
    assert {name: getattr(decoded, name) for name in attributes} == attributes


@pytest.mark.parametrize("arguments", [
    {"stream_id": 1, "message_id": 2, "event_time": 3, "key": b"k", "message": b"m"}])
def test_the_parameters_of_a_message_have_names(arguments):
    assert cwm.Message(**arguments) == cwm.Message(1, 2, 3, b"k", b"m")
    assert cwm.Error(msg="x") == cwm.Error("x")


def test_keys_and_messages_are_bytes():
    for arguments in ({"key": "k"}, {"message": "m"}, {"message": 3}):
        with pytest.raises(TypeError, match="is bytes, or None for none"):
            cwm.Message(1, 2, 3, **arguments)


def test_messages_of_other_classes_or_bytes_differ():
    assert cwm.Ok(1) != cwm.Ok(2)
    assert cwm.TwoPCReply("t", True) != cwm.TwoPCPhase2("t", True)
    assert cwm.Ok(1) != 1
    assert cwm.TwoPCReply("t", True) == cwm.TwoPCReply(b"t", True)


def test_messages_can_be_read_by_people():
    assert str(cwm.Ack(1, [(2, 3)])) == "Ack(credits=1, acks=[(2, 3)])"
    assert repr(cwm.Restart()) == "Restart(address=None)"


def test_a_restart_may_have_no_body():
    assert cwm.Frame.decode(b"\x07") == cwm.Restart()


@pytest.mark.parametrize("body", [b"", b"\x01\0\0", b"\x03", b"\x06\0\0\0\0\0\0\0\2" + bytes(16),
                                  b"\x02\0\5abc", b"\x05" + bytes(25), b"\x07\0\0\0\5abc"])
def test_a_frame_that_is_cut_off_is_an_error(body):
    with pytest.raises(struct.error):
        cwm.Frame.decode(body)


@pytest.mark.parametrize("body", [b"\x09", b"\xc9", b"\xff" + bytes(100)])
def test_an_unknown_frame_is_an_error(body):
    with pytest.raises(KeyError):
        cwm.Frame.decode(body)
    with pytest.raises(KeyError):
        cwm.TwoPCFrame.decode(b"\x01")
    with pytest.raises(KeyError):
        cwm.Frame.encode(cwm.ListUncommitted(1))
