"""Exceptions in every function of an application, under every policy: never a crash or a hang."""

from __future__ import annotations

import gc
import sys
import threading
import time

import pytest
import wallaroo as wl


class Broken(Exception):
    pass


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


class Unprintable:
    def __repr__(self):
        raise Broken("no repr")


class Undecided:
    def __bool__(self):
        raise Broken("neither true nor false")


class Incomparable:
    def __eq__(self, other):
        raise Broken("not comparable")

    __lt__ = __gt__ = __eq__
    __hash__ = None  # type: ignore[assignment]


class Undying:
    def __del__(self):
        raise Broken("in __del__")


def raising(error):
    def function(*arguments):
        raise error
    return function


def broken(*arguments):
    raise Broken("by hand")


def endless(record):
    return endless(record)


def some_then_broken(record):
    yield record
    yield record
    raise Broken("after two")


def leave(*arguments):
    sys.exit(5)


def nested(record):
    for _ in range(100_000):
        record = [record]
    return record


def method_broken(name, error=Broken):
    """An aggregation of which one method raises."""
    def method(self, *arguments):
        raise error(name)

    methods = {"initial": lambda self: [0],
               "update": lambda self, accumulator, record: accumulator.append(record),
               "combine": lambda self, earlier, later: earlier + later,
               "output": lambda self, key, accumulator, window: len(accumulator), name: method}
    return type("Aggregation", (wl.Aggregator,), methods)()


def keyed(stream):
    return stream.key_by("key", lambda r: 1)


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


def ends(app, runner):
    if runner == "harness":
        with wl.testing.Harness(app) as harness:
            harness.run()
            harness.end()
    else:
        wl.run(app, ["--threads", runner, "--log-level", "off"])


RUNNERS = pytest.mark.parametrize("runner", ["harness", "1", "2"])


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


@pytest.mark.parametrize("where", ["decode", "encode", "callback", "at_end", "iterable",
                                   "generator", "pull", "open"])
@pytest.mark.parametrize("error", [SystemExit(5), KeyboardInterrupt()])
def test_sys_exit_in_sources_and_sinks(where, error, tmp_path):
    fail = raising(error)
    numbers = tmp_path / "numbers"
    numbers.write_text("1\n2\n")
    source = {"decode": wl.file_source(numbers, decode=fail), "iterable": wl.iterable(fail),
              "generator": wl.generator(fail), "pull": OwnSource(pull=fail),
              "open": OwnSource(open=fail)}.get(where, wl.file_source(numbers))
    sink = {"encode": wl.file_sink("/dev/null", encode=fail), "callback": wl.callback(fail),
            "at_end": wl.callback(lambda r: None, fail)}.get(where, wl.to_list())
    app = wl.Application("exits")
    app.source("s", source, on_error="skip").sink("out", sink)
    with pytest.raises(type(error)):
        ends(app, "1")


class OwnSource(wl.PySource):
    """A source whose reader has some methods replaced."""

    def __init__(self, **methods):
        self.methods = methods
        if "open" in methods:
            self.open = methods["open"]

    def open(self, partition, position):
        return type("Reader", (Reader,), {name: (lambda self, *a, f=f: f(*a)) if callable(f) else f
                                          for name, f in self.methods.items()})()


class Reader(wl.PyReader):
    wait = 0.001

    def __init__(self):
        self.taken = 0

    def pull(self, most):
        time.sleep(0.005)
        self.taken += 1
        return [self.taken] if self.taken < 200 else None

    def position(self):
        return self.taken


def empty_pull(most):
    return []


