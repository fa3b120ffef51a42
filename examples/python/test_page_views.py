"""Tests of page_views: the same stages, without files, threads or waiting."""

from __future__ import annotations

import json

import wallaroo as wl
from page_views import make_app


def view(time: str, page: str, size: int) -> str:
    return json.dumps({"at": f"2026-11-30T{time}+00:00", "page": page, "bytes": size})


def test_a_minute_is_counted_when_no_earlier_view_is_expected() -> None:
    harness = wl.testing.Harness(make_app())
    for line in (view("12:00:05", "/", 10), view("12:00:59", "/", 5), view("12:01:04", "/", 7)):
        harness.send("views", line)
    assert harness.records("pages") == []  # up to five seconds late is not late
    harness.send("views", view("12:01:06", "/about", 1))
    assert harness.records("pages") == [{"page": "/", "minute": "12:00", "views": 2, "bytes": 15}]


def test_the_end_of_the_input_completes_all_windows() -> None:
    harness = wl.testing.Harness(make_app())
    harness.send("views", view("12:00:00", "/", 10))
    harness.end()
    assert [json.loads(line) for line in harness.output("pages")] == [
        {"page": "/", "minute": "12:00", "views": 1, "bytes": 10}]


def test_a_line_that_is_no_view_is_skipped() -> None:
    harness = wl.testing.Harness(make_app())
    harness.send("views", '{"page": "/"}')
    harness.end()
    assert harness.records("pages") == []


def test_windows_go_on_from_a_checkpoint() -> None:
    before = wl.testing.Harness(make_app())
    before.send("views", view("12:00:00", "/", 10))
    after = wl.testing.Harness(make_app(), restore=before.checkpoint())
    after.send("views", view("12:00:01", "/", 20))
    after.end()
    assert after.records("pages") == [{"page": "/", "minute": "12:00", "views": 2, "bytes": 30}]
