"""Programs under an unkind system: without memory or disk, stopped for a while, ended halfway."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import wallaroo as wl
from connector_rig import eventually
from golden_rig import NEW, Process
from original_rig import ENVIRONMENT, MEASURES_MEMORY

GOES_ON = "goes on from checkpoint"

COUNTING = """
import os, time
import wallaroo as wl
def count(n, state):
    state["n"] = state.get("n", 0) + 1
    state["text"] = str(n) * 50
    time.sleep(0.0005)
    return f"{n % 100} {state['n']}"
app = wl.Application("counting")
(app.source("n", wl.generator(lambda n: n)).key_by("key", lambda n: n % 100)
    .state("count", count, dict).sink("out", wl.file_sink("out")))
"""


def each_key_counts_from_one(lines):
    seen = Counter()
    for key, n in map(str.split, lines):
        seen[key] += 1
        assert int(n) == seen[key]
    return bool(seen)


@pytest.fixture(name="small_disk")
def disk_of_one_megabyte(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)],
                             stderr=subprocess.PIPE, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    return path


def test_a_full_disk_delays_checkpoints_and_loses_nothing(start, write, tmp_path, small_disk):
    write("app.py", COUNTING)
    command = [*NEW, "app.py", "--threads", "1", "--checkpoint-dir", small_disk / "checkpoints",
               "--checkpoint-interval", "20ms"]
    process = start(command)
    out = tmp_path / "out"
    process.wait_for(lambda: out.exists() and out.stat().st_size, "a checkpoint")
    filler = fill(small_disk)
    process.wait_for(lambda: "no space left on device" in process.log.lower(), "the disk is full")
    size = out.stat().st_size
    filler.unlink()
    process.wait_for(lambda: out.stat().st_size > size, "checkpoints go on")
    process.kill()
    process = start(command)
    process.wait_for(lambda: GOES_ON in process.log, "it goes on")
    process.send(signal.SIGINT)
    assert process.wait() == 0, process.log
    assert each_key_counts_from_one(out.read_text().splitlines())


def test_a_file_sink_on_a_full_disk_is_an_error_with_its_path(start, write, small_disk):
    write("app.py", COUNTING.replace('file_sink("out")', 'file_sink("small/out")')
          .replace("time.sleep(0.0005)", ""))
    process = start([*NEW, "app.py", "--threads", "2"])
    assert process.wait() == 1, process.log
    assert "small/out" in process.log and "no space left on device" in process.log.lower()
    assert "Traceback" not in process.log


HUNGRY = """
import sys
import wallaroo as wl
kept = []
def eat(n):
    kept.append(bytes(1 << 20))
    return n
def free(n):
    kept.clear()
    return n
app = wl.Application("hungry")
(app.source("n", wl.generator(lambda n: n)).map("eat", eat).key_by("key", lambda n: n % 5)
    .state("keep", lambda n, state: state.append(n), list).sink("out", wl.to_list()))
try:
    wl.run(app, ["--threads", sys.argv[1], "--log-level", "off"])
except wl.StageError as error:
    kept.clear()
    print(type(error.__cause__).__name__, error.stage)
"""


def limited(number_of_bytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (number_of_bytes, number_of_bytes))
    return limit


@MEASURES_MEMORY
@pytest.mark.parametrize("threads", ["1", "2"])
def test_memory_that_ends_is_a_failure_of_the_stage(threads):
    result = subprocess.run(
        [sys.executable, "-c", HUNGRY, threads], env=ENVIRONMENT, text=True, capture_output=True,
        timeout=120, preexec_fn=limited(1 << 30))
    assert (result.returncode, result.stdout) == (0, "MemoryError eat\n"), result.stderr


SMALL = """
import sys
import wallaroo as wl
app, out = wl.Application("small"), wl.to_list()
app.source("n", wl.iterable(range(1000))).map("f", lambda n: n).sink("out", out)
wl.run(app, ["--threads", "2", "--log-level", "off"])
print(len(out.records))
"""


@MEASURES_MEMORY
@pytest.mark.parametrize("megabytes", [40, 60, 80, 100, 120, 160, 400])
def test_too_little_memory_to_start_is_told(megabytes):
    """Whatever does not fit, the program ends with an exception and not by a signal."""
    result = subprocess.run(
        [sys.executable, "-c", SMALL], env=ENVIRONMENT, text=True, capture_output=True,
        timeout=60, preexec_fn=limited(megabytes << 20))
    if result.returncode == 0:
        assert result.stdout == "1000\n"
    else:
        assert result.returncode > 0, (result.returncode, result.stderr)
        assert result.stderr
    assert megabytes < 400 or result.returncode == 0


STOPPED = """
import sys, time
import wallaroo as wl
class Numbers(wl.PySource):
    def partitions(self):
        return ["a", "b"]
    def open(self, partition, position):
        return Reader(position or 0)
