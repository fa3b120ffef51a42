"""Applications are lowered into a builder that notes its calls: their ends, windows, mistakes."""

import pytest
import wallaroo
from lowering_rig import DECODER, ENCODER, KEY, SINK, Joined, computation, lowered, source, text
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