@pytest.mark.parametrize("methods, message, cause", [
    ({"open": broken}, "source 's' failed in open() of partition '0': Broken: by hand", Broken),
    ({"pull": broken}, "stage 's' failed on record of partition '0': Broken: by hand", Broken),
    ({"pull": lambda most: (1,)},
     "stage 's' failed on record of partition '0': TypeError: pull() must return a list or None",
     TypeError),
    ({"position": broken}, "source 's' failed in position() of partition '0': Broken: by hand",
     Broken),
    ({"position": threading.Lock}, "source 's' failed in position() of partition '0': TypeError: "
     "cannot pickle", TypeError),
    ({"completed": broken}, "source 's' failed in completed() of partition '0': Broken: by hand",
     Broken),
    ({"wait": "soon", "pull": empty_pull}, "source 's' failed in wait of partition '0': TypeError",
     TypeError),
    ({"wait": property(broken), "pull": empty_pull},
     "source 's' failed in wait of partition '0': Broken: by hand", Broken)])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_source_that_fails(methods, message, cause, threads, tmp_path):
    app = wl.Application("sources")
    app.source("s", OwnSource(**methods)).sink("out", wl.to_list())
    with pytest.raises(wl.StageError) as failure:
        wl.run(app, ["--threads", threads, "--checkpoint-dir", str(tmp_path),
                     "--checkpoint-interval", "10ms", "--log-level", "off"])
    assert str(failure.value).startswith(message)
    assert type(failure.value.__cause__) is cause
    assert failure.value.stage == "s"
    if "pull" in methods and "wait" not in methods:
        assert (failure.value.record, failure.value.origin) == (None, "partition '0'")


def test_records_before_a_failure_of_their_source_are_not_lost():
    def three_then_broken():
        yield from (1, 2, 3)
        raise Broken("after three")

    def makes_some(n):
        if n % 10 == 7:
            raise Broken(n)
        return n if n < 50 else None

    for source, wanted in ((wl.iterable(three_then_broken), [1, 2, 3]),
                           (wl.generator(makes_some), [n for n in range(50) if n % 10 != 7])):
        app, out = wl.Application("sources"), wl.to_list()
        app.source("s", source, on_error="skip").sink("out", out)
        ends(app, "1")
        assert out.records == wanted


@pytest.mark.parametrize("make", [
    lambda wait: wl.iterable(wait(n) for n in range(1_000)), lambda wait: wl.generator(wait)])
def test_a_slow_source_does_not_wait_until_it_has_many_records(make):
    seen = threading.Event()

    def wait(n):
        time.sleep(0.1)
        return n if n < 30 else None

    app = wl.Application("slow")
    app.source("s", make(wait)).sink("out", wl.callback(lambda n: seen.set()))
    with wl.start(app, threads=1, log_level="off") as running:
        begun = time.monotonic()
        assert seen.wait(10)
        assert time.monotonic() - begun < 1
        running.stop()


def test_pulls_that_fail_are_skipped_without_haste():
    pulls = []

    def fail_often(most):
        pulls.append(time.monotonic())
        if len(pulls) > 20:
            return None
        raise Broken("again")

    app = wl.Application("sources")
    app.source("s", OwnSource(pull=fail_often, wait=0.01), on_error="skip").sink(
        "out", wl.to_list())
    ends(app, "1")
    assert pulls[-1] - pulls[0] > 0.1


@pytest.mark.parametrize("wait", [float("nan"), float("inf"), -1, 1e300, 0, True])
def test_any_number_may_be_a_wait(wait):
    """A number that is none waits long, so the reader must be woken by the end."""
    app = wl.Application("sources")
    app.source("s", OwnSource(pull=empty_pull, wait=wait)).sink("out", wl.to_list())
    with wl.start(app, threads=1) as running:
        time.sleep(0.02)
        running.stop()
        assert running.wait(5)


@pytest.mark.parametrize("function, error", [
    (lambda r: 5, TypeError), (lambda r: "\udc80", UnicodeEncodeError),
    (lambda r: memoryview(b""), TypeError), (broken, Broken), (Unprintable, TypeError)])
@pytest.mark.parametrize("frame", [lambda encode: encode, wl.framed])
def test_an_encoder_that_fails(function, error, frame):
    app = wl.Application("encoders")
    app.source("n", wl.iterable([1])).sink("out", wl.file_sink("/dev/null", encode=frame(function)))
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert (failure.value.stage, failure.value.record) == ("out", "1")
    assert type(failure.value.__cause__) is error


@pytest.mark.parametrize("encode", [wl.line, wl.json_line, wl.text])
def test_ready_encoders_of_records_without_text(encode):
    class Mute:
        def __str__(self):
            raise Broken("no text")

    app = wl.Application("encoders")
    app.source("n", wl.iterable([Mute()])).sink("out", wl.file_sink("/dev/null", encode=encode))
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert type(failure.value.__cause__) in (Broken, TypeError)


@pytest.mark.parametrize("decode, error", [
    (broken, Broken), (wl.text, UnicodeDecodeError), (wl.json, ValueError),
    (wl.struct(">I"), Exception), (lambda: None, TypeError)])
