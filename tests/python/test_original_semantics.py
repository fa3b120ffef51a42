"""What lowered applications do with None and keys, in a builder that runs records."""

import pytest
import wallaroo
from lowering_rig import COUNT, KEY, SINK, Joined, computation, lowered, multi, results, source

def test_a_decoder_that_returns_none_drops_the_frame():
    assert results(source(), b"a", b"nothing", b"", b"b") == b"a;;b;"


def test_a_computation_that_returns_none_has_no_output():
    drop = computation(lambda data: None if data == "x" else data)
    assert results(source().to(drop), b"a", b"x", b"b") == b"a;b;"


@pytest.mark.parametrize("value", [0, "", False, [], 0.0])
def test_falsy_results_are_records(value):
    assert results(source().to(computation(lambda data: value)), b"a") == f"{value};".encode()


@pytest.mark.parametrize("value, expected", [
    (None, b""), ([], b""), ([None], b""), ([None, None], b""), (["x", None, "y"], b"x;y;"),
    ([0, "", False], b"0;;False;"), (type("List", (list,), {})([1, 2]), b"1;2;")])
def test_a_multi_computation_leaves_out_nones(value, expected):
    assert results(source().to(multi(lambda data: value)), b"a") == expected


@pytest.mark.parametrize("value", [("x",), "xy", {"x": 1}, 3, iter([1]), {1}])
def test_a_multi_computation_must_return_a_list(value):
    with pytest.raises(TypeError, match=f"computation 'm' returned {type(value).__name__}"):
        results(source().to(multi(lambda data: value)), b"a")


def test_a_state_changes_also_when_there_is_no_output():
    def remember(data, state):
        state.append(data)
        return None if len(state) % 2 else "".join(state)

    stage = wallaroo.state_computation(name="s", state=list)(remember)
    assert results(source().key_by(KEY).to(stage), b"a1", b"b1", b"a2", b"a3", b"b2") == (
        b"a1a2;b1b2;")


def test_a_multi_state_computation_keeps_the_key_of_its_outputs():
    twice = wallaroo.state_computation_multi(name="twice", state=list)(
        lambda data, state: [data, None, data + "!"])
    assert results(source().key_by(KEY).to(twice).to(COUNT), b"a", b"b") == (
        b"a=1;a!=2;b=1;b!=2;")


def test_an_encoder_that_returns_none_writes_nothing():
    assert results(source(), b"a", b"unsaid", b"b") == b"a;b;"


def test_an_aggregation_without_output_gives_nothing():
    pipeline = source().key_by(KEY).to(wallaroo.count_windows(2).over(Joined))
    assert results(pipeline, b"a1", b"s1", b"a2", b"s2", b"a3") == b"a:a1a2;"


# Keys.


def test_texts_and_bytes_and_numbers_are_one_key():
    keys = iter(["A", b"A", 65, "B"])
    by = wallaroo.key_extractor(lambda data: next(keys))
    assert results(source().key_by(by).to(COUNT), b"x", b"x", b"x", b"x") == (
        b"x=1;x=2;x=3;x=1;")


@pytest.mark.parametrize("key", [None, 1.5, ("a",)])
def test_what_is_no_key_is_an_error(key):
    with pytest.raises(TypeError, match="a key is a str, bytes or an int"):
        results(source().key_by(wallaroo.key_extractor(lambda data: key)).to(COUNT), b"x")


def test_a_state_without_a_key_is_one_state():
    assert results(source().to(COUNT), b"a", b"b") == b"a=1;b=2;"


def test_a_key_stays_in_force_until_the_next():
    same = computation(lambda data: data)
    assert results(source().key_by(KEY).to(same).to(COUNT).to(COUNT), b"a", b"b", b"a") == (
        b"a=1=1;b=1=1;a=2=2;")
    assert results(source().key_by(KEY).collect().to(COUNT), b"a", b"b") == b"a=1;b=2;"


def test_collected_records_have_keys_that_differ():
    builder = lowered(source().collect().collect().to_sink(SINK))
    assert builder.calls[1:3] == [("collect", "collect", "collect-key-1"),
                                  ("collect", "collect#2", "collect-key-2")]
