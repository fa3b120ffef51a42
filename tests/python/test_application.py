"""Pipelines of the new API, run by the harness and by the engine."""

from __future__ import annotations

import collections
import threading
from datetime import datetime, timedelta, timezone

import pytest
import wallaroo as wl

# At the start an executor without any connection waits so long for one before it counts as idle.
IDLE = "6s"
EXECUTORS = pytest.mark.parametrize("executors", [1, 2])


def lines(app, name="lines"):
    return app.source(name, wl.tcp_source("127.0.0.1:0", decode=wl.text))


def file_of(name="out"):
    return wl.file_sink("/dev/null", encode=wl.line)


@EXECUTORS
def test_words_are_counted(executors):
    app = wl.Application("words")
    (lines(app).flat_map("split", str.split).key_by("word", lambda w: w)
        .scan("total", lambda n, w: (n + 1, (w, n + 1)), init=int).sink("totals", file_of()))
    harness = wl.testing.Harness(app, executors=executors)
    harness.send("lines", "a b a")
    harness.send("lines", "b")
    assert sorted(harness.records("totals")) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_verbs_treat_none_and_lists_as_they_say():
    app = wl.Application("verbs")
    numbers = app.source("numbers", wl.iterable([0, 1, 2, None]))
    out = {name: wl.to_list() for name in ("map", "filter", "to", "many", "flat")}
    numbers.map("map", lambda n: n if n else None).sink("mapped", out["map"])
    numbers.filter("filter", lambda n: n).sink("filtered", out["filter"])
    numbers.to("to", lambda n: [n] if n else None).sink("passed", out["to"])
    numbers.to("many", wl.many(lambda n: [n, None, n] if n else None)).sink("all", out["many"])
    numbers.flat_map("flat", lambda n: (m for m in range(n or 0))).sink("each", out["flat"])
    wl.testing.Harness(app)
    assert {name: sink.records for name, sink in out.items()} == {
        "map": [None, 1, 2, None], "filter": [1, 2], "to": [[1], [2]],
        "many": [1, 1, 2, 2], "flat": [0, 0, 1]}


@EXECUTORS
def test_a_state_is_changed_in_place_and_goes_on_from_a_checkpoint(executors):
    def totals():
        app = wl.Application("totals")

        def add(order, state):
            state.append(order[1])
            return order[0], sum(state)

        (lines(app).map("parse", lambda text: (text.split()[0], int(text.split()[1])))
            .key_by("user", wl.Item(0)).state("sum", add, init=list).sink("out", file_of()))
        return app

    before = wl.testing.Harness(totals(), executors=executors)
    before.send("lines", "ann 1")
    before.send("lines", "bob 5")
    checkpoint = before.checkpoint()
    before.send("lines", "ann 100")
    after = wl.testing.Harness(totals(), executors=3 - executors, restore=checkpoint)
    after.send("lines", "ann 2")
    after.send("lines", "bob 1")
    assert after.records("out") == [("ann", 3), ("bob", 6)]


def test_a_stream_without_keys_has_one_state():
    app = wl.Application("count")
    out = wl.to_list()
    app.source("n", wl.iterable(range(4))).scan("count", lambda n, _: (n + 1, n + 1), int).sink(
        "out", out)
    wl.testing.Harness(app, executors=2)
    assert out.records == [1, 2, 3, 4]


@EXECUTORS
def test_windows_of_event_time_fire_when_the_watermark_has_passed_them(executors):
    app = wl.Application("hits")
    (app.source("requests", wl.tcp_source("127.0.0.1:0", decode=wl.json))
        .event_time("at", wl.Item("ts")).key_by("user", wl.Item("user"))
        .window("hits", wl.tumbling("10s"), wl.combined(wl.count(), wl.sum(wl.Item("n")),
                                                         wl.min(wl.Item("n")), wl.mean(wl.Item("n"))))
        .sink("out", file_of()))
    harness = wl.testing.Harness(app, executors=executors)
    harness.advance(IDLE)
    for second, user, n in ((1, "ann", 4), (2, "bob", 1), (9, "ann", 2), (12, "ann", 7)):
        harness.send("requests", '{"ts": %d, "user": "%s", "n": %d}' % (second * 10**9, user, n))
    assert sorted((r.key, r.value) for r in harness.records("out")) == [
        ("ann", (2, 6, 2, 3.0)), ("bob", (1, 1, 1, 1.0))]
    harness.end()
    [last] = harness.records("out")
    assert last == ("ann", (1, 7, 7, 7.0),
                    wl.Window(10 * 10**9, 20 * 10**9, wl.Firing.CLOSED))