class Reader(wl.PyReader):
    wait = 0.001
    def __init__(self, at):
        self.at = at
    def pull(self, most):
        if self.at == 400:
            return None
        time.sleep(0.002)
        self.at += 1
        return [self.at - 1]
    def position(self):
        return self.at
app, late = wl.Application("stopped"), wl.to_list()
stream = (app.source("n", Numbers()).event_time("time", lambda n: n * 10**8, idle="300ms")
    .key_by("key", lambda n: 1))
windows, missed = stream.window_with_late("sum", wl.tumbling("1s"), wl.sum(lambda n: n))
windows.map("text", lambda r: f"{r.value}").sink("out", wl.file_sink("out"))
missed.map("text of late", repr).sink("late", wl.file_sink("late"))
if __name__ == "__main__":
    wl.run(app)
"""


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("checkpoints", [False, True])
def test_a_program_that_is_stopped_for_a_while_goes_on_as_if_nothing_was(
        start, write, tmp_path, threads, checkpoints):
    """The time in which it could not look at its sources is no silence of theirs."""
    write("app.py", STOPPED)
    flags = ["--checkpoint-dir", "checkpoints", "--checkpoint-interval", "50ms"]
    process = start([*NEW, "app.py", "--threads", threads, *(flags if checkpoints else [])])
    process.wait_for(lambda: "runs on" in process.log, "it runs")
    for _ in range(2):
        time.sleep(0.2)
        process.send(signal.SIGSTOP)
        eventually(lambda: "T (stopped)" in status_of(process), "it is stopped")
        time.sleep(1.2)
        process.send(signal.SIGCONT)
    assert process.wait() == 0, process.log
    assert (tmp_path / "late").read_text() == ""
    sums = [int(line) for line in (tmp_path / "out").read_text().split()]
    assert sums == [2 * sum(range(n, n + 10)) for n in range(0, 400, 10)]


def status_of(process):
    return Path(f"/proc/{process.process.pid}/status").read_text()


COMMITS = """
import json, os, sys, time
import wallaroo as wl
class Sink(wl.PySink, wl.PyWriter):
    def open(self, prepared):
        self.records = []
        self.number = 0 if prepared is None else prepared[0] + 1
        if prepared is not None:
            self.publish(prepared)
        return self
    def write(self, records):
        self.records += records
    def prepare(self):
        prepared = [self.number, self.records]
        self.records, self.number = [], self.number + 1
        return prepared
    def publish(self, prepared):
        number, records = prepared
        with open(f"part{number}", "w") as file:
            json.dump(records, file)
    def commit(self, prepared):
        if os.path.exists("fail") and prepared[1]:
            HOW
        self.publish(prepared)
def slowly():
    for n in range(300):
        time.sleep(0.002)
        yield n
app = wl.Application("commits")
app.source("n", wl.iterable(slowly)).key_by("key", lambda n: n % 3).scan(
    "count", lambda seen, n: (seen + 1, [n, seen + 1]), int).sink("out", Sink())
