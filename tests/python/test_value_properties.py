"""Properties of the codec: it is as pickle is, and safe for any bytes."""

import collections
import datetime
import decimal
import pickle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import value_rig as rig
from engine_module import engine


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_known_of_classes():
    """Other tests may have let classes of this one go to pickle for a while."""
    engine.allow_only_present_modules()


PICKLED = 2

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-200, 200),
    st.floats(),
    st.text(st.characters(), max_size=40),
    st.binary(max_size=40),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(datetime.timezone.utc)),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
    st.sampled_from([*rig.Side, rig.Level.LOW, rig.Mode.WRITE, rig.Mode(3)]),
)
hashables = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["a", "b", "c", "über"])


def containers(inner):
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashables, inner, max_size=4),
        st.sets(hashables, max_size=4),
        st.builds(rig.Frozen, inner, inner),
        st.dictionaries(names, inner, max_size=3).map(lambda attributes: rig.Plain(**attributes)),
        st.builds(rig.SlottedWithDict, inner, inner, inner),
        st.builds(rig.Order, inner, inner, inner),
        st.binary(max_size=5).map(bytearray),
        st.builds(collections.deque, st.lists(inner, max_size=4), st.none() | st.integers(0, 5)),
        st.dictionaries(hashables, inner, max_size=4).map(collections.OrderedDict),
        st.dictionaries(hashables, inner, max_size=4).map(collections.Counter),
        st.builds(collections.defaultdict, st.sampled_from([None, list, int, collections.Counter]),
                  st.dictionaries(hashables, inner, max_size=4)),
    )


values = st.recursive(leaves, containers, max_leaves=12)
#: Now and then something that only pickle stores.
values_of_all_kinds = st.recursive(
    leaves | st.builds(complex, st.integers(), st.integers()),
    containers,
    max_leaves=10,
)


def tell(value, seen=None):
    """Everything that can be seen of a value, with the places where an object occurs again."""
    seen = {} if seen is None else seen
    simple = (type(None), bool, int, str, bytes, float, decimal.Decimal)
    if isinstance(value, simple):
        return (type(value), repr(value))
    if id(value) in seen and not isinstance(value, (tuple, frozenset)):
        return ("again", seen[id(value)])
    seen[id(value)] = len(seen)
    if isinstance(value, (list, tuple, collections.deque)):
        return (type(value), getattr(value, "maxlen", None),
                [tell(element, seen) for element in value])
    if isinstance(value, dict):
        return (type(value), getattr(value, "default_factory", None), [(tell(key, seen), tell(element, seen)) for key, element in value.items()])
    if isinstance(value, (set, frozenset)):
        return (type(value), value)
    slots = [
        (name, tell(getattr(value, name), seen))
        for name in ("a", "_Slotted__private")
        if isinstance(value, rig.Slotted)
    ]
    if hasattr(value, "__dict__") and not isinstance(value, (rig.Side, rig.Level, rig.Mode)):
        return (type(value), slots, [(name, tell(element, seen)) for name, element in vars(value).items()])
    return (type(value), repr(value))


@settings(max_examples=400, deadline=None)
@given(values)
def test_a_value_comes_back_as_with_pickle(value):
    data = engine.encode_value(value)
    assert data[0] != PICKLED
    again = engine.decode_value(data)
    assert tell(again) == tell(pickle.loads(pickle.dumps(value, 5))) == tell(value)
    assert len(data) <= 2 * len(pickle.dumps(value, 5)) + 20


@settings(deadline=None)
@given(values_of_all_kinds)
def test_any_value_comes_back(value):
    assert tell(engine.decode_value(engine.encode_value(value))) == tell(value)


@settings(deadline=None)
@given(st.lists(values_of_all_kinds, max_size=6))
def test_a_batch_is_what_its_values_are(batch):
    again = engine.decode_batch(engine.encode_batch(batch))
    assert [tell(value) for value in again] == [tell(value) for value in batch]


# Graphs: objects that refer to each other as the numbers say, cycles among them.
@settings(max_examples=300, deadline=None)
@given(st.integers(1, 6).flatmap(lambda count: st.lists(
    st.tuples(st.sampled_from("lpds"), st.lists(st.integers(0, count - 1), max_size=3)),
    min_size=count, max_size=count)))
def test_a_graph_of_objects_comes_back_with_its_references(graph):
    make = {"l": list, "p": rig.Plain, "d": dict, "s": lambda: rig.SlottedWithDict(0, 0, 0)}
    nodes = [make[kind]() for kind, _ in graph]
    for node, (_, targets) in zip(nodes, graph):
        for place, target in enumerate(targets):
            other = nodes[target]
            if isinstance(node, list):
                node.append((other,) if place == 1 else other)
            elif isinstance(node, dict):
                node[place] = other
            else:
                setattr(node, "a" if place == 0 else f"extra{place}", other)
    again = engine.decode_value(engine.encode_value(nodes))
    assert tell(again) == tell(nodes)


def decode_or_fail(data):
    """Any exception is right, and a crash is not."""
    for decode in (engine.decode_value, engine.decode_batch):
        try:
            decode(data)
        except Exception:
            pass


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
@example(b"\x0d" + b"\xff" * 9 + b"\x01")
def test_any_bytes_give_a_value_or_an_error(data):
    decode_or_fail(b"\x01" + data)


@settings(max_examples=300, deadline=None)
@given(values, st.data())
def test_changed_bytes_give_a_value_or_an_error(value, data):
    good = bytearray(engine.encode_value(value))
    if good[0] != 1:
        return
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(1, max(1, len(good) - 1)))
        if place < len(good):
            good[place] = data.draw(st.integers(0, 255))
    decode_or_fail(bytes(good))


@settings(deadline=None)
@given(values)
def test_cut_bytes_are_an_error(value):
    data = engine.encode_batch([value])
    assert data[0] != PICKLED
    for end in range(len(data)):
        try:
            engine.decode_batch(data[:end])
        except Exception:
            continue
        raise AssertionError(f"{data[:end]!r} was read as a value")


@settings(deadline=None)
@given(values)
def test_bytes_that_follow_are_an_error(value):
    try:
        engine.decode_batch(engine.encode_batch([value]) + b"\0")
    except engine.StoredError as error:
        assert "are left after a value" in str(error)
    else:
        raise AssertionError("a byte too many was taken")
