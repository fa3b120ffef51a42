"""All benchmarks, in the order in which they run."""

from .in_memory import InMemory
from .nexmark import Nexmark
from .over_tcp import TcpLatency, TcpWordCount
from .resident import Idle, Memory

ALL = [
    InMemory("stateless", "M records/s", bar=0.9, records=1 << 31, threads=1),
    InMemory("word_count", "M lines/s", bar=0.75, records=1 << 23,
             informational="word_count_merge_limit"),
    InMemory("word_count_simple", "M lines/s", bar=0.3, records=1 << 23, limit="word_count"),
    InMemory("keyed_count", "M records/s", bar=0.75, records=1 << 26),
    Nexmark(),
    TcpWordCount(),
    TcpLatency(),
    Idle(),
    Memory(),
]


def selected(names):
    """The benchmarks named, or all; in the order of the catalogue. ValueError names the unknown."""
    known = [benchmark.name for benchmark in ALL]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no benchmark is called {', '.join(unknown)}; there are: "
                         f"{', '.join(known)}")
    return [benchmark for benchmark in ALL if not names or benchmark.name in names]
