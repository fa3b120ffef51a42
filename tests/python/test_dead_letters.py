"""Dead letters: which record they have, and which traceback."""

from __future__ import annotations

import gc
import weakref

import pytest
import wallaroo as wl
from exceptions_rig import RUNNERS, Broken, broken, ends, keyed

pytestmark = pytest.mark.references


class Record:
    """Something that is only equal to itself."""


def letters_of(build, records, runner="harness"):
    """Runs a stage that is called 'stage' and returns its dead letters."""
    app, dead = wl.Application("letters"), wl.to_list()
    build(app.source("records", wl.iterable(records))).sink("out", wl.to_list())
    app.dead_letters().sink("dead", dead)
    ends(app, runner)
    return dead.records


def later(record):
    def inner():
        raise Broken("deep inside")
    inner()


STAGES = {
    "map": lambda s: s.map("stage", broken, on_error="dead_letter"),
    "flat_map": lambda s: s.flat_map("stage", broken, on_error="dead_letter"),
    "map_batch": lambda s: s.map_batch("stage", broken, on_error="dead_letter"),
    "key_by": lambda s: s.key_by("stage", broken, on_error="dead_letter"),
    "event_time": lambda s: s.event_time("stage", broken, on_error="dead_letter"),
    "state": lambda s: keyed(s).state("stage", broken, list, on_error="dead_letter"),
    "timed": lambda s: keyed(s).timed_state("stage", broken, broken, list, on_error="dead_letter"),
    "window": lambda s: s.window("stage", wl.counted(9), wl.sum(broken), on_error="dead_letter"),
}


@pytest.mark.parametrize("name", STAGES)
@RUNNERS
def test_a_letter_has_the_record_itself(name, runner):
    records = [Record(), Record(), Record()]
    letters = letters_of(STAGES[name], records, runner)
    assert {id(letter.record) for letter in letters} == {id(record) for record in records}
    for letter in letters:
        assert (letter.stage, letter.error) == ("stage", "Broken: by hand")
        assert letter.traceback.startswith("Traceback (most recent call last):\n")
        assert 'exceptions_rig.py", line ' in letter.traceback
        assert letter.traceback.endswith("Broken: by hand\n")


def test_the_traceback_has_all_frames_of_the_function_and_its_cause():
    def caused(record):
        try:
            later(record)
        except Broken as error:
            raise ValueError("because of that") from error

    [letter] = letters_of(lambda s: s.map("stage", caused, on_error="dead_letter"), [1])
    for part in ("in caused", "in later", "in inner", "Broken: deep inside",
                 "The above exception was the direct cause", "ValueError: because of that"):
        assert part in letter.traceback


def test_a_frame_comes_as_bytes():
    app, dead = wl.Application("letters"), wl.to_list()
    (app.source("frames", wl.tcp_source("127.0.0.1:0", decode=later), on_error="dead_letter")
        .sink("out", wl.to_list()))
    app.dead_letters().sink("dead", dead)
    with wl.testing.Harness(app) as harness:
        harness.send("frames", b"\xff\x00x")
    [letter] = dead.records
    assert (letter.stage, letter.record) == ("frames", b"\xff\x00x")
    assert "in inner" in letter.traceback and letter.origin


def test_a_pair_of_a_join_comes_as_a_tuple():
    left, right = Record(), Record()

    def joined(stream):
        return (stream.filter("left", lambda r: r is left).key_by("a", lambda r: 1)
                .join(stream.filter("right", lambda r: r is right).key_by("b", lambda r: 1),
                      within=("0s", "1h")).to("stage", broken, on_error="dead_letter"))

    [letter] = letters_of(joined, [left, right])
    assert type(letter.record) is tuple
    assert letter.record[0] is left and letter.record[1] is right


def test_where_no_record_is_to_blame_a_text_says_what_failed():
    app, dead = wl.Application("letters"), wl.to_list()
    (app.source("n", wl.tcp_source("127.0.0.1:0", decode=int)).key_by("key", lambda n: n)
        .timed_state("stage", lambda n, state, timers: timers.after("1s"), broken, list,
                     on_error="dead_letter").sink("out", wl.to_list()))
    app.dead_letters().sink("dead", dead)
    with wl.testing.Harness(app) as harness:
        harness.send("n", "7")
        harness.advance("2s")
    [letter] = dead.records
    assert letter.record == "a timer of key 7" and "Broken" in letter.traceback


def test_letters_can_be_mended_and_counted():
    app, out = wl.Application("letters"), wl.to_list()
    (app.source("n", wl.iterable(["1", "two", "3"])).map("parse", int, on_error="dead_letter")
        .sink("good", wl.to_list()))
    (app.dead_letters().map("mend", lambda letter: {"two": 2}[letter.record])
        .sink("mended", out))
    ends(app, "2")
    assert out.records == [2]


def test_letters_keep_nothing_when_they_are_given_up():
    records = [Record() for _ in range(500)]
    known = [weakref.ref(record) for record in records]
    letters = letters_of(STAGES["map"], records, "2")
    assert len(letters) == 500
    del letters
    records.clear()
    # The last exceptions are kept until the next run ends, so that StageError can name them.
    letters_of(STAGES["map"], [], "1")
    gc.collect()
    assert not any(each() is not None for each in known)
