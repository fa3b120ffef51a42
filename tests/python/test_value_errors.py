"""What the codec refuses, what it passes on, and what becomes of classes that change."""

import collections
import os
import pickle
import resource
import subprocess
import sys
import types
from dataclasses import dataclass, field
from typing import Any, List

import pytest

import value_rig as rig
import wallaroo
from engine_module import engine
from original_rig import ENVIRONMENT, MEASURES_MEMORY

NATIVE, PICKLED, HOOKED = 1, 2, 3


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_known_of_classes():
    """Other tests may have let classes of this one go to pickle for a while."""
    engine.allow_only_present_modules()


def back(value):
    return engine.decode_value(engine.encode_value(value))


def run_python(code):
    """Runs a program of its own, since settings of the codec are those of a process."""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            env=ENVIRONMENT, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


# Exceptions of the user's code.

@pytest.mark.parametrize("value, message", [
    (rig.ReduceRaises(), "reduce"),
    ([1, rig.ReduceRaises()], "reduce"),
    (rig.GetstateRaises(), "getstate"),
])
def test_an_exception_of_the_users_code_is_passed_on(value, message):
    for encode in (engine.encode_value, lambda v: engine.encode_batch([v])):
        with pytest.raises(ZeroDivisionError, match=message):
            encode(value)


def test_a_setstate_that_raises_is_passed_on():
    data = engine.encode_value(rig.SetstateRaises())
    with pytest.raises(ZeroDivisionError, match="setstate"):
        engine.decode_value(data)


def test_an_eq_that_raises_is_passed_on_where_it_is_called():
    assert isinstance(back(rig.EqRaises(1)).value, int)
    data = engine.encode_value({rig.EqRaises(1): 1, rig.Frozen(2): 2})
    assert len(engine.decode_value(data)) == 2
    twice = b"\x01\x0e\x02" + 2 * engine.encode_value(rig.EqRaises(1))[1:]
    with pytest.raises(Exception):
        engine.decode_value(twice)


def test_what_pickle_cannot_store_is_its_error():
    for value in (lambda: 1, open(os.devnull), sys._getframe()):
        with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
            engine.encode_value(value)


def test_a_class_of_a_function_is_refused_by_name():
    class Local:
        pass

    with pytest.raises((pickle.PicklingError, AttributeError), match="Local"):
        engine.encode_value(Local())


# Depth.

def nested(depth, wrap):
    value = None
    for _ in range(depth):
        value = wrap(value)
    return value


WRAPS = [lambda v: [v], lambda v: (v,), lambda v: {1: v}, rig.Frozen, lambda v: {"x": rig.Plain(y=v)}]


@pytest.mark.parametrize("wrap", WRAPS)
def test_values_may_be_deep(wrap):
    value = nested(400, wrap)
    data = engine.encode_value(value)
    assert data[0] == NATIVE
    assert engine.encode_value(engine.decode_value(data)) == data


@pytest.mark.parametrize("wrap", WRAPS)
def test_too_deep_a_value_is_a_recursion_error(wrap):
    with pytest.raises(RecursionError, match="nested too deeply"):
        engine.encode_value(nested(100_000, wrap))


@pytest.mark.parametrize("data", [b"\x01" + b"\x0c\x01" * 100_000, b"\x01" + b"\x15" * 100_000,
                                  b"\x01" + b"\x0d\x01" * 100_000])
def test_too_deep_bytes_are_a_recursion_error(data):
    with pytest.raises(RecursionError, match="nested too deeply"):
        engine.decode_value(data)


# Broken bytes.

