"""Measures a running application: processor time without input, memory with a slow sink."""

import os
import time
from dataclasses import dataclass

from .over_tcp import Text
from .processes import Background, Giles, free_address, listening_address, require_program
from .processes import wait_for_listener
from .results import BenchError, Entry


def word_count(settings, out):
    """The example application and the address it listens on."""
    listen = free_address()
    path = require_program(settings.build / "examples" / "word_count")
    return Background([path, "--in", f"lines@{listen}", "--out", out]), listen


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def flatness(samples_mib):
    """The entry for memory that was sampled each second; the first quarter is the warm-up."""
    warmup = max(2, len(samples_mib) // 4)
    if len(samples_mib) <= warmup:
        raise BenchError(f"memory: {len(samples_mib)} samples are too few")
    start, most = samples_mib[warmup - 1], max(samples_mib[warmup:])
    return Entry("memory", "MiB", ours=most, limit=start, ratio=most / start,
                 runs=[{"ours": most, "limit": start, "ratio": most / start,
                        "samples": [round(sample, 1) for sample in samples_mib]}],
                 better="lower", bar=1.1)


class WithoutLimit:
    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        return []


@dataclass(frozen=True)
class Idle(WithoutLimit):
    """The application is connected on both sides, but no records come."""

    name: str = "idle"
    allowed_percent: float = 0.5

    def measure(self, settings):
        giles = Giles(settings.build)
        seconds = 3 if settings.quick else 10
        with Background(giles.receive("--keep-open")) as receiver:
            program, listen = word_count(settings, listening_address(receiver))
            with program, wait_for_listener(listen, program):
                time.sleep(1)
                before = cpu_seconds(program.pid)
                time.sleep(seconds)
                program.require_running()
                used = 100 * (cpu_seconds(program.pid) - before) / seconds
        ratio = used / self.allowed_percent
        run = {"ours": used, "limit": self.allowed_percent, "ratio": ratio}
        return [Entry(self.name, "% of a core", used, self.allowed_percent, ratio, [run],
                      better="lower", bar=1.0)]


@dataclass(frozen=True)
class Memory(WithoutLimit):
    """The sender is as fast as possible. The receiver reads far slower than the application writes,
    but fast enough that the whole vocabulary passes before the warm-up ends, because new words
    rightly need memory."""

    name: str = "memory"
    read_rate: str = "500000/s"

    def measure(self, settings):
        giles = Giles(settings.build)
        text = Text(settings)
        seconds = 10 if settings.quick else 60
        samples = []
        with Background(giles.receive("--newline", "--throttle", self.read_rate)) as receiver:
            program, listen = word_count(settings, listening_address(receiver))
            with program, Background(giles.send(listen, "--file", text.path,
                                                "--repeat")) as sender:
                for _ in range(seconds):
                    time.sleep(1)
                    for running in (program, sender, receiver):
                        running.require_running()
                    samples.append(resident_mib(program.pid))
        return [flatness(samples)]
