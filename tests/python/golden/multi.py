"""Stages that give any number of records, one after the other, with and without state."""

import wallaroo as wl

SOURCES = ["numbers"]
SINKS = ["out"]


def inputs(random):
    return {"numbers": [str(random.randrange(12)).encode() for _ in range(500)]}


def spread(n):
    """Nothing at all, an empty list, only Nones, and records between Nones."""
    if n == 0:
        return None
    if n == 1:
        return []
    if n == 2:
        return [None, None]
    return [n, None, 0, "", False, n * 2]


class Last(object):
    def __init__(self):
        self.records = []


def with_last(record, last):
    """The record with those of its key before it, one record for each."""
    last.records = (last.records + [record])[-2:]
    return [(kind_of(record), repr(each)) for each in last.records]


def kind_of(record):
    return type(record).__name__


def expected(frames):
    last, lines = {}, []
    for frame in frames["numbers"]:
        for record in spread(int(frame)) or []:
            if record is not None:
                kind = kind_of(record)
                last[kind] = (last.get(kind, []) + [record])[-2:]
                lines += [f"{kind} {each!r}" for each in last[kind]]
    return {"out": lines}


def render(pair):
    return "%s %s\n" % pair


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    decode = wl.decoder(header_length=4, length_fmt=">I")(int)
    return wl.build_application(
        "multi", wl.source("numbers", wl.TCPSourceConfig(name, host, port, decode))
        .to(wl.computation_multi("spread")(spread)).key_by(wl.key_extractor(kind_of))
        .to(wl.state_computation_multi("with last", Last)(with_last))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(render))))


app = wl.Application("multi")
(app.source("numbers", wl.tcp_source("127.0.0.1:0", decode=int))
    .to("spread", wl.many(spread)).key_by("kind", kind_of)
    .state("with last", wl.many(with_last), init=Last)
    .sink("out", wl.tcp_sink("127.0.0.1:1", encode=render)))