@pytest.mark.parametrize("data, message", [
    (b"", "no bytes"),
    (b"\x00", "the form 0"),
    (b"\x04", "the form 4"),
    (b"\x01", "1 bytes should follow"),
    (b"\x01\x3f", "no value begins like this"),
    (b"\x01\x1f" + b"\xff" * 9 + b"\x00\x00", "a number is too large"),
    (b"\x01\x22\x10\x00", "a factory that is not known"),
    (b"\x01\x21\x7f\x00", "elements should follow"),
    (b"\x01\x7f", "no value begins like this"),
    (b"\x01\x0c\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "elements should follow"),
    (b"\x01\x09\xff\xff\xff\xff\x7fx", "elements should follow"),
    (b"\x01\x0c\x08\x0c\x08" + bytes(8), "more elements than there are bytes"),
    (b"\x01\x16\x00", "refer to a value that is not there"),
    (b"\x01\x15\x0d\x01\x16\x00", "refer to a value that is not there"),
    (b"\x01\x11\x01", "refer to a class that is not there"),
    (b"\x01\x1e\x02|O\x00\x00\x00", "has a type that is not stored"),
    (b"\x01\x1d\x03|O8\x08" + b"\1" * 8, "has a type that is not stored"),
    (b"\x01\x1e\x05i4,i4\x00\x00\x00", "has a type that is not stored"),
    (b"\x01\x1e\x03<f8\x00\x01" + b"\xff" * 8 + b"\x00", "another size than its shape"),
    (b"\x01\x1d\x03<f8\x04abcd", "another size than its type"),
    (b"\x01\x1e\x03|S0\x00\x01" + b"\xff" * 7 + b"\x00\x00", "have no bytes"),
])
def test_broken_bytes_are_an_error_that_says_what_is_wrong(data, message):
    with pytest.raises(engine.StoredError, match=message):
        engine.decode_value(data)


@MEASURES_MEMORY
def test_huge_lengths_allocate_nothing():
    """Many lists that each claim all the bytes that are left."""
    levels = 900
    data = bytearray(b"\x01")
    filler = 1 << 20
    for _ in range(levels):
        data += b"\x0d\x80\x80\x40"  # a tuple of a million
    data += b"\0" * filler
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(engine.StoredError, match="more elements than there are bytes"):
        engine.decode_value(bytes(data))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_an_unhashable_key_is_an_error():
    with pytest.raises(TypeError, match="unhashable"):
        engine.decode_value(b"\x01\x0f\x01\x0c\x00")


# Classes.

def shape(name, attributes, slots=0):
    """A definition, as docs/formats/python-values.md has it."""
    texts = [name, *attributes]
    parts = [bytes([len(text)]) + text.encode() for text in texts]
    return parts[0] + bytes([slots, len(attributes)]) + b"".join(parts[1:])


def instance(name, **attributes):
    values = b"".join(engine.encode_value(value)[1:] for value in attributes.values())
    return b"\x01\x11\x00" + shape(name, attributes) + values


def test_the_bytes_of_an_object_are_as_the_format_says():
    data = engine.encode_value(rig.Order(1, "ann", 2.5))
    assert data == instance("value_rig:Order", number=1, user="ann", price=2.5)


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(engine.StoredError, match=r'register\(NewClass, name="value_rig.Gone"\)'):
        engine.decode_value(instance("value_rig:Gone", a=1))
    with pytest.raises(engine.StoredError, match="had not imported the module no_such_module"):
        engine.decode_value(instance("no_such_module:Gone", a=1))
    with pytest.raises(engine.StoredError, match="which was not found"):
        engine.decode_value(instance("value_rig:a_function", a=1))


@pytest.mark.parametrize("name", ["builtins:dict", "builtins:int", "collections:deque", "decimal:Decimal",
                                  "builtins:type", "builtins:ValueError", "value_rig:Words",
                                  "types:SimpleNamespace", "wallaroo._engine:Engine", "datetime:timezone"])
def test_objects_of_classes_that_are_more_than_their_attributes_are_refused(name):
    with pytest.raises(engine.StoredError, match="cannot be made of their attributes alone"):
        engine.decode_value(instance(name))


@dataclass
class Moved:
    number: int
    added: str = "new"
    made: List[int] = field(default_factory=lambda: [7])


@dataclass
class MovedSlots:
    __slots__ = ("number", "added")
    number: int
    added: Any


MovedSlots.__dataclass_fields__["added"].default = "slot default"  # as slots=True of 3.10 has it


def test_a_renamed_class_is_found_by_the_name_that_it_had():
    wallaroo.register(Moved, name="shop.old.Order")
    for name in ("shop.old:Order", "shop:old.Order"):
        assert engine.decode_value(instance(name, number=5)) == Moved(5, "new", [7])
    module = types.ModuleType("shop_old")
    module.Order = type("Order", (), {"__module__": "shop_old", "__reduce__": lambda self: (module.Order, ())})
    sys.modules["shop_old"] = module
    data = engine.encode_value(module.Order())
    assert data[0] == PICKLED
    del sys.modules["shop_old"]
    with pytest.raises(pickle.UnpicklingError, match=r"register\(NewClass, name="):
        engine.decode_value(data)
    wallaroo.register(rig.WithFactory, name="shop_old.Order")
    assert engine.decode_value(data) == rig.WithFactory()


def test_fields_that_a_dataclass_has_got_have_their_defaults():
    first = engine.decode_value(instance(f"{__name__}:Moved", number=5))
    second = engine.decode_value(instance(f"{__name__}:Moved", number=6))
    assert vars(first) == {"number": 5, "added": "new", "made": [7]}
    assert first.made is not second.made
    assert engine.decode_value(instance(f"{__name__}:MovedSlots", number=1)).added == "slot default"


def test_a_field_without_default_stays_missing_and_others_stay_as_they_were():
    value = engine.decode_value(instance(f"{__name__}:Moved", added="x", gone=1))
    assert vars(value) == {"added": "x", "gone": 1, "made": [7]}


def test_an_attribute_without_a_slot_is_named():
    with pytest.raises(engine.StoredError, match="has the attribute gone, for which .* no slot"):
        engine.decode_value(instance(f"{__name__}:MovedSlots", gone=1))


class LaterState:
    def __setstate__(self, state):
        self.state = state


def test_a_setstate_that_the_class_has_got_since_is_called():
    assert engine.decode_value(instance(f"{__name__}:LaterState", a=1)).state == {"a": 1}
    data = b"\x01\x11\x00" + shape(f"{__name__}:LaterState", ["s", "a"], slots=1) + b"\xa1\xa2"
    assert engine.decode_value(data).state == ({"a": 2}, {"s": 1})


def test_a_member_that_an_enum_does_not_have_is_named():
    data = b"\x01\x12\x00" + shape("value_rig:Side", []) + b"\x43BID"
    with pytest.raises(engine.StoredError, match="'BID' of the Enum Side"):
        engine.decode_value(data)
    with pytest.raises(engine.StoredError, match="Order, which is no Enum"):
        engine.decode_value(b"\x01\x12\x00" + shape("value_rig:Order", []) + b"\x43BID")


def test_registered_functions_replace_objects_everywhere():
    wallaroo.register(rig.Money, encode=lambda money: {"cents": money.cents},
                      decode=lambda stored: rig.Money(stored["cents"]))
    assert engine.encode_value(rig.Money(5))[0] == NATIVE
    assert back([rig.Money(5)])[0].cents == 5
    pickled = [rig.Money(6), ValueError(rig.Money(7))]
    assert engine.encode_value(pickled)[0] == PICKLED
    again = back(pickled)
    assert again[0].cents == 6 and again[1].args[0].cents == 7
    batch = engine.decode_batch(engine.encode_batch([rig.Money(1), rig.Money(2)]))
    assert [money.cents for money in batch] == [1, 2]


def test_a_registration_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="encode and decode must be given together"):
        wallaroo.register(rig.Money, encode=str)
    with pytest.raises(TypeError, match="only a class can be registered"):
        wallaroo.register(rig.a_function, name="x")  # type: ignore[arg-type]


