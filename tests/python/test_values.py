"""Every kind of value comes back as it was stored."""

import datetime
import decimal
import pickle
import sys
import threading
import uuid
import zoneinfo

import numpy
import pytest

import value_rig as rig
from engine_module import engine

pytestmark = pytest.mark.references

NATIVE, PICKLED, HOOKED = 1, 2, 3
UTC = datetime.timezone.utc
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_known_of_classes():
    """Other tests may have let classes of this one go to pickle for a while."""
    engine.allow_only_present_modules()


def back(value):
    return engine.decode_value(engine.encode_value(value))


def form(value):
    return engine.encode_value(value)[0]


NATIVE_VALUES = [
    None,
    True,
    False,
    *(sign * (2**bits + near) for bits in (0, 5, 6, 7, 8, 15, 16, 31, 32, 62, 63, 64, 65, 700)
      for near in (-1, 0, 1) for sign in (1, -1)),
    0.0,
    1.5,
    float("inf"),
    5e-324,
    "",
    "a" * 31,
    "a" * 32,
    "é" * 16,
    "\U0001f600\x00",
    "lone \ud800",
    b"",
    bytes(range(256)),
    bytearray(b"changes"),
    [],
    [1, [2, [3]]],
    (),
    (1, ("a", ())),
    {},
    {"a": 1, 2: {"b": None}, (1, "x"): [1.5]},
    set(),
    {1, "a", (2, 3)},
    frozenset(),
    frozenset({1, frozenset({2})}),
    rig.Side.SELL,
    rig.Side.PURCHASE,
    rig.Level.LOW,
    rig.Mode.READ,
    rig.Mode.READ | rig.Mode.WRITE,
    rig.Mode(0),
    rig.Order(1, "ann", 2.5),
    rig.Frozen(1, [rig.Frozen(2)]),
    {rig.Frozen(1): rig.Frozen(2)},
    rig.WithFactory("x", [1]),
    rig.Plain(),
    rig.Plain(a=1, b=[2], ä="ü"),
    datetime.date.min,
    datetime.date(2026, 2, 28),
    datetime.datetime.min,
    datetime.datetime.max,
    datetime.datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    datetime.datetime(2026, 1, 2, tzinfo=EAST),
    datetime.time(1, 2, 3, 4),
    datetime.time(23, 59, tzinfo=EAST),
    datetime.timedelta.min,
    datetime.timedelta.max,
    datetime.timedelta(-1, 5, 6),
    decimal.Decimal("-1.100"),
    decimal.Decimal("Infinity"),
    uuid.UUID(int=2**127 + 3),
    numpy.float32(1.5),
    numpy.int64(-7),
    numpy.bool_(True),
    numpy.complex128(1 + 2j),
    numpy.str_("text"),
    numpy.bytes_(b"bytes"),
    numpy.datetime64("2026-01-02T03:04:05.123456789"),
    numpy.timedelta64(25, "s"),
]


@pytest.mark.parametrize("value", NATIVE_VALUES, ids=lambda v: f"{type(v).__name__}-{str(v)[:20]!r}")
def test_a_value_comes_back_without_pickle(value):
    assert form(value) == NATIVE
    again = back(value)
    assert type(again) is type(value)
    assert again == value
    assert repr(again) == repr(value) or isinstance(value, (set, frozenset, rig.Plain))


def test_negative_zero_and_nan_keep_their_bits():
    assert str(back(-0.0)) == "-0.0"
    assert str(back(float("nan"))) == "nan"
    assert str(back(decimal.Decimal("sNaN123"))) == "sNaN123"


def test_the_fold_of_a_time_is_kept():
    assert back(datetime.datetime(2026, 10, 25, 2, 30, fold=1)).fold == 1
    assert back(datetime.time(2, 30, fold=1)).fold == 1


def test_utc_is_the_same_object_again():
    assert back(datetime.datetime(2026, 1, 1, tzinfo=UTC)).tzinfo is UTC


