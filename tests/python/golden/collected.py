"""One state for all records, which are numbered in their order."""

import wallaroo as wl

SOURCES = ["lines"]
SINKS = ["numbered"]


def inputs(random):
    return {"lines": [b"%x" % random.getrandbits(20) for _ in range(500)]}


def expected(frames):
    return {"numbered": [f"all {n} {line.decode()}" for n, line in enumerate(frames["lines"], 1)]}


def new_check(lines, frames):
    """Behind a key_by only records of one key keep their order, and all get numbers."""
    got = [line.split() for line in lines["numbered"]]
    assert [int(number) for _, number, _ in got] == list(range(1, len(frames["lines"]) + 1))
    wanted = [frame.decode() for frame in frames["lines"]]
    for first in "0123456789abcdef":
        assert [line for *_, line in got if line[0] == first] == [
            line for line in wanted if line[0] == first]


class Counter(object):
    def __init__(self):
        self.n = 0


def number(line, counter):
    counter.n += 1
    return "all %d %s\n" % (counter.n, line)


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    decode = wl.decoder(header_length=4, length_fmt=">I")(bytes.decode)
    return wl.build_application(
        "numbered", wl.source("lines", wl.TCPSourceConfig(name, host, port, decode))
        .key_by(wl.key_extractor(lambda line: line[:1])).collect()
        .to(wl.state_computation("number", Counter)(number))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(lambda line: line))))


app = wl.Application("numbered")
(app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text))
    .key_by("first", lambda line: line[:1]).collect()
    .state("number", number, init=Counter)
    .sink("numbered", wl.tcp_sink("127.0.0.1:1", encode=wl.text)))
