"""The wrappers that the decorators make."""

import datetime
import functools
import os
import pickle
import re
import struct
import subprocess
import sys

import pytest
import wallaroo
from original_rig import ENVIRONMENT
from wallaroo import experimental


def double(data):
    """Returns twice the data."""
    return data * 2


def add(data, state):
    """Adds to the state."""
    state.append(data)
    return list(state)


WRAPPERS = {
    "Computation": lambda: wallaroo.computation(name="double it")(double),
    "ComputationMulti": lambda: wallaroo.computation_multi(name="double it")(double),
    "StateComputation": lambda: wallaroo.state_computation(name="double it", state=list)(add),
    "StateComputationMulti":
        lambda: wallaroo.state_computation_multi(name="double it", state=list)(add),
    "KeyExtractor": lambda: wallaroo.key_extractor(double),
    "OctetDecoder": lambda: wallaroo.decoder(header_length=4, length_fmt=">I")(double),
    "OctetEncoder": lambda: wallaroo.encoder(double),
    "ConnectorDecoder": lambda: experimental.stream_message_decoder(double),
    "ConnectorEncoder": lambda: experimental.stream_message_encoder(double),
}


@pytest.mark.parametrize("base", WRAPPERS)
def test_a_wrapper_is_an_instance_of_a_class_that_the_module_has(base):
    first, second = WRAPPERS[base](), WRAPPERS[base]()
    assert type(first).__mro__[1] is getattr(wallaroo, base)
    numbers = []
    for wrapper in (first, second):
        kind = type(wrapper)
        assert kind.__module__ == "wallaroo"
        match = re.fullmatch(rf"{base}_(\d+)__(double|add)", kind.__qualname__)
        assert match and getattr(wallaroo, kind.__qualname__) is kind
        numbers.append(int(match.group(1)))
    assert numbers[1] == numbers[0] + 1


@pytest.mark.parametrize("base", WRAPPERS)
def test_a_wrapper_is_pickled_by_reference(base):
    wrapper = WRAPPERS[base]()
    data = pickle.dumps(wrapper)
    assert type(wrapper).__qualname__.encode() in data and b"double" + b"it" not in data
    assert type(pickle.loads(data)) is type(wrapper)


@pytest.mark.parametrize("base", WRAPPERS)
def test_a_call_of_a_wrapper_gives_the_wrapper(base):
    wrapper = WRAPPERS[base]()
    assert wrapper() is wrapper
    assert wrapper(1) is wrapper
    assert wrapper(1, "two", three=3) is wrapper


@pytest.mark.parametrize("base", WRAPPERS)
def test_a_wrapper_keeps_the_docstring(base):
    assert WRAPPERS[base]().__doc__ in (double.__doc__, add.__doc__)


def test_classes_are_numbered_from_1_and_alike_in_every_process():
    code = ("import wallaroo\n"
            "def f(x): return x\n"
            "print([type(w).__qualname__ for w in (wallaroo.computation('a')(f),"
            " wallaroo.encoder(f), wallaroo.computation('b')(f), wallaroo.computation('c')(len))])")
    outputs = {subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, text=True,
                              capture_output=True, check=True).stdout for _ in range(2)}
    assert outputs == {"['Computation_1__f', 'OctetEncoder_1__f', 'Computation_2__f', "
                       "'Computation_3__len']\n"}


def test_a_wrapper_comes_out_of_a_pickle_in_another_process(tmp_path):
    (tmp_path / "an_app.py").write_text(
        "import wallaroo\n"
        "@wallaroo.computation(name='x')\n"
        "def f(data): return data + 1\n")
    run = functools.partial(subprocess.run, cwd=tmp_path, check=True, capture_output=True,
                            env={**ENVIRONMENT, "PYTHONPATH": ENVIRONMENT["PYTHONPATH"] + os.pathsep
                                 + str(tmp_path)})
    data = run([sys.executable, "-c", "import an_app, pickle, sys;"
                "sys.stdout.write(pickle.dumps(an_app.f).hex())"]).stdout.decode()
    result = run([sys.executable, "-c", "import an_app, pickle;"
                  f"print(pickle.loads(bytes.fromhex('{data}')).compute(41))"]).stdout
    assert result == b"42\n"


