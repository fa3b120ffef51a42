"""A made-up application with fixed numbers, as docs/formats/ui-api.md describes its documents."""

import functools
import math

NOW = 1_760_000_600.0  # Unix time of the newest point
BOUNDS = [1.024e-6 * 2**i for i in range(25)]
PLAN_ID = "6f1d0c52a4b7e913"
POINTS = 600
EXECUTORS = 4

NODES = [  # kind, name, pipeline, segment, layer, row, rate, busy, address
    ("source", "orders", "orders", 0, 0, 0, 23_400, 0.03, "127.0.0.1:7000"),
    ("computation", "parse", "orders", 0, 1, 0, 23_200, 0.12, None),
    ("computation", "enrich", "orders", 0, 2, 0, 23_180, 0.31, None),
    ("key_by", "customer", "orders", 0, 3, 0, 23_180, 0.04, None),
    ("window", "revenue", "orders", 1, 4, 0, 9_600, 0.22, None),
    ("sink", "totals", "orders", 2, 5, 0, 9_580, 0.02, "127.0.0.1:7002"),
    ("sink", "refused", "orders", 3, 5, 1, 14, 0.001, "refused.txt"),
    ("source", "clicks", "clicks", 4, 0, 2, 118_000, 0.06, "127.0.0.1:7001"),
    ("event time", "click time", "clicks", 4, 1, 2, 118_000, 0.02, None),
    ("key_by", "session", "clicks", 4, 3, 2, 118_000, 0.08, None),
    ("state", "visits", "clicks", 5, 4, 2, 41_000, 0.18, None),
    ("sink", "visits out", "clicks", 6, 5, 2, 40_980, 0.03, "127.0.0.1:7003"),
]
EDGES = [  # from, to, kind, fullness
    (0, 1, "fused", None),
    (1, 2, "fused", None),
    (2, 3, "fused", None),
    (3, 4, "exchange", 0.97),
    (4, 5, "gather", 1.0),
    (1, 6, "dead letters", 0.0),
    (7, 8, "fused", None),
    (8, 9, "fused", None),
    (9, 10, "exchange", 0.22),
    (10, 11, "gather", 0.09),
]
TEXT = """application orders: 4 executors, 256 key groups

pipeline orders
  segment 0  source orders > parse > enrich > key_by customer      on all executors
  segment 1  window revenue > encoder of totals                    on all executors
  segment 2  sink totals (tcp 127.0.0.1:7002)                      on executor 3
"""


def noise(seed, i):
    """A number from -1 to 1 that looks random and never changes."""
    value = math.sin(seed * 12.9898 + i * 78.233) * 43758.5453
    return 2 * (value - math.floor(value)) - 1


def wave(level, seed, i, swing=0.08):
    return max(0.0, level * (1 + swing * math.sin(i / 41 + seed) + swing / 2 * noise(seed, i)))


def short(values):
    return [None if value is None else float(f"{value:.4g}") for value in values]


def missing(i):
    """Points 200 to 214 could not be taken."""
    return 200 <= i < 215


def points(make, first=0):
    return short(None if missing(i) else make(i) for i in range(first, POINTS))


def plan():
    nodes = []
    for i, (kind, name, pipeline, segment, layer, row, _, _, address) in enumerate(NODES):
        node = {
            "id": i,
            "kind": kind,
            "name": name,
            "pipeline": pipeline,
            "segment": segment,
            "layer": layer,
            "row": row,
            "executors": [3] if kind == "sink" else "all",
        }
        nodes.append(node | ({"address": address} if address else {}))
    edges = []
    for i, (source, target, kind, _) in enumerate(EDGES):
        queue = (
            {} if kind == "fused" else {"edge": i, "capacity": 512 if kind == "exchange" else 128}
        )
        edges.append({"id": i, "from": source, "to": target, "kind": kind} | queue)
    pipelines = [
        {"name": name, "nodes": [i for i, node in enumerate(NODES) if node[2] == name]}
        for name in ("orders", "clicks")
    ]
    return {
        "format": 1,
        "plan_id": PLAN_ID,
        "application": "orders",
        "version": "0.1.0",
        "key_groups": 256,
        "workers": [{"worker": "worker1", "executors": EXECUTORS}],
        "pipelines": pipelines,
        "layers": 6,
        "rows": 3,
        "nodes": nodes,
        "edges": edges,
        "text": TEXT,
    }


def latency_bins(i, middle, records):
    """Counts around bin `middle`, which wanders."""
    if missing(i):
        return None
    center = middle + 1.5 * math.sin(i / 70) + 0.4 * noise(3, i)
    weights = [
        math.exp(-((bin - center) ** 2) / 1.6) + (0.002 if center < bin < center + 5 else 0)
        for bin in range(25)
    ]
    return [int(records * weight / sum(weights)) for weight in weights]


def percentiles(scale):
    steps = {
        "p50": 1,
        "p75": 1.6,
        "p90": 2.2,
        "p95": 2.7,
        "p99": 4.1,
        "p99.9": 7.3,
        "p99.99": 8.1,
        "max": 8.4,
    }
    return {"count": 120_000, **{name: scale * factor for name, factor in steps.items()}}


