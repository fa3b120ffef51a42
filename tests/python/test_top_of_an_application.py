"""`wallaroo top URL` on a running application in Python, and the numbers that it shows."""

import json
import subprocess
import sys

import pytest

import wallaroo as wl
from original_rig import ENVIRONMENT
from wallaroo import _top

COMMAND = [sys.executable, "-m", "wallaroo.commands", "top"]


def top(*arguments):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60,
                          env=ENVIRONMENT)


def start():
    app = wl.Application("words")
    (app.source("lines", wl.tcp_source("127.0.0.1:0", decode=wl.text, framing=wl.newline))
        .to("length", len)
        .sink("lengths", wl.file_sink("-", encode=lambda n: b"")))
    return wl.start(app, threads=1, http="127.0.0.1:0")


@pytest.fixture
def running():
    with start() as running:
        yield running
        running.stop()


def test_it_shows_the_verdict_and_all_stages(running):
    done = top(f"http://{running.http_address}/", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("wallaroo  words  ")
    assert "\nok: " in done.stdout
    for name in ("lines", "length", "lengths"):
        assert f"\n{name} " in done.stdout


def test_it_prints_json(running):
    document = json.loads(top(running.http_address, "--once", "--json").stdout)
    assert document["application"] == "words"


def test_it_ends_with_the_application():
    running = start()
    with subprocess.Popen([*COMMAND, running.http_address], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as shown:
        shown.stdout.readline()
        with running:
            running.stop()
        del running
        _, error = shown.communicate(timeout=60)
    assert shown.returncode == 0
    assert "the application has ended" in error


def test_it_says_when_nobody_answers():
    done = top("http://127.0.0.1:1")
    assert done.returncode == 1
    assert "start the application with --http" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--json"], ["a", "b"], ["a", "--other"]])
def test_it_refuses_other_arguments(arguments):
    assert top(*arguments).returncode == 2


@pytest.mark.parametrize("shown, text", [
    (_top.count(0), "0"), (_top.count(950), "950"), (_top.count(1333), "1.3 k"),
    (_top.count(999.7), "1 k"), (_top.count(12_400_000), "12.4 M"), (_top.count(None), "-"),
    (_top.duration(66e-6), "66 us"), (_top.duration(0.9997e-3), "1 ms"),
    (_top.duration(4.3), "4.3 s"), (_top.duration(119), "119 s"),
    (_top.duration(200), "3 min 20 s"), (_top.duration(7200), "2 h"),
    (_top.duration(273_600), "3 days 4 h"), (_top.duration(None), "-"),
    (_top.binned(5e-7, 1.024e-6), "< 1.02 us"), (_top.binned(2e-6, 1.024e-6), "2 us"),
    (_top.ago(None), "-"), (_top.ago(2), "2 s ago"), (_top.newest([1, 2, None]), 2),
])
def test_numbers_are_those_of_people(shown, text):
    assert shown == text


def test_text_of_an_application_does_not_change_the_terminal():
    plan = {"application": "\x1b[2J", "nodes": []}
    series = {"state": "running", "uptime_seconds": 1, "latency_bounds_seconds": [1e-6],
              "verdict": {"level": "ok", "text": "a\x07b"},
              "summary": {"in": {"now": 1}, "out": {"now": 1}, "latency": {"p50": 1, "p99": 1},
                          "lag_seconds": None, "checkpoint_age": None, "errors": 0}}
    text = _top.picture(plan, series)
    assert "\x1b" not in text and "a?b" in text
