"""Four streams that are merged at different depths."""

import wallaroo as wl

SOURCES = ["a", "b", "c", "d"]
SINKS = ["out"]


def inputs(random):
    return {name: [b"%d" % random.randrange(100) for _ in range(150)] for name in SOURCES}


def plus(n):
    def add(path):
        return (path[0] + [str(n)], path[1] + n)
    return add


def finish(path):
    return "%s %d\n" % (".".join(path[0]), path[1])


PATHS = {"a": [1, 3, 4], "b": [3, 4], "c": [2, 4], "d": [2, 4]}


def expected(frames):
    return {"out": [f"{'.'.join([name, *map(str, steps)])} {int(frame) + sum(steps)}"
                    for name, steps in PATHS.items() for frame in frames[name]]}


def decode_of(name):
    return lambda frame: ([name], int(frame))


def application_setup(args):
    at = {each[0]: each for each in wl.tcp_parse_input_addrs(args)}
    add = {n: wl.computation(name="plus %d" % n)(plus(n)) for n in (1, 2, 3, 4)}
    a, b, c, d = (wl.source(name, wl.TCPSourceConfig(*at[name],
                                                     wl.decoder(4, ">I")(decode_of(name))))
                  for name in SOURCES)
    left = a.to(add[1]).merge(b).to(add[3])
    right = c.merge(d).to(add[2])
    return wl.build_application(
        "tree", left.merge(right).to(add[4])
        .to_sink(wl.TCPSinkConfig(*wl.tcp_parse_output_addrs(args)[0], wl.encoder(finish))))


app = wl.Application("tree")
a, b, c, d = (app.source(name, wl.tcp_source("127.0.0.1:0", decode=decode_of(name)))
              for name in SOURCES)
left = a.map("plus 1", plus(1)).merge(b).map("plus 3", plus(3))
right = c.merge(d).map("plus 2", plus(2))
left.merge(right).map("plus 4", plus(4)).sink("out", wl.tcp_sink("127.0.0.1:1", encode=finish))
