"""The documents of the made-up application that only one page shows."""

from ui.fixtures import (
    BOUNDS,
    EDGES,
    EXECUTORS,
    NODES,
    NOW,
    PLAN_ID,
    POINTS,
    TEXT,
    latency_bins,
    noise,
    percentiles,
    rate,
)

HEAD = {"format": 1, "plan_id": PLAN_ID}


def stage(name="", since=0, **_):
    found = [i for i, node in enumerate(NODES) if node[1] == name]
    if not found:
        return 404, {"format": 1, "error": f"there is no stage '{name}'; /api/v1/plan names all"}
    i = found[0]
    kind, name, pipeline, segment, _, _, level, busy, _ = NODES[i]
    others = [node[1] for node in NODES if node[3] == segment]
    new = int(since) < 8112
    incoming = 23_180 if kind == "window" else level
    return HEAD | {
        "id": i,
        "name": name,
        "kind": kind,
        "pipeline": pipeline,
        "segment": segment,
        "segment_stages": others,
        "on_error": "dead letter" if name == "parse" else "stop",
        "seq": 8112,
        "first_seq": 8112 - POINTS + 1 if new else 8113,
        "first_time": NOW - POINTS + 1,
        "points": POINTS if new else 0,
        "latency_bounds_seconds": BOUNDS,
        "bins": [latency_bins(t, 4, 4000) for t in range(POINTS)] if new else [],
        "latency": percentiles(20e-6),
        "in": rate(incoming),
        "out": rate(level),
        "errors": 1412 if name == "parse" else 0,
        "executors": [
            executor_row(i, executor, busy, level)
            for executor in ([3] if kind == "sink" else range(EXECUTORS))
        ],
        "edges_in": [n for n, edge in enumerate(EDGES) if edge[1] == i],
        "edges_out": [n for n, edge in enumerate(EDGES) if edge[0] == i],
        "previous": [edge[0] for edge in EDGES if edge[1] == i],
        "next": [edge[1] for edge in EDGES if edge[0] == i],
    }


def executor_row(i, executor, busy, level):
    share = busy * (1 + 0.1 * noise(i, executor))
    row = {
        "worker": "worker1",
        "executor": executor,
        "in": level / 4,
        "out": level / 4,
        "in_total": 47_400_000 + 1000 * executor,
        "out_total": 47_400_000,
        "errors": 353 if NODES[i][1] == "parse" else 0,
        "busy": share,
        "segment_busy": min(1, share * 1.5),
        "segment_blocked": 0.55,
        "latency": percentiles(20e-6 * (1 + executor / 20)),
    }
    if NODES[i][0] == "window":
        row |= {
            "watermark": NOW - 1.2 - executor / 10,
            "lag_seconds": 1.2 + executor / 10,
            "late": 38 if executor == 1 else 0,
            "dropped": 2 if executor == 1 else 0,
            "windows_open": 1200 + executor,
            "windows_fired": 188_000,
            "windows_early": 0,
        }
    return row


def keys(**_):
    shares = [max(0.0, 0.0024 * (1 + 0.5 * noise(7, group))) for group in range(256)]
    shares[173] = 0.31
    shares[22] = 0.06
    total = sum(shares)
    groups = [round(share / total, 5) for share in shares]
    even = [round((1 + 0.35 * noise(5, group)) / 256, 5) for group in range(256)]
    hottest = [
        {"key": key, "share": share, "error": 0.001, "group": group, "executor": group % EXECUTORS}
        for key, share, group in [
            ("acme corp", 0.31, 173),
            ("globex", 0.058, 22),
            ("initech", 0.011, 91),
            ("umbrella & sons", 0.009, 140),
            ("<b>hooli</b>", 0.008, 201),
            ("stark", 0.008, 5),
            ("wayne", 0.007, 77),
            ("soylent", 0.007, 254),
            ("tyrell", 0.006, 118),
            ("cyberdyne", 0.006, 12),
        ]
    ]
    plain = [
        {"share": 0.0009, "error": 0.0002, "group": group, "executor": group % EXECUTORS}
        for group in (3, 90, 241)
    ]
    return HEAD | {
        "stages": [keyed("customer", 3, groups, hottest), keyed("session", 9, even, plain)]
    }