class Spread(wl.Aggregator):
    def initial(self):
        return []

    def update(self, accumulator, record):
        accumulator.append(record[1])

    def combine(self, earlier, later):
        return earlier + later

    def output(self, key, accumulator, window):
        return key, sorted(accumulator), window.start // 10**9


def test_an_aggregation_of_ones_own_survives_a_checkpoint_in_sliding_windows():
    def spread():
        app = wl.Application("spread")
        (lines(app).map("parse", lambda text: tuple(int(n) for n in text.split()))
            .event_time("time", lambda r: datetime.fromtimestamp(r[0], timezone.utc))
            .key_by("all", lambda r: "k").window("spread", wl.sliding("20s", every="10s"), Spread())
            .sink("out", file_of()))
        return app

    before = wl.testing.Harness(spread())
    for text in ("1 5", "12 3"):
        before.send("lines", text)
    after = wl.testing.Harness(spread(), restore=before.checkpoint())
    assert before.records("out") == [("k", [5], -10)]
    after.send("lines", "15 4")
    after.send("lines", "31 9")
    assert after.records("out") == [("k", [3, 4, 5], 0), ("k", [3, 4], 10)]


def test_late_records_come_in_a_stream_of_their_own():
    app = wl.Application("late")
    results, late = (lines(app).map("parse", int).event_time("time", lambda n: n * 10**9)
                     .key_by("all", lambda n: 0)
                     .window_with_late("count", wl.tumbling("10s"), wl.count()))
    results.sink("results", file_of())
    late.sink("late", file_of())
    harness = wl.testing.Harness(app)
    for second in (1, 15, 3, 30):
        harness.send("lines", str(second))
    assert [r.value for r in harness.records("results")] == [1, 1]
    assert harness.records("late") == [3]


@EXECUTORS
def test_a_join_pairs_records_within_its_interval_and_tells_who_is_alone(executors):
    app = wl.Application("join")

    def side(name):
        return (lines(app, name).map(f"{name} parse", lambda text: tuple(text.split()))
                .event_time(f"{name} time", lambda r: int(r[0]) * 10**9)
                .key_by(f"{name} user", wl.Item(1)))

    side("ads").join(side("clicks"), within=("-1s", "5s")).to(
        "seen", lambda ad, click: (ad, click and click[0]), kind="left").sink("out", file_of())
    harness = wl.testing.Harness(app, executors=executors)
    harness.advance(IDLE)
    harness.send("ads", "10 ann")
    harness.send("ads", "11 bob")
    harness.send("clicks", "14 ann")
    harness.send("ads", "60 eve")
    harness.send("clicks", "60 eve")
    assert sorted(harness.records("out")) == [
        (("10", "ann"), "14"), (("11", "bob"), None), (("60", "eve"), "60")]


def test_timers_fire_for_keys_without_records():
    app = wl.Application("timers")

    def seen(record, state, timers):
        state["count"] = state.get("count", 0) + 1
        timers.at(timers.event_time + 5 * 10**9, id=1)

    def silent(state, timers):
        assert timers.timer.id == 1
        return timers.key, state["count"]

    (lines(app).map("parse", lambda text: (int(text.split()[0]), text.split()[1]))
        .event_time("time", lambda r: r[0] * 10**9).key_by("user", wl.Item(1))
        .timed_state("silence", seen, silent, init=dict).sink("out", file_of()))
    harness = wl.testing.Harness(app)
    for text in ("1 ann", "2 bob", "4 ann", "8 eve"):
        harness.send("lines", text)
    assert harness.records("out") == [("bob", 1)]
    harness.send("lines", "20 bob")
    assert harness.records("out") == [("ann", 2), ("eve", 1)]


def test_unused_state_is_forgotten():
    app = wl.Application("ttl")
    (lines(app).map("parse", lambda text: tuple(text.split()))
        .event_time("time", lambda r: int(r[0]) * 10**9).key_by("user", wl.Item(1))
        .scan("count", lambda n, r: (n + 1, n + 1), init=int, ttl="10s").sink("out", file_of()))
    harness = wl.testing.Harness(app)
    for text in ("1 ann", "5 ann", "30 bob", "31 ann"):
        harness.send("lines", text)
    assert harness.records("out") == [1, 2, 1, 1]


