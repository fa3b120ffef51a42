"""Counts what does not depend on the machine: bytes that are handed over between threads, and
instructions. Both are per record. The programs tell callgrind where the work begins and ends."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .processes import parse_result, require_program, run
from .results import entry_of_pairs, require_same_work


@dataclass(frozen=True)
class Counted:
    """A pair of programs. `records` is a number that takes callgrind a few seconds."""

    name: str
    program: str
    records: int
    flags: tuple = ()
    exchanges: bool = True


COUNTED = (
    Counted("stateless", "stateless", 1 << 22, exchanges=False),
    Counted("word_count", "word_count", 1 << 17),
    Counted("keyed_count", "keyed_count", 1 << 21),
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
    sleeps: tuple = ()

    def measure(self, settings):
        entries = []
        self.sleeps = ()
        for pair in COUNTED:
            if pair.exchanges:
                entries.append(self.bytes(settings, pair))
            entries.append(self.instructions(settings, pair))
        return entries

    def bytes(self, settings, pair):
        ours, limit = (result(settings, pair, side) for side in ("ours", "limit"))
        require_same_work(pair.name, ours, limit)
        self.sleeps += ((pair.name, ours["sleeps"], limit["sleeps"]),)
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
        if not self.sleeps:
            return []
        return ["how often threads slept, ours and limit: "
                + ", ".join(f"{name} {ours} and {limit}" for name, ours, limit in self.sleeps)]


def result(settings, pair, side):
    command = [require_program(settings.build / "benchmarks" / f"{pair.program}_{side}"),
               "--threads", 2, "--records", pair.records * 8, *pair.flags]
    return parse_result(command, run(command))


def instructions_per_record(settings, pair, side):
    less, more = (instructions(settings, pair, side, records)
                  for records in (pair.records, 2 * pair.records))
    return (more - less) / pair.records


def instructions(settings, pair, side, records):
    program = require_program(settings.build / "benchmarks" / f"{pair.program}_{side}_counted")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind"
        run(["valgrind", "--tool=callgrind", "--instr-atstart=no",
             f"--callgrind-out-file={out}", program,
             "--threads", 1, "--records", records, *pair.flags])
        return int(re.search(r"^totals: (\d+)", out.read_text(), re.M).group(1))