def rate(level):
    return {
        "now": level,
        "min": round(level * 0.82),
        "median": round(level * 1.01),
        "max": round(level * 1.21),
    }


def node_series(i):
    kind, _, _, _, _, _, level, busy, _ = NODES[i]
    incoming = 23_180 if kind == "window" else 118_000 if kind == "state" else level
    refused = 14 if i == 1 else 0
    lag = (lambda t: 1.2 + 0.3 * noise(i, t)) if kind in ("window", "event time", "state") else None
    timed = kind != "source"
    return {
        "in": points(lambda t: wave(incoming, i, t)),
        "out": points(lambda t: wave(level, i, t)),
        "errors": points(lambda t: wave(refused, i, t)),
        "busy": points(lambda t: min(1, wave(busy, i, t))),
        "lag_seconds": points(lag) if lag else [None] * POINTS,
        "p50": points(lambda t: wave(0.4e-6 * (i + 1), i, t)) if timed else [None] * POINTS,
        "p99": points(lambda t: wave(1.1e-6 * (i + 1) ** 1.6, i, t)) if timed else [None] * POINTS,
    }


def sink_series(i, middle):
    level = NODES[i][6]
    return {
        "latency_bins": [latency_bins(t, middle, level) for t in range(POINTS)],
        "latency": percentiles(0.0021),
        "buffered": points(lambda t: 1_048_576 if i == 5 else 2_000),
        "connected": points(lambda t: 1),
        "away_seconds": 0,
    }


def executor_series(executor):
    blocked = 0.55 if executor != 3 else 0.2
    return {
        "worker": "worker1",
        "executor": executor,
        "busy": points(lambda t: min(0.99 - blocked, wave(0.36, executor, t, 0.2))),
        "blocked": points(lambda t: wave(blocked, executor + 9, t, 0.1) if t > 150 else 0.02),
    }


@functools.cache
def whole_series():
    return {
        "format": 1,
        "plan_id": PLAN_ID,
        "time": NOW,
        "state": "running",
        "uptime_seconds": 8_112.4,
        "seq": 8112,
        "first_seq": 8112 - POINTS + 1,
        "first_time": NOW - POINTS + 1,
        "step_seconds": 1,
        "points": POINTS,
        "latency_bounds_seconds": BOUNDS,
        "verdict": {
            "level": "warn",
            "rule": "slow_sink",
            "node": 5,
            "since": NOW - 42,
            "text": "sink 'totals' is the bottleneck: 127.0.0.1:7002 takes 9.6 k records/s;"
            " its queue has been full for 42 s",
        },
        "summary": {
            "seconds": POINTS,
            "in": rate(141_400),
            "out": rate(50_570),
            "errors": 1_412,
            "late": 38,
            "lag_seconds": 1.2,
            "latency": percentiles(0.0021),
            "checkpoint_age": 0.4,
        },
        "nodes": {str(i): node_series(i) for i in range(len(NODES))},
        "edges": {str(i): edge_series(i) for i, edge in enumerate(EDGES) if edge[2] != "fused"},
        "sinks": {"5": sink_series(5, 11), "6": sink_series(6, 9), "11": sink_series(11, 10)},
        "sources": {
            "0": {
                "connections": points(lambda t: 2),
                "bad": points(lambda t: 0),
                "bytes": points(lambda t: wave(2e6, 1, t)),
            },
            "7": {
                "connections": points(lambda t: 8),
                "bad": points(lambda t: 0),
                "bytes": points(lambda t: wave(9e6, 2, t)),
            },
        },
        "executors": [executor_series(executor) for executor in range(EXECUTORS)],
        "workers": [
            {
                "worker": "worker1",
                "cpu": points(lambda t: wave(1.46, 5, t)),
                "cpu_waiting": points(lambda t: wave(0.12, 6, t)),
                "rss": points(lambda t: 61e6 + 40_000 * t),
                "open_fds": 47,
                "uptime_seconds": 8_112.4,
                "version": "0.1.0",
                "checkpoint_age": points(lambda t: t % 10 / 10),
            }
        ],
    }


def series(since=0, **_):
    document = dict(whole_series())
    return document if int(since) < document["seq"] else without_points(document)


def without_points(document):
    """The same when nothing is new."""

    def emptied(value):
        if isinstance(value, list):
            return [emptied(each) for each in value] if value and isinstance(value[0], dict) else []
        if isinstance(value, dict):
            return {
                name: each if name == "latency" else emptied(each) for name, each in value.items()
            }
        return value

    parts = {
        name: emptied(document[name])
        for name in ("nodes", "edges", "sinks", "sources", "executors", "workers")
    }
    return document | parts | {"first_seq": document["seq"] + 1, "points": 0}


def edge_series(i):
    source, _, _, full = EDGES[i]
    level = NODES[source][6] if i != 5 else 14
    return {
        "records": points(lambda t: wave(level, i, t)),
        "full": points(lambda t: min(1.0, full * (1 + 0.03 * noise(i, t)))),
        "queued": points(lambda t: round(512 * full)),
    }