def test_a_decoder_that_fails(decode, error, tmp_path):
    path = tmp_path / "in"
    path.write_bytes(b"\xff\xfe[\n")
    app = wl.Application("decoders")
    app.source("s", wl.file_source(path, decode=decode)).sink("out", wl.to_list())
    with pytest.raises(wl.StageError) as failure:
        ends(app, "1")
    assert failure.value.stage == "s"
    assert "record 1" in failure.value.origin
    assert isinstance(failure.value.__cause__, error)


def test_sinks_that_fail():
    for sink, where in ((wl.callback(broken), "failed on record 1"),
                        (wl.callback(lambda r: None, broken), "failed in finish()")):
        app = wl.Application("sinks")
        app.source("n", wl.iterable([1])).sink("out", sink)
        with pytest.raises(wl.StageError) as failure:
            ends(app, "1")
        assert where in str(failure.value)
        assert failure.value.stage == "out"
        assert isinstance(failure.value.__cause__, Broken)


def test_objects_that_fail_when_they_die(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(what.exc_type))
    app = wl.Application("del")
    out = wl.to_list()
    (app.source("n", wl.iterable(range(10))).map("make", lambda n: Undying())
        .map("drop", lambda r: 1).sink("out", out))
    ends(app, "2")
    assert out.records == [1] * 10
    gc.collect()
    assert told == [Broken] * 10


class CannotBeReduced:
    def __reduce__(self):
        raise Broken("in __reduce__")


class CannotBeAsked:
    def __getstate__(self):
        raise Broken("in __getstate__")


class ExitsWhenSaved:
    def __reduce__(self):
        sys.exit(5)


class HasALock:
    def __init__(self):
        self.lock = threading.Lock()


class IsDeep:
    def __init__(self):
        self.value = nested(0)


class CannotBeRestored:
    def __init__(self):
        self.n = 1

    def __setstate__(self, state):
        raise Broken("in __setstate__")


def with_state(cls, numbers):
    app = wl.Application("states")
    (app.source("n", wl.iterable(numbers)).key_by("key", lambda n: n % 3)
        .state("stage", lambda n, state: n, cls).sink("out", wl.to_list()))
    return app


def slowly(count):
    def numbers():
        for n in range(count):
            time.sleep(0.005)
            yield n
    return numbers


@pytest.mark.parametrize("cls, error", [
    (CannotBeReduced, Broken), (CannotBeAsked, Broken), (HasALock, TypeError),
    (IsDeep, RecursionError)])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_state_that_cannot_be_saved(cls, error, threads, tmp_path):
    with pytest.raises(wl.StageError, match="stage 'stage': its state of key . cannot be saved") as (
            failure):
        wl.run(with_state(cls, slowly(400)), [
            "--threads", threads, "--checkpoint-dir", str(tmp_path), "--checkpoint-interval",
            "10ms", "--log-level", "off"])
    assert failure.value.stage == "stage"
    assert type(failure.value.__cause__) is error
    with wl.testing.Harness(with_state(cls, range(9))) as harness:
        harness.run()
        with pytest.raises(wl.StageError, match="stage 'stage': its state") as failure:
            harness.checkpoint()
        assert type(failure.value.__cause__) is error


def test_sys_exit_while_a_state_is_saved(tmp_path):
    with pytest.raises(SystemExit) as end:
        wl.run(with_state(ExitsWhenSaved, slowly(400)), [
            "--threads", "1", "--checkpoint-dir", str(tmp_path), "--checkpoint-interval", "10ms",
            "--log-level", "off"])
    assert end.value.code == 5


def test_a_state_that_cannot_be_restored(tmp_path):
    flags = ["--threads", "1", "--checkpoint-dir", str(tmp_path), "--checkpoint-interval", "10ms",
             "--log-level", "off"]

    def failing(count):
        for n in slowly(count)():
            yield n
        raise Broken("the end")

    with pytest.raises(wl.StageError, match="the end"):
        wl.run(with_state(CannotBeRestored, lambda: failing(60)), flags)
    with pytest.raises(wl.StageError, match="'stage': its state in checkpoint") as failure:
        wl.run(with_state(CannotBeRestored, slowly(400)), flags)
    assert isinstance(failure.value.__cause__, Broken)


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
