"""The rules of the interpreter's lock and of references: held per batch, and nothing is kept."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest
import wallaroo as wl
from golden_rig import Process
from original_rig import ENVIRONMENT
from wallaroo import _engine

THREADS = pytest.mark.parametrize("threads", [1, 2])
QUIET = ["--log-level", "off"]
BATCH = 256


class Record:
    pass


class State:
    pass


def run(app, threads):
    wl.run(app, ["--threads", str(threads), *QUIET])


@THREADS
def test_the_lock_is_taken_for_batches_and_not_for_records(threads):
    count = 200_000
    app = wl.Application("gil")
    (app.source("n", wl.iterable(range(count))).map("one", lambda n: n).key_by("key", lambda n: n % 9)
        .scan("sum", lambda total, n: (total + n, total), int).sink("out", wl.callback(lambda n: 0)))
    running = wl.start(app, threads=threads)
    before = _engine.gil_counts()[0]
    running.wait()
    acquired = _engine.gil_counts()[0] - before
    # Each segment takes it once for a batch, and a source once for a pull.
    batches = count // BATCH
    assert acquired < 5 * batches, (acquired, batches)
    assert running.metrics()


@THREADS
def test_few_references_are_left_to_a_later_scope(threads):
    def left():
        before = _engine.gil_counts()[1]
        app = wl.Application("left")
        (app.source("n", wl.iterable(Record() for _ in range(20_000))).key_by("key", id)
            .map("one", lambda n: n).sink("out", wl.callback(lambda n: 0)))
        run(app, threads)
        return _engine.gil_counts()[1] - before

    assert left() < 100


@THREADS
def test_records_that_wait_when_a_run_fails_are_given_up(threads):
    records = [Record() for _ in range(5_000)]
    counts = [sys.getrefcount(record) for record in records]

    def fail_late(record):
        if record is records[3_000]:
            raise ValueError("late")
        return record

    app = wl.Application("fails")
    (app.source("n", wl.iterable(records)).key_by("key", id).map("fail", fail_late)
        .sink("out", wl.callback(lambda r: 0)))
    with pytest.raises(wl.StageError):
        run(app, threads)
    del app
    gc.collect()
    assert [sys.getrefcount(record) for record in records] == counts


@pytest.mark.parametrize("runner", ["harness", "run", "start", "stop_now"])
@pytest.mark.parametrize("policy, fails", [("stop", False), ("skip", True), ("stop", True)])
@THREADS
def test_nothing_is_kept_after_an_application(runner, policy, fails, threads):
    records = [Record() for _ in range(1_000)]
    known = {"records": [weakref.ref(record) for record in records], "states": [], "others": []}

    def make_state():
        state = State()
        known["states"].append(weakref.ref(state))
        return state

    def update(record, state):
        state.last = record
        state.accumulated = [record]
        if fails and len(known["others"]) and id(record) % 5 == 0:
            raise ValueError(record)
        return record

    sink = wl.callback(lambda record: None)
    known["others"] += [weakref.ref(update), weakref.ref(make_state)]
    app = wl.Application("kept")
    (app.source("n", wl.iterable(records)).key_by("key", lambda r: id(r) % 7)
        .state("update", update, make_state, on_error=policy).sink("out", sink))
    if runner == "harness":
        harness = None
        try:
            harness = wl.testing.Harness(app, executors=threads)
            harness.run()
        except wl.StageError:
            pass
        finally:
            if harness:
                harness.close()
        del harness
    elif runner == "run":
        try:
            run(app, threads)
        except wl.StageError:
            pass
    else:
        running = wl.start(app, threads=threads, log_level="off")
        if runner == "stop_now":
            running.stop_now()
        try:
            running.wait()
        except wl.StageError:
            pass
        del running
    del app, sink, update, make_state
    records.clear()
    gc.collect()
    assert {name: sum(each() is not None for each in refs)
            for name, refs in known.items()} == {"records": 0, "states": 0, "others": 0}


def test_records_that_a_harness_gave_are_released():
    harness = wl.testing.Harness(sending_to("/dev/null"))
    record = Record()
    known = weakref.ref(record)
    harness.push("lines", record)
    assert [type(each) for each in harness.records("out")] == [Record]
    del record
    gc.collect()
    assert known() is None


def sending_to(path):
    app = wl.Application("push")
    app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text)).sink(
        "out", wl.file_sink(path, encode=lambda r: b"x"))
    return app


def test_an_application_that_never_ran_is_released():
    def function(record):
        return record

    known = weakref.ref(function)
    app = wl.Application("never")
    app.source("n", wl.iterable([])).map("f", function).sink("out", wl.to_list())
    del app, function
    gc.collect()
    assert known() is None


MEMORY = """
import resource, sys
import wallaroo as wl

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

seen = []
def look(pair):
    if pair[1] % 100_000 == 0:
        seen.append(resident())

app = wl.Application("memory")
(app.source("n", wl.generator(lambda n: (str(n), n) if n < COUNT else None))
    .map("dict", lambda p: {"key": p[0], "n": p[1]})
    .flat_map("two", lambda r: (r, r)).filter("half", lambda r: r["n"] % 2)
    .key_by("key", lambda r: r["n"] % 1000)
    .state("last", lambda r, state: state.update(r) or (r["key"], r["n"] + 1), dict)
    .sink("out", wl.callback(look)))
wl.run(app, ["--threads", sys.argv[1], "--log-level", "error"])
seen = seen[len(seen) // 4:]
print(len(seen), (seen[-1] - seen[0]) / 1e6)
"""


@THREADS
def test_memory_does_not_grow_with_the_records(threads):
    result = subprocess.run([sys.executable, "-c", MEMORY.replace("COUNT", "1_200_000"),
                             str(threads)], env=ENVIRONMENT, text=True, capture_output=True,
                            timeout=120)
    assert result.returncode == 0, result.stderr
    count, grown_mb = result.stdout.split()
    assert int(count) >= 10
    assert float(grown_mb) < 16  # full queues; an object for each record would be above 60


UNREAD = """
import resource, socket, sys, threading, time
import wallaroo as wl

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6

made = 0
def make(n):
    global made
    made = n
    return "x" * 100

listener = socket.create_server(("127.0.0.1", 0))
app = wl.Application("unread")
app.source("n", wl.generator(make)).map("f", lambda r: r + "y").sink(
    "out", wl.tcp_sink("127.0.0.1:%d" % listener.getsockname()[1]))
running = wl.start(app, threads=int(sys.argv[1]), log_level="error")
peer, _ = listener.accept()  # and never reads
before = -1
while made != before:
    before = made
    time.sleep(0.4)
first, count = resident(), made
time.sleep(1)
print(made - count, resident() - first, count * 100 / 1e6)
running.stop_now()
try:
    running.wait()
except wl.StageError as error:
    assert "before everything was drained" in str(error)
"""


@THREADS
def test_a_sink_that_does_not_read_holds_an_endless_generator_back(threads):
    result = subprocess.run([sys.executable, "-c", UNREAD, str(threads)], env=ENVIRONMENT,
                            text=True, capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr
    more, grown_mb, sent_mb = map(float, result.stdout.split())
    assert (more, sent_mb < 64) == (0, True)
    assert grown_mb < 1


@THREADS
def test_threads_of_the_user_run_meanwhile(threads):
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.001):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    app = wl.Application("busy")
    (app.source("n", wl.iterable(range(300))).map("spin", lambda n: sum(range(20_000)))
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
