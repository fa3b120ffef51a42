"""Sums of ten records of a key each."""

import wallaroo as wl

SOURCES = ["numbers"]
SINKS = ["sums"]
KEYS, EACH, SIZE = 5, 80, 10


def inputs(random):
    frames = [b"%d %d" % (key, random.randrange(1000)) for key in range(KEYS) for _ in range(EACH)]
    random.shuffle(frames)
    return {"numbers": frames}


def expected(frames):
    waiting, lines = {}, []
    for frame in frames["numbers"]:
        key, n = map(int, frame.split())
        waiting.setdefault(key, []).append(n)
        if len(waiting[key]) == SIZE:
            lines.append(f"{key} {SIZE} {sum(waiting.pop(key))}")
    return {"sums": lines}


def old_is_complete(lines, frames):
    return sum(int(line.split()[1]) for line in lines["sums"]) >= len(frames["numbers"])


def old_check(lines, frames):
    """Windows that are not full may be flushed each five seconds; no record is lost or doubled."""
    sums, counts = {}, {}
    for key, count, total in (map(int, line.split()) for line in lines["sums"]):
        assert 0 < count <= SIZE
        sums[key] = sums.get(key, 0) + total
        counts[key] = counts.get(key, 0) + count
    wanted = {}
    for key, n in (map(int, frame.split()) for frame in frames["numbers"]):
        wanted[key] = wanted.get(key, 0) + n
    assert sums == wanted
    assert counts == {key: EACH for key in wanted}


class Sum(wl.Aggregation):
    def initial_accumulator(self):
        return [0, 0]

    def update(self, record, accumulator):
        accumulator[0] += 1
        accumulator[1] += record[1]

    def combine(self, a, b):
        return [a[0] + b[0], a[1] + b[1]]

    def output(self, key, accumulator):
        return (ord(key), *accumulator)


class NewSum(wl.Aggregator):
    def initial(self):
        return (0, 0)

    def update(self, accumulator, record):
        return accumulator[0] + 1, accumulator[1] + record[1]

    def combine(self, earlier, later):
        return earlier[0] + later[0], earlier[1] + later[1]

    def output(self, key, accumulator, window):
        return (key, *accumulator)


def decode(frame):
    return tuple(map(int, frame.split()))


def render(result):
    return "%d %d %d\n" % result


def application_setup(args):
    (name, host, port), out = wl.tcp_parse_input_addrs(args)[0], wl.tcp_parse_output_addrs(args)[0]
    return wl.build_application(
        "sums of ten", wl.source("numbers", wl.TCPSourceConfig(name, host, port,
                                                               wl.decoder(4, ">I")(decode)))
        .key_by(wl.key_extractor(lambda r: r[0])).to(wl.count_windows(SIZE).over(Sum))
        .to_sink(wl.TCPSinkConfig(*out, wl.encoder(render))))


app = wl.Application("sums of ten")
(app.source("numbers", wl.tcp_source("127.0.0.1:0", decode=decode))
    .key_by("key", wl.Item(0)).window("sum", wl.counted(SIZE), NewSum())
    .sink("sums", wl.tcp_sink("127.0.0.1:1", encode=render)))
