"""Pipelines and the tuples that applications are."""

import pytest
import wallaroo
from wallaroo import experimental


def stateless(name="f"):
    return wallaroo.computation(name=name)(lambda data: data)


F = stateless()
STATE = wallaroo.state_computation(name="s", state=list)(lambda data, state: data)
KEY = wallaroo.key_extractor(lambda data: "k")
DECODER = wallaroo.decoder(4, ">I")(lambda bs: bs)
ENCODER = wallaroo.encoder(lambda data: data)


class Sum(wallaroo.Aggregation):
    def initial_accumulator(self):
        return [0]

    def update(self, data, acc):
        acc[0] += data

    def combine(self, a, b):
        return [a[0] + b[0]]

    def output(self, key, acc):
        return acc[0]


def source(name):
    return wallaroo.source(name, wallaroo.TCPSourceConfig(name, "127.0.0.1", "7010", DECODER))


def source_stage(name):
    return ("source", name, ("tcp", name, "127.0.0.1", "7010", DECODER, True, 10, 16384, 50))


SINK = wallaroo.TCPSinkConfig("127.0.0.1", "7002", ENCODER)
SINK_TUPLE = ("tcp", "", "127.0.0.1", "7002", ENCODER)


def test_a_pipeline_without_merges_is_one_node():
    windows = wallaroo.range_windows(10).with_slide(5).with_delay(3).over(Sum)
    counts = wallaroo.count_windows(4).over(Sum())
    other = wallaroo.GenSourceConfig("g", object())
    pipeline = (source("a").to(F).key_by(KEY).to(STATE).to(windows).to(counts).collect()
                .to(F).to_sinks([SINK, SINK]))
    assert wallaroo.build_application("app", pipeline) == ("app", 0, [[
        source_stage("a"),
        ("to", F),
        ("key_by", KEY),
        ("to_state", STATE),
        ("to_range_windows", 10, 5, 3, windows.aggregation, "drop"),
        ("to_count_windows", 4, counts.aggregation),
        ("collect", ""),
        ("to", F),
        ("to_sinks", [SINK_TUPLE, SINK_TUPLE]),
    ]], [[]])
    assert other.to_tuple()[0] == "gen"


def test_a_merge_is_a_node_between_the_nodes_of_both():
    a, b, c = source("a"), source("b"), source("c")
    application = wallaroo.build_application(
        "app", a.to(F).merge(b).merge(c).to(F).to_sink(SINK))
    assert application == (
        "app", 3,
        [[source_stage("a"), ("to", F)], [], [source_stage("b")],
         [("to", F), ("to_sink", SINK_TUPLE)], [source_stage("c")]],
        [[], [0, 2], [], [1, 4], []])


def test_the_second_side_of_a_merge_may_have_merges_too():
    a, b, c, d = (source(name) for name in "abcd")
    _, root, nodes, children = wallaroo.build_application(
        "app", a.merge(b).to(F).merge(c.merge(d)).to_sink(SINK))
    assert root == 3
    assert children == [[], [0, 2], [], [1, 5], [], [4, 6], []]
    assert nodes == [[source_stage("a")], [("to", F)], [source_stage("b")],
                     [("to_sink", SINK_TUPLE)], [source_stage("c")], [], [source_stage("d")]]


def test_a_pipeline_never_changes():
    a = source("a")
    first, second = a.to(F).to_sink(SINK), a.key_by(KEY).to(STATE).to_sink(SINK)
    merged = a.merge(a).to_sink(SINK)
    assert wallaroo.build_application("x", first)[2] == [
        [source_stage("a"), ("to", F), ("to_sink", SINK_TUPLE)]]
    assert len(wallaroo.build_application("x", second)[2][0]) == 4
    assert wallaroo.build_application("x", merged)[3] == [[], [0, 2], []]
    assert wallaroo.build_application("x", a.to_sink(SINK))[2][0][1][0] == "to_sink"


def test_a_clone_is_equal_and_apart():
    a = source("a")
    clone = a.clone()
    assert clone is not a
    clone.to(F)
    for pipeline in (a, clone):
        assert wallaroo.build_application("x", pipeline.to_sink(SINK))[2] == [
            [source_stage("a"), ("to_sink", SINK_TUPLE)]]


def test_the_application_does_not_share_its_lists_with_the_pipeline():
    pipeline = source("a").to_sink(SINK)
    wallaroo.build_application("x", pipeline)[2][0].clear()
    assert len(wallaroo.build_application("x", pipeline)[2][0]) == 2


@pytest.mark.parametrize("end", [lambda p: p.to_sink(SINK), lambda p: p.to_sinks([SINK])])
@pytest.mark.parametrize("stage", [
    lambda p: p.to(F), lambda p: p.to(STATE), lambda p: p.key_by(KEY), lambda p: p.collect(),
    lambda p: p.to_sink(SINK), lambda p: p.to_sinks([SINK]), lambda p: p.merge(source("b")),
    lambda p: source("b").merge(p), lambda p: p.to(wallaroo.count_windows(1).over(Sum)),
])
def test_after_a_sink_there_is_no_stage(end, stage):
    closed = end(source("a"))
    with pytest.raises(wallaroo.WallarooParameterError):
        stage(closed)


def test_an_application_without_a_sink_is_refused(capsys):
    with pytest.raises(wallaroo.WallarooParameterError):
        wallaroo.build_application("app", source("a").to(F))
    assert capsys.readouterr().out.startswith("API_Error: ")


