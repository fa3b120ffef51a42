"""Measures the cost of checkpoints: throughput and latency with and without them; time, size and
memory of large ones; restoring; and starting again after a kill."""

import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .in_memory import millions_per_second
from .processes import parse_result, require_program, run, shown
from .results import (BenchError, Entry, Measurement, entry_of_pairs, median,
                      require_same_work)

LINE_TIMEOUT_S = 60


def cores():
    return len(os.sched_getaffinity(0))


def program(settings, name):
    return require_program(settings.build / "benchmarks" / name)


def result_of(settings, name, *flags):
    command = [program(settings, name), "--threads", cores(), *flags]
    return parse_result(command, run(command))


@contextmanager
def folder_for(settings):
    """A folder beside the programs. A folder for temporary files may be in memory, where nothing
    waits for a disk."""
    folder = tempfile.mkdtemp(prefix="bench-checkpoint-", dir=settings.build)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def checkpointed(settings, name, *flags):
    with folder_for(settings) as folder:
        return result_of(settings, name, *flags, "--checkpoint-dir", folder)


class Alone:
    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        return []


@dataclass
class Throughput(Alone):
    """A program with a checkpoint each second, and the same without: `limit` is the latter. The
    program itself refuses a run in which fewer completed."""

    name: str
    unit: str
    program: str
    records: int
    bar: float = 0.9
    taken: list = field(default_factory=list)

    def measure(self, settings):
        flags = ("--records", self.records // 2 if settings.quick else self.records)
        pairs = []
        for _ in range(settings.pairs):
            ours = checkpointed(settings, self.program, *flags)
            without = result_of(settings, self.program, *flags)
            require_same_work(self.name, ours, without)
            pairs.append(tuple(map(millions_per_second, (ours, without))))
            self.taken.append(ours)
        return [entry_of_pairs(self.name, self.unit, pairs, bar=self.bar)]

    def notes(self, settings):
        if not self.taken:
            return []
        counts = ", ".join(f"{one['checkpoints']:.0f}" for one in self.taken)
        return [f"{self.name}: {counts} checkpoints completed, each in "
                f"{median([one['checkpoint_ms'] for one in self.taken]):.0f} ms"]


@dataclass
class Latency(Alone):
    """`limit` is the p99.9 without checkpoints plus the time that they may add."""

    name: str = "checkpoint_latency"
    unit: str = "ms"
    allowed_ms: float = 5.0
    pairs: list = field(default_factory=list)

    def measure(self, settings):
        flags = ("--seconds", 4 if settings.quick else 10)
        self.pairs = [(checkpointed(settings, "checkpoint_latency", *flags),
                       result_of(settings, "checkpoint_latency", *flags))
                      for _ in range(settings.pairs)]
        for ours, without in self.pairs:
            require_same_work(self.name, ours, without)
        return [entry_of_pairs(
            f"{self.name} p99.9", self.unit,
            [(ours["p99_9_ms"], without["p99_9_ms"] + self.allowed_ms)
             for ours, without in self.pairs], better="lower", bar=1.0)]

    def notes(self, settings):
        if not self.pairs:
            return []
        parts = []
        for which, runs in zip(("with", "without"), zip(*self.pairs)):
            figures = [median([run[key] for run in runs])
                       for key in ("p50_ms", "p99_ms", "p99_9_ms", "max_ms")]
            parts.append(f"{which} checkpoints p50 {figures[0]:.3f}, p99 {figures[1]:.2f}, "
                         f"p99.9 {figures[2]:.2f}, most {figures[3]:.1f} ms")
        return [f"{self.name}: {'; '.join(parts)}"]


@dataclass
class State(Alone):
    """Many keys: the cost of a checkpoint of them, and of restoring it, compared with a program
    by hand that reads the same file."""

    name: str = "checkpoint_state"
    growth_bar: float = 1.3
    restore_bar: float = 0.5
    keys: int = 10_000_000
    snapshots: dict = field(default_factory=dict)
    # 1e9 is more than possible: the engine makes as many updates as it can.
    rates: dict = field(default_factory=lambda: {"": 1_000_000_000, "_calm": 100_000})

    def measure(self, settings):
        entries = []
        keys = self.keys
        with folder_for(settings) as folder:
            for suffix, rate in self.rates.items():
                where = folder / f"state{suffix}"
                runs = []
                # Each run takes several.
                for _ in range(1 if settings.quick else settings.pairs):
                    shutil.rmtree(where, ignore_errors=True)
                    runs.append(result_of(settings, "checkpoint_snapshot", "--keys", keys,
                                          "--rate", rate, "--checkpoint-dir", where))
                self.snapshots[suffix] = runs
                entries += self.entries_of(suffix, runs)
            entries.append(self.restore(settings, folder / "state"))
        return entries

    def entries_of(self, suffix, runs):
        growth = entry_of_pairs(f"checkpoint_memory{suffix}", "MiB",
                                [(one["peak_bytes"] / 2**20,
                                  one["peak_bytes"] / one["growth"] / 2**20) for one in runs],
                                better="lower", bar=self.growth_bar)
        return [growth,
                Measurement(f"checkpoint_write{suffix}", "s", [one["write_s"] for one in runs]),
                Measurement(f"checkpoint_size{suffix}", "MB",
                            [one["disk_bytes"] / 1e6 for one in runs])]

    def restore(self, settings, where):
        flags = ("--keys", self.keys, "--checkpoint-dir", where)
        pairs = []
        for _ in range(settings.pairs):
            ours = result_of(settings, "checkpoint_restore", *flags)
            by_hand = result_of(settings, "checkpoint_restore_limit", *flags)
            require_same_work("checkpoint_restore", ours, by_hand)
            pairs.append(tuple(map(millions_per_second, (ours, by_hand))))
        return entry_of_pairs("checkpoint_restore", "M keys/s", pairs, bar=self.restore_bar)

    def notes(self, settings):
        return [f"{self.name}{suffix}: {self.keys:,} keys, "
                f"{median([one['updates_per_s'] for one in runs]):,.0f} updates/s"
                for suffix, runs in self.snapshots.items()]


class Killable:
    """A program that prints lines about its progress, until it is killed."""

    def __init__(self, command):
        self.command = [str(part) for part in command]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL)
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()

    def wait_for(self, pattern):
        """The first match of the pattern in the lines from here on."""
        end = time.monotonic() + LINE_TIMEOUT_S
        while time.monotonic() < end:
            found = re.search(pattern, self.said)
            if found:
                self.said = self.said[found.end():]
                return found
            if self.process.poll() is not None:
                break  # the lines that follow are not needed
            out = self.process.stdout.fileno()
            if select.select([out], [], [], 0.1)[0]:
                self.said += os.read(out, 65536).decode()
        raise BenchError(f"{shown(self.command)}: did not say {pattern!r}; its last words: "
                         f"{self.said[-200:]!r}")

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


