"""The works of `./bench python`: python works.py WORK VARIANT --lines N prints one line of JSON.

Each variant reads the same file of text and writes totals to a file. The time is the processor time
of the whole process, threads included, from after the imports to the end of the output. The works
`small`, `order` and `states` make what they work on, and say how they are timed.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pickle
import random
import resource
import sys
import tempfile
import time
import zlib
from pathlib import Path

VOCABULARY = 5_000
WORDS_OF_LINE = 10


def text_file(lines: int) -> str:
    """A file of words with Zipf frequencies, the same in every run."""
    path = Path(tempfile.gettempdir()) / f"wallaroo-bench-{lines}.txt"
    if not path.exists():
        chance = random.Random(7)
        words = [f"{chance.choice('abcdefgh')}{'xyzw'[i % 4] * (i % 7)}{i}" for i in range(VOCABULARY)]
        weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
        fresh = path.with_suffix(f".{os.getpid()}")
        with open(fresh, "w", encoding="ascii") as out:
            for _ in range(lines):
                out.write(" ".join(chance.choices(words, weights, k=WORDS_OF_LINE)) + "\n")
        os.replace(fresh, path)
    return str(path)


# The six functions.

def decode(frame):
    return frame.decode()


def split(line):
    return line.split()


def lower(word):
    return word.lower()


def key_of(word):
    return word


class Total:
    n = 0


def total(word, state):
    state.n += 1
    return word, state.n


def encode(pair):
    return "%s => %d\n" % pair


def loop(source, sink):
    """The functions called from a plain loop."""
    states = {}
    with open(source, "rb") as lines, open(sink, "wb") as out:
        for frame in lines:
            for word in split(decode(frame[:-1])):
                word = lower(word)
                key = key_of(word)
                state = states.get(key)
                if state is None:
                    state = states[key] = Total()
                out.write(encode(total(word, state)).encode())


def ours(source, sink):
    import wallaroo as wl
    app = wl.Application("words")
    (app.source("lines", wl.file_source(source, decode=decode)).flat_map("split", split)
        .map("lower", lower).key_by("word", key_of).state("total", total, init=Total)
        .sink("totals", wl.file_sink(sink, encode=encode)))
    wl.run(app, ["--threads", "1", "--log-level", "off"])


def native(source, sink):
    """Only the split is Python's."""
    import wallaroo as wl
    app = wl.Application("words")
    (app.source("lines", wl.file_source(source, decode=wl.text))
        .flat_map("split", lambda line: line.lower().split()).key_by("word", wl.Itself())
        .running("total", wl.count()).sink("totals", wl.file_sink(sink, encode=wl.fields(" => "))))
    wl.run(app, ["--threads", "1", "--log-level", "off"])


def batches(source, sink):
    """Counts the words of a batch at once; the totals are of batches."""
    import wallaroo as wl

    def count(lines):
        return list(collections.Counter(" ".join(lines).lower().split()).items())

    def add(state, pair):
        state += pair[1]
        return state, (pair[0], state)

    app = wl.Application("words")
    (app.source("lines", wl.file_source(source, decode=wl.text)).map_batch("count", count, max=1024)
        .key_by("word", wl.Item(0)).scan("total", add, init=int)
        .sink("totals", wl.file_sink(sink, encode=wl.fields(" => "))))
    wl.run(app, ["--threads", "1", "--log-level", "off"])


def bytewax_file(sink):
    """A sink that writes lines to a file and, as ours, does not wait for the disk."""
    from bytewax.outputs import DynamicSink, StatelessSinkPartition

    class Partition(StatelessSinkPartition):
        def __init__(self):
            self.out = open(sink, "w", encoding="utf-8")

        def write_batch(self, items):
            self.out.writelines(items)

        def close(self):
            self.out.close()

    class Sink(DynamicSink):
        def build(self, step_id, worker_index, worker_count):
            return Partition()

    return Sink()


def bytewax(source, sink):
    import bytewax.operators as op
    from bytewax.connectors.files import FileSource
    from bytewax.dataflow import Dataflow
    from bytewax.testing import cluster_main

    flow = Dataflow("words")
    lines = op.input("lines", flow, FileSource(source, batch_size=256))
    words = op.flat_map("split", lines, split)
    words = op.map("lower", words, lower)
    keyed = op.key_on("word", words, key_of)

    def mapper(state, word):
        state = Total() if state is None else state
        return state, total(word, state)

    totals = op.stateful_map("total", keyed, mapper)
    op.output("totals", op.map("encode", totals, lambda pair: encode(pair[1])), bytewax_file(sink))
    cluster_main(flow, [], 0, worker_count_per_proc=1)


def same(line):
    return line


def ours_identity(source, sink):
    import wallaroo as wl
    app = wl.Application("identity")
    (app.source("lines", wl.file_source(source, decode=wl.text)).map("same", same)
        .sink("out", wl.file_sink(sink, encode=wl.line)))
    wl.run(app, ["--threads", "1", "--log-level", "off"])


