"""All benchmarks, in the order in which they run."""

from .checkpoints import Latency, Restart, State, Throughput
from .counts import Counts
from .in_memory import InMemory
from .nexmark import Nexmark
from .over_tcp import TcpLatency, TcpWordCount
from .python import PythonWorks
from .resident import Idle, Memory
from .windows import Burst, Sliding

ALL = [
    InMemory("stateless", "M records/s", bar=0.9, records=1 << 31, threads=1),
    InMemory("word_count", "M lines/s", bar=0.75, records=1 << 23,
             informational="word_count_merge_limit"),
    InMemory("word_count_simple", "M lines/s", bar=0.3, records=1 << 23, limit="word_count"),
    InMemory("keyed_count", "M records/s", bar=0.75, records=1 << 26),
    InMemory("windows_tumbling_100", "M records/s", bar=0.7, records=1 << 25,
             program="windows_tumbling", flags=("--keys", 100)),
    InMemory("windows_tumbling_100k", "M records/s", bar=0.7, records=1 << 25,
             program="windows_tumbling", flags=("--keys", 100_000)),
    Counts(),
    Sliding(),
    Burst(),
    Nexmark(),
    Throughput("checkpoint_word_count", "M lines/s", "word_count_ours", records=1 << 26),
    Throughput("checkpoint_keyed_count", "M records/s", "keyed_count_ours", records=1 << 29),
    Latency(),
    State(),
    Restart(),
    TcpWordCount(),
    TcpLatency(),
    Idle(),
    Memory(),
]

# Only measured when named, because they need packages from PyPI.
OPTIONAL = [PythonWorks()]


GROUPS = {group: [benchmark.name for benchmark in ALL if benchmark.name.startswith(f"{group}_")]
          for group in ("windows", "checkpoint")}


def selected(names):
    """The benchmarks named, or those of the groups named, or all; in the order of the catalogue.
    ValueError names the unknown."""
    wanted = {single for name in names for single in GROUPS.get(name, [name])}
    every = ALL + OPTIONAL
    known = [benchmark.name for benchmark in every]
    unknown = sorted(wanted.difference(known))
    if unknown:
        raise ValueError(f"no benchmark is called {', '.join(unknown)}; there are: "
                         f"{', '.join([*known, *GROUPS])}")
    if not names:
        return list(ALL)
    return [benchmark for benchmark in every if benchmark.name in wanted]
