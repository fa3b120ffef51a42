"""Counts what does not depend on the machine: bytes that are handed over between threads, and
instructions. Both are per record. The programs tell callgrind where the work begins and ends."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .processes import parse_result, require_program, run, shown
from .results import BenchError, entry_of_pairs, require_same_work


@dataclass(frozen=True)
class Counted:
    """A pair of programs. `records` is a number that takes callgrind a few seconds, and a multiple
    of the size of the input."""

    name: str
    program: str
    records: int
    flags: tuple = ()
    exchanges: bool = True


COUNTED = (
    Counted("stateless", "stateless", 1 << 22, exchanges=False),
    Counted("word_count", "word_count", 1 << 17),
    Counted("keyed_count", "keyed_count", 1 << 22),
    Counted("windows_tumbling_100", "windows_tumbling", 1 << 22, ("--keys", 100)),
    Counted("windows_tumbling_100k", "windows_tumbling", 1 << 22, ("--keys", 100_000)),
)


@dataclass
class Counts:
    """`bytes` are those of all records that were handed over at an exchange, those that a thread
    hands to itself included; bytes to which they point are not. `instructions` are those that one
    thread needs for `records` more records, so that starting and ending do not count."""

    name: str = "counts"
    unit: str = "instructions/record"
    bytes_bar: float = 1.25
    instructions_bar: float = 1.2
    runs: tuple = ()         # of those that exchange: name, results of ours and of the limit

    def measure(self, settings):
        entries = []
        self.runs = ()
        for pair in COUNTED:
            if pair.exchanges:
                entries.append(self.bytes(settings, pair))
            entries.append(self.instructions(settings, pair))
        return entries

    def bytes(self, settings, pair):
        ours, limit = (result(settings, pair, side) for side in ("ours", "limit"))
        require_same_work(pair.name, ours, limit)
        self.runs += ((pair.name, ours, limit),)
        return entry_of_pairs(
            f"{pair.name}_bytes", "bytes/record",
            [tuple(one["exchanged_bytes"] / one["records"] for one in (ours, limit))],
            better="lower", bar=self.bytes_bar)

    def instructions(self, settings, pair):
        return entry_of_pairs(
            f"{pair.name}_instructions", "instructions/record",
            [tuple(instructions_per_record(settings, pair, side) for side in ("ours", "limit"))],
            better="lower", bar=self.instructions_bar)

    def measure_limit(self, settings):
        return {f"{pair.name}_instructions": instructions_per_record(settings, pair, "limit")
                for pair in COUNTED}

    def notes(self, settings):
        if not self.runs:
            return []
        return ["how often threads slept, ours and limit: "
                + ", ".join(f"{name} {ours['sleeps']} and {limit['sleeps']}"
                            for name, ours, limit in self.runs),
                "wake-ups per 1,000 batches, ours: "
                + ", ".join(f"{name} {wakeups_per_1000_batches(ours):.0f}"
                            for name, ours, _ in self.runs)]


def wakeups_per_1000_batches(result):
    return 1000 * result["sleeps"] / result["batches"]


def result(settings, pair, side):
    records = pair.records * 8
    command = [require_program(settings.build / "benchmarks" / f"{pair.program}_{side}"),
               "--threads", 2, "--records", records, *pair.flags]
    return require_records(command, parse_result(command, run(command)), records)


def require_records(command, result, records):
    """Returns the result if it is of as many records as were asked for. Counts per record would be
    wrong otherwise."""
    if result["records"] != records:
        raise BenchError(f"{shown(command)}: asked for {records} records, processed "
                         f"{result['records']}")
    return result


def instructions_per_record(settings, pair, side):
    less, more = (instructions(settings, pair, side, records)
                  for records in (pair.records, 2 * pair.records))
    return (more - less) / pair.records


def instructions(settings, pair, side, records):
    program = require_program(settings.build / "benchmarks" / f"{pair.program}_{side}_counted")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                   f"--callgrind-out-file={out}", program,
                   "--threads", 1, "--records", records, *pair.flags]
        require_records(command, parse_result(command, run(command)), records)
        return int(re.search(r"^totals: (\d+)", out.read_text(), re.M).group(1))