# Pickle.

class Calls:
    """Pickles as a call of something."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("function, arguments", [
    (os.system, ("exit 1",)), (eval, ("1",)), (rig.a_function, ()), (subprocess.Popen, (["true"],)),
    (getattr, (rig.Order, "__init__")), (__import__, ("os",)), (exec, ("",)), (print, ()), (collections.namedtuple, ("a", "b")),
], ids=repr)
def test_pickled_bytes_that_call_functions_are_refused(function, arguments):
    data = bytes([PICKLED]) + pickle.dumps(Calls(function, *arguments), 5)
    with pytest.raises(pickle.UnpicklingError, match="is not allowed|is not a class of that module"):
        engine.decode_value(data)


@pytest.mark.parametrize("module, name", [
    ("types", "FunctionType"), ("types", "CodeType"), ("ctypes", "CDLL"),
    ("subprocess", "Popen"), ("value_rig", "Order.__init__"), ("posix", "system"), ("nt", "system"),
    ("wallaroo._pickling", "os.system"), ("value_rig", "enum.sys"),
])
def test_pickled_bytes_that_only_name_what_is_refused_are_an_error(module, name):
    data = b"\x02\x80\x04" + b"".join(
        b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93."
    with pytest.raises(pickle.UnpicklingError):
        engine.decode_value(data)


def test_pickle_can_be_refused():
    out = run_python("""
