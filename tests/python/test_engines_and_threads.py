"""Functions that use their own engine or others, threads of the user, and the end of the program."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time

import pytest
import wallaroo as wl
from golden_rig import Process
from original_rig import ENVIRONMENT

pytestmark = pytest.mark.references


THREADS = pytest.mark.parametrize("threads", [1, 2])


QUIET = ["--log-level", "off"]


def run(app, threads):
    wl.run(app, ["--threads", str(threads), *QUIET])


@THREADS
def test_threads_of_the_user_run_meanwhile(threads):
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.001):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    def numbers():
        until = time.monotonic() + 20
        while len(ticks) <= 5 and time.monotonic() < until:
            yield 1

    app = wl.Application("busy")
    (app.source("n", wl.iterable(numbers)).map("spin", lambda n: sum(range(20_000)))
        .sink("out", wl.to_list()))
    run(app, threads)
    over.set()
    thread.join()
    assert len(ticks) > 5


@THREADS
def test_functions_that_release_the_lock_and_use_their_engine(threads):
    box, metrics, ready = [], [], threading.Event()

    def function(n):
        ready.wait(10)
        time.sleep(0.001)
        running = box[0]
        metrics.append(running.metrics())
        assert "segment" in running.explain() and running._engine.metrics_text()
        assert running.wait(0) is False
        return n

    app = wl.Application("enters again")
    out = wl.to_list()
    (app.source("n", wl.iterable(range(100))).key_by("key", lambda n: n % 5).map("f", function)
        .sink("out", out))
    box.append(wl.start(app, threads=threads, log_level="off"))
    ready.set()
    box[0].wait()
    assert sorted(out.records) == list(range(100)) and len(metrics) == 100


@pytest.mark.parametrize("how", ["stop", "stop_now"])
def test_a_function_stops_its_own_run(how):
    box, ready = [], threading.Event()

    def function(n):
        ready.wait(10)
        if n == 5:
            getattr(box[0], how)()
        return n

    app = wl.Application("stops itself")
    app.source("n", wl.generator(lambda n: n)).map("f", function).sink("out", wl.to_list())
    box.append(wl.start(app, threads=2, log_level="off"))
    ready.set()
    if how == "stop":
        assert box[0].wait(20)
    else:
        with pytest.raises(wl.StageError, match="before everything was drained"):
            box[0].wait(20)


LAST_REFERENCE = """
import gc, threading, time
import wallaroo as wl
box, done, ready = [], threading.Event(), threading.Event()
def function(n):
    ready.wait(10)
    box.clear()
    gc.collect()
    done.set()
    return n
