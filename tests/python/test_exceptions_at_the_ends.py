"""Exceptions in sources, decoders, encoders and sinks."""

from __future__ import annotations

import threading
import time

import pytest
import wallaroo as wl
from exceptions_rig import Broken, Unprintable, broken, ends, raising


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
