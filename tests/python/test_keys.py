"""Keys: equal objects of one type have the same bytes, others do not."""

import datetime
import enum
import math
import uuid

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import value_rig as rig
from engine_module import engine

UTC = datetime.timezone.utc

zones = st.none() | st.integers(-1439, 1439).map(
    lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))
)
times = st.datetimes(
    min_value=datetime.datetime(2, 1, 1),
    max_value=datetime.datetime(9998, 1, 1),
    timezones=zones,
    allow_imaginary=False,
)
simple_keys = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-300, 300),
    st.floats(allow_nan=False),
    st.text(st.characters()),
    st.binary(),
    st.dates(),
    times,
    st.uuids(),
    st.sampled_from([rig.Side.BUY, rig.Side.SELL, rig.Level.LOW, rig.Mode.READ, rig.Mode(3)]),
)
keys = st.recursive(simple_keys, lambda inner: st.lists(inner, max_size=4).map(tuple))


def types_of(key):
    """The type of a key, and of the elements of a tuple."""
    if isinstance(key, tuple):
        return tuple(types_of(element) for element in key)
    if isinstance(key, datetime.datetime):
        return (datetime.datetime, key.tzinfo is None)
    return type(key)


@given(keys)
def test_a_key_comes_back_as_an_equal_object(key):
    again = engine.key_object(engine.key_bytes(key))
    assert again == key
    assert types_of(again) == types_of(key)
    assert engine.key_bytes(again) == engine.key_bytes(key)


@given(keys, keys)
def test_keys_are_equal_when_the_objects_and_their_types_are(a, b):
    assert (engine.key_bytes(a) == engine.key_bytes(b)) == (types_of(a) == types_of(b) and a == b)


@given(st.lists(st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, False, "", "1", b"", b"1", None, ()]), max_size=3),
       st.lists(st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, False, "", "1", b"", b"1", None, ()]), max_size=3))
def test_tuples_of_keys_that_are_alike_are_told_apart(a, b):
    a, b = tuple(a), tuple(b)
    assert (engine.key_bytes(a) == engine.key_bytes(b)) == (types_of(a) == types_of(b) and a == b)


@given(times.filter(lambda time: time.tzinfo is not None), zones.filter(bool))
def test_one_instant_in_two_zones_is_one_key(time, zone):
    assert engine.key_bytes(time) == engine.key_bytes(time.astimezone(zone))


@given(keys)
def test_the_hash_is_that_of_the_bytes(key):
    same = engine.key_object(engine.key_bytes(key))
    assert engine.key_hash(key) == engine.key_hash(same)


def test_the_bytes_and_hashes_of_keys_stay_what_they_are():
    """Checkpoints have them."""
    expected = [
        (False, b"B\x00"),
        (1, b"i\x01"),
        (None, b"N"),
        (True, b"B\x01"),
        (0, b"i"),
        (127, b"i\x7f"),
        (128, b"i\x80\x00"),
        (-129, b"i\x7f\xff"),
        (2**64, b"i" + b"\0" * 8 + b"\x01"),
        (1.0, b"f\0\0\0\0\0\0\xf0\x3f"),
        ("ä", b"s\xc3\xa4"),
        (b"a", b"ya"),
        ((1, ("a",)), b"t\x02i\x01\x04t\x02sa"),
        (rig.Side.PURCHASE, b"e\x0evalue_rig:SideBUY"),
        (rig.Mode(3), b"g\x0evalue_rig:Mode\x03"),
        (datetime.date(1, 1, 1), b"d\x01"),
        (datetime.datetime(1, 1, 1, 0, 0, 0, 5), b"n\x05"),
        (datetime.datetime(1, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), b"z"),
        (uuid.UUID(int=1), b"u" + b"\0" * 15 + b"\x01"),
    ]
    for key, data in expected:
        assert engine.key_bytes(key) == data, key
    assert engine.key_hash("wallaroo") == 6452170604015494628
    assert engine.key_hash(("a", 1)) == 14457554755385226696


def test_zero_and_negative_zero_are_one_key():
    assert engine.key_bytes(-0.0) == engine.key_bytes(0.0)


