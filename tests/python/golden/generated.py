"""Numbers that the application makes by itself."""

import wallaroo as wl

SOURCES = []
SINKS = ["sums"]
COUNT = 1500


def inputs(random):
    return {}


def expected(frames):
    sums, lines = [0] * 4, []
    for n in range(COUNT):
        sums[n % 4] += n
        lines.append(f"{n % 4} {sums[n % 4]}")
    return {"sums": lines}


class Numbers(object):
    def initial_value(self):
        return 0

    def apply(self, n):
        return n + 1 if n < COUNT else None


class Sum(object):
    def __init__(self):
        self.value = 0


def add(n, total):
    total.value += n
    return (n % 4, total.value) if n < COUNT else None


def render(pair):
    return "%d %d\n" % pair


def application_setup(args):
    out = wl.tcp_parse_output_addrs(args)[0]
    return wl.build_application(
        "sums", wl.source("numbers", wl.GenSourceConfig("numbers", Numbers()))
        .key_by(wl.key_extractor(lambda n: n % 4)).to(wl.state_computation("add", Sum)(add))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(render))))


app = wl.Application("sums")
(app.source("numbers", wl.generator(lambda n: n if n < COUNT else None))
    .key_by("rest", lambda n: n % 4).state("add", add, init=Sum)
    .sink("sums", wl.tcp_sink("127.0.0.1:1", encode=render)))