@EXECUTORS
def test_batches_are_lists_and_keep_order(executors):
    app = wl.Application("batches")
    sizes, out = [], wl.to_list()

    def doubled(batch):
        sizes.append(len(batch))
        return [2 * n for n in batch]

    app.source("n", wl.iterable(range(1000))).map_batch("double", doubled, max=100).sink("out", out)
    wl.testing.Harness(app, executors=executors)
    assert out.records == [2 * n for n in range(1000)]
    assert max(sizes) == 100 and sum(sizes) == 1000


def test_a_batch_may_give_fewer_records():
    app = wl.Application("batches")
    out = wl.to_list()
    (app.source("n", wl.iterable("abca"))
        .map_batch("count", lambda batch: list(collections.Counter(batch).items())).sink("out", out))
    wl.testing.Harness(app)
    assert sorted(out.records) == [("a", 2), ("b", 1), ("c", 1)]


def test_merged_streams_meet_in_one_state():
    app = wl.Application("merge")
    left = lines(app, "left").key_by("left key", lambda w: w)
    right = lines(app, "right").key_by("right key", lambda w: w)
    left.merge(right).scan("count", lambda n, w: (n + 1, (w, n + 1)), int).sink("out", file_of())
    harness = wl.testing.Harness(app, executors=2)
    harness.send("left", "x")
    harness.send("right", "x")
    assert harness.records("out") == [("x", 1), ("x", 2)]


