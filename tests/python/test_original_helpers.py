"""Arguments, times and the hooks of serialization."""

import datetime
import types

import pytest
import wallaroo
from wallaroo.original.hooks import choose_hooks
from wallaroo.original.keys import key_text, raw_key


@pytest.mark.parametrize("text, expected", [
    ("127.0.0.1:7010", [("127.0.0.1", "7010")]),
    ("words@127.0.0.1:7010", [("words", "127.0.0.1", "7010")]),
    ("words@127.0.0.1:7010:5", [("words", "127.0.0.1", "7010", "5")]),
    ("a@h:1,b@i:2,j:3", [("a", "h", "1"), ("b", "i", "2"), ("j", "3")]),
    ("Market Data@h:1", [("Market Data", "h", "1")]),
])
def test_input_addresses(text, expected):
    for args in (["app", "--in", text], ["app", "-i", text],
                 ["app", f"--in={text}", "--other", "x"],
                 ["--unknown", "-z", "--in", text, "more"]):
        assert wallaroo.tcp_parse_input_addrs(args) == expected


@pytest.mark.parametrize("text, expected", [
    ("127.0.0.1:7002", [("127.0.0.1", "7002")]),
    ("h:1,i:2", [("h", "1"), ("i", "2")]),
])
def test_output_addresses(text, expected):
    for args in (["app", "--out", text], ["app", "-o", text], ["--in", "x", f"--out={text}"]):
        assert wallaroo.tcp_parse_output_addrs(args) == expected


def test_kafka_options_of_a_source():
    required = ["app", "--kafka_source_topic", "t", "--kafka_source_brokers", "h:1,i"]
    assert wallaroo.kafka_parse_source_options(
        required + ["--kafka_source_name", "n"]) == ("n", "t", [("h", "1"), ("i", "9092")], "Warn")
    assert wallaroo.kafka_parse_source_options(
        required + ["--kafka_source_log_level", "Fine", "--x"])[3] == "Fine"


def test_kafka_options_of_a_sink():
    required = ["app", "--kafka_sink_topic", "t", "--kafka_sink_brokers", "h:1"]
    assert wallaroo.kafka_parse_sink_options(required) == (
        "", "t", [("h", "1")], "Warn", 0, 100000)
    assert wallaroo.kafka_parse_sink_options(
        required + ["--kafka_sink_log_level", "Error", "--kafka_sink_max_produce_buffer_ms", "7",
                    "--kafka_sink_max_message_size", "9"]) == (
        "", "t", [("h", "1")], "Error", 7, 9)


@pytest.mark.parametrize("parse, args", [
    (wallaroo.tcp_parse_input_addrs, ["app"]),
    (wallaroo.tcp_parse_input_addrs, ["app", "--in"]),
    (wallaroo.tcp_parse_output_addrs, ["app", "--in", "h:1"]),
    (wallaroo.kafka_parse_source_options, ["app", "--kafka_source_topic", "t"]),
    (wallaroo.kafka_parse_sink_options, ["app", "--kafka_sink_brokers", "h:1"]),
    (wallaroo.kafka_parse_sink_options,
     ["app", "--kafka_sink_topic", "t", "--kafka_sink_brokers", "h",
      "--kafka_sink_log_level", "x"]),
])
def test_a_missing_argument_is_an_exit_with_2(parse, args, capsys):
    with pytest.raises(SystemExit) as raised:
        parse(args)
    assert raised.value.code == 2
    assert capsys.readouterr().err.startswith("usage: wallaroo")


@pytest.mark.parametrize("function, factor", [
    (wallaroo.nanoseconds, 1), (wallaroo.microseconds, 10**3), (wallaroo.milliseconds, 10**6),
    (wallaroo.seconds, 10**9), (wallaroo.minutes, 60 * 10**9), (wallaroo.hours, 3600 * 10**9)])
def test_times_are_nanoseconds(function, factor):
    assert function(3) == 3 * factor and isinstance(function(3), int)
    assert function(0.5) == 0.5 * factor and isinstance(function(0.5), float)


@pytest.mark.parametrize("moment, expected", [
    (datetime.datetime(1970, 1, 1), 0),
    (datetime.datetime(2020, 2, 29, 12, 0, 0, 123999), 1582977600.123999),
    (datetime.datetime(2020, 2, 29, 12, tzinfo=datetime.timezone.utc), 1582977600),
    (datetime.datetime(2020, 2, 29, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=-5))),
     1582995600),
    (datetime.datetime(1969, 12, 31, 23, 59, 59), -1),
])
def test_a_timestamp_is_in_seconds(moment, expected):
    assert wallaroo.dt_to_timestamp(moment) == expected


def test_objects_are_serialized_by_pickle():
    value = {"a": [1, (2, None)], "b": {3.5}}
    assert isinstance(wallaroo.serialize(value), bytes)
    assert wallaroo.deserialize(wallaroo.serialize(value)) == value


def module(**names):
    made = types.ModuleType("app")
    vars(made).update(names)
    return made


def test_a_module_with_both_hooks_has_hooks():
    hooks = choose_hooks(module(serialize=lambda o: o.encode(), deserialize=lambda b: b.decode()))
    assert hooks.serialize("x") == b"x"
    assert hooks.deserialize(b"x") == "x"


@pytest.mark.parametrize("names", [
    {}, {"serialize": len}, {"deserialize": len}, {"serialize": 1, "deserialize": 2},
    {"serialize": wallaroo.serialize, "deserialize": wallaroo.deserialize}])
def test_any_other_module_has_none(names):
    assert choose_hooks(module(**names)) is None


@pytest.mark.parametrize("result", [None, "text", 3])
def test_a_hook_that_returns_no_bytes_is_an_error(result):
    hooks = choose_hooks(module(serialize=lambda o: result, deserialize=lambda b: None))
    with pytest.raises(TypeError, match=r"serialize\(\) returned .* for an object of dict"):
        hooks.serialize({})
    with pytest.raises(TypeError, match=r"deserialize\(\) returned None for 3 bytes"):
        hooks.deserialize(b"abc")


@pytest.mark.parametrize("key, data", [
    ("A", b"A"), (b"A", b"A"), (65, b"A"), ("", b""), (b"", b""), ("€", b"\xe2\x82\xac"),
    (0x20AC, b"\xe2\x82\xac"), (True, b"\x01"), (0, b"\x00"), (b"\xff\x00", b"\xff\x00")])
def test_a_key_is_raw_bytes(key, data):
    assert raw_key(key) == data


@pytest.mark.parametrize("key, error", [
    (None, TypeError), (1.5, TypeError), (("a",), TypeError), (bytearray(b"a"), TypeError),
    (-1, ValueError), (0x110000, ValueError)])
def test_anything_else_is_no_key(key, error):
    with pytest.raises(error):
        raw_key(key)


@pytest.mark.parametrize("data, text", [(b"A", "A"), (b"", ""), (b"\xe2\x82\xac", "€"),
                                        (b"\xffA", "\udcffA")])
def test_the_output_of_windows_gets_keys_as_text(data, text):
    assert key_text(data) == text
