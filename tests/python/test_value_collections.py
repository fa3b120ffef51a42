"""Containers of the module collections come back as they were stored, without pickle."""

import collections
import copy
import functools
import pickle

import pytest

import value_rig as rig
from engine_module import engine

pytestmark = pytest.mark.references

NATIVE, PICKLED = 1, 2


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_known_of_classes():
    """Other tests may have let classes of this one go to pickle for a while."""
    engine.allow_only_present_modules()


def back(value):
    return engine.decode_value(engine.encode_value(value))


def form(value):
    return engine.encode_value(value)[0]


def moved(pairs):
    """An OrderedDict whose order is not the one in which its keys came."""
    value = collections.OrderedDict(pairs)
    value.move_to_end(next(iter(value)))
    return value


VALUES = [
    collections.deque(),
    collections.deque([1, [2], "x"]),
    collections.deque([1, 2, 3], maxlen=3),
    collections.deque([], maxlen=0),
    collections.deque([collections.deque([1])], maxlen=2**63 - 2),
    collections.OrderedDict(),
    moved([("a", 1), ("b", [2]), ("c", 3)]),
    collections.Counter(),
    collections.Counter("abracadabra"),
    collections.Counter({"a": -1, (1, 2): 0, None: 2.5}),
    collections.defaultdict(None, {"a": 1}),
    *(collections.defaultdict(factory, {"a": factory()}) for factory in (
        list, dict, set, int, float, str, bytes, bool, tuple, frozenset, bytearray,
        collections.deque, collections.OrderedDict, collections.Counter, collections.defaultdict)),
]


def all_that_is_seen(value):
    pairs = list(value.items()) if isinstance(value, dict) else list(value)
    return (type(value), pairs, getattr(value, "maxlen", None),
            getattr(value, "default_factory", None))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_container_comes_back_without_pickle(value):
    assert form(value) == NATIVE
    assert all_that_is_seen(back(value)) == all_that_is_seen(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_bytes_of_versions_that_pickled_it_are_read(value):
    again = engine.decode_value(bytes([PICKLED]) + pickle.dumps(value, 5))
    assert all_that_is_seen(again) == all_that_is_seen(value)


@pytest.mark.parametrize("stored, value", [
    ("011f000181", collections.deque([-31])),
    ("011f03028182", collections.deque([-31, -30], 2)),
    ("01200141618e", collections.OrderedDict(a=-18)),
    ("01210141618e", collections.Counter(a=-18)),
    ("01220400", collections.defaultdict(int)),
    ("01221000", None),
])
def test_the_bytes_are_those_of_the_format(stored, value):
    data = bytes.fromhex(stored)
    if value is None:
        with pytest.raises(engine.StoredError):
            engine.decode_value(data)
    else:
        # An object that others refer to, as this test does, would be marked.
        encoded = engine.encode_value(copy.copy(value))
        assert encoded == data
        assert all_that_is_seen(engine.decode_value(data)) == all_that_is_seen(value)


def test_containers_go_on_as_before():
    numbers = back(collections.defaultdict(list, a=[1]))
    numbers["b"].append(2)
    assert numbers == {"a": [1], "b": [2]}
    last = back(collections.deque([1, 2], maxlen=2))
    last.append(3)
    assert list(last) == [2, 3]
    counts = back(collections.Counter("aab"))
    counts.update("b")
    assert counts.most_common() == [("a", 2), ("b", 2)] and counts["z"] == 0
    ordered = back(moved([("a", 1), ("b", 2)]))
    assert ordered.popitem() == ("a", 1)


@pytest.mark.parametrize("make, put", [
    (collections.deque, lambda container, value: container.append(value)),
    (collections.OrderedDict, lambda container, value: container.update(x=value)),
    (lambda: collections.defaultdict(list), lambda container, value: container.update(x=value)),
    (collections.Counter, lambda container, value: container.__setitem__("x", value))])
def test_sharing_and_cycles_are_kept(make, put):
    def first(container):
        return container[0] if isinstance(container, collections.deque) else container["x"]

    cycle = make()
    put(cycle, cycle)
    assert form(cycle) == NATIVE
    again = back(cycle)
    assert first(again) is again
    inner, outer = make(), make()
    put(outer, inner)
    one, two = back([outer, inner])
    assert first(one) is two


class Named(collections.Counter):
    """A class of its own, whose objects pickle makes."""


def make_list():
    return []


def test_what_only_pickle_can_store_goes_there():
    with_attribute = collections.OrderedDict(a=1)
    with_attribute.note = "kept"
    by_class = collections.defaultdict(rig.Plain, a=rig.Plain(x=1))
    for value in (Named("ab"), with_attribute, by_class,
                  collections.defaultdict(functools.partial(int, "7"))):
        assert form(value) == PICKLED
        again = back(value)
        assert type(again) is type(value) and again == value
    assert back(with_attribute).note == "kept"
    assert back(by_class)["b"] == rig.Plain()


@pytest.mark.parametrize("factory", [make_list, lambda: [], [].copy, len])
def test_a_factory_that_is_a_function_is_refused_when_it_is_stored(factory):
    for value in (collections.defaultdict(factory), [collections.defaultdict(factory)]):
        with pytest.raises(TypeError, match="default_factory is a function cannot be stored"):
            engine.encode_value(value)


def test_a_deque_that_changes_meanwhile():
    """The encoder of an element takes the others away."""
    class Taking:
        pass

    taken = collections.deque()
    engine.register_class(Taking, None, lambda value: taken.clear() or 1, lambda value: value)
    globals()["Taking"] = Taking
    Taking.__qualname__ = "Taking"
    taken.extend([Taking(), [2], [3]])
    again = back(taken)
    assert list(again)[1:] == [[2], [3]] and not taken
