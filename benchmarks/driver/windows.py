"""Benchmarks of windows, compared with other windows or a time instead of a program by hand."""

import os
from dataclasses import dataclass

from .in_memory import millions_per_second
from .processes import parse_result, require_program, run
from .results import BenchError, Entry, entry_of_pairs, median


def result_of(settings, program, *flags):
    command = [require_program(settings.build / "benchmarks" / program),
               "--threads", len(os.sched_getaffinity(0)), *flags]
    return parse_result(command, run(command))


@dataclass
class Sliding:
    """Sums of a minute, every second and every minute: `limit` is the latter."""

    name: str = "windows_sliding_60s_1s"
    unit: str = "M records/s"
    bar: float = 0.8
    records: int = 1 << 28  # four and a half minutes, with a million in a second of event time
    keys: int = 10_000
    slides: int = 60
    peaks_kib: tuple = ()

    def measure(self, settings):
        records = self.records // 4 if settings.quick else self.records
        runs = [[self.run_with(settings, records, slide_s) for slide_s in (1, self.slides)]
                for _ in range(settings.pairs)]
        for one in zip(*runs):
            if len({result["checksum"] for result in one}) > 1:
                raise BenchError(f"{self.name}: checksums differ from run to run; so no time "
                                 "means anything.")
        self.peaks_kib = [median([result["peak_kib"] for result in one]) for one in zip(*runs)]
        return [entry_of_pairs(self.name, self.unit,
                               [tuple(map(millions_per_second, pair)) for pair in runs],
                               bar=self.bar)]

    def run_with(self, settings, records, slide_s):
        return result_of(settings, "windows_sliding_ours", "--records", records, "--keys",
                         self.keys, "--slide-s", slide_s)

    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        if not self.peaks_kib:
            return []
        sliding, tumbling = self.peaks_kib
        each = (sliding - tumbling) * 1024 / self.keys / (self.slides - 1)
        return [f"{self.name}: {sliding / 1024:.1f} MiB resident, {tumbling / 1024:.1f} with a "
                f"slide of the whole range: {each:.0f} bytes more for each key and slide"]


@dataclass
class Burst:
    """Records come at a steady rate while many windows fire at once, and then while as many fire at
    different moments."""

    name: str = "windows_burst"
    unit: str = "ms"
    bar_ms: float = 5.0
    calm_ms: tuple = ()
    machine_ms: tuple = ()

    def measure(self, settings):
        pairs = []
        machine_ms = []
        for _ in range(settings.pairs):
            pairs.append([self.run_with(settings, spread) for spread in (1, 2)])
            machine_ms.append(result_of(settings, "machine_latency", "--seconds",
                                        3 if settings.quick else 10)["p99_9_ms"])
        self.machine_ms = machine_ms
        self.calm_ms = [calm["p99_9_ms"] for _, calm in pairs]
        runs = [{"ours": burst["p99_9_ms"], "limit": self.bar_ms,
                 "ratio": burst["p99_9_ms"] / self.bar_ms,
                 **{key: burst[key] for key in ("p50_ms", "p99_ms", "max_ms")},
                 "spread_p99_9_ms": calm["p99_9_ms"], "machine_p99_9_ms": machine}
                for (burst, calm), machine in zip(pairs, machine_ms)]
        ours = median([run["ours"] for run in runs])
        return [Entry(self.name, self.unit, ours, self.bar_ms, ours / self.bar_ms, runs,
                      better="lower", bar=1.0)]

    def run_with(self, settings, spread):
        return result_of(settings, "windows_burst_ours", "--seconds", 3 if settings.quick else 10,
                         "--spread", spread)

    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        if not self.calm_ms:
            return []
        return [f"{self.name}: {median(self.calm_ms):.2f} ms when the same windows fire at "
                "different moments",
                f"{self.name}: {median(self.machine_ms):.2f} ms of the machine's own: what is due "
                "waits as long for a thread that only reads the clock (runs: "
                f"{', '.join(f'{ms:.2f}' for ms in self.machine_ms)})"]
