"""Objects that raise when they are saved, restored or destroyed."""

from __future__ import annotations

import gc
import sys
import threading

import pytest
import wallaroo as wl
from exceptions_rig import Broken, ends, nested, slowly

pytestmark = pytest.mark.references


class Undying:
    def __del__(self):
        raise Broken("in __del__")


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
