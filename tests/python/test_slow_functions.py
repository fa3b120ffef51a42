"""A slow function delays nobody: checkpoints, and stops, wait for a few of its calls."""

from __future__ import annotations

import os
import sys
import time

import pytest
import wallaroo as wl
from original_rig import ROOT
from wallaroo import _engine

sys.path.insert(0, str(ROOT / "clients" / "python"))
from wallaroo_connector import ConnectorClient  # noqa: E402

SLOW = 0.01
QUIET = {"threads": 1, "log_level": "off"}


def slow(record):
    time.sleep(SLOW)
    return record


def one(record):
    return 1


def complete_checkpoints(store):
    manifests = store / "manifests"
    return set(os.listdir(manifests)) if manifests.exists() else set()


def checkpoints_in(store):
    return {"checkpoint_dir": str(store), "checkpoint_interval": "20ms",
            "checkpoint_retain": 1000, **QUIET}


def require_checkpoints(running, store):
    """Requires that some are taken in the next three seconds, and ends the application."""
    before = complete_checkpoints(store)
    seen = set()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        time.sleep(0.05)
        seen |= complete_checkpoints(store) - before
    running.stop_now()
    with pytest.raises(wl.StageError, match="without a last checkpoint"):
        running.wait()
    assert len(seen) >= 10, seen


@pytest.mark.parametrize("keyed", [False, True])
def test_checkpoints_go_on_while_a_function_takes_long(tmp_path, keyed):
    lines = tmp_path / "lines"
    lines.write_text("x\n" * 100_000)
    store = tmp_path / "store"
    app = wl.Application("slow")
    stream = app.source("lines", wl.file_source(str(lines), decode=wl.text))
    if keyed:
        stream = stream.map("short", lambda line: line).filter("few", lambda line: True)
    (stream.map("slow", slow).key_by("key", one).scan("count", lambda n, _: (n + 1, None), int)
        .sink("out", wl.callback(one)))
    running = wl.start(app, **checkpoints_in(store))
    # The records of one read would take 160 seconds, those of a batch of 1,024 ten.
    require_checkpoints(running, store)


def test_checkpoints_go_on_when_the_records_of_an_iterable_become_slow(tmp_path):
    """While they were fast, it was asked for 256 of them at once, which now take 2.5 seconds."""
    became_slow = []

    def slow_at_last(record):
        if record < 100_000:
            return record
        became_slow.append(record)
        return slow(record)

    store = tmp_path / "store"
    app = wl.Application("slow")
    (app.source("numbers", wl.iterable(range(200_000))).map("slow", slow_at_last)
        .key_by("key", one).scan("count", lambda n, _: (n + 1, None), int)
        .sink("out", wl.callback(one)))
    running = wl.start(app, **checkpoints_in(store))
    while not became_slow:
        time.sleep(0.01)
    require_checkpoints(running, store)


def test_checkpoints_go_on_while_messages_of_a_connector_are_slow(tmp_path):
    store = tmp_path / "store"
    app = wl.Application("slow")
    (app.source("messages", wl.connector_source("127.0.0.1:0", decode=wl.text)).map("slow", slow)
        .key_by("key", one).scan("count", lambda n, _: (n + 1, None), int)
        .sink("out", wl.callback(one)))
    running = wl.start(app, **checkpoints_in(store))
    client = ConnectorClient(running.address("messages"))
    streams = [client.open_stream(name) for name in ("a", "b", "c")]
    for number in range(1, 1_000):
        for stream in streams:
            client.send(stream, number, b"x")
    client.flush()
    require_checkpoints(running, store)
    client.close()


def test_a_stop_waits_for_a_few_calls(tmp_path):
    lines = tmp_path / "lines"
    lines.write_text("x\n" * 10_000)
    calls = []

    def note(record):
        calls.append(time.monotonic())
        return slow(record)

    app = wl.Application("slow")
    (app.source("lines", wl.file_source(str(lines), decode=wl.text))
        .key_by("key", one).map("slow", note).sink("out", wl.callback(one)))
    running = wl.start(app, **QUIET)
    while len(calls) < 20:
        time.sleep(0.01)
    stopped = time.monotonic()
    running.stop_now()
    with pytest.raises(wl.StageError):
        running.wait()
    assert sum(call > stopped for call in calls) <= 3


def test_the_lock_is_given_up_in_the_middle_of_a_batch():
    """Each time that it is taken lets in no more calls than those of two milliseconds and one."""
    held = []

    def note(record):
        held.append(_engine.gil_counts()[0])
        time.sleep(0.001)
        return record

    app = wl.Application("slow")
    (app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text))
        .flat_map("split", str.split).key_by("key", one).map("note", note)
        .sink("out", wl.callback(one)))
    harness = wl.testing.Harness(app)
    harness.send("lines", "x " * 100)
    assert len(held) == 100
    most = max(held.count(number) for number in set(held))
    assert most <= 4, most
