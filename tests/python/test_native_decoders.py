"""The decoders json and struct read what the modules of these names read, and fail as they do."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass

import pytest
import wallaroo as wl
from hypothesis import example, given
from hypothesis import strategies as st
from wallaroo import _engine


def decoder(ready):
    return _engine.Decoder(*ready._words())


def outcome(function, *arguments):
    """The repr, which tells -0.0 from 0 and 1 from 1.0 or True, or the exception."""
    try:
        return repr(function(*arguments))
    except Exception as error:
        return type(error), str(error)


READ_JSON = decoder(wl.json)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=70), inner,
                                                                max_size=5),
    max_leaves=30)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_json_is_read_as_by_the_module(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    frame = text.encode("utf-8", "surrogatepass")
    assert outcome(READ_JSON, frame) == outcome(json.loads, frame)


@given(st.lists(st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u00e9", b"\\ud83d", b"\\ude00", b"a",
     b'"key"', b"0", b"-", b"1", b".", b"e", b"E+5", b"true", b"null", b"NaN", b"-Infinity", b" ",
     b"\t\n\r", b"\x00", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf"]), max_size=12).map(b"".join))
@example(b"")
@example(b" 7 ")
@example(b"7 8")
@example(b"-0")
@example(b"-0.0")
@example(b"1E400")
@example(b"01")
@example(b"18446744073709551615")
@example(b"-9223372036854775809")
@example(b"123456789012345678901234567890")
@example(b"0.1000000000000000055511151231257827021181583404541015625")
@example(b"4.35")
@example(b"2.2250738585072011e-308")
@example(b'{"a": 1, "b": 2, "a": 3}')
@example(b'"\\ud83d"')
@example(b'"\\u0000"')
@example(b'"\x01"')
@example(b"[1,]")
@example(b"/* c */ 1")
@example(b"[" * 40 + b"]" * 40)
@example("\u00e9".encode("utf-16"))
@example("[1]".encode("utf-32-le"))
@example(b"\xef\xbb\xbf1")
def test_all_other_bytes_give_what_the_module_gives(frame):
    assert outcome(READ_JSON, frame) == outcome(json.loads, frame)


def test_an_object_that_is_left_half_read_does_not_disturb_the_next_one():
    for broken in (b'{"a": [1, {"b": ', b'["x', b'{"long key', b"[1, 2, 3", b"12e"):
        with pytest.raises(ValueError):
            READ_JSON(broken)
        assert READ_JSON(b'{"a": ["x", 1.5]}') == {"a": ["x", 1.5]}


def test_keys_that_come_again_are_one_object():
    first, second = READ_JSON(b'{"a key": 1}'), READ_JSON(b'{"a key": 2}')
    assert next(iter(first)) is next(iter(second))


CODES = "xcbB?hHiIlLqQfds"


@given(st.sampled_from(["", "@", "=", "<", ">", "!"]),
       st.lists(st.tuples(st.sampled_from(["", "0", "1", "3", "12"]), st.sampled_from(CODES)),
                max_size=8), st.data())
def test_structs_are_read_as_by_the_module(order, codes, data):
    layout = order + " ".join(count + code for count, code in codes)
    size = struct.calcsize(layout)
    frame = data.draw(st.binary(min_size=size, max_size=size))
    read = decoder(wl.struct(layout))
    assert outcome(read, frame) == outcome(struct.unpack, layout, frame)
    assert outcome(read, frame + b"x") == outcome(struct.unpack, layout, frame + b"x")


@pytest.mark.parametrize("layout", ["<e", "5p", "P", "nN", "<3e2i", "@ 2p i"])
def test_formats_that_only_python_reads_are_read_by_it(layout):
    frame = bytes(range(1, struct.calcsize(layout) + 1))
    assert outcome(decoder(wl.struct(layout)), frame) == outcome(struct.unpack, layout, frame)


def test_numbers_have_their_signs():
    read = decoder(wl.struct(">bhiqBHIQ"))
    frame = struct.pack(">bhiqBHIQ", -1, -2, -3, -4, 255, 65535, 2**32 - 1, 2**64 - 1)
    assert read(frame) == (-1, -2, -3, -4, 255, 65535, 2**32 - 1, 2**64 - 1)
    assert math.isnan(decoder(wl.struct("<d"))(struct.pack("<d", math.nan))[0])


@dataclass
class Event:
    kind: int
    card: bytes
    cents: int

    def __post_init__(self):
        if self.kind == 9:
            raise KeyError("no kind 9")


def test_a_class_makes_the_record():
    read = decoder(wl.struct(">B8sI", Event))
    assert read(struct.pack(">B8sI", 1, b"12345678", 50)) == Event(1, b"12345678", 50)
    with pytest.raises(struct.error, match="requires a buffer of 13 bytes"):
        read(b"short")
    with pytest.raises(KeyError, match="no kind 9"):
        read(struct.pack(">B8sI", 9, b"", 0))


def test_a_wrong_format_is_an_error_at_once():
    with pytest.raises(struct.error):
        wl.struct(">Z")


def test_both_decode_the_frames_of_a_source():
    app = wl.Application("decoders")
    objects, events = wl.to_list(), wl.to_list()
    app.source("json", wl.tcp_source("127.0.0.1:0", decode=wl.json)).sink("a", objects)
    (app.source("struct", wl.tcp_source("127.0.0.1:0", decode=wl.struct(">B8sI", Event)))
        .sink("b", events))
    harness = wl.testing.Harness(app)
    harness.send("json", b'{"user": "ann"}')
    harness.send("json", b"null")
    harness.send("struct", struct.pack(">B8sI", 1, b"12345678", 50))
    assert objects.records == [{"user": "ann"}, None]
    assert events.records == [Event(1, b"12345678", 50)]