def keyed(name, node, groups, hottest):
    owners = [group % EXECUTORS for group in range(256)]
    executors = [
        {
            "worker": "worker1",
            "executor": e,
            "share": round(sum(groups[e::EXECUTORS]), 4),
            "groups": 64,
        }
        for e in range(EXECUTORS)
    ]
    return {
        "stage": name,
        "node": node,
        "samples": 4096,
        "groups": groups,
        "owners": owners,
        "executors": executors,
        "hottest": hottest,
    }


def checkpoints(**_):
    return HEAD | {
        "enabled": True,
        "directory": "/var/lib/orders",
        "interval_seconds": 10,
        "timeout_seconds": 600,
        "age_seconds": 4.2,
        "completed": 808,
        "failed": 2,
        "roll_backs": 1,
        "checkpoints": [checkpoint(812 - i) for i in range(60)],
    }


def checkpoint(number):
    began = NOW - 10 * (812 - number) - 4.6
    base = 0.02 * (1 + 0.5 * noise(11, number)) * (4 if number % 17 == 0 else 1)
    if number in (771, 770):
        return {
            "worker": "worker1",
            "number": number,
            "began": began,
            "outcome": "failed",
            "reason": "no space left on device: /var/lib/orders/data-770",
            "bytes": 0,
            "seconds": base,
            "phases": {"align": base / 3, "save": base},
            "stages": [],
        }
    phases = {
        "align": 0.3 * base,
        "save": 0.6 * base,
        "durable": 0.9 * base,
        "vote": 0.2 * base,
        "publish": 0.4 * base,
        "commit": 0.25 * base,
    }
    return {
        "worker": "worker1",
        "number": number,
        "began": began,
        "outcome": "complete",
        "bytes": int(4.8e6 * (1 + 0.3 * noise(13, number))),
        "seconds": 2.35 * base,
        "phases": phases,
        "stages": [
            {"name": "revenue", "keys": 84_210, "bytes": 9_310_022},
            {"name": "visits", "keys": 1_204_551, "bytes": 96_312_880},
        ],
    }


def errors(**_):
    groups = [
        {
            "seq": 1450,
            "worker": "worker1",
            "stage": "parse",
            "node": 1,
            "kind": "exception",
            "message": "a price below 0",
            "policy": "dead letter",
            "count": 1290,
            "first": NOW - 7000,
            "last": NOW - 3,
            "origin": "127.0.0.1:51234 record 98 812",
            "excerpt": '{"customer": "<script>alert(1)</script>", "price": -3}',
        },
        {
            "seq": 1412,
            "worker": "worker1",
            "stage": "orders",
            "node": 0,
            "kind": "bad record",
            "message": "frame of 8 MiB, of which 1 MiB is the most",
            "policy": "skip",
            "count": 84,
            "first": NOW - 3000,
            "last": NOW - 41,
            "origin": "127.0.0.1:51236 record 12",
        },
        {
            "seq": 1400,
            "worker": "worker1",
            "stage": "revenue",
            "node": 4,
            "kind": "late",
            "message": "later than the allowed lateness",
            "policy": "skip",
            "count": 38,
            "first": NOW - 900,
            "last": NOW - 300,
        },
    ]
    return HEAD | {"total": 1412, "show_records": True, "groups": groups}


