"""Transactions of input.txt, a little out of order."""

from pathlib import Path

from demo.examples import Phase

SINKS = ["alerts"]


def phases():
    return [Phase("transactions", (Path(__file__).parent / "input.txt").read_bytes())]


def readable(output):
    return output.decode().splitlines()


def key(line):
    """The user."""
    return line.split()[0]
