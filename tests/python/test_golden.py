"""The golden applications, written for both APIs, give what plain Python gives for the same input."""

import importlib
import sys

import pytest
import wallaroo as wl
from golden_rig import case, check, run_over_tcp

CASES = ["word_count", "two_streams", "windows", "multi", "generated", "collected", "merge_tree",
         "two_sinks", "filtered", "count_windows", "classes", "odd_headers"]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("style, threads", [("old", 1), ("new", 1), ("new", 2)])
def test_as_a_process_over_tcp(name, style, threads):
    module, frames, lines = run_over_tcp(name, style, threads)
    check(module, frames, lines, style)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("executors", [1, 2])
def test_in_the_harness(name, executors):
    _, frames = case(name)
    module = importlib.reload(sys.modules[name])  # an application runs once
    harness = wl.testing.Harness(module.app, executors=executors)
    for source, payloads in frames.items():
        for payload in payloads:
            harness.send(source, payload)
    harness.run()
    harness.end()
    lines = {sink: b"".join(harness.output(sink)).decode().split("\n")[:-1]
             for sink in module.SINKS}
    check(module, frames, lines, "new")
