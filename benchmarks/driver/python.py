"""Python functions on the engine: against the same functions in a plain loop, against Bytewax, and
the codec of values against pickle. All by processor time, in one process each."""

import os
from dataclasses import dataclass
from pathlib import Path

from .processes import parse_result, run
from .results import BenchError, entry_of_pairs, require_same_work

SOURCE = Path(__file__).resolve().parents[2]
PROGRAM = SOURCE / "benchmarks" / "python" / "works.py"


@dataclass(frozen=True)
class Row:
    """`ours` and `other` are a work and its variant. `bar` is for the rate of ours divided by that
    of the other."""

    name: str
    ours: tuple
    other: tuple
    bar: float
    lines: int = 200_000


ROWS = (
    Row("python_words", ("words", "ours"), ("words", "loop"), 0.9),
    Row("python_words_bytewax", ("words", "ours"), ("words", "bytewax"), 4),
    Row("python_identity_bytewax", ("identity", "ours"), ("identity", "bytewax"), 5, 1_000_000),
    Row("python_words_native", ("words", "native"), ("words", "loop"), 5),
    Row("python_words_batches", ("words", "batches"), ("words", "ours"), 3),
    Row("python_codec_small", ("small", "ours"), ("small", "pickle"), 1 / 0.3, 400_000),
    Row("python_codec_order", ("order", "ours"), ("order", "pickle"), 1 / 0.3, 200_000),
)


@dataclass
class PythonWorks:
    name: str = "python"

    def measure(self, settings):
        return [self.row(settings, row) for row in ROWS]

    def row(self, settings, row):
        pairs = []
        for _ in range(settings.pairs):
            ours, other = (self.result(settings, row, side) for side in (row.ours, row.other))
            require_same_work(row.name, ours, other)
            pairs.append(tuple(one["records"] / one["seconds"] / 1e6 for one in (ours, other)))
        return entry_of_pairs(row.name, "M records/CPU-s", pairs, bar=row.bar)

    def result(self, settings, row, side):
        lines = row.lines // 4 if settings.quick else row.lines
        command = ["env", f"PYTHONPATH={SOURCE / 'python'}", interpreter(settings), PROGRAM, *side,
                   "--lines", lines]
        return parse_result(command, run(command))

    def measure_limit(self, settings):
        return {}

    def notes(self, settings):
        return ["python_*: `limit` is the plain loop, Bytewax, the six functions or pickle"]


def interpreter(settings):
    """The Python for which the module was built."""
    cache = settings.build / "CMakeCache.txt"
    for line in cache.read_text().splitlines():
        if line.startswith("Python_EXECUTABLE:"):
            path = line.partition("=")[2]
            if os.access(path, os.X_OK):
                return path
    raise BenchError("there is no Python environment: ./bench python makes one")