def test_computations():
    wrapper = WRAPPERS["Computation"]()
    assert (wrapper.name(), wrapper.compute(4), wrapper.is_stateful) == ("double it", 8, False)
    wrapper = WRAPPERS["ComputationMulti"]()
    assert (wrapper.name(), wrapper.compute_multi([4]), wrapper.is_stateful) == (
        "double it", [4, 4], False)


@pytest.mark.parametrize("base, method", [("StateComputation", "compute"),
                                          ("StateComputationMulti", "compute_multi")])
def test_state_computations(base, method):
    wrapper = WRAPPERS[base]()
    state = wrapper.initial_state()
    assert state == [] and wrapper.initial_state() is not state
    assert getattr(wrapper, method)(7, state) == [7]
    assert state == [7]
    assert (wrapper.name(), wrapper.is_stateful) == ("double it", True)


@pytest.mark.parametrize("returned, key", [("A", "A"), (b"\xff", b"\xff"), (65, "A"),
                                           (True, "\x01"),
                                           (0x20AC, "€"), ("", "")])
def test_a_key_extractor_makes_a_character_of_a_number(returned, key):
    assert wallaroo.key_extractor(lambda data: returned).extract_key(None) == key


def test_a_decoder_knows_its_frames():
    wrapper = wallaroo.decoder(header_length=6, length_fmt=">2xI")(double)
    assert wrapper.header_length() == 6
    assert wrapper.payload_length(b"\0\0\0\0\1\2") == 258
    assert wrapper.decode(b"ab") == b"abab"


def test_an_encoder_encodes():
    assert wallaroo.encoder(double).encode("ab") == "abab"
    assert experimental.octet_message_encoder(double).encode(b"ab") == b"abab"
    assert isinstance(experimental.octet_message_encoder(double), wallaroo.OctetEncoder)


def test_a_decoder_of_a_connector():
    wrapper = experimental.stream_message_decoder(double)
    assert wrapper.header_length() == 4
    assert wrapper.payload_length(b"\0\0\1\2") == 258
    assert wrapper.decode(b"ab") == b"abab"
    assert wrapper.decoder() is double
    assert experimental.octet_message_decoder(double).decode(b"ab") == b"abab"


@pytest.mark.parametrize("arguments, expected", [
    # The length is that of what follows, and 4 more.
    ((b"ab",), "00000014 0000000000000000 00000000 61626162"),
    (("ab",), "00000014 0000000000000000 00000000 61626162"),
    ((b"ab", 1), "00000014 0000000000000001 00000000 61626162"),
    ((b"ab", -1, b"key"), "00000017 ffffffffffffffff 00000003 6b6579 61626162"),
    ((b"ab", 0, "€"), "00000017 0000000000000000 00000003 e282ac 61626162"),
    ((b"", datetime.datetime(1970, 1, 1, 0, 0, 1, 500000)), "00000010 00000000000005dc 00000000"),
    ((b"", datetime.datetime(1970, 1, 1, 2, 0, 0, 0,
                             datetime.timezone(datetime.timedelta(hours=2)))),
     "00000010 0000000000000000 00000000"),
])
def test_an_encoder_of_a_connector(arguments, expected):
    wrapper = experimental.stream_message_encoder(double)
    assert wrapper.encode(*arguments) == bytes.fromhex(expected)


def test_an_encoder_of_a_connector_that_returns_none_writes_nothing():
    assert experimental.stream_message_encoder(lambda data: None).encode("ab", 1, b"k") is None


