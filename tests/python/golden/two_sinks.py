"""Each result goes to two sinks, which render it differently; one leaves some out."""

import json

import wallaroo as wl

SOURCES = ["points"]
SINKS = ["all", "far"]


def inputs(random):
    return {"points": [json.dumps({"x": random.randrange(-9, 9), "y": random.randrange(-9, 9)})
                       .encode() for _ in range(500)]}


def decode(frame):
    return json.loads(frame.decode())


def with_distance(point):
    point["d"] = abs(point["x"]) + abs(point["y"])
    return point


def render(point):
    return "%(x)d,%(y)d %(d)d\n" % point


def render_far(point):
    return b"far %d\n" % point["d"] if point["d"] > 9 else None


def expected(frames):
    points = [with_distance(decode(frame)) for frame in frames["points"]]
    return {"all": [render(point).strip() for point in points],
            "far": [f"far {point['d']}" for point in points if point["d"] > 9]}


def application_setup(args):
    name, host, port = wl.tcp_parse_input_addrs(args)[0]
    both = wl.tcp_parse_output_addrs(args)
    return wl.build_application(
        "points", wl.source("points", wl.TCPSourceConfig(name, host, port,
                                                         wl.decoder(4, ">I")(decode)))
        .to(wl.computation("with distance")(with_distance))
        .to_sinks([wl.TCPSinkConfig(*both[0], wl.encoder(render)),
                   wl.TCPSinkConfig(*both[1], wl.encoder(render_far))]))


app = wl.Application("points")
(app.source("points", wl.tcp_source("127.0.0.1:0", decode=wl.json))
    .map("with distance", with_distance)
    .sinks({"all": wl.tcp_sink("127.0.0.1:1", encode=render),
            "far": wl.tcp_sink("127.0.0.1:1", encode=render_far)}))
