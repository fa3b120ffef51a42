"""Applications are lowered into a builder that notes its calls: stages and functions."""

import wallaroo
from lowering_rig import (
    COUNT, KEY, SINK, Joined, computation, lowered, multi, results, source, text)
from original_model import ModelBuilder
from wallaroo.original.builder import RangeWindowSettings
from wallaroo.original.lowering import lower

def test_every_stage_is_built_in_its_order():
    same = computation(lambda data: data, "same")
    pipeline = (source().to(same).key_by(KEY).to(COUNT).to(multi(list, "letters")).to(same)
                .to(wallaroo.range_windows(10).with_slide(4).with_delay(2)
                    .with_late_data_policy("fire-per-message").over(Joined))
                .to(wallaroo.count_windows(3).over(Joined)).to_sinks([SINK, SINK]))
    assert lowered(pipeline).calls == [
        ("source", "in"),
        ("computation", "same", False),
        ("key_by", "key_by"),
        ("state", "count", False),
        ("computation", "letters", True),
        ("computation", "same#2", False),
        ("range_windows", "Joined", RangeWindowSettings(10, 4, 2, "fire-per-message")),
        ("count_windows", "Joined#2", 3),
        ("sinks", ["sink-1", "sink-2"]),
    ]


def test_names_stay_unique_when_one_looks_like_a_numbered_one():
    stages = [computation(lambda data: data, name) for name in ("a", "a#2", "a", "a")]
    pipeline = source()
    for stage in stages:
        pipeline = pipeline.to(stage)
    names = [call[1] for call in lowered(pipeline.to_sink(SINK)).calls if call[0] == "computation"]
    assert names == ["a", "a#2", "a#2#2", "a#3"]


def test_several_sinks_get_every_record():
    builder = lowered(source().to_sinks([SINK, SINK]))
    builder.receive("in", b"a", b"b")
    assert builder.outputs == {"sink-1": [b"a;", b"b;"], "sink-2": [b"a;", b"b;"]}


def test_merged_pipelines_share_their_state():
    merged = source("left").key_by(KEY).merge(source("right").key_by(KEY)).to(COUNT)
    builder = lowered(merged.to_sink(SINK))
    builder.receive("left", b"a")
    builder.receive("right", b"a")
    builder.receive("left", b"b")
    assert builder.outputs["sink-1"] == [b"a=1;", b"a=2;", b"b=1;"]


def test_a_side_without_keys_gets_one_when_the_other_has_keys():
    same = computation(lambda data: data)
    merged = source("left").key_by(KEY).to(same).merge(source("right").to(same)).to(COUNT)
    builder = lowered(merged.to_sink(SINK))
    for name, payload in (("left", b"a"), ("right", b"a"), ("right", b"b"), ("left", b"a")):
        builder.receive(name, payload)
    assert builder.outputs["sink-1"] == [b"a=1;", b"a=1;", b"b=2;", b"a=2;"]


def test_a_tree_of_merges_is_walked():
    pipeline = source("a").merge(source("b")).to(COUNT).merge(
        source("c").merge(source("d"))).to_sink(SINK)
    builder = lowered(pipeline)
    for name in "abcd":
        builder.receive(name, name.encode())
    # The state is only behind the first merge.
    assert builder.outputs["sink-1"] == [b"a=1;", b"b=2;", b"c;", b"d;"]


def test_functions_are_the_users_own():
    function = str.upper
    builder = ModelBuilder()
    seen = {}

    class Spy:
        def computation(self, name, called, many):
            seen[name] = called
            return self

        def key_by(self, name, called):
            seen[name] = called
            return self

        def sinks(self, sinks):
            seen["sink"] = sinks[0].sink.encode

    builder.source = lambda name, source: seen.setdefault("decode", source.decode) and Spy()
    lower(wallaroo.build_application("app", source().to(computation(function, "up")).key_by(
        wallaroo.key_extractor(function)).to_sink(
        wallaroo.TCPSinkConfig("h", 1, wallaroo.encoder(function)))), builder, [])
    assert seen == {"decode": text, "up": function, "key_by": function, "sink": function}


def test_a_method_that_was_put_before_the_users_function_is_called():
    wrapper = computation(lambda data: data)
    wrapper.compute = lambda data: data.upper()
    assert results(source().to(wrapper), b"a") == b"A;"

    class Louder(type(computation(lambda data: data))):
        def compute(self, data):
            return super().compute(data) + "!"

    assert results(source().to(Louder()), b"a") == b"a!;"


def test_objects_of_the_applications_own_classes_are_taken():
    class Own(wallaroo.Computation):
        def name(self):
            return "own"

        def compute(self, data):
            return data * 2

    class OwnKey:
        def extract_key(self, data):
            return data[0]

    class OwnEncoder(wallaroo.OctetEncoder):
        def encode(self, data):
            return data.encode()

    class OwnDecoder(wallaroo.OctetDecoder):
        def header_length(self):
            return 2

        def payload_length(self, bs):
            return bs[0] * 256 + bs[1]

        def decode(self, bs):
            return bs.decode()

    config = wallaroo.TCPSourceConfig("in", "h", 1, OwnDecoder())
    builder = lowered(wallaroo.source("in", config).to(Own()).key_by(OwnKey()).to(COUNT).to_sink(
        wallaroo.TCPSinkConfig("h", 1, OwnEncoder())))
    builder.receive("in", b"a")
    assert builder.outputs["sink-1"] == [b"aa=1"]
    cut = builder.sources["in"].framing
    assert (cut.header_length, cut.payload_length(b"\1\2"), cut.integer) == (2, 258, None)