app = wl.Application("gives itself up")
app.source("n", wl.iterable(range(10))).map("f", function).sink("out", wl.to_list())
box.append(wl.start(app, threads=2, log_level="off"))
ready.set()
assert done.wait(10)
AND_THEN
print("done")
"""


@pytest.mark.parametrize("and_then", ["time.sleep(0.1)", "", """
other = wl.Application("other")
other.source("n", wl.iterable([1])).sink("out", wl.to_list())
wl.run(other, ["--log-level", "off"])"""])
def test_a_function_gives_up_the_last_reference_to_its_run(and_then):
    result = subprocess.run([sys.executable, "-c", LAST_REFERENCE.replace("AND_THEN", and_then)],
                            env=ENVIRONMENT, text=True, capture_output=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "done\n", "")


def test_a_run_that_nobody_refers_to_ends():
    app = wl.Application("forgotten")
    app.source("n", wl.generator(lambda n: n, rate=1000)).sink("out", wl.to_list())
    running = wl.start(app, threads=2, log_level="off")
    threads = len(threading.enumerate())
    begun = time.monotonic()
    del running
    gc.collect()
    assert time.monotonic() - begun < 5
    assert len(threading.enumerate()) <= threads


def upper_in_a_harness(text):
    app = wl.Application("inner")
    app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text)).map("up", str.upper).sink(
        "out", wl.file_sink("/dev/null", encode=wl.text))
    with wl.testing.Harness(app) as harness:
        harness.send("lines", str(text))
        [record], [output] = harness.records("out"), harness.output("out")
        return record + output.decode()


def sum_in_an_engine(n):
    app = wl.Application("inner")
    out = wl.to_list()
    app.source("n", wl.iterable(range(5))).map("times", lambda m: n * m).sink("out", out)
    run(app, 1)
    return sum(out.records)


@THREADS
def test_a_harness_and_an_engine_inside_of_a_function(threads):
    app = wl.Application("outer")
    out = wl.to_list()
    (app.source("n", wl.iterable(range(10))).map("both", lambda n: (
        upper_in_a_harness(f"a{n}"), sum_in_an_engine(n))).sink("out", out))
    run(app, threads)
    assert out.records == [(f"A{n}A{n}", 10 * n) for n in range(10)]


def test_a_harness_inside_of_a_harness():
    app = wl.Application("outer")
    app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text)).map(
        "up", upper_in_a_harness).sink("out", wl.file_sink("/dev/null", encode=wl.text))
    harness = wl.testing.Harness(app)
    harness.send("lines", "a")
    harness.push("lines", "b")
    assert harness.records("out") == ["AA", "BB"]
    assert harness.output("out") == [b"AA", b"BB"]


def test_several_engines_at_once():
    def application(k):
        app, out = wl.Application(f"app {k}"), wl.to_list()
        (app.source("n", wl.iterable(range(3_000))).key_by("key", lambda n: n % 3)
            .scan("sum", lambda total, n: (total + k * n, total + k * n), int).sink("out", out))
        return app, out

    apps = [application(k) for k in range(6)]
    runs = [wl.start(app, threads=2, log_level="off") for app, _ in apps]
    for each in reversed(runs):
        each.wait()
    for k, (_, out) in enumerate(apps):
        assert max(out.records, default=0) == k * sum(range(2, 3_000, 3))
        assert len(out.records) == 3_000


def test_runs_started_from_several_threads():
    failed = []

    def work(k):
        try:
            assert sum_in_an_engine(k) == 10 * k
            assert upper_in_a_harness("x") == "XX"
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


OUTLIVE = """
import sys, threading, time
import wallaroo as wl
def work():
    while True:
        time.sleep(0.001)
threading.Thread(target=work, daemon=True).start()
app = wl.Application("outlived")
started = threading.Event()
def function(n):
    started.set()
    threading.Thread(target=work, daemon=True).start() if n < 3 else None
    return n
app.source("n", wl.generator(lambda n: n, rate=2000)).map("f", function).sink("o", wl.to_list())
running = wl.start(app, threads=2, log_level="off")
started.wait()
HOW
"""


@pytest.mark.parametrize("how, code", [
    ("", 0), ("sys.exit(3)", 3), ("raise ValueError('in the program')", 1),
    ("running.stop(); running.wait()", 0), ("del running", 0), ("app = None; del function", 0)])
def test_threads_of_the_user_and_runs_that_the_program_leaves(how, code):
    process = Process([sys.executable, "-c", OUTLIVE.replace("HOW", how)])
    try:
        assert process.wait(20) == code, process.log
        assert "Fatal" not in process.log
    finally:
        process.close()


@THREADS
def test_slow_functions_do_not_delay_the_end(threads):
    """A source asks for fewer records when the stages take long for them."""
    seen, app = [], wl.Application("slow")

    def slow(n):
        seen.append(n)
        time.sleep(0.01)

    app.source("n", wl.generator(lambda n: n)).map("slow", slow).sink("out", wl.callback(bool))
    running = wl.start(app, threads=threads, log_level="off")
    while len(seen) < 10:
        time.sleep(0.01)
    begun = time.monotonic()
    running.stop()
    running.wait()
    assert time.monotonic() - begun < 1


WAITED_FOR = """
import atexit, threading, time
threading.excepthook = lambda args: None  # a thread cannot write to stderr at the end
import wallaroo as wl
app = wl.Application("waited for")
app.source("n", wl.generator(lambda n: n, rate=2000)).map("f", lambda n: n).sink("o", wl.to_list())
running = wl.start(app, threads=2, log_level="off")
def ask():
    while True:
        running.metrics()
        time.sleep(0.001)
for _ in range(4):
    threading.Thread(target=running.wait, daemon=True).start()
    threading.Thread(target=ask, daemon=True).start()
time.sleep(0.2)
"""


def test_threads_that_wait_for_a_run_when_the_program_ends():
    for _ in range(3):
        process = Process([sys.executable, "-c", WAITED_FOR])
        try:
            assert process.wait(30) == 0, process.log
            assert "Fatal" not in process.log
        finally:
            process.close()
