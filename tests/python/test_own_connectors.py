"""Sources and sinks that applications write themselves, with checkpoints and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import wallaroo as wl

pytestmark = pytest.mark.references

PROGRAM = '''
import json, os, sys, time
import wallaroo as wl

folder, records = sys.argv[1], int(sys.argv[2])

class Numbers(wl.PySource):
    """Two partitions of numbers, which come slowly."""
    def partitions(self):
        return ["even", "odd"]
    def open(self, partition, position):
        return Reader(0 if partition == "even" else 1, position or 0)

class Reader(wl.PyReader):
    def __init__(self, first, index):
        self.first, self.index = first, index
    def pull(self, most):
        if self.index * 2 >= records:
            return None
        time.sleep(0.002)
        self.index += 1
        return [2 * (self.index - 1) + self.first]
    def position(self):
        return self.index

class Committed(wl.PySink):
    """A file of lines for each transaction; committed ones are listed in a file."""
    def open(self, prepared):
        writer = Writer()
        writer.recover(prepared)
        return writer

class Writer(wl.PyWriter):
    def __init__(self):
        self.records = []
    def recover(self, prepared):
        self.next = 0 if prepared is None else prepared["number"] + 1
        if prepared is not None:
            self.commit(prepared)
        for name in os.listdir(folder):
            if name.startswith("part") and int(name[4:]) >= self.next:
                os.remove(os.path.join(folder, name))
    def write(self, records):
        self.records += records
    def prepare(self):
        name = os.path.join(folder, f"part{self.next}")
        with open(name, "w") as out:
            json.dump(self.records, out)
            out.flush()
            os.fsync(out.fileno())
        self.records, number = [], self.next
        self.next += 1
        return {"number": number}
    def commit(self, prepared):
        name = os.path.join(folder, "committed.new")
        with open(name, "w") as out:
            json.dump(prepared["number"] + 1, out)
        os.replace(name, os.path.join(folder, "committed"))

def double(n, state):
    state["seen"] = state.get("seen", 0) + 1
    return [n, state["seen"]]

app = wl.Application("own")
(app.source("numbers", Numbers()).key_by("mod", lambda n: n % 10).state("count", double, init=dict)
    .sink("out", Committed()))
wl.run(app, sys.argv[3:])
'''


def committed(folder):
    """The records of all transactions that were committed."""
    try:
        count = json.loads((folder / "committed").read_text())
    except FileNotFoundError:
        return []
    return [tuple(record) for number in range(count)
            for record in json.loads((folder / f"part{number}").read_text())]


def expected(records):
    seen = {}
    for n in range(records):
        seen[n % 10] = seen.get(n % 10, 0) + 1
    return seen


@pytest.mark.parametrize("threads", [1, 2])
def test_an_own_source_and_an_own_sink_are_exactly_once_over_kills(tmp_path, threads):
    program, folder = tmp_path / "program.py", tmp_path / "out"
    folder.mkdir()
    program.write_text(PROGRAM)
    records = 600
    command = [sys.executable, str(program), str(folder), str(records), "--threads", str(threads),
               "--checkpoint-dir", str(tmp_path / "checkpoints"), "--checkpoint-interval", "50ms",
               "--log-level", "warning"]
    environment = {**os.environ, "PYTHONPATH": str(Path(wl.__file__).parents[1])}
    kills = 0
    for after in (0.35, 0.5, 0.6, None):
        process = subprocess.Popen(command, env=environment)
        if after is None:
            assert process.wait(60) == 0
            break
        before = len(committed(folder))
        until = time.monotonic() + 20
        while len(committed(folder)) == before and time.monotonic() < until and process.poll() is None:
            time.sleep(0.01)
        time.sleep(after / 5)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 2  # otherwise nothing was shown
    out = committed(folder)
    assert sorted(n for n, _ in out) == list(range(records))
    last = {}
    for n, seen in out:
        last[n % 10] = max(last.get(n % 10, 0), seen)
    assert last == expected(records)


class Failing(wl.PySink, wl.PyWriter):
    def __init__(self, method):
        self.method = method

    def fail(self, name):
        if name == self.method:
            raise OSError(f"no {name} today")

    def open(self, prepared):
        self.fail("open")
        return self

    def write(self, records):
        self.fail("write")

    def prepare(self):
        self.fail("prepare")

    def commit(self, prepared):
        self.fail("commit")


@pytest.mark.parametrize("method", ["open", "write", "prepare", "commit"])
def test_a_sink_that_raises_is_named_with_its_method(method):
    app = wl.Application("failing")
    app.source("n", wl.iterable([1, 2])).sink("out", Failing(method))
    with pytest.raises(wl.WallarooError, match=rf"sink 'out' failed in {method}\(\): OSError: no"):
        wl.run(app, ["--threads", "1"])


class Broken(wl.PySource, wl.PyReader):
    def __init__(self, method):
        self.method = method
        self.left = 3

    def open(self, partition, position):
        if self.method == "open":
            raise OSError("no open today")
        return self

    def pull(self, most):
        self.left -= 1
        if self.method == "pull" and self.left == 1:
            raise OSError("no pull today")
        return [self.left] if self.left >= 0 else None

    def position(self):
        return self.left


@pytest.mark.parametrize("method", ["open", "pull"])
def test_a_source_that_raises_ends_the_application(method):
    app = wl.Application("broken")
    app.source("n", Broken(method)).sink("out", wl.to_list())
    with pytest.raises(wl.WallarooError, match=f"OSError: no {method} today"):
        wl.run(app, ["--threads", "1"])


def test_a_pull_that_raises_may_be_skipped():
    app = wl.Application("broken")
    out = wl.to_list()
    app.source("n", Broken("pull"), on_error="skip").sink("out", out)
    wl.run(app, ["--threads", "1"])
    assert out.records == [2, 0]


def test_without_checkpoints_an_own_sink_commits_once_at_the_end():
    calls = []

    class Sink(wl.PySink, wl.PyWriter):
        def open(self, prepared):
            calls.append(("open", prepared))
            return self

        def write(self, records):
            calls.append(("write", records))

        def prepare(self):
            return "token"

        def commit(self, prepared):
            calls.append(("commit", prepared))

    app = wl.Application("once")
    app.source("n", wl.iterable([1, 2])).sink("out", Sink())
    wl.run(app, ["--threads", "1"])
    assert calls == [("open", None), ("write", [1, 2]), ("commit", "token")]