def test_a_named_offset_and_a_zone_go_to_pickle():
    named = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(0), "X"))
    assert form(named) == PICKLED
    assert back(named).tzname() == "X"
    berlin = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    assert form(berlin) == PICKLED
    assert back(berlin).utcoffset() == datetime.timedelta(hours=2)


@pytest.mark.parametrize("array", [
    numpy.arange(6).reshape(2, 3),
    numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
    numpy.arange(10)[::3],
    numpy.array(5),
    numpy.zeros((0, 3)),
    numpy.array(["a", "bcd"]),
    numpy.array([True, False]),
    numpy.array(["2026-01-01"], dtype="M8[D]"),
    numpy.arange(3, dtype=">i2"),
], ids=str)
def test_an_array_comes_back(array):
    assert form(array) == NATIVE
    again = back(array)
    assert again.dtype == array.dtype and again.shape == array.shape
    assert (again == array).all()
    assert again.flags.writeable
    assert again.flags.f_contiguous == array.flags.f_contiguous or not array.flags.contiguous


def test_arrays_of_objects_and_records_go_to_pickle():
    for array in (numpy.array([None, {1: 2}]), numpy.zeros(2, dtype=[("a", "i4")])):
        assert form(array) == PICKLED
        assert (back(array) == array).all()


def test_slots_come_back_and_those_that_were_not_set_are_not_set():
    assert form(rig.Slotted(1, [2])) == NATIVE
    assert back(rig.Slotted(1, [2])).state() == (1, [2], False)
    value = rig.SlottedWithDict(1, 2, 3)
    value.unset = 4
    assert form(value) == NATIVE
    assert back(value).state() == (1, 2, True) and back(value).extra == 3


def test_generic_classes_properties_and_guards_are_no_obstacle():
    assert form(rig.Box(1)) == NATIVE and back(rig.Box(1)).value == 1
    assert form(rig.WithProperty(1)) == NATIVE and back(rig.WithProperty(1)).value == 1001
    assert form(rig.Guarded(1)) == NATIVE and back(rig.Guarded(1)).value == 1


def test_instances_of_one_class_may_have_different_attributes():
    values = [rig.Plain(a=1), rig.Plain(b=2, a=1), rig.Plain(a=1, b=2), rig.Plain(), rig.Plain(a=3)]
    assert engine.encode_batch(values)[0] == NATIVE
    again = engine.decode_batch(engine.encode_batch(values))
    assert [list(vars(v).items()) for v in again] == [list(vars(v).items()) for v in values]


def test_a_class_with_ever_new_attributes_goes_to_pickle_in_the_end():
    class_forms = {form(rig.Plain(**{f"name_{i}": i})) for i in range(2000)}
    assert class_forms == {NATIVE, PICKLED}
    assert back(rig.Plain(another=5)) == rig.Plain(another=5)


def test_classes_with_a_say_in_their_pickling_go_to_pickle():
    words = rig.Words(["a"])
    words.source = "s"
    for value in (rig.WithState(5), rig.Reduced(5), words, ValueError("x"), 1 + 2j, range(3)):
        assert form(value) == PICKLED
        again = back(value)
        assert type(again) is type(value)
        assert getattr(again, "__dict__", None) == getattr(value, "__dict__", None)
    assert back(words).source == "s"


def test_an_object_inside_that_needs_pickle_takes_all_of_the_value_there():
    shared = [1]
    value = rig.Frozen([shared, ValueError(shared)], shared)
    assert form(value) == PICKLED
    again = back(value)
    assert again.left[0] is again.right and again.left[1].args[0] is again.right


@pytest.mark.parametrize("hold", [
    lambda inner: [1, inner], lambda inner: [inner, 1], lambda inner: (1, inner),
    lambda inner: {"a": 1, "b": inner}, lambda inner: {"a": inner, "b": 1}, lambda inner: {"a": inner},
    lambda inner: {inner: 1}, lambda inner: {1, inner}, lambda inner: frozenset({inner}),
    lambda inner: rig.Frozen(1, inner), lambda inner: rig.Plain(a=1, b=inner),
    lambda inner: rig.Box(inner), lambda inner: {"a": {"b": {"c": inner}}}])
