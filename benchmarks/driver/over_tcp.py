"""Benchmarks of whole programs between a sender and a receiver on sockets."""

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from .processes import Background, Giles, free_address, listening_address, require_program, run
from .results import BenchError, entry_of_pairs, median


def server(settings, program, listen, out):
    """Starts a program of a pair; both have the same command line."""
    path = require_program(settings.build / "benchmarks" / program)
    return Background([path, "--listen", listen, "--out", out])


class Text:
    """The lines that are sent, and the right counts of their words."""

    def __init__(self, settings):
        self.path = settings.build / "benchmarks" / "text.txt"
        writer = require_program(settings.build / "benchmarks" / "bench_write_text")
        self.path.write_text(run([writer]))
        self.lines = self.path.read_text().splitlines()
        self.words_in_line = [len(line.split()) for line in self.lines]

    def words(self, lines):
        rounds, rest = divmod(lines, len(self.lines))
        return rounds * sum(self.words_in_line) + sum(self.words_in_line[:rest])

    def totals(self, lines):
        counted = Counter()
        for line in islice(cycle(self.lines), lines):
            counted.update(line.split())
        return counted


def require_totals(name, output, expected):
    """Each word's totals must be 1, 2, 3, ... in this order, up to its count in the text: none may
    be lost, come twice, or overtake another."""
    seen = Counter()
    for line in output.splitlines():
        word, arrow, total = line.partition(" => ")
        seen[word] += 1
        if not arrow or total != str(seen[word]):
            raise BenchError(f"{name}: wrong result: got {line!r} where the total of "
                             f"{word!r} must be {seen[word]}")
    if seen != expected:
        word = next(iter((expected - seen) + (seen - expected)))
        raise BenchError(f"{name}: wrong result: {word!r} was counted {seen[word]} times and is "
                         f"{expected[word]} times in the text")


@dataclass(frozen=True)
class TcpWordCount:
    name: str = "tcp_word_count"
    unit: str = "M lines/s"
    bar: float = 0.75
    lines: int = 8_000_000
    checked_lines: int = 20_000

    def measure(self, settings):
        text = Text(settings)
        programs = [f"{self.name}_ours", f"{self.name}_limit"]
        for program in programs:
            self.check(settings, text, program)
        pairs = [tuple(self.rate(settings, text, program) for program in programs)
                 for _ in range(settings.pairs)]
        return [entry_of_pairs(self.name, self.unit, pairs, bar=self.bar)]

    def measure_limit(self, settings):
        text = Text(settings)
        program = f"{self.name}_limit"
        self.check(settings, text, program)
        return {self.name: median([self.rate(settings, text, program)
                                   for _ in range(settings.pairs)])}

    def notes(self, settings):
        return []

    def check(self, settings, text, program):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "totals"
            self.transfer(settings, text, program, self.checked_lines, "--settle", "200ms",
                          "--output", output)
            require_totals(program, output.read_text(), text.totals(self.checked_lines))

    def rate(self, settings, text, program):
        lines = self.lines // 8 if settings.quick else self.lines
        received = self.transfer(settings, text, program, lines)
        return lines / (received["duration_ns"] / 1e9) / 1e6

    def transfer(self, settings, text, program, lines, *receive_flags):
        """Sends `lines` lines, waits for all totals, returns the receiver's report. Its time runs
        from the first total to the last; the first comes within a millisecond of the first line."""
        giles = Giles(settings.build)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "received.json"
            with Background(giles.receive("--newline", "--expect", text.words(lines), "--json",
                                          report, *receive_flags)) as receiver:
                listen = free_address()
                send = giles.send(listen, "--file", text.path, "--newline", "--repeat",
                                  "--messages", lines)
                application = server(settings, program, listen, listening_address(receiver))
                with application, Background(send) as sender:
                    receiver.wait(beside=(application, sender))
            return json.loads(report.read_text())["received"]


@dataclass(frozen=True)
class TcpLatency:
    name: str = "tcp_latency"
    unit: str = "us"
    rate: str = "10000/s"
    # Percentile, the name giles gives it, and the most that ours may be of the limit's.
    percentiles: tuple = (("p50", "p50_ns", 1.5), ("p99", "p99_ns", None),
                          ("p99.9", "p99_9_ns", 2.0))

    def measure(self, settings):
        runs = [(self.latencies(settings, f"{self.name}_ours"),
                 self.latencies(settings, f"{self.name}_limit")) for _ in range(settings.pairs)]
        return [entry_of_pairs(f"{self.name}_{name}", self.unit,
                               [(ours[key] / 1e3, limit[key] / 1e3) for ours, limit in runs],
                               better="lower", bar=bar)
                for name, key, bar in self.percentiles]

    def measure_limit(self, settings):
        runs = [self.latencies(settings, f"{self.name}_limit") for _ in range(settings.pairs)]
        return {f"{self.name}_{name}": median([run[key] / 1e3 for run in runs])
                for name, key, _ in self.percentiles}

    def notes(self, settings):
        return []

    def latencies(self, settings, program):
        def start(settings, listen, out):
            return server(settings, program, listen, out)

        return latencies_of(settings, start, self.rate)


def latencies_of(settings, start, rate):
    """How long records of 64 bytes are under way through the program that
    `start(settings, listen, out)` starts."""
    giles = Giles(settings.build)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "latency.json"
        listen = free_address()
        command = giles.latency(listen, "--rate", rate, "--newline", "--msg-size", "64",
                                "--warmup-seconds", "0.5", "--json", report,
                                "--seconds", "2" if settings.quick else "10")
        with Background(command) as load, \
             start(settings, listen, listening_address(load)) as application:
            load.wait(beside=(application,))
        return json.loads(report.read_text())["received"]["latency"]
