"""Properties: pipelines of any shape, and messages against the client library that stands alone."""

import sys

import wallaroo
from hypothesis import given, settings
from hypothesis import strategies as st
from original_model import ModelBuilder
from original_rig import ROOT
from wallaroo.experimental import connector_wire_messages as cwm
from wallaroo.original.lowering import lower

sys.path.insert(0, str(ROOT / "clients" / "python"))
import wallaroo_connector as wc  # noqa: E402

# A shape is "source", ("stage", shape) or ("merge", shape, shape).
SHAPES = st.recursive(
    st.just("source"),
    lambda shapes: st.one_of(st.tuples(st.just("stage"), shapes),
                             st.tuples(st.just("merge"), shapes, shapes)),
    max_leaves=12)

DECODER = wallaroo.decoder(4, ">I")(lambda bs: bs.decode())
SINK = wallaroo.TCPSinkConfig("h", 1, wallaroo.encoder(lambda data: data + ";"))


class Built:
    """A pipeline of a shape, and by the names of its sources the stages behind each, in order."""

    def __init__(self):
        self.paths = {}
        self._stages = 0

    def build(self, shape):
        if shape == "source":
            name = f"s{len(self.paths)}"
            self.paths[name] = []
            return wallaroo.source(name, wallaroo.TCPSourceConfig(name, "h", 1, DECODER)), [name]
        if shape[0] == "merge":
            (left, names), (right, others) = self.build(shape[1]), self.build(shape[2])
            return left.merge(right), names + others
        inner, names = self.build(shape[1])
        self._stages += 1
        mark = f"-{self._stages}"
        for name in names:
            self.paths[name].append(mark)
        return inner.to(wallaroo.computation(name="mark")(lambda data: data + mark)), names


@settings(max_examples=150, deadline=None)
@given(SHAPES)
def test_records_pass_the_stages_behind_their_source_and_no_others(shape):
    built = Built()
    pipeline, names = built.build(shape)
    application = wallaroo.build_application("app", pipeline.to_sink(SINK))
    builder = ModelBuilder()
    lower(application, builder, [])
    for name in names:
        builder.outputs.clear()
        builder.receive(name, b"x")
        assert builder.outputs == {"sink-1": [("x" + "".join(built.paths[name]) + ";").encode()]}


@settings(max_examples=150, deadline=None)
@given(SHAPES)
def test_an_application_is_a_tree_of_sources_and_merges(shape):
    _, root, nodes, children = wallaroo.build_application(
        "app", Built().build(shape)[0].to_sink(SINK))
    assert len(nodes) == len(children)
    seen = []

    def walk(index):
        seen.append(index)
        assert len(children[index]) in (0, 2)
        begins_with_source = bool(nodes[index]) and nodes[index][0][0] == "source"
        assert begins_with_source == (not children[index])
        assert all(stage[0] != "source" for stage in nodes[index][1:])
        for child in children[index]:
            walk(child)

    walk(root)
    assert sorted(seen) == list(range(len(nodes)))


U64 = st.integers(0, 2**64 - 1)
U32 = st.integers(0, 2**32 - 1)
TEXT = st.text(max_size=40)
POSITIONS = st.lists(st.tuples(U64, U64), max_size=5)
PAYLOAD = st.binary(max_size=60)

FRAMES = st.one_of(
    st.tuples(TEXT, TEXT, TEXT, TEXT).map(lambda t: (cwm.Hello(*t), wc.Hello(*t))),
    U32.map(lambda n: (cwm.Ok(n), wc.Ok(n))),
    TEXT.map(lambda t: (cwm.Error(t), wc.Error(t))),
    st.tuples(U64, TEXT, U64).map(lambda t: (cwm.Notify(*t), wc.Notify(*t))),
    st.tuples(st.booleans(), U64, U64).map(lambda t: (cwm.NotifyAck(*t), wc.NotifyAck(*t))),
    st.tuples(U64, U64, st.integers(-2**63, 2**63 - 1), PAYLOAD, PAYLOAD).map(
        lambda t: (cwm.Message(*t), wc.Message(t[0], t[1], t[4], t[3], t[2]))),
    st.tuples(U32, POSITIONS).map(lambda t: (cwm.Ack(*t), wc.Ack(*t))),
    TEXT.map(lambda t: (cwm.Restart(t), wc.Restart(t))),
    U64.map(lambda n: (cwm.EosMessage(n), wc.EndOfStream(n))),
)

CONTROL = st.one_of(
    U64.map(lambda n: (cwm.ListUncommitted(n), wc.ListUncommitted(n))),
    st.tuples(U64, st.lists(TEXT, max_size=4)).map(
        lambda t: (cwm.ReplyUncommitted(*t), wc.ReplyUncommitted(*t))),
    st.tuples(TEXT, st.lists(st.tuples(U64, U64, U64), max_size=3)).map(
        lambda t: (cwm.TwoPCPhase1(*t), wc.Phase1(*t))),
    st.tuples(TEXT, st.booleans()).map(lambda t: (cwm.TwoPCReply(*t), wc.Reply(*t))),
    st.tuples(TEXT, st.booleans()).map(lambda t: (cwm.TwoPCPhase2(*t), wc.Phase2(*t))),
    st.tuples(U64, st.lists(TEXT, max_size=4)).map(
        lambda t: (cwm.WorkersLeft(*t), wc.WorkersLeft(*t))),
)


@given(FRAMES)
def test_frames_are_those_of_the_other_library(pair):
    message, other = pair
    data = cwm.Frame.encode(message)
    assert data == wc.encode(other)
    assert cwm.Frame.decode(data[4:]) == message
    assert wc.decode(data[4:]) == other


@given(CONTROL)
def test_control_messages_are_those_of_the_other_library(pair):
    message, other = pair
    data = cwm.TwoPCFrame.encode(message)
    assert cwm.Frame.encode(cwm.Message(0, 0, 0, None, data)) == wc.encode_control(other)
    assert cwm.TwoPCFrame.decode(data) == message
    assert wc.decode_two_phase(data) == other
