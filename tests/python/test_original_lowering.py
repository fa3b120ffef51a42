"""Applications are lowered into a builder that notes its calls and runs records."""

import pytest
import wallaroo
from original_model import ModelBuilder
from wallaroo import experimental
from wallaroo.original.builder import (
    ConnectorSink,
    ConnectorSource,
    FixedInteger,
    GeneratorSource,
    KafkaSink,
    KafkaSource,
    RangeWindowSettings,
    TcpSink,
    TcpSource,
)
from wallaroo.original.errors import ApplicationError
from wallaroo.original.functions import framing
from wallaroo.original.lowering import application_parts, lower


def text(bs):
    return bs.decode() if bs != b"nothing" else None


DECODER = wallaroo.decoder(header_length=4, length_fmt=">I")(text)
ENCODER = wallaroo.encoder(lambda data: None if data == "unsaid" else f"{data};")
SINK = wallaroo.TCPSinkConfig("127.0.0.1", "7002", ENCODER)
KEY = wallaroo.key_extractor(lambda data: data[0])


def source(name="in", **settings):
    return wallaroo.source(name, wallaroo.TCPSourceConfig("config", "127.0.0.1", "7010", DECODER,
                                                          **settings))


def lowered(pipeline, args=("app",)):
    builder = ModelBuilder()
    lower(wallaroo.build_application("app", pipeline), builder, args)
    return builder


def results(pipeline, *payloads):
    builder = lowered(pipeline.to_sink(SINK))
    builder.receive("in", *payloads)
    return b"".join(builder.outputs.get("sink-1", []))


def computation(function, name="f"):
    return wallaroo.computation(name=name)(function)


def multi(function, name="m"):
    return wallaroo.computation_multi(name=name)(function)


def counting(data, state):
    state.append(data)
    return f"{data}={len(state)}"


COUNT = wallaroo.state_computation(name="count", state=list)(counting)


# What None and falsy results mean.


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


class Joined(wallaroo.Aggregation):
    def initial_accumulator(self):
        return []

    def update(self, data, acc):
        acc.append(data)
        return "this is ignored"

    def combine(self, a, b):
        return a + b

    def output(self, key, acc):
        assert isinstance(key, str)
        return None if key == "s" else f"{key}:{''.join(acc)}"


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


# The shape of what is built.


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


# Sources and sinks.


def test_a_tcp_source():
    made = lowered(source(valid=False, parallelism=3, max_size=100, max_received_count=5)
                   .to_sink(SINK)).sources["in"]
    assert made == TcpSource("config", "127.0.0.1", 7010, made.framing, text, False, 3, 100, 5)


@pytest.mark.parametrize("header_length, form, integer", [
    (4, ">I", FixedInteger(4, True, False)), (4, "<I", FixedInteger(4, False, False)),
    (4, "!i", FixedInteger(4, True, True)), (4, ">L", FixedInteger(4, True, False)),
    (2, ">H", FixedInteger(2, True, False)), (1, "B", FixedInteger(1, False, False)),
    (8, ">Q", FixedInteger(8, True, False)), (8, "<q", FixedInteger(8, False, True)),
    (6, ">2xI", None), (4, ">HH", None), (4, ">f", None), (8, ">II", None), (4, ">n", None)])
def test_simple_headers_can_be_read_by_the_engine(header_length, form, integer):
    cut = framing(wallaroo.decoder(header_length, form)(text), "the decoder")
    assert (cut.header_length, cut.integer) == (header_length, integer)


@pytest.mark.parametrize("header_length", [0, 9, -1, None, "4", True, 4.0])
def test_a_header_of_an_impossible_length_is_one_of_4(header_length, capsys):
    cut = framing(wallaroo.decoder(header_length, ">I")(text), "the decoder of x")
    assert cut.header_length == 4
    error = capsys.readouterr().err
    assert error.startswith(f"error: the decoder of x: header_length() returned {header_length!r}")
    assert error.count("\n") == 1


def test_the_length_of_a_header_is_asked_for_once():
    class Once(wallaroo.OctetDecoder):
        asked = 0

        def header_length(self):
            self.asked += 1
            return 4

        def payload_length(self, bs):
            return 0

        def decode(self, bs):
            return bs

    decoder = Once()
    lowered(wallaroo.source("in", wallaroo.TCPSourceConfig("in", "h", 1, decoder)).to_sink(SINK))
    assert decoder.asked == 1


