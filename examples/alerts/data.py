"""Payments of input.txt, some of which cannot be read."""

from pathlib import Path

from demo.examples import Phase

SINKS = ["large_payments", "large_totals"]


def phases():
    return [Phase("payments", (Path(__file__).parent / "input.txt").read_bytes())]


def readable(output):
    return output.decode().splitlines()


def key(line):
    """The kind of alert and the user."""
    return line.split(" paid ")[0]
