"""Exceptions in every function of a stage, under every policy: never a crash or a hang."""

from __future__ import annotations

import pytest
import wallaroo as wl
from exceptions_rig import (
    RUNNERS,
    Broken,
    Incomparable,
    Unprintable,
    broken,
    ends,
    keyed,
    leave,
    nested,
    raising,
)

pytestmark = pytest.mark.references


class NotAnException(BaseException):
    pass


class WithoutText(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class NotUnicode(Exception):
    def __str__(self):
        return "\udc80"


class NamelessType(type):
    @property
    def __name__(cls):
        raise RuntimeError("no name")


class Nameless(Exception, metaclass=NamelessType):
    pass


class Unbuildable(Exception):
    def __init__(self, *arguments):
        raise Broken("not even the exception can be made")


class Undecided:
    def __bool__(self):
        raise Broken("neither true nor false")


def endless(record):
    return endless(record)


def some_then_broken(record):
    yield record
    yield record
    raise Broken("after two")


def method_broken(name, error=Broken):
    """An aggregation of which one method raises."""
    def method(self, *arguments):
        raise error(name)

    methods = {"initial": lambda self: [0],
               "update": lambda self, accumulator, record: accumulator.append(record),
               "combine": lambda self, earlier, later: earlier + later,
               "output": lambda self, key, accumulator, window: len(accumulator), name: method}
    return type("Aggregation", (wl.Aggregator,), methods)()


#: What a stage named `stage` does, and the type of the exception that it raises on each record.
FUNCTIONS = {
    "map": (lambda s, p: s.map("stage", broken, on_error=p), Broken),
    "wrong arity": (lambda s, p: s.map("stage", lambda: 1, on_error=p), TypeError),
    "to": (lambda s, p: s.to("stage", broken, on_error=p), Broken),
    "many": (lambda s, p: s.to("stage", wl.many(lambda r: 5), on_error=p), TypeError),
    "filter": (lambda s, p: s.filter("stage", broken, on_error=p), Broken),
    "filter's bool": (lambda s, p: s.filter("stage", lambda r: Undecided(), on_error=p), Broken),
    "flat_map": (lambda s, p: s.flat_map("stage", broken, on_error=p), Broken),
    "generator": (lambda s, p: s.flat_map("stage", some_then_broken, on_error=p), Broken),
    "not iterable": (lambda s, p: s.flat_map("stage", lambda r: 5, on_error=p), TypeError),
    "iterator": (lambda s, p: s.flat_map("stage", lambda r: iter(broken, 1), on_error=p), Broken),
    "map_batch": (lambda s, p: s.map_batch("stage", broken, on_error=p), Broken),
    "batch of no list": (lambda s, p: s.map_batch("stage", len, on_error=p), TypeError),
    "key": (lambda s, p: s.key_by("stage", broken, on_error=p), Broken),
    "unhashable key": (lambda s, p: s.key_by("stage", lambda r: [r], on_error=p), TypeError),
    "key of an object": (lambda s, p: s.key_by("stage", lambda r: object(), on_error=p), TypeError),
    "NaN as key": (lambda s, p: s.key_by("stage", lambda r: float("nan"), on_error=p), ValueError),
    "NaN inside": (lambda s, p: s.key_by("stage", lambda r: (1, (float("nan"),)), on_error=p),
                   ValueError),
    "item": (lambda s, p: s.key_by("stage", wl.Item("none"), on_error=p), LookupError),
    "attribute": (lambda s, p: s.key_by("stage", wl.Attr("none"), on_error=p), AttributeError),
    "event time": (lambda s, p: s.event_time("stage", broken, on_error=p), Broken),
    "time of a str": (lambda s, p: s.event_time("stage", str, on_error=p), TypeError),
    "time of a float": (lambda s, p: s.event_time("stage", float, on_error=p), TypeError),
    "time out of range": (lambda s, p: s.event_time("stage", lambda r: 10**40, on_error=p),
                          OverflowError),
    "init": (lambda s, p: keyed(s).state("stage", lambda r, state: r, broken, on_error=p), Broken),
    "state": (lambda s, p: keyed(s).state("stage", broken, list, on_error=p), Broken),
    "states' many": (lambda s, p: keyed(s).state("stage", wl.many(lambda r, state: 5), list,
                                                 on_error=p), TypeError),
    "scan": (lambda s, p: keyed(s).scan("stage", broken, int, on_error=p), Broken),
    "no pair": (lambda s, p: keyed(s).scan("stage", lambda n, r: 7, int, on_error=p), TypeError),
    "a triple": (lambda s, p: keyed(s).scan("stage", lambda n, r: (1, 2, 3), int, on_error=p),
                 TypeError),
    "timed": (lambda s, p: keyed(s).timed_state("stage", broken, broken, list, on_error=p), Broken),
    "timer's time": (lambda s, p: keyed(s).timed_state(
        "stage", lambda r, state, timers: timers.at("soon"), broken, list, on_error=p), TypeError),
    "initial": (lambda s, p: keyed(s).window("stage", wl.counted(9), method_broken("initial"),
                                             on_error=p), Broken),
    "update": (lambda s, p: keyed(s).window("stage", wl.counted(9), method_broken("update"),
                                            on_error=p), Broken),
    "sum": (lambda s, p: keyed(s).window("stage", wl.counted(9), wl.sum(str), on_error=p),
            TypeError),
    "recursion": (lambda s, p: s.map("stage", endless, on_error=p), RecursionError),
    "no memory": (lambda s, p: s.map("stage", raising(MemoryError()), on_error=p), MemoryError),
    "a BaseException": (lambda s, p: s.map("stage", raising(NotAnException()), on_error=p),
                        NotAnException),
    "GeneratorExit": (lambda s, p: s.map("stage", raising(GeneratorExit()), on_error=p),
                      GeneratorExit),
    "StopIteration": (lambda s, p: s.map("stage", raising(StopIteration(1)), on_error=p),
                      StopIteration),
    "no text": (lambda s, p: s.map("stage", raising(WithoutText()), on_error=p), WithoutText),
    "no unicode": (lambda s, p: s.map("stage", raising(NotUnicode()), on_error=p), NotUnicode),
    "no name": (lambda s, p: s.map("stage", raising(Nameless()), on_error=p), Nameless),
    "a null byte": (lambda s, p: s.map("stage", raising(Broken("a\0b")), on_error=p), Broken),
    "many lines": (lambda s, p: s.map("stage", raising(Broken("a: b\nc (d) from e")), on_error=p),
                   Broken),
    "long": (lambda s, p: s.map("stage", raising(Broken("x" * 100_000)), on_error=p), Broken),
    "not built": (lambda s, p: s.map("stage", lambda r: Unbuildable("x"), on_error=p), Broken),
}


def on_three_records(build, policy):
    app = wl.Application("exceptions")
    out, dead = wl.to_list(), wl.to_list()
    build(app.source("records", wl.iterable([{"n: ": 1}, "x from y", 3])), policy).sink("out", out)
    if policy == "dead_letter":
        app.dead_letters().sink("dead", dead)
    return app, out.records, dead.records


@pytest.mark.parametrize("name", FUNCTIONS)
@RUNNERS
def test_a_failure_stops_and_names_stage_and_record(name, runner):
    build, error = FUNCTIONS[name]
    app, out, _ = on_three_records(build, "stop")
    with pytest.raises(wl.StageError, match="stage 'stage' failed") as failure:
        ends(app, runner)
    assert isinstance(failure.value.__cause__, error)
    # A list that was given to map_batch has failed as a whole; its first record is named.
    assert (failure.value.stage, failure.value.record) == ("stage", "{'n: ': 1}")
    assert out == []


@pytest.mark.parametrize("policy", ["skip", "dead_letter"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_policy_goes_on_after_a_failure(name, policy):
    build, _ = FUNCTIONS[name]
    app, out, dead = on_three_records(build, policy)
    ends(app, "harness")
    assert out == []
    assert len(dead) == (3 if policy == "dead_letter" else 0)
    assert {letter.stage for letter in dead} <= {"stage"}


@pytest.mark.parametrize("record, shown", [
    (Unprintable(), "<Unprintable object whose repr() fails>"),
    ([[]], "[[]]"), (None, "None"), ("a" * 1000, "'" + "a" * 196 + "..."), ("\udc80", "'\\udc80'")])
def test_any_record_can_be_named(record, shown):
    app = wl.Application("records")
    (app.source("records", wl.iterable([record])).map("stage", broken).sink("out", wl.to_list()))
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert failure.value.record == shown


def test_a_record_nested_too_deeply_for_repr():
    app = wl.Application("records")
    (app.source("n", wl.iterable([1])).map("nest", nested).map("stage", broken)
        .sink("out", wl.to_list()))
    with pytest.raises(wl.StageError, match="list object whose repr"):
        ends(app, "1")


@pytest.mark.parametrize("method", ["output", "combine"])
def test_aggregations_that_fail_when_windows_fire(method):
    app = wl.Application("windows")
    (app.source("n", wl.tcp_source("127.0.0.1:0", decode=int))
        .event_time("time", lambda n: n * 10**9).key_by("key", lambda n: 1)
        .window("stage", wl.sliding("20s", every="10s"), method_broken(method))
        .sink("out", wl.to_list()))
    harness = wl.testing.Harness(app)
    with pytest.raises(wl.StageError, match="stage 'stage'") as failure:
        for n in (1, 12, 25, 100):
            harness.send("n", str(n))
    assert isinstance(failure.value.__cause__, Broken)
    assert failure.value.stage == "stage"


def test_a_timer_that_fails():
    app = wl.Application("timers")
    (app.source("n", wl.tcp_source("127.0.0.1:0", decode=int)).key_by("key", lambda n: n)
        .timed_state("stage", lambda n, state, timers: timers.after("1s"), broken, list)
        .sink("out", wl.to_list()))
    harness = wl.testing.Harness(app)
    harness.send("n", "1")
    with pytest.raises(wl.StageError) as failure:
        harness.advance("2s")
    assert (failure.value.stage, type(failure.value.__cause__)) == ("stage", Broken)


EXITS = {
    "map": lambda s: s.map("stage", leave, on_error="skip"),
    "filter": lambda s: s.filter("stage", leave, on_error="skip"),
    "flat_map": lambda s: s.flat_map("stage", leave, on_error="skip"),
    "batch": lambda s: s.map_batch("stage", leave, on_error="skip"),
    "key": lambda s: s.key_by("stage", leave, on_error="skip"),
    "time": lambda s: s.event_time("stage", leave, on_error="skip"),
    "init": lambda s: s.state("stage", lambda r, state: r, leave, on_error="skip"),
    "state": lambda s: s.state("stage", leave, list, on_error="skip"),
    "timed": lambda s: keyed(s).timed_state("stage", leave, leave, list, on_error="skip"),
    "update": lambda s: s.window("stage", wl.counted(1), method_broken(
        "update", lambda name: SystemExit(5)), on_error="skip"),
    "output": lambda s: s.window("stage", wl.counted(1), method_broken(
        "output", lambda name: SystemExit(5)), on_error="skip"),
    "join": lambda s: s.key_by("a", lambda r: 1).join(
        s.key_by("b", lambda r: 1), within=("0s", "1s")).to("stage", leave, on_error="skip"),
}


@pytest.mark.parametrize("name", EXITS)
@RUNNERS
def test_sys_exit_ends_the_run_whatever_the_policy_is(name, runner):
    app = wl.Application("exits")
    EXITS[name](app.source("n", wl.iterable([1, 2, 3]))).sink("out", wl.to_list())
    with pytest.raises(SystemExit) as end:
        ends(app, runner)
    assert end.value.code == 5


def test_the_cause_is_that_of_the_failure_and_not_one_that_was_skipped():
    app = wl.Application("causes")
    first = app.source("n", wl.iterable(range(50)))
    first = first.map("skips", lambda n: n if n % 2 else broken_like(n), on_error="skip")
    first.map("stops", lambda n: n if n < 41 else (_ for _ in ()).throw(Broken("x: by hand"))).sink(
        "out", wl.to_list())
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert (failure.value.stage, failure.value.record) == ("stops", "41")
    assert str(failure.value.__cause__) == "x: by hand"


def broken_like(n):
    raise Broken("by hand")


def test_equality_that_fails_in_a_ready_aggregation():
    app = wl.Application("max")
    (app.source("n", wl.iterable([1, 2])).collect()
        .window("stage", wl.counted(2), wl.max(lambda n: Incomparable())).sink("o", wl.to_list()))
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert isinstance(failure.value.__cause__, Broken)