def test_a_generator():
    class Numbers:
        def initial_value(self):
            return 0

        def apply(self, value):
            return value + 1 if value < 3 else None

    made = lowered(wallaroo.source("in", wallaroo.GenSourceConfig("numbers", Numbers()))
                   .to_sink(SINK)).sources["in"]
    assert isinstance(made, GeneratorSource)
    assert (made.config_name, made.initial_value(), made.apply(1), made.apply(3)) == (
        "numbers", 0, 2, None)


def test_connectors():
    decoder = experimental.stream_message_decoder(text)
    encoder = experimental.octet_message_encoder(lambda data: data.encode())
    builder = lowered(wallaroo.source("in", experimental.SourceConnectorConfig(
        "feed", encoder, decoder, 7100, "cookie", 67, 10)).to_sink(
        experimental.SinkConnectorConfig("drain", encoder, decoder, 7200, "biscuit", host="h")))
    assert builder.sources["in"] == ConnectorSource("feed", "127.0.0.1", 7100, text, "cookie", 67,
                                                    10)
    sink, = builder.sinks
    assert sink == ConnectorSink("drain", "h", 7200, sink.encode, "biscuit")
    builder.receive("in", b"a", b"", b"b")
    assert builder.outputs["sink-1"] == [b"a", b"b"]


def test_a_tcp_sink_calls_an_encoder_of_a_connector_with_the_record_only():
    encoder = experimental.stream_message_encoder(lambda data: data.encode())
    builder = lowered(source().to_sink(wallaroo.TCPSinkConfig("h", "1", encoder)))
    builder.receive("in", b"ab")
    assert builder.sinks == [TcpSink("h", 1, builder.sinks[0].encode)]
    assert builder.outputs["sink-1"] == [
        bytes.fromhex("00000012 0000000000000000 00000000 6162")]


def test_kafka_settings_are_taken_from_the_arguments():
    args = ["app", "--orders_topic", "t", "--orders_brokers", "h:1,i", "--out_topic", "u",
            "--out_brokers", "j:2", "--out_log_level", "Info", "--out_max_message_size", "5"]
    builder = lowered(wallaroo.source("in", wallaroo.DefaultKafkaSourceCLIParser(
        DECODER, "orders")).to_sink(wallaroo.DefaultKafkaSinkCLIParser(ENCODER, "out")), args)
    assert builder.sources["in"] == KafkaSource("orders", "t", (("h", "1"), ("i", "9092")), "Warn",
                                                text)
    assert builder.sinks == [KafkaSink("out", "u", (("j", "2"),), "Info", 0, 5,
                                       builder.sinks[0].encode)]
    with pytest.raises(ApplicationError, match="give --orders_topic and --orders_brokers"):
        lowered(wallaroo.source("in", wallaroo.DefaultKafkaSourceCLIParser(
            DECODER, "orders")).to_sink(SINK))


# Windows.


def test_times_of_windows_are_rounded():
    windows = wallaroo.range_windows(wallaroo.seconds(0.5)).with_slide(
        wallaroo.milliseconds(0.1)).with_delay(2.6).over(Joined)
    assert lowered(source().key_by(KEY).to(windows).to_sink(SINK)).calls[2] == (
        "range_windows", "Joined", RangeWindowSettings(500_000_000, 100_000, 3, "drop"))


def test_windows_without_keys_have_one_key():
    calls = lowered(source().to(wallaroo.count_windows(3).over(Joined)).to_sink(SINK)).calls
    assert [call[0] for call in calls] == ["source", "collect", "count_windows", "sinks"]


def test_the_functions_of_an_aggregation_are_passed_on():
    pipeline = source().key_by(KEY).to(wallaroo.range_windows(10).over(Joined)).to_sink(SINK)
    functions = lowered(pipeline).aggregations["Joined"]
    accumulator = functions.initial_accumulator()
    functions.update("x", accumulator)
    assert functions.output("k", functions.combine(accumulator, ["y"])) == "k:xy"