def test_failed_records_go_to_the_dead_letters_or_are_skipped():
    app = wl.Application("dead")
    numbers = lines(app).map("parse", int, on_error="dead_letter")
    numbers.map("inverse", lambda n: 1 // n, on_error="skip").sink("out", file_of())
    app.dead_letters().sink("dead", file_of())
    harness = wl.testing.Harness(app)
    for text in ("2", "x", "0", "1"):
        harness.send("lines", text)
    assert harness.records("out") == [0, 1]
    [letter] = harness.records("dead")
    assert (letter.stage, letter.record) == ("parse", "x")
    assert letter.error.startswith("ValueError: invalid literal")


def test_a_failure_names_the_stage_and_the_record_and_has_its_cause():
    app = wl.Application("fails")
    lines(app).map("parse", int).sink("out", file_of())
    harness = wl.testing.Harness(app)
    with pytest.raises(wl.StageError, match="stage 'parse' failed on record 'x'") as failure:
        harness.send("lines", "x")
    assert failure.value.stage == "parse"
    assert failure.value.record == "'x'"
    assert isinstance(failure.value.__cause__, ValueError)


def test_sys_exit_in_a_function_ends_the_run_with_its_code():
    app = wl.Application("exits")
    app.source("n", wl.iterable([1])).map("exit", lambda n: exit(7), on_error="skip").sink(
        "out", wl.to_list())
    with pytest.raises(SystemExit) as end:
        wl.run(app, ["--threads", "1"])
    assert end.value.code == 7


@pytest.mark.parametrize("encode, message", [
    (lambda r: 7, "an encoder must return bytes, str or None, but this one returned int"),
    (lambda r: r.nothing, "AttributeError")])
def test_an_encoder_that_fails_is_a_failure_of_the_sink(encode, message):
    app = wl.Application("encoder")
    lines(app).sink("out", wl.file_sink("/dev/null", encode=encode))
    harness = wl.testing.Harness(app)
    with pytest.raises(wl.StageError, match=message):
        harness.send("lines", "x")


def test_an_encoder_may_give_nothing():
    app = wl.Application("encoder")
    lines(app).sink("out", wl.file_sink("/dev/null", encode=lambda r: None if r == "x" else r))
    harness = wl.testing.Harness(app)
    harness.send("lines", "x")
    harness.send("lines", "y")
    assert harness.output("out") == [b"y"]


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no repr")


def test_a_record_whose_repr_raises_is_reported_all_the_same():
    app = wl.Application("repr")
    (lines(app).map("make", lambda text: Unprintable()).map("fail", lambda r: r.nothing)
        .sink("out", file_of()))
    harness = wl.testing.Harness(app)
    with pytest.raises(wl.StageError, match="Unprintable object whose repr"):
        harness.send("lines", "x")


def test_all_mistakes_are_told_at_once():
    app = wl.Application("mistakes")
    lines(app).map("same", str).map("same", str).sink("lines", file_of())
    app.source("alone", wl.iterable([]))
    with pytest.raises(wl.ConfigError) as error:
        wl.testing.Harness(app)
    for part in ("'same'", "'lines'", "'alone'"):
        assert part in str(error.value)


@pytest.mark.parametrize("build, message", [
    (lambda s: s.map("m", 5), "stage 'm' needs a function, not int"),
    (lambda s: s.key_by("k", "user"), "the key of stage 'k' must be a function"),
    (lambda s: s.sink("out", "file"), "sink 'out' must be made by"),
    (lambda s: s.collect().window("w", wl.tumbling("1s"), object()), "stage 'w': an aggregation"),
    (lambda s: wl.Application("b").source("s", [1]), "source 's' must be made by")])
def test_what_cannot_work_is_refused_where_it_is_written(build, message):
    stream = lines(wl.Application("a"))
    with pytest.raises(TypeError, match=message):
        build(stream)


def test_durations_are_timedeltas_or_texts():
    assert wl.tumbling("1.5s") == wl.tumbling(timedelta(milliseconds=1500))
    with pytest.raises(ValueError, match="'10 parsecs' is no duration"):
        wl.tumbling("10 parsecs")
    with pytest.raises(TypeError, match="must be a timedelta or a text"):
        wl.tumbling(10)


def test_an_application_runs_on_threads_and_ends_with_its_sources(tmp_path):
    app = wl.Application("run")
    (app.source("n", wl.iterable(range(100_000))).key_by("parity", lambda n: n % 7)
        .scan("sum", lambda total, n: (total + n, total + n), init=int)
        .sink("out", wl.file_sink(tmp_path / "out")))
    wl.run(app, ["--threads", "2"])
    totals = [int(line) for line in (tmp_path / "out").read_text().split()]
    assert len(totals) == 100_000
    last = collections.Counter()
    for n in range(100_000):
        last[n % 7] += n
    assert set(last.values()) <= set(totals)


def test_an_application_runs_inside_of_a_program_until_it_is_stopped():
    app = wl.Application("inside")
    seen, ready = [], threading.Event()

    def see(record):
        seen.append(record)
        ready.set()

    lines(app).sink("out", wl.callback(see))
    with wl.start(app, threads=1) as running:
        import socket
        host, port = running.address("lines").rsplit(":", 1)
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(b"\x00\x00\x00\x02hi")
            assert ready.wait(10)
        assert "segment" in running.explain()
        running.stop()
    assert seen == ["hi"]


def test_wrong_flags_are_config_errors():
    app = wl.Application("flags")
    app.source("n", wl.iterable([])).sink("out", wl.to_list())
    with pytest.raises(wl.ConfigError, match="--no-such-flag"):
        wl.run(app, ["--no-such-flag"])


def test_running_totals_and_fields_need_no_function():
    app = wl.Application("running")
    (lines(app).flat_map("split", str.split).key_by("word", wl.Itself())
        .running("total", wl.combined(wl.count(), wl.max(wl.Itself())))
        .sink("pairs", wl.file_sink("/dev/null", encode=wl.fields("|"))))
    harness = wl.testing.Harness(app, executors=2)
    harness.send("lines", "a a")
    assert harness.output("pairs") == [b"a|(1, 'a')\n", b"a|(2, 'a')\n"]


def test_fields_takes_tuples_only():
    app = wl.Application("fields")
    lines(app).sink("out", wl.file_sink("/dev/null", encode=wl.fields()))
    harness = wl.testing.Harness(app)
    with pytest.raises(wl.StageError, match="`fields` takes tuples and lists"):
        harness.send("lines", "x")


def test_counted_windows_can_be_flushed_and_windows_without_records_have_results():
    app = wl.Application("flush")
    words = lines(app)
    (words.key_by("word", wl.Itself()).window("three", wl.counted(3).flush("5s"), wl.count())
        .sink("counts", file_of()))
    (words.map("parse", int).event_time("time", lambda n: n * 10**9).key_by("one", lambda n: "k")
        .window("each", wl.tumbling("10s").empty(), wl.count()).sink("windows", file_of()))
    harness = wl.testing.Harness(app)
    for text in ("1", "1", "1", "1", "35"):
        harness.send("lines", text)
    assert [(r.key, r.value) for r in harness.records("counts")] == [("1", 3)]
    harness.advance("5s")
    assert sorted((r.key, r.value) for r in harness.records("counts")) == [("1", 1), ("35", 1)]
    assert [r.value for r in harness.records("windows")] == [4, 0, 0]
    for spec, change in ((wl.tumbling("1s"), "flush"), (wl.counted(2), "empty")):
        with pytest.raises(ValueError, match=f"{change} is for"):
            getattr(spec, change)(*(["1s"] if change == "flush" else []))
