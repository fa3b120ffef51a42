"""Pipelines that the tests of lowering share."""

import wallaroo
from original_model import ModelBuilder
from wallaroo.original.lowering import lower


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