@pytest.mark.parametrize("windows, message", [
    (wallaroo.range_windows(10).with_slide(11), "the slide .* is 11 ns"),
    (wallaroo.range_windows(10).with_slide(0), "the slide .* is 0 ns"),
    (wallaroo.range_windows(0), "the slide .* is 0 ns"),
    (wallaroo.range_windows(10).with_delay(-1), "the delay .* is -1 ns"),
    (wallaroo.range_windows("10"), "the range .* is '10', which is no number"),
    (wallaroo.range_windows(10).with_late_data_policy("keep"), "the late data policy .* 'keep'"),
    (wallaroo.count_windows(0), "count to 0"),
    (wallaroo.count_windows(None), "is None, which is no number"),
])
def test_windows_that_cannot_be_are_refused(windows, message):
    with pytest.raises(ApplicationError, match=message):
        lowered(source().key_by(KEY).to(windows.over(Joined)).to_sink(SINK))


# Mistakes.


@pytest.mark.parametrize("end", [lambda p: p.key_by(KEY), lambda p: p.collect()])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_side_that_ends_in_a_key_is_not_merged_with_one_that_does_not(end, swapped):
    left, right = end(source("a")), source("b").to(computation(lambda data: data))
    if swapped:
        left, right = right, left
    with pytest.raises(ApplicationError, match=r"merge\(\) of a pipeline that ends in key_by"):
        lowered(left.merge(right).to_sink(SINK))


def test_a_merge_of_sides_that_end_in_keys_ends_in_a_key():
    keyed = source("a").key_by(KEY).merge(source("b").collect())
    lowered(keyed.merge(source("c").key_by(KEY)).to_sink(SINK))
    with pytest.raises(ApplicationError, match="merge"):
        lowered(keyed.merge(source("c")).to_sink(SINK))


@pytest.mark.parametrize("pipeline, message", [
    (lambda: source().to_sinks([]), "no sink"),
    (lambda: source().to(lambda data: data).to_sink(SINK), r"has no compute\(\)"),
    (lambda: source().to(3).to_sink(SINK), r"has no compute\(\)"),
    (lambda: source().key_by(len).to_sink(SINK), r"has no extract_key\(\)"),
    (lambda: source().to_sink(wallaroo.TCPSinkConfig("h", 1, len)), r"has no encode\(\)"),
    (lambda: wallaroo.source("in", wallaroo.TCPSourceConfig("in", "h", 1, len)).to_sink(SINK),
     r"has no header_length\(\)"),
    (lambda: wallaroo.source("in", wallaroo.GenSourceConfig("in", [])).to_sink(SINK),
     r"has no initial_value\(\)"),
    (lambda: wallaroo.source("in", wallaroo.TCPSourceConfig("in", "h", "x", DECODER))
     .to_sink(SINK), "the port of the source 'in' is 'x'"),
    (lambda: source().to_sink(wallaroo.TCPSinkConfig("h", 70000, ENCODER)),
     "the port of sink 1 is '70000'"),
    (lambda: source(parallelism=0).to_sink(SINK), "parallelism of the source 'in' is 0"),
    (lambda: source(max_size="big").to_sink(SINK), "max_size of the source 'in' is 'big'"),
])
def test_what_the_engine_cannot_run_is_told(pipeline, message):
    with pytest.raises(ApplicationError, match=message):
        lowered(pipeline())


@pytest.mark.parametrize("application", [
    None, (), ("app", 0, [[]]), ("app", 1, [[]], [[]]), (3, 0, [[]], [[]]), "four"])
def test_what_is_no_application_is_refused(application):
    with pytest.raises(ApplicationError, match=r"wallaroo.build_application\(\)"):
        application_parts(application)


@pytest.mark.parametrize("nodes, message", [
    ([[]], "must end in a sink"),
    ([[("to", 1), ("to_sink", SINK.to_tuple())]], "must begin with a source"),
    ([[("source", "in", ("carrier-pigeon",)), ("to_sink", SINK.to_tuple())]],
     "of the kind 'carrier-pigeon'"),
    ([[*wallaroo.build_application("x", source().to_sink(SINK))[2][0][:1],
       ("to_sink", ("pigeon",))]], "of the kind 'pigeon'"),
    ([[*wallaroo.build_application("x", source().to_sink(SINK))[2][0][:1], ("jump",),
       ("to_sink", SINK.to_tuple())]], "no stage of the kind 'jump'"),
])
def test_a_tuple_that_was_made_by_hand_is_checked(nodes, message):
    with pytest.raises(ApplicationError, match=message):
        lower(("app", 0, nodes, [[]]), ModelBuilder(), [])