from wallaroo import _engine as e
pickled = e.encode_value(1j)
e.allow_pickle(False)
for call in (lambda: e.encode_value(2j), lambda: e.encode_batch([1, 2j]),
             lambda: e.decode_value(pickled)):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
print(e.decode_value(e.encode_value([1])))
""")
    assert "TypeError an object of class complex can only be stored by pickle, which is refused" in out
    assert "StoredError a stored value is pickled, and pickle is refused" in out
    assert out.endswith("[1]\n")


def test_only_classes_of_modules_that_were_imported_at_the_start_are_read_and_stored():
    out = run_python("""
import pickle, sys
from wallaroo import _engine as e
import value_rig as rig
native, pickled = e.encode_value(rig.Order(1, "a", 2.0)), e.encode_value(rig.Reduced(1))
del sys.modules["value_rig"]
e.allow_only_present_modules()
sys.modules["value_rig"] = rig
for call in (lambda: e.decode_value(native), lambda: e.decode_value(pickled),
             lambda: e.encode_value(rig.Frozen(1))):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
class Here: pass
print(type(e.decode_value(e.encode_value(Here()))).__name__)
e.allow_only_present_modules()
print(e.decode_value(native), e.decode_value(pickled).value)
""")
    lines = out.splitlines()
    assert lines[0].startswith("StoredError") and "had not imported the module value_rig" in lines[0]
    assert lines[1].startswith("UnsafePickleError") and "had not imported value_rig" in lines[1]
    assert lines[2].startswith("TypeError") and "import the module at the top" in lines[2]
    assert lines[3:] == ["Here", "Order(number=1, user='a', price=2.0) 1"]


# Hooks.

def test_hooks_replace_everything():
    out = run_python("""
import json
from wallaroo import _engine as e
e.set_hooks(lambda o: json.dumps(o).encode(), json.loads)
print(e.encode_value({"a": 1}), e.decode_value(e.encode_value({"a": 1})))
print(e.decode_batch(e.encode_batch([1, [2], "x"])))
for value in ({1, 2}, object()):
    try:
        e.encode_value(value)
    except TypeError as error:
        print("TypeError", error)
hooked = e.encode_value(1)
e.set_hooks(lambda o: None, lambda b: b)
try:
    e.encode_value(1)
except TypeError as error:
    print(error)
e.set_hooks(None, None)
print(e.decode_value(e.encode_value({2})))
try:
    e.decode_value(hooked)
except e.StoredError as error:
    print(error)
try:
    e.set_hooks(str, None)
except ValueError as error:
    print(error)
""")
    lines = out.splitlines()
    assert lines[0] == """b'\\x03{"a": 1}' {'a': 1}"""
    assert lines[1] == "[1, [2], 'x']"
    assert "set is not JSON serializable" in lines[2] and "object is not JSON" in lines[3]
    assert lines[4].startswith("serialize must return bytes, but it returned an object of class NoneType")
    assert lines[5] == "{2}"
    assert "the application has no deserialize now" in lines[6]
    assert "needs both" in lines[7]


# Values that change while they are encoded.

class Growing:
    """Its encoder changes the list in which it is."""

    def __init__(self, container):
        self.container = container


@pytest.mark.parametrize("make, change", [
    (lambda one: [one, 1], lambda c: c.append(1)),
    (lambda one: [one, 1, 2, 3], lambda c: c.clear()),
    (lambda one: {1: one, 2: 3}, lambda c: c.update({5: 5})),
    (lambda one: {1: one, 2: 3}, lambda c: c.clear()),
    (lambda one: rig.Plain(a=one, b=[1]), lambda c: vars(c).clear()),
])
def test_a_container_that_changes_meanwhile_is_an_error_or_a_value(make, change):
    one = Growing(None)
    one.container = make(one)
    wallaroo.register(Growing, encode=lambda g: change(g.container), decode=lambda _: None)
    try:
        data = engine.encode_value(one.container)
    except (RuntimeError, pickle.PicklingError):
        return
    engine.decode_value(data)
