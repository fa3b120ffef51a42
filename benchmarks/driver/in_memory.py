"""Benchmarks whose input lies in memory: a pair of programs with one command line."""

import os
from dataclasses import dataclass

from .processes import parse_result, require_program, run
from .results import entry_of_pairs, median, require_same_work


@dataclass(frozen=True)
class InMemory:
    name: str
    unit: str
    bar: float
    records: int
    limit: str = ""          # the limit's name if it differs from the benchmark's
    threads: int = 0         # 0: one for each core
    informational: str = ""  # another program to run, for a note under the table
    program: str = ""        # the programs' name if it differs from the benchmark's
    flags: tuple = ()        # for both programs

    def command(self, settings, program):
        records = self.records // 4 if settings.quick else self.records
        return [require_program(settings.build / "benchmarks" / program),
                "--threads", self.threads or len(os.sched_getaffinity(0)), "--records", records,
                *self.flags]

    def ours_program(self):
        return f"{self.program or self.name}_ours"

    def limit_program(self):
        return f"{self.limit or self.program or self.name}_limit"

    def measure(self, settings):
        ours = self.command(settings, self.ours_program())
        limit = self.command(settings, self.limit_program())
        pairs = []
        for _ in range(settings.pairs):
            ours_result = parse_result(ours, run(ours))
            limit_result = parse_result(limit, run(limit))
            require_same_work(self.name, ours_result, limit_result)
            pairs.append((millions_per_second(ours_result), millions_per_second(limit_result)))
        return [entry_of_pairs(self.name, self.unit, pairs, bar=self.bar)]

    def measure_limit(self, settings):
        return {self.name: self.rate(settings, self.limit_program())}

    def notes(self, settings):
        if not self.informational:
            return []
        rate = self.rate(settings, self.informational)
        return [f"{self.informational}: {rate:.3g} {self.unit} (does less; for comparison only)"]

    def rate(self, settings, program):
        command = self.command(settings, program)
        results = [parse_result(command, run(command)) for _ in range(settings.pairs)]
        return median([millions_per_second(result) for result in results])


def millions_per_second(result):
    return result["records"] / result["seconds"] / 1e6