@dataclass
class Restart(Alone):
    """The time from a kill to the first output that is committed after it. `limit` is the time of
    restoring plus the time that the rest may take."""

    name: str = "checkpoint_restart"
    unit: str = "s"
    allowed_s: float = 1.0

    def measure(self, settings):
        pairs = [self.once(settings) for _ in range(settings.pairs)]
        return [entry_of_pairs(self.name, self.unit, pairs, better="lower", bar=1.0)]

    def once(self, settings):
        with folder_for(settings) as folder:
            command = [program(settings, "checkpoint_restart"), "--threads", cores(),
                       "--checkpoint-dir", folder / "checkpoints", "--output", folder / "output"]
            with Killable(command) as before:
                before.wait_for("filled\n")
                for _ in range(2):
                    before.wait_for("committed\n")
                time.sleep(0.5)  # so that some records must be processed again
                killed = time.monotonic()
                before.kill()
            length = (folder / "output").stat().st_size
            with Killable(command) as after:
                restored = float(after.wait_for(r"restored ([\d.]+)\n").group(1))
                after.wait_for("committed\n")
                taken = time.monotonic() - killed
            if (folder / "output").stat().st_size <= length:
                raise BenchError(f"{self.name}: the output is not longer than before the kill")
        return taken, restored + self.allowed_s
