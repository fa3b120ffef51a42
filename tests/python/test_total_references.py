"""With a debug build of the interpreter: the number of all references does not grow with work."""

from __future__ import annotations

import collections
import gc
import sys

import pytest
import value_rig as rig
import wallaroo as wl
from engine_module import engine

pytestmark = [pytest.mark.references, pytest.mark.skipif(
    not hasattr(sys, "gettotalrefcount"), reason="only a debug build counts all references")]

RECORDS = 500
ROUNDS = 10


def growth(work):
    """How many references each of some rounds of work leaves behind."""
    for _ in range(5):
        work()  # fills caches
    gc.collect()
    before = sys.gettotalrefcount()
    for _ in range(ROUNDS):
        work()
    gc.collect()
    return (sys.gettotalrefcount() - before) / ROUNDS


def run(build, threads, policy="stop"):
    app = wl.Application("references")
    out = build(app.source("n", wl.iterable(range(RECORDS))))
    out.sink("out", wl.callback(lambda record: None))
    if policy == "dead_letter":
        app.dead_letters().sink("dead", wl.callback(lambda letter: None))
    wl.run(app, ["--threads", threads, "--log-level", "off"])


def fails(n):
    raise ValueError(n)


PIPELINES = {
    "map": lambda s: s.map("f", lambda n: (n, str(n))),
    "flat_map": lambda s: s.flat_map("f", lambda n: [n, (n,)]),
    "filter": lambda s: s.filter("f", lambda n: n % 2),
    "batch": lambda s: s.map_batch("f", lambda records: [[n] for n in records]),
    "state": lambda s: s.key_by("k", lambda n: (n % 7, "x")).state(
        "f", lambda n, state: state.append(n) or [n], list),
    "scan": lambda s: s.key_by("k", lambda n: n % 7).scan("f", lambda t, n: (t + n, [t]), int),
    "window": lambda s: s.key_by("k", lambda n: n % 7).window("f", wl.counted(5), wl.mean(float)),
    "timers": lambda s: s.key_by("k", lambda n: n % 7).timed_state(
        "f", lambda n, state, timers: timers.at(n), lambda state, timers: [timers.key], list),
    "join": lambda s: s.key_by("a", lambda n: n).join(
        s.key_by("b", lambda n: n), within=("0s", "1h")).to("f", lambda a, b: (a, b)),
    "skip": lambda s: s.map("f", fails, on_error="skip"),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_run_leaves_no_references_behind(name, threads):
    # One reference left behind by each record would be 500, one by each of a batch 2 or more.
    assert growth(lambda: run(PIPELINES[name], threads)) < 20


def test_dead_letters_leave_no_references_behind():
    def work():
        run(lambda s: s.map("f", fails, on_error="dead_letter"), "1", "dead_letter")
    assert growth(work) < 20


VALUES = [
    {"a": [1, 2.5, None, "text", b"bytes"], (1, 2): {3}, "big": 2**100},
    [rig.Order(1, "ann", 2.5), rig.Frozen([1], {}), rig.Plain(x=1), rig.Slotted(1, 2)],
    [rig.Side.SELL, rig.Mode.READ, 1 + 2j],
    [collections.deque([1], 2), collections.Counter("aab"), collections.OrderedDict(a=[1]),
     collections.defaultdict(list, a=[1])],
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: str(type(value)))
def test_the_codec_leaves_no_references_behind(value):
    def work():
        data = engine.encode_value(value)
        engine.decode_value(data)
        engine.decode_batch(engine.encode_batch([value, value]))
        for end in range(len(data)):
            try:
                engine.decode_value(data[:end])
            except Exception:
                pass
    assert growth(work) < 2


@pytest.mark.parametrize("key", [None, True, 7, 2**90, 1.5, "text", b"bytes", (1, ("a", None)),
                                 rig.Side.SELL, rig.Mode.READ])
def test_keys_leave_no_references_behind(key):
    assert growth(lambda: engine.key_object(engine.key_bytes(key))) < 2