def bytewax_identity(source, sink):
    import bytewax.operators as op
    from bytewax.connectors.files import FileSource
    from bytewax.dataflow import Dataflow
    from bytewax.testing import cluster_main

    flow = Dataflow("identity")
    lines = op.input("lines", flow, FileSource(source, batch_size=256))
    out = op.map("same", lines, same)
    op.output("out", op.map("end", out, lambda line: line + "\n"), bytewax_file(sink))
    cluster_main(flow, [], 0, worker_count_per_proc=1)


WORKS = {"words": {"loop": loop, "ours": ours, "native": native, "batches": batches,
                   "bytewax": bytewax},
         "identity": {"ours": ours_identity, "bytewax": bytewax_identity}}


class Small:
    def __init__(self, user, count, rate):
        self.user, self.count, self.rate = user, count, rate


class Order:
    def __init__(self, i):
        self.id, self.user, self.cents, self.open = i, f"user{i % 100}", i * 7, i % 2 == 0
        self.rate, self.item, self.place, self.tags = i / 3, f"item {i}", "here", ["a", "b"]


def objects(kind):
    return [Small(f"user{i}", i, i / 2) if kind == "small" else Order(i) for i in range(256)]


def codec(kind, variant, rounds):
    """Both ways, a batch of 256 objects at a time."""
    batch = objects(kind)
    if variant == "ours":
        from wallaroo import _engine
        to_bytes, to_objects = _engine.encode_batch, _engine.decode_batch
    else:
        def to_bytes(values):
            return pickle.dumps(values, protocol=5)
        to_objects = pickle.loads
    assert len(to_objects(to_bytes(batch))) == len(batch)
    start = time.process_time()
    for _ in range(rounds):
        to_objects(to_bytes(batch))
    seconds = time.process_time() - start
    return {"records": rounds * len(batch), "seconds": seconds, "checksum": kind}


class Seen:
    """A small state, as those that a checkpoint saves by the million."""

    def __init__(self):
        self.n = 0
        self.last = ""


KEYS = 1_000_000
SHOWN = 1_000


def states(variant, records):
    """A state of each of a million keys, with and without a checkpoint each second. The time is
    that on the clock, because most of a checkpoint is not written by the thread of the states."""
    import wallaroo as wl

    def see(i, state):
        state.n += 1
        state.last = "x"
        return (i, state.n) if i >= records - SHOWN else None

    app = wl.Application("states")
    with tempfile.TemporaryDirectory() as folder:
        sink = os.path.join(folder, "out")
        flags = ["--threads", "1", "--log-level", "off"]
        if variant == "checkpoints":
            flags += ["--checkpoint-dir", os.path.join(folder, "checkpoints"),
                      "--checkpoint-interval", "1s", "--checkpoint-retain", "2"]
        (app.source("numbers", wl.iterable(range(records))).key_by("key", lambda i: i % KEYS)
            .state("see", see, init=Seen).sink("last", wl.file_sink(sink, encode=wl.fields())))
        start = time.perf_counter()
        wl.run(app, flags)
        seconds = time.perf_counter() - start
        return {"records": records, "seconds": seconds, "checksum": checksum(sink, False)}


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def checksum(path, last_only):
    """Independent of the order of lines. With `last_only` of the greatest total of each word, which
    is the same however the words were batched."""
    with open(path, "rb") as lines:
        if not last_only:
            return "%x" % (sum(zlib.crc32(line) for line in lines) & (2 ** 64 - 1))
        totals = {}
        for line in lines:
            word, _, n = line.rpartition(b" => ")
            totals[word] = max(totals.get(word, 0), int(n))
    return "%x" % (sum(zlib.crc32(b"%s %d" % item) for item in totals.items()) & (2 ** 64 - 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=[*WORKS, "small", "order", "states"])
    parser.add_argument("variant")
    parser.add_argument("--lines", type=int, default=100_000)
    options = parser.parse_args()
    if options.work in ("small", "order"):
        print(json.dumps(codec(options.work, options.variant, options.lines // 256)))
        return
    if options.work == "states":
        print(json.dumps(states(options.variant, options.lines)))
        return
    function = WORKS[options.work][options.variant]
    source = text_file(options.lines)
    with tempfile.TemporaryDirectory() as folder:
        sink = os.path.join(folder, "out")
        if options.variant == "bytewax":
            import bytewax.dataflow  # noqa: F401 its import is not measured
            open(sink, "w").close()
        elif options.variant != "loop":
            import wallaroo  # noqa: F401
        start = processor_seconds()
        function(source, sink)
        seconds = processor_seconds() - start
        records = options.lines * (WORDS_OF_LINE if options.work == "words" else 1)
        print(json.dumps({"records": records, "seconds": seconds,
                          "checksum": checksum(sink, options.work == "words")}))


if __name__ == "__main__":
    sys.exit(main())
