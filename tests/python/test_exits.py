"""sys.exit in every kind of callback ends the run with its code, whatever the policy is."""

from __future__ import annotations

import socket
import sys

import pytest
import wallaroo as wl
from exceptions_rig import RUNNERS, ends, keyed, leave, slowly
from golden_rig import OLD, READY, Receiver, free_ports
from test_original_processes import SETUP


def aggregation(method):
    """An aggregation of which one method ends the program."""
    methods = {"initial": lambda self: [0],
               "update": lambda self, accumulator, record: accumulator.append(record),
               "combine": lambda self, earlier, later: earlier + later,
               "output": lambda self, key, accumulator, window: len(accumulator), method: leave}
    return type("Aggregation", (wl.Aggregator,), methods)()


def timer(timers):
    timers.at(0)


def generated(record):
    yield record
    leave()


class LeavingRepr:
    def __repr__(self):
        leave()


class LeavingBool:
    def __bool__(self):
        leave()


class LeavingIterator:
    def __iter__(self):
        return self

    def __next__(self):
        leave()


class LeavingAttribute:
    def __getattr__(self, name):
        leave()


STAGES = {
    "to": lambda s: s.to("stage", leave, on_error="skip"),
    "many": lambda s: s.to("stage", wl.many(leave), on_error="skip"),
    "generator": lambda s: s.flat_map("stage", generated, on_error="skip"),
    "iterator": lambda s: s.flat_map("stage", lambda r: LeavingIterator(), on_error="skip"),
    "bool": lambda s: s.filter("stage", lambda r: LeavingBool(), on_error="skip"),
    "attribute": lambda s: s.map("make", lambda r: LeavingAttribute()).key_by(
        "stage", wl.Attr("user"), on_error="skip"),
    "scan": lambda s: keyed(s).scan("stage", leave, int, on_error="skip"),
    "scan's init": lambda s: keyed(s).scan("stage", lambda n, r: (n, r), leave, on_error="skip"),
    "timer": lambda s: keyed(s).timed_state(
        "stage", lambda r, state, timers: timer(timers), leave, list, on_error="skip"),
    "timer's init": lambda s: keyed(s).timed_state(
        "stage", lambda r, state, timers: None, leave, leave, on_error="skip"),
    "initial": lambda s: s.window("stage", wl.counted(2), aggregation("initial"), on_error="skip"),
    "combine": lambda s: s.event_time("time", lambda n: n * 10**9).key_by("k", lambda n: 1).window(
        "stage", wl.sliding("20s", every="10s"), aggregation("combine"), on_error="skip"),
    "sum": lambda s: s.window("stage", wl.counted(2), wl.sum(leave), on_error="skip"),
}


@pytest.mark.parametrize("name", STAGES)
@RUNNERS
def test_in_a_stage(name, runner):
    app = wl.Application("exits")
    STAGES[name](app.source("n", wl.iterable(list(range(1, 60))))).sink("out", wl.to_list())
    with pytest.raises(SystemExit) as end:
        ends(app, runner)
    assert end.value.code == 5


class Own(wl.PySource, wl.PyReader, wl.PySink, wl.PyWriter):
    """A source and a sink of which one method ends the program."""

    def __init__(self, method, records=()):
        self.left = list(records)
        if method:
            setattr(self, method, leave)

    def open(self, position_or_partition, *position):
        return self

    def pull(self, most):
        return [self.left.pop(0)] if self.left else None

    def position(self):
        return 0

    def write(self, records):
        pass

    def prepare(self):
        return "token"

    def commit(self, prepared):
        pass


@pytest.mark.parametrize("method", ["open", "write", "prepare", "commit"])
@pytest.mark.parametrize("checkpoints", [False, True])
def test_in_a_sink_of_ones_own(method, checkpoints, tmp_path):
    app = wl.Application("exits")
    app.source("n", wl.iterable(slowly(50))).sink("out", Own(method))
    flags = ["--threads", "1", "--log-level", "off"]
    if checkpoints:
        flags += ["--checkpoint-dir", str(tmp_path), "--checkpoint-interval", "10ms"]
    with pytest.raises(SystemExit) as end:
        wl.run(app, flags)
    assert end.value.code == 5


@pytest.mark.parametrize("method", ["partitions", "open", "pull", "position", "completed"])
def test_in_a_source_of_ones_own(method, tmp_path):
    with pytest.raises(SystemExit) as end:
        app = wl.Application("exits")
        source = Own(method, range(400))
        app.source("n", source, on_error="skip").map("wait", slow).sink("out", wl.to_list())
        wl.run(app, ["--threads", "1", "--log-level", "off", "--checkpoint-dir", str(tmp_path),
                     "--checkpoint-interval", "10ms"])
    assert end.value.code == 5


def slow(record):
    return next(slowly(1)(), record)


def test_in_the_encoder_of_a_registered_class(tmp_path):
    class Registered:
        pass

    wl.register(Registered, encode=leave, decode=leave)
    app = wl.Application("exits")
    (app.source("n", wl.iterable(slowly(100))).key_by("key", lambda n: 1)
        .state("stage", lambda n, state: n, Registered, on_error="skip").sink("out", wl.to_list()))
    with pytest.raises(SystemExit) as end:
        wl.run(app, ["--threads", "1", "--log-level", "off", "--checkpoint-dir", str(tmp_path),
                     "--checkpoint-interval", "10ms"])
    assert end.value.code == 5


def test_a_repr_that_ends_the_program_only_spoils_the_message():
    app = wl.Application("exits")
    app.source("n", wl.iterable([LeavingRepr()])).map("stage", lambda r: 1 // 0).sink(
        "out", wl.to_list())
    with pytest.raises(wl.StageError, match="LeavingRepr object whose repr") as failure:
        ends(app, "1")
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_a_finalizer_that_ends_the_program_is_told_and_ignored(monkeypatch):
    class Dying:
        def __del__(self):
            leave()

    told, out = [], wl.to_list()
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_type))
    app = wl.Application("exits")
    (app.source("n", wl.iterable(range(3))).map("make", lambda n: Dying())
        .map("drop", lambda r: 1).sink("out", out))
    ends(app, "1")
    assert out.records == [1, 1, 1] and told == [SystemExit] * 3


EACH_CALLBACK = [
    ("return bs.decode()", "sys.exit(6)"),
    ("def look(text): return text", "def look(text): sys.exit(6)"),
    ("return text[:1]", "sys.exit(6)"),
    ("class State(object): pass", "class State(object):\n    def __init__(self): sys.exit(6)"),
    ("def keep(text, state): return text", "def keep(text, state): sys.exit(6)"),
    ('return text + "\\n"', "sys.exit(6)"),
    ("@wallaroo.encoder", "decode.payload_length = lambda bs: sys.exit(6)\n@wallaroo.encoder"),
]


@pytest.mark.parametrize("before, after", EACH_CALLBACK)
def test_in_an_original_application(start, write, before, after):
    assert before in SETUP
    write("app.py", SETUP.replace(before, after).replace('">I"', '">i"'))
    receiver, (port,) = Receiver(), free_ports(1)
    try:
        process = start([*OLD, "--application-module", "app", "--in", f"s@127.0.0.1:{port}",
                         "--out", f"127.0.0.1:{receiver.port}"])
        process.wait_for(lambda: READY in process.out, "it is ready")
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.sendall(b"\0\0\0\6record")
            assert process.wait() == 6, process.log
    finally:
        receiver.close()