def test_what_needs_pickle_is_found_wherever_it_is(hold):
    inner = complex(1, 2)
    assert form(hold(inner)) == PICKLED
    again = back(hold(inner))
    assert getattr(again, "__dict__", again) == getattr(hold(inner), "__dict__", hold(inner))


@pytest.mark.parametrize("hold", [
    lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: {"a": 1, "b": inner},
    lambda inner: rig.Box(inner), lambda inner: {"a": rig.Box({"b": inner})}])
def test_what_cannot_be_stored_is_refused_wherever_it_is(hold):
    with pytest.raises(TypeError, match="cannot pickle"):
        engine.encode_value(hold(threading.Lock()))


def test_after_one_value_needed_pickle_others_of_the_class_are_stored_natively_again():
    class_forms = [form(rig.Frozen(1 + 2j))]
    class_forms += [form(rig.Frozen(1)) for _ in range(200)]
    assert class_forms[0] == PICKLED and class_forms[-1] == NATIVE


def test_sharing_is_kept():
    inner = [1]
    for value in ([inner, inner], (inner, inner), {"a": inner, "b": inner}, rig.Frozen(inner, inner),
                  [(inner,), (inner,)], [rig.Frozen(inner), {1: inner}]):
        assert form(value) == NATIVE
        text = repr(back(value))
        assert text == repr(value)
    again = back([inner, (inner,), {"a": inner}, rig.Frozen(inner)])
    assert again[0] is again[1][0] is again[2]["a"] is again[3].left
    pair = (inner, 2)
    first, second = back([pair, pair])
    assert first is second


def test_many_shared_objects_are_kept():
    many = [[i] for i in range(100)]
    again = back([many, list(reversed(many))])
    assert all(a is b for a, b in zip(again[0], reversed(again[1])))
    assert again[0] == many


def test_cycles_are_kept():
    cycle = [1]
    cycle.append(cycle)
    assert form(cycle) == NATIVE
    again = back(cycle)
    assert again[1] is again
    node = rig.Plain(next=None)
    node.next = {"node": node}
    again = back(node)
    assert again.next["node"] is again


def test_a_cycle_through_a_tuple_goes_to_pickle():
    inner = []
    value = (inner,)
    inner.append(value)
    assert form(value) == PICKLED
    again = back(value)
    assert again[0][0] is again


def test_equal_objects_that_are_not_shared_stay_apart():
    first, second = back([[1], [1]])
    assert first is not second


def test_a_batch_comes_back_in_order():
    values = [rig.Order(i, f"user {i % 3}", i / 2) for i in range(256)]
    data = engine.encode_batch(values)
    assert data[0] == NATIVE
    assert engine.decode_batch(data) == values
    assert len(data) < len(pickle.dumps(values, 5))
    assert engine.decode_batch(engine.encode_batch([])) == []
    mixed = [*values, 1 + 2j]
    assert engine.encode_batch(mixed)[0] == PICKLED
    assert engine.decode_batch(engine.encode_batch(mixed)) == mixed


def test_encoding_keeps_no_references():
    value = rig.Frozen([1], {"a": (2, [3])})
    before = sys.getrefcount(value), sys.getrefcount(value.left), sys.getrefcount(value.right)
    for _ in range(100):
        engine.encode_value(value)
        engine.encode_batch([value, value])
    after = sys.getrefcount(value), sys.getrefcount(value.left), sys.getrefcount(value.right)
    assert after == before


def test_decoding_keeps_no_references():
    marker = "a text that is in no other place"
    data = engine.encode_value([rig.Plain(x=marker), rig.Frozen([marker])])
    value = engine.decode_value(data)
    counts = [sys.getrefcount(value[0]), sys.getrefcount(value[1].left)]
    assert counts == [2, 2]
