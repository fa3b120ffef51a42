"""Python functions on the engine: against the same functions in a plain loop, against Bytewax, and
the codec of values against pickle, by processor time, in one process each; with checkpoints against
without, and over TCP against a program in C++."""

import os
from dataclasses import dataclass
from pathlib import Path

from .over_tcp import latencies_of
from .processes import Background, parse_result, require_program, run
from .results import BenchError, entry_of_pairs, require_same_work

SOURCE = Path(__file__).resolve().parents[2]
PROGRAM = SOURCE / "benchmarks" / "python" / "works.py"
SERVER = SOURCE / "benchmarks" / "python" / "tcp_identity.py"


@dataclass(frozen=True)
class Row:
    """`ours` and `other` are a work and its variant. `bar` is for the rate of ours divided by that
    of the other."""

    name: str
    ours: tuple
    other: tuple
    bar: float
    lines: int = 200_000
    unit: str = "M records/CPU-s"


ROWS = (
    Row("python_words", ("words", "ours"), ("words", "loop"), 0.9),
    Row("python_words_bytewax", ("words", "ours"), ("words", "bytewax"), 4),
    Row("python_identity_bytewax", ("identity", "ours"), ("identity", "bytewax"), 5, 1_000_000),
    Row("python_words_native", ("words", "native"), ("words", "loop"), 5),
    Row("python_words_batches", ("words", "batches"), ("words", "ours"), 3),
    Row("python_codec_small", ("small", "ours"), ("small", "pickle"), 1 / 0.3, 400_000),
    Row("python_codec_order", ("order", "ours"), ("order", "pickle"), 1 / 0.3, 200_000),
    Row("python_checkpoints", ("states", "checkpoints"), ("states", "without"), 0.8, 8_000_000,
        "M records/s"),
)

TCP_NAME = "python_tcp_identity_p99"
TCP_RATE = "10000/s"
#: How much longer a record may be under way than through the program in C++.
TCP_MARGIN_US = 100


@dataclass
class PythonWorks:
    name: str = "python"

    def measure(self, settings):
        return [*(self.row(settings, row) for row in ROWS), self.over_tcp(settings)]

    def row(self, settings, row):
        pairs = []
        for _ in range(settings.pairs):
            ours, other = (self.result(settings, row, side) for side in (row.ours, row.other))
            require_same_work(row.name, ours, other)
            pairs.append(tuple(one["records"] / one["seconds"] / 1e6 for one in (ours, other)))
        return entry_of_pairs(row.name, row.unit, pairs, bar=row.bar)

    def over_tcp(self, settings):
        """The limit is what the program in C++ takes, and the margin."""
        pairs = []
        for _ in range(settings.pairs):
            ours, limit = (latencies_of(settings, server, TCP_RATE)["p99_ns"] / 1e3
                           for server in (python_server, passthrough))
            pairs.append((ours, limit + TCP_MARGIN_US))
        return entry_of_pairs(TCP_NAME, "us", pairs, better="lower", bar=1)

    def result(self, settings, row, side):
        lines = row.lines // 4 if settings.quick else row.lines
        command = [*python(settings, PROGRAM), *side, "--lines", lines]
        return parse_result(command, run(command))

    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        return ["python_*: `limit` is the plain loop, Bytewax, the six functions, pickle, the same "
                f"without checkpoints, or the p99 of the program in C++ and {TCP_MARGIN_US} us"]


def python(settings, program):
    return ["env", f"PYTHONPATH={SOURCE / 'python'}", interpreter(settings), program]


def python_server(settings, listen, out):
    return Background([*python(settings, SERVER), "--listen", listen, "--out", out])


def passthrough(settings, listen, out):
    path = require_program(settings.build / "benchmarks" / "tcp_identity_ours")
    return Background([path, "--listen", listen, "--out", out])


def interpreter(settings):
    """The Python for which the module was built."""
    cache = settings.build / "CMakeCache.txt"
    for line in cache.read_text().splitlines():
        if line.startswith("Python_EXECUTABLE:"):
            path = line.partition("=")[2]
            if os.access(path, os.X_OK):
                return path
    raise BenchError("there is no Python environment: ./bench python makes one")