def doctor(**_):
    found = [
        ("bottleneck", "warn", 5, "sink 'totals' is the bottleneck: 127.0.0.1:7002 takes 9.6 k/s"),
        ("sinks", "ok", None, "all 3 sinks have their receivers"),
        ("inputs", "ok", None, "all 2 sources get records"),
        ("skew", "warn", 3, "executor 1 gets 47 % of the records of 'customer'"),
        ("watermarks", "ok", None, "event time is at most 1.2 s behind the clock"),
        ("checkpoints", "ok", None, "the newest is 0.4 s old"),
        ("errors", "warn", 1, "1412 records were refused"),
        ("memory", "ok", None, "81 MB of 8.2 GB are used"),
        ("processors", "ok", None, "threads that can run get a processor"),
        ("descriptors", "ok", None, "47 of 1024 are open"),
    ]
    checks = [
        {"worker": "worker1", "check": check, "level": level, "text": text}
        | ({} if node is None else {"node": node})
        for check, level, node, text in found
    ]
    return HEAD | {"application": "orders", "time": NOW, "checks": checks}


LINES = [
    ("info", "application 'orders' runs on 4 executors, with state in /var/lib/orders"),
    ("info", "source 'orders': reads 127.0.0.1:7000"),
    ("info", "source 'clicks': reads 127.0.0.1:7001"),
    ("info", "sink 'totals': connected to 127.0.0.1:7002"),
    ("info", "metrics on http://127.0.0.1:9090/"),
    ("warning", "stage 'parse': skipped a record: a price below 0 (1 so far)"),
    ("error", "checkpoint 770 failed: no space left on device: /var/lib/orders/data-770"),
    ("warning", "stage 'parse': skipped a record: a price below 0 (1 000 so far)"),
    ("warning", "sink 'totals' holds the others back: its queue has been full for 10 s"),
    ("debug", "checkpoint 812: complete"),
]


def log(since=0, **_):
    lines = [
        {
            "seq": i + 1,
            "time": NOW - 8000 + 800 * i,
            "worker": "worker1",
            "level": level,
            "text": text,
        }
        for i, (level, text) in enumerate(LINES)
    ]
    return HEAD | {
        "seq": len(lines),
        "first_seq": 1,
        "level": "debug",
        "lines": [line for line in lines if line["seq"] > int(since)],
    }


FLAGS = [
    ("in", "127.0.0.1:7000", "command line", "where the source 'orders' listens"),
    ("out", "127.0.0.1:7002", "command line", "where the sink 'totals' connects"),
    ("threads", "4", "command line", "executor threads"),
    ("http", "127.0.0.1:9090", "command line", "serve the metrics UI there"),
    (
        "http-show-records",
        "true",
        "command line",
        "show keys and the beginning of refused records in the metrics UI",
    ),
    ("checkpoint-dir", "/var/lib/orders", "file", "keep checkpoints there"),
    ("checkpoint-interval", "10s", "file", "from one checkpoint to the next"),
    ("checkpoint-timeout", "10min", "default", "when a checkpoint is given up"),
    ("drain-timeout", "30s", "default", "how long a sink may take at the end"),
    ("log-level", "debug", "program", "least level of log lines"),
    ("config", "/etc/orders.conf", "command line", "a file with flags"),
    ("worker", "worker1", "default", "name of this process"),
]


def config(**_):
    flags = [
        {"name": name, "value": value, "origin": origin, "help": text}
        | ({"file": "/etc/orders.conf"} if origin == "file" else {})
        for name, value, origin, text in FLAGS
    ]
    addresses = [
        {"name": node[1], "role": node[0], "address": node[8]} for node in NODES if node[8]
    ]
    worker = {
        "worker": "worker1",
        "pid": 4711,
        "host": "box",
        "started": NOW - 8112.4,
        "version": "0.1.0",
        "compiler": "gcc 12.2.0",
        "system": "Linux 6.1.0 x86_64",
        "executors": EXECUTORS,
    }
    return HEAD | {
        "application": "orders",
        "worker_count": 1,
        "workers": [worker],
        "flags": flags,
        "addresses": addresses,
        "explain": TEXT,
    }
