"""The queries of Nexmark. Nothing is written by hand beside them, so they have no ratio; each is
held against the reference before it is timed."""

import os
from dataclasses import dataclass

from .in_memory import millions_per_second
from .processes import parse_result, require_program, run
from .results import BenchError, Measurement


@dataclass(frozen=True)
class Nexmark:
    name: str = "nexmark"
    unit: str = "M events/s"
    events: int = 10_000_000
    quick_events: int = 1_000_000
    checked_events: int = 300_000  # 30 seconds of the auction
    disorder: int = 3_000          # of the checked events; windows end within groups

    def measure(self, settings):
        program = require_program(settings.build / "benchmarks" / "nexmark" / "nexmark")
        numbers = [int(line) for line in run([program, "--list"]).split()]
        if not numbers:
            raise BenchError(f"{program} --list names no query")
        return [self.measure_query(settings, program, number) for number in numbers]

    def measure_query(self, settings, program, number):
        query = [program, "--query", number, "--threads", len(os.sched_getaffinity(0)), "--events"]
        run(query + [self.checked_events, "--disorder", self.disorder, "--check"])
        command = query + [self.quick_events if settings.quick else self.events]
        results = [parse_result(command, run(command)) for _ in range(settings.pairs)]
        require_same_result(f"{self.name}_q{number}", results)
        return Measurement(f"{self.name}_q{number}", self.unit,
                           [millions_per_second(result) for result in results])

    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        return []


def require_same_result(name, results):
    for what in ("records", "checksum"):
        found = sorted({str(result[what]) for result in results})
        if len(found) > 1:
            raise BenchError(f"{name}: {what} differ from run to run: {', '.join(found)}; "
                             "so no time means anything.")
