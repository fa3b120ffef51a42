"""The spread of each sensor's readings in ten seconds: a source and an aggregation of our own.

In:  the table readings(sensor TEXT, at INTEGER, value REAL) of an SQLite file; `at` is in seconds
Out: lines such as "kitchen 1764504000: 18.5 to 21.0, median 20.0"

wallaroo run sensors.py --checkpoint-dir checkpoints
"""

from __future__ import annotations

import sqlite3
from statistics import median
from typing import Any, NamedTuple

import wallaroo as wl


class Reading(NamedTuple):
    sensor: str
    at: int
    value: float


class Table(wl.PySource[Reading]):
    """Reads a table by its row ids. Each half of them is a partition, so that two executors can
    read at the same time."""

    bounded = True

    def __init__(self, path: str) -> None:
        self.path = path

    def partitions(self) -> list[str]:
        return ["even", "odd"]

    def open(self, partition: str, position: Any) -> Rows:
        return Rows(self.path, 0 if partition == "even" else 1, position or 0)


class Rows(wl.PyReader[Reading]):
    """Reads the rows of one partition. The position is the id of the last row."""

    def __init__(self, path: str, half: int, row: int) -> None:
        # The reader is used by one thread at a time, but not always by the same one.
        self.table = sqlite3.connect(path, check_same_thread=False)
        self.half = half
        self.row = row

    def pull(self, most: int) -> list[Reading] | None:
        rows = self.table.execute(
            "SELECT rowid, sensor, at, value FROM readings WHERE rowid > ? AND rowid % 2 = ?"
            " ORDER BY rowid LIMIT ?", (self.row, self.half, most)).fetchall()
        if not rows:
            return None
        self.row = rows[-1][0]
        return [Reading(*fields) for _, *fields in rows]

    def position(self) -> int:
        return self.row


class Spread(wl.Aggregator[Reading, "list[float]", str]):
    """The least, the greatest and the middle value."""

    def initial(self) -> list[float]:
        return []

    def update(self, accumulator: list[float], record: Reading) -> None:
        accumulator.append(record.value)

    def combine(self, earlier: list[float], later: list[float]) -> list[float]:
        return earlier + later

    def output(self, key: str, accumulator: list[float], window: wl.Window) -> str:
        return (f"{key} {window.start // 10**9}: {min(accumulator)} to {max(accumulator)}, "
                f"median {median(accumulator)}")


app = wl.Application("sensors")
(app.source("readings", Table("readings.db"))
    .event_time("time", lambda reading: reading.at * 10**9)
    .key_by("sensor", wl.Attr("sensor"))
    .window("spread", wl.tumbling("10s"), Spread())
    .sink("spreads", wl.file_sink("spreads.txt")))

if __name__ == "__main__":
    wl.run(app)