def test_a_subclass_of_a_computation_is_a_stage_of_its_kind():
    class Own(wallaroo.StateComputation):
        pass

    own = Own()
    stages = wallaroo.build_application("x", source("a").to(own).to(max).to_sink(SINK))[2][0]
    assert stages[1:3] == [("to_state", own), ("to", max)]


def test_windows_have_defaults():
    windows = wallaroo.range_windows(10).over(Sum)
    assert (windows.range, windows.slide, windows.delay, windows.late_data_policy) == (
        10, 10, 0, "drop")
    assert isinstance(windows.aggregation, Sum)


def test_none_leaves_a_default_of_windows():
    windows = wallaroo.range_windows(10).with_slide(None).with_slide(5).with_delay(None).over(Sum)
    assert (windows.slide, windows.delay) == (5, 0)


def test_windows_take_an_instance_of_an_aggregation():
    aggregation = Sum()
    assert wallaroo.range_windows(10).over(aggregation).aggregation is aggregation
    windows = wallaroo.count_windows(3).over(aggregation)
    assert (windows.count, windows.aggregation) == (3, aggregation)


@pytest.mark.parametrize("method, value", [
    ("with_slide", 5), ("with_delay", 5), ("with_late_data_policy", "fire-per-message")])
def test_a_builder_of_windows_returns_itself_and_takes_a_setting_once(method, value):
    builder = wallaroo.range_windows(10)
    assert getattr(builder, method)(value) is builder
    with pytest.raises(wallaroo.WallarooParameterError, match=method):
        getattr(builder, method)(value)


@pytest.mark.parametrize("build", [lambda: wallaroo.range_windows(1),
                                   lambda: wallaroo.count_windows(1)])
def test_windows_over_something_else_are_refused(build):
    with pytest.raises(wallaroo.WallarooParameterError):
        build().over(list)


KAFKA_IN = ["app", "--kafka_source_name", "n", "--kafka_source_topic", "t",
            "--kafka_source_brokers", "h:1,i"]
KAFKA_OUT = ["app", "--kafka_sink_topic", "t", "--kafka_sink_brokers", "h:1"]


@pytest.mark.parametrize("config, expected", [
    (wallaroo.TCPSourceConfig("n", "h", "1", DECODER),
     ("tcp", "n", "h", "1", DECODER, True, 10, 16384, 50)),
    (wallaroo.TCPSourceConfig("n", "h", 1, DECODER, False, 2, 3, 4),
     ("tcp", "n", "h", "1", DECODER, False, 2, 3, 4)),
    (wallaroo.TCPSourceConfig(name="n", host="h", port="1", decoder=DECODER, valid=True,
                              parallelism=5, max_size=6, max_received_count=7),
     ("tcp", "n", "h", "1", DECODER, True, 5, 6, 7)),
    (wallaroo.GenSourceConfig("n", 7), ("gen", "n", 7)),
    (wallaroo.GenSourceConfig(name="n", gen_instance=7), ("gen", "n", 7)),
    (wallaroo.TCPSinkConfig("h", 1, ENCODER), ("tcp", "", "h", "1", ENCODER)),
    (wallaroo.TCPSinkConfig(host="h", port="1", encoder=ENCODER), ("tcp", "", "h", "1", ENCODER)),
    (wallaroo.DefaultKafkaSourceCLIParser(DECODER), ("kafka-internal", "kafka_source", DECODER)),
    (wallaroo.DefaultKafkaSourceCLIParser(decoder=DECODER, name="n"),
     ("kafka-internal", "n", DECODER)),
    (wallaroo.DefaultKafkaSinkCLIParser(ENCODER), ("kafka-internal", "kafka_sink", ENCODER)),
    (wallaroo.DefaultKafkaSinkCLIParser(encoder=ENCODER, name="n"),
     ("kafka-internal", "n", ENCODER)),
    (wallaroo.CustomKafkaSourceCLIParser(KAFKA_IN, DECODER),
     ("kafka", "n", "t", [("h", "1"), ("i", "9092")], "Warn", DECODER)),
    (wallaroo.CustomKafkaSinkCLIParser(args=KAFKA_OUT, encoder=ENCODER),
     ("kafka", "", "t", [("h", "1")], "Warn", 0, 100000, ENCODER)),
    (experimental.SourceConnectorConfig("n", ENCODER, DECODER, 1, "c", 10, 8),
     ("source_connector", "n", "127.0.0.1", "1", ENCODER, DECODER, "c", 10, 8)),
    (experimental.SourceConnectorConfig(
        name="n", encoder=ENCODER, decoder=DECODER, port="1", cookie="c", max_credits=10,
        refill_credits=8, host="h"),
     ("source_connector", "n", "h", "1", ENCODER, DECODER, "c", 10, 8)),
    (experimental.SinkConnectorConfig("n", ENCODER, DECODER, 1, "c"),
     ("sink_connector", "n", "127.0.0.1", "1", ENCODER, DECODER, "c")),
    (experimental.SinkConnectorConfig(name="n", encoder=ENCODER, decoder=DECODER, port=1,
                                      cookie="c", host="h"),
     ("sink_connector", "n", "h", "1", ENCODER, DECODER, "c")),
])
def test_a_config_has_its_tuple(config, expected):
    assert config.to_tuple() == expected
