"""Hits of users in windows: by time of arrival in the old style, by the records' own in the new."""

import struct

import wallaroo as wl

SOURCES = ["hits"]
SINKS = ["counts"]
SECOND = 10**9
USERS = ["ann", "bob", "eve"]


def inputs(random):
    # In the order of their times, and the last one passes all windows.
    times = sorted(random.randrange(60 * SECOND) for _ in range(400))
    return {"hits": [struct.pack(">Q", time) + random.choice(USERS).encode() for time in times]}


def expected(frames):
    windows = {}
    for frame in frames["hits"]:
        window = struct.unpack(">Q", frame[:8])[0] // (10 * SECOND)
        key = (frame[8:].decode(), window)
        windows[key] = windows.get(key, 0) + 1
    # The last window of each user is open until the stream ends.
    return {"counts": [f"{user} {window * 10} {n}" for (user, window), n in windows.items()]}


def old_is_complete(lines, frames):
    return sum(int(line.split()[1]) for line in lines["counts"]) >= len(frames["hits"])


def old_check(lines, frames):
    """Each record is in one window, whatever that is."""
    counts = {}
    for line in lines["counts"]:
        user, n = line.split()
        assert int(n) > 0
        counts[user] = counts.get(user, 0) + int(n)
    users = [frame[8:].decode() for frame in frames["hits"]]
    assert counts == {user: users.count(user) for user in set(users)}


class Hits(wl.Aggregation):
    def initial_accumulator(self):
        return [0]

    def update(self, user, accumulator):
        accumulator[0] += 1

    def combine(self, a, b):
        return [a[0] + b[0]]

    def output(self, user, accumulator):
        return (user, accumulator[0]) if accumulator[0] else None


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    decode = wl.decoder(header_length=4, length_fmt=">I")(lambda bs: bs[8:].decode())
    windows = wl.range_windows(wl.milliseconds(300)).over(Hits)
    return wl.build_application(
        "hits", wl.source("hits", wl.TCPSourceConfig(name, host, port, decode))
        .key_by(wl.key_extractor(lambda user: user)).to(windows)
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(lambda hit: "%s %d\n" % hit))))


def decode(frame):
    return struct.unpack(">Q", frame[:8])[0], frame[8:].decode()


app = wl.Application("hits")
(app.source("hits", wl.tcp_source("127.0.0.1:0", decode=decode))
    .event_time("time", wl.Item(0), idle="300ms").key_by("user", wl.Item(1))
    .window("count", wl.tumbling("10s"), wl.count())
    .sink("counts", wl.tcp_sink(
        "127.0.0.1:1",
        encode=lambda r: f"{r.key} {r.window.start // SECOND} {r.value}\n")))
#: Windows that are open at the end fire when the application is stopped.
NEW_NEEDS_END = True
