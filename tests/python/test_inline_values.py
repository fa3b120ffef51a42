"""Instances are stored without a `__dict__` that stays, and with exactly their attributes."""

import functools
import gc
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine_module import engine

KEEPS_VALUES_ITSELF = pytest.mark.skipif(sys.version_info < (3, 11),
                                         reason="every instance has a __dict__")


class Total:
    n = 0

    def __init__(self, n=None, last=None):
        if n is not None:
            self.n = n
        if last is not None:
            self.last = last


class Shared:
    """Its own attributes are the same objects as the instances may have."""

    a = 0
    b = None
    c = "x"


class Counted:
    number = 0

    def __init__(self, value):
        type(self).number += 1
        self.value = value


class Cached:
    def __init__(self, base):
        self.base = base

    @functools.cached_property
    def double(self):
        return 2 * self.base


class WithHoles:
    pass


class Own:
    pass


def has_dict(instance):
    return any(type(one) is dict for one in gc.get_referents(instance))


def stored(instance):
    """The attributes that are stored, of an instance whose `__dict__` is not touched."""
    return vars(engine.decode_value(engine.encode_value(instance)))


@KEEPS_VALUES_ITSELF
@pytest.mark.parametrize("make, expected", [
    (lambda i: Total(i + 1000, "x"), lambda i: {"n": i + 1000, "last": "x"}),
    (lambda i: Total(0), lambda i: {"n": 0}),
    (lambda i: Total(last="x"), lambda i: {"last": "x"}),
    (lambda i: Total(), lambda i: {}),
    (lambda i: Counted(i), lambda i: {"value": i}),
    (lambda i: Cached(i), lambda i: {"base": i}),
])
def test_only_the_first_instance_of_a_kind_gets_a_dict(make, expected):
    instances = [make(i) for i in range(20)]
    assert [stored(one) for one in instances] == [expected(i) for i in range(20)]
    assert sum(map(has_dict, instances)) <= 1


@KEEPS_VALUES_ITSELF
def test_instances_of_several_kinds_in_turn_get_none():
    def make(i):
        return Total(i) if i % 2 else Total(i, "x")

    for i in range(4):
        stored(make(i))
    instances = [make(i) for i in range(20)]
    for one in instances:
        engine.encode_value(one)
    assert not any(map(has_dict, instances))


values = st.sampled_from([0, None, "x", 1, 1000, (), True, {}, []])


@given(st.lists(st.lists(st.tuples(st.sampled_from("abcd"), values), max_size=5), max_size=12))
def test_what_is_stored_are_the_attributes(assigned):
    for attributes in assigned:
        instance = Shared()
        expected = {}
        for name, value in attributes:
            setattr(instance, name, value)
            expected[name] = value
        assert stored(instance) == expected
        assert list(vars(instance).items()) == list(expected.items())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, None, "x"])), max_size=8),
       st.data())
def test_a_class_may_change_meanwhile(changes, data):
    class_of = type("Changing", (), {"__module__": __name__, "__qualname__": "Changing"})
    globals()["Changing"] = class_of
    for name, value in changes:
        instance = class_of()
        expected = {}
        for own in data.draw(st.lists(st.sampled_from("abc"), max_size=3)):
            expected[own] = data.draw(st.sampled_from([0, None, "x"]))
            setattr(instance, own, expected[own])
        assert vars(engine.decode_value(engine.encode_value(instance))) == expected
        setattr(class_of, name, value)
        assert vars(engine.decode_value(engine.encode_value(instance))) == expected
        assert vars(instance) == expected


def test_attributes_that_were_deleted_are_not_stored():
    for name in "abc":
        instance = WithHoles()
        instance.a = instance.b = instance.c = 7
        delattr(instance, name)
        assert stored(instance) == {other: 7 for other in "abc" if other != name}


@KEEPS_VALUES_ITSELF
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the layout of instances is not known")
def test_instances_with_many_attributes_get_no_dict():
    for count in (6, 15, 16):
        class_of = type(f"Many{count}", (), {"__module__": __name__})
        globals()[class_of.__name__] = class_of
        instances = []
        for number in range(20):
            instance = class_of()
            expected = {f"name{i}": number * i for i in range(count)}
            for name, value in expected.items():
                setattr(instance, name, value)
            assert stored(instance) == expected
            instances.append(instance)
        assert sum(map(has_dict, instances)) <= 1


@given(st.lists(st.lists(st.tuples(st.sampled_from("abcd"), st.just("delete") | values),
                         max_size=9), min_size=4, max_size=12))
def test_attributes_may_be_assigned_and_deleted_in_any_order(instances):
    for steps in instances:
        instance = WithHoles()
        expected = {}
        for name, value in steps:
            if value != "delete":
                setattr(instance, name, value)
                expected[name] = value
            elif name in expected:
                delattr(instance, name)
                del expected[name]
        assert stored(instance) == expected


def test_an_instance_may_change_its_class():
    for _ in range(3):
        first, second = Own(), WithHoles()
        first.x, first.y = 1, 2
        second.y, second.x = 3, 4
        assert (stored(first), stored(second)) == ({"x": 1, "y": 2}, {"y": 3, "x": 4})
        first.__class__, second.__class__ = WithHoles, Own
        assert (stored(first), stored(second)) == ({"x": 1, "y": 2}, {"y": 3, "x": 4})


def test_a_dict_may_be_replaced_or_emptied():
    for _ in range(3):
        instance = Own()
        instance.x, instance.y = 1, 2
        assert stored(instance) == {"x": 1, "y": 2}
        vars(instance).clear()
        assert stored(instance) == {}
        instance.y = 3
        assert stored(instance) == {"y": 3}
        instance.__dict__ = {"z": 4}
        assert stored(instance) == {"z": 4}
        instance.x = 5
        assert stored(instance) == {"z": 4, "x": 5}


def test_a_value_is_not_computed_because_it_is_looked_for():
    Cached(1).double
    known = Cached(2)
    assert (known.double, stored(known)) == (4, {"base": 2, "double": 4})
    other = Cached(3)
    other.more = 5
    assert stored(other) == {"base": 3, "more": 5}
    assert "double" not in vars(other)


def test_a_dict_among_the_attributes_is_no_dict_of_attributes():
    for value in ({}, {"me": 1}, {1: 2}):
        instance = Own()
        instance.me = value
        assert stored(instance) == {"me": value}
    instance = Own()
    instance.me = vars(instance)
    instance.other = 1
    copy = engine.decode_value(engine.encode_value(instance))
    assert copy.other == 1
    assert copy.me["other"] == 1


def test_many_attributes_are_stored():
    for count in (15, 16, 17, 40):
        for _ in range(2):
            instance = Own()
            expected = {f"name{i}": i for i in range(count)}
            for name, value in expected.items():
                setattr(instance, name, value)
            assert stored(instance) == expected