def one(a): return a  # noqa: E704
def two(a, b): return a  # noqa: E704
def one_or_two(a, b=0): return a  # noqa: E704
def none(): return 0  # noqa: E704
def any_number(*args): return args  # noqa: E704


class Callables:
    def method(self, data):
        return data

    def __call__(self, data, state):
        return data


@pytest.mark.parametrize("function, arity", [
    (one, 1), (two, 2), (one_or_two, 1), (one_or_two, 2), (none, 0), (lambda x: x, 1),
    (Callables().method, 1), (Callables.method, 2), (Callables(), 2), (str.upper, 1), (len, 1),
    (functools.partial(two, 1), 1), (dict, 1), (struct.Struct(">I").unpack, 1),
])
def test_a_function_of_the_right_arity_is_taken(function, arity):
    wallaroo._validate_arity_compatability("name", function, arity)


@pytest.mark.parametrize("function, arity", [
    (one, 2), (two, 1), (none, 1), (one_or_two, 3), (one_or_two, 0), (any_number, 1),
    (Callables().method, 2), (Callables(), 1), (3, 1), (None, 1), ("name", 2),
])
def test_a_function_of_another_arity_is_refused(function, arity, capsys):
    with pytest.raises(wallaroo.WallarooParameterError, match="name"):
        wallaroo._validate_arity_compatability("name", function, arity)
    assert capsys.readouterr().out.startswith("API_Error: ")


@pytest.mark.parametrize("decorate", [
    lambda: wallaroo.computation("n")(two), lambda: wallaroo.computation_multi("n")(two),
    lambda: wallaroo.state_computation("n", list)(one),
    lambda: wallaroo.state_computation_multi("n", list)(one),
    lambda: wallaroo.key_extractor(two), lambda: wallaroo.decoder(4, ">I")(two),
    lambda: wallaroo.encoder(two), lambda: experimental.stream_message_decoder(two),
    lambda: experimental.stream_message_encoder(two),
    lambda: experimental.octet_message_encoder(two),
    lambda: wallaroo.state_computation("n", 3)(two),
])
def test_decorators_refuse_what_they_cannot_call(decorate):
    with pytest.raises(wallaroo.WallarooParameterError):
        decorate()


def test_a_wrapper_may_be_made_of_a_callable_without_a_name():
    wrapper = wallaroo.computation("n")(functools.partial(two, 1))
    assert wrapper.compute(2) == 1
    assert type(wrapper).__qualname__.endswith("__partial")
    assert pickle.loads(pickle.dumps(wrapper)).compute(2) == 1


def test_an_aggregation_is_named_as_its_class_and_its_methods_are_checked(capsys):
    class Sum(wallaroo.Aggregation):
        def initial_accumulator(self): return [0]  # noqa: E704
        def update(self, data, acc): acc[0] += data  # noqa: E704
        def combine(self, a, b): return [a[0] + b[0]]  # noqa: E704

    with pytest.raises(wallaroo.WallarooParameterError, match="no output"):
        wallaroo._validate_aggregation(Sum)
    assert capsys.readouterr().out.startswith("API_Error: ")
    Sum.output = lambda self, key, acc: acc[0]
    wallaroo._validate_aggregation(Sum)
    assert Sum().name() == "Sum"


def test_wrap_gives_a_class():
    cls = wallaroo._wallaroo_wrap("n", add, wallaroo.StateComputation, state_class=dict)
    assert cls().initial_state() == {}
    with pytest.raises(wallaroo.WallarooParameterError):
        wallaroo._wallaroo_wrap("n", add, wallaroo.BaseWrapped)


def test_attach_to_module_names_a_class():
    class C:
        pass

    assert wallaroo.attach_to_module(C, "Kind", double, 77) is C
    assert wallaroo.Kind_77__double is C
    assert (C.__name__, C.__qualname__, C.__module__) == (
        "Kind_77__double", "Kind_77__double", "wallaroo")
