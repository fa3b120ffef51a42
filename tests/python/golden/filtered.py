"""None drops a record wherever it is returned: by the decoder, a stage, a state, the encoder."""

import wallaroo as wl

SOURCES = ["numbers"]
SINKS = ["out"]


def inputs(random):
    return {"numbers": [b"%d" % random.randrange(40) for _ in range(600)]}


def decode(frame):
    return int(frame) if frame != b"7" else None


def keep(n):
    return n if n % 3 else None


class Seen(object):
    def __init__(self):
        self.before = None


def changed(n, seen):
    before, seen.before = seen.before, n
    return n if n != before else None


def render(n):
    return "%d %d\n" % (n % 5, n) if n != 11 else None


def expected(frames):
    before, lines = {}, []
    for n in map(int, frames["numbers"]):
        if n != 7 and n % 3:
            if before.get(n % 5) != n and n != 11:
                lines.append(f"{n % 5} {n}")
            before[n % 5] = n
    return {"out": lines}


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    return wl.build_application(
        "filtered", wl.source("numbers", wl.TCPSourceConfig(name, host, port,
                                                            wl.decoder(4, ">I")(decode)))
        .to(wl.computation("keep")(keep)).key_by(wl.key_extractor(lambda n: n % 5))
        .to(wl.state_computation("changed", Seen)(changed))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(render))))


app = wl.Application("filtered")
(app.source("numbers", wl.tcp_source("127.0.0.1:0", decode=decode))
    .filter("keep", lambda n: n % 3).key_by("rest", lambda n: n % 5)
    .state("changed", changed, init=Seen)
    .sink("out", wl.tcp_sink("127.0.0.1:1", encode=render)))
