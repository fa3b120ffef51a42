"""Frames with headers of other lengths: two bytes, little endian, and a length among other things.

In the new style the second source cannot have such a header, so that it has an ordinary one.
"""

import struct

import wallaroo as wl

SOURCES = ["short", "tagged"]
SINKS = ["out"]


def inputs(random):
    return {name: [bytes(random.choices(b"abcdef", k=random.randrange(40))) for _ in range(300)]
            for name in SOURCES}


def old_frame(source, payload):
    if source == "short":
        return struct.pack("<H", len(payload)) + payload
    return struct.pack(">HIB", len(payload), 0xdeadbeef, 7) + payload


def new_frame(source, payload):
    return struct.pack("<H" if source == "short" else ">Q", len(payload)) + payload


def expected(frames):
    return {"out": [f"{name} {payload.decode()}" for name in SOURCES for payload in frames[name]]}


def decode_of(name):
    return lambda payload: "%s %s\n" % (name, payload.decode())


def application_setup(args):
    at = {each[0]: each for each in wl.tcp_parse_input_addrs(args)}
    short = wl.source("short", wl.TCPSourceConfig(*at["short"],
                                                  wl.decoder(2, "<H")(decode_of("short"))))
    tagged = wl.source("tagged", wl.TCPSourceConfig(*at["tagged"],
                                                    wl.decoder(7, ">HIB")(decode_of("tagged"))))
    return wl.build_application(
        "headers", short.merge(tagged).to_sink(wl.TCPSinkConfig(
            *wl.tcp_parse_output_addrs(args)[0], wl.encoder(lambda line: line))))


app = wl.Application("headers")
short = app.source("short", wl.tcp_source("127.0.0.1:0", decode=decode_of("short"),
                                          framing=wl.length_prefixed(2, "little")))
tagged = app.source("tagged", wl.tcp_source("127.0.0.1:0", decode=decode_of("tagged"),
                                            framing=wl.length_prefixed(8)))
short.merge(tagged).sink("out", wl.tcp_sink("127.0.0.1:1", encode=wl.text))
