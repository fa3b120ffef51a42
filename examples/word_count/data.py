"""The lines of input.txt in, a running total of each word out."""

import struct
from pathlib import Path

from demo.examples import Phase

SINKS = ["totals"]


def framed(record):
    return struct.pack(">I", len(record)) + record


def phases():
    text = (Path(__file__).parent / "input.txt").read_bytes()
    return [Phase("lines", b"".join(map(framed, text.splitlines())))]


def readable(output):
    return output.decode().splitlines()


def key(line):
    return line.partition(" => ")[0]
