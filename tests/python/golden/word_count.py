"""Totals of words: a stage that gives many records, a key, and state."""

import wallaroo as wl

SOURCES = ["lines"]
SINKS = ["totals"]


def inputs(random):
    words = ["to", "be", "or", "not", "thé", "Ω", "end"]
    return {"lines": [" ".join(random.choices(words, k=random.randrange(6))).encode()
                      for _ in range(600)]}


def expected(frames):
    totals, lines = {}, []
    for frame in frames["lines"]:
        for word in frame.decode().split():
            totals[word] = totals.get(word, 0) + 1
            lines.append(f"{word} {totals[word]}")
    return {"totals": lines}


def split(line):
    return line.split()


class Total:
    n = 0


def add(word, total):
    total.n += 1
    return word, total.n


def render(pair):
    return "%s %d\n" % pair


def application_setup(args):
    name, host, port = wl.tcp_parse_input_addrs(args)[0]
    out_host, out_port = wl.tcp_parse_output_addrs(args)[0]
    decode = wl.decoder(header_length=4, length_fmt=">I")(lambda bs: bs.decode("utf-8"))
    return wl.build_application(
        "words", wl.source("lines", wl.TCPSourceConfig(name, host, port, decode))
        .to(wl.computation_multi(name="split")(split))
        .key_by(wl.key_extractor(lambda word: word))
        .to(wl.state_computation(name="add", state=Total)(add))
        .to_sink(wl.TCPSinkConfig(out_host, out_port, wl.encoder(render))))


app = wl.Application("words")
(app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text))
    .flat_map("split", split)
    .key_by("word", lambda word: word)
    .state("add", add, init=Total)
    .sink("totals", wl.tcp_sink("127.0.0.1:1", encode=render)))