@pytest.mark.parametrize("key", [math.nan, (1, math.nan), numpy.float64("nan")])
def test_nan_is_refused(key):
    with pytest.raises(ValueError, match="NaN cannot be a key"):
        engine.key_bytes(key)


class OwnEquality(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Identifier(str):
    """A str in all but name."""


def local_enum():
    class Local(enum.Enum):
        A = 1

    return Local.A


@pytest.mark.parametrize("key, message", [
    ([1], "class list cannot be a key"),
    ({}, "class dict cannot be a key"),
    ((1, [2]), "class list cannot be a key"),
    (bytearray(b"x"), "class bytearray cannot be a key"),
    (frozenset(), "class frozenset cannot be a key"),
    (datetime.time(1), "class time cannot be a key"),
    (numpy.array([1]), "class ndarray cannot be a key"),
    (OwnEquality("x"), "has an __eq__ of its own"),
    (local_enum(), "cannot be found by its name"),
], ids=repr)
def test_other_objects_are_refused_with_their_class(key, message):
    with pytest.raises(TypeError, match=message):
        engine.key_bytes(key)


def test_deep_tuples_are_refused():
    key = ()
    for _ in range(100):
        key = (key,)
    with pytest.raises(ValueError, match="nested too deeply"):
        engine.key_bytes(key)


def test_objects_of_derived_classes_count_as_those_of_the_base():
    assert engine.key_bytes(Identifier("x")) == engine.key_bytes("x")
    assert engine.key_bytes(numpy.int32(5)) == engine.key_bytes(5)
    assert engine.key_bytes(numpy.str_("x")) == engine.key_bytes("x")
    assert engine.key_bytes(numpy.float32(0.5)) == engine.key_bytes(0.5)
    assert engine.key_bytes(numpy.bool_(True)) == engine.key_bytes(True)


def test_a_datetime_outside_of_utc_is_refused():
    first = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    with pytest.raises(ValueError, match="years 1 to 9999"):
        engine.key_bytes(first)


@given(st.binary(max_size=40) | st.builds(lambda tag, rest: tag.encode() + rest,
                                          st.sampled_from("NBifsytegdnzu"), st.binary(max_size=20)))
def test_any_bytes_are_a_key_or_an_error(data):
    engine.key_text(data)
    try:
        key = engine.key_object(data)
    except (engine.StoredError, ValueError, KeyError, OverflowError):
        return
    assert engine.key_object(engine.key_bytes(key)) == key


@pytest.mark.parametrize("key, text", [
    (None, "None"), (True, "True"), (False, "False"), (-5, "-5"), (1.5, "1.5"), ("ann", "'ann'"),
    (b"a\n", r"b'a\n'"), ((1, ("x",)), "(1, ('x'))"), (rig.Side.BUY, "Side.BUY"), (rig.Mode(3), "Mode(3)"),
])
def test_a_key_is_readable_in_messages(key, text):
    assert engine.key_text(engine.key_bytes(key)) == text


@pytest.mark.parametrize("key, data", [
    ("A", b"A"), (b"A", b"A"), (65, b"A"), ("", b""), ("ä", "ä".encode()), (228, "ä".encode()),
    (True, b"\x01"), (0x1F600, "\U0001f600".encode()), (b"\xff", b"\xff"),
])
def test_a_key_of_the_old_api_is_its_text(key, data):
    assert engine.raw_key_bytes(key) == data


def test_a_key_of_the_old_api_comes_back_as_a_str():
    assert engine.raw_key_object(b"A") == "A"
    assert engine.raw_key_object("ä\ud800".encode("utf-8", "surrogatepass")) == "ä\ud800"
    assert engine.raw_key_object(b"\xff") == "\udcff"


@pytest.mark.parametrize("key", [None, 1.5, (1,), [1]])
def test_other_keys_of_the_old_api_are_refused(key):
    with pytest.raises(TypeError, match="a key must be a str, bytes or int"):
        engine.raw_key_bytes(key)


@pytest.mark.parametrize("key", [-1, 0x110000, 2**70])
def test_an_int_that_is_no_character_is_refused(key):
    with pytest.raises(ValueError, match="must be from 0 to 1114111"):
        engine.raw_key_bytes(key)