"""


@pytest.mark.parametrize("how, code, message", [
    ("raise OSError('the receiver is away')", 1,
     "sink 'out' failed in commit(): OSError: the receiver is away"),
    ("sys.exit(5)", 5, ""), ("os._exit(9)", 9, "")])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_commit_that_fails_is_made_up_for_after_a_restart(
        start, write, tmp_path, how, code, message, threads):
    write("app.py", COMMITS.replace("HOW", how))
    command = [*NEW, "app.py", "--threads", threads, "--checkpoint-dir", "checkpoints",
               "--checkpoint-interval", "30ms"]
    for _ in range(3):
        write("fail", "")
        process = start(command)
        assert process.wait() == code, process.log
        assert message in process.log
    (tmp_path / "fail").unlink()
    process = start(command)
    assert process.wait() == 0, process.log
    assert GOES_ON in process.log
    parts = [json.loads(part.read_text()) for part in tmp_path.glob("part*")]
    records = sorted(tuple(record) for part in parts for record in part)
    assert records == [(n, n // 3 + 1) for n in range(300)]


ASKED = """
import threading, time
threading.excepthook = lambda args: None  # a thread cannot write to stderr at the end
import wallaroo as wl
app = wl.Application("asked")
app.source("n", wl.generator(lambda n: n)).map("f", lambda n: n).key_by("k", lambda n: n % 7).scan(
    "s", lambda total, n: (total + n, None), int).sink("o", wl.callback(bool))
running = wl.start(app, threads=2, log_level="off")
asked = [0] * 4
def ask(k):
    while True:
        running.metrics()
        running._engine.metrics_text()
        running.explain()
        asked[k] += 1
for k in range(4):
    threading.Thread(target=ask, args=(k,), daemon=True).start()
while min(asked) < 3:
    time.sleep(0.01)
HOW
"""


@pytest.mark.parametrize("how, code", [
    ("", 0), ("raise SystemExit(3)", 3), ("running.stop_now()", 0), ("del running", 0),
    ("import gc; gc.collect(); app = None", 0)])
def test_threads_that_ask_for_metrics_without_pause_when_the_interpreter_ends(how, code):
    for _ in range(3):
        process = Process([sys.executable, "-c", ASKED.replace("HOW", how)])
        try:
            assert process.wait(60) == code, process.log
            assert "Fatal" not in process.log
        finally:
            process.close()


def sorted_by_c(numbers):
    """Sorts in C, which gives the interpreter's lock back and calls Python for each comparison."""
    import ctypes
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                               ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
    array = (ctypes.c_int * len(numbers))(*numbers)
    ctypes.CDLL(None).qsort(array, len(numbers), ctypes.sizeof(ctypes.c_int), compare)
    return list(array)


def sum_by_sqlite(numbers):
    import sqlite3
    with sqlite3.connect(":memory:") as database:
        database.create_function("same", 1, lambda n: n)
        database.execute("create table t (n int)")
        database.executemany("insert into t values (?)", [(n,) for n in numbers])
        [total] = database.execute("select sum(same(n)) from t").fetchone()
    database.close()
    return total


@pytest.mark.parametrize("threads", ["1", "2"])
def test_libraries_that_give_the_lock_back_and_call_python_again(threads):
    app, out = wl.Application("libraries"), wl.to_list()
    (app.source("n", wl.iterable(range(300))).key_by("key", lambda n: n % 5)
        .map("sort", lambda n: sorted_by_c([n, 3, 200, -1]))
        .map("sum", lambda numbers: (numbers, sum_by_sqlite(numbers))).sink("out", out))
    wl.run(app, ["--threads", threads, "--log-level", "off"])
    assert sorted(out.records) == sorted((sorted([n, 3, 200, -1]), n + 202) for n in range(300))


def test_a_fork_in_a_function_leaves_the_run_alone():
    """A child has none of the engine's threads; it may only end."""
    def forks(n):
        child = os.fork()
        if child == 0:
            os._exit(n % 7)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    app, out = wl.Application("forks"), wl.to_list()
    app.source("n", wl.iterable(range(20))).map("fork", forks).sink("out", out)
    wl.run(app, ["--threads", "1", "--log-level", "off"])
    assert out.records == [n % 7 for n in range(20)]
