"""What the made-up application may look like: a document for each path of the API."""

from ui import fixture_pages, fixtures

BUSY = {
    "plan": lambda **_: fixtures.plan(),
    "series": fixtures.series,
    "stage": fixture_pages.stage,
    "keys": fixture_pages.keys,
    "checkpoints": fixture_pages.checkpoints,
    "errors": fixture_pages.errors,
    "log": fixture_pages.log,
    "config": fixture_pages.config,
    "doctor": fixture_pages.doctor,
}


def quiet_series(**_):
    """No record has come yet."""
    document = fixtures.without_points(fixtures.series())
    nothing = {"now": None, "min": None, "median": None, "max": None}
    document["summary"] = {
        "seconds": 600,
        "in": nothing,
        "out": nothing,
        "errors": 0,
        "late": 0,
        "lag_seconds": None,
        "latency": {"count": 0},
        "checkpoint_age": None,
    }
    document["verdict"] = {
        "level": "ok",
        "rule": "starting",
        "text": "the application starts; no record has come yet",
    }
    return document | {"state": "starting", "seq": 0, "first_seq": 1, "first_time": None}


def no_samples(**_):
    document = fixture_pages.keys()
    for stage in document["stages"]:
        stage.update(samples=0, groups=[0] * 256, hottest=[])
        for executor in stage["executors"]:
            executor["share"] = 0
    return document


QUIET = BUSY | {
    "series": quiet_series,
    "keys": no_samples,
    "checkpoints": lambda **_: fixture_pages.HEAD
    | {
        "enabled": False,
        "age_seconds": None,
        "completed": 0,
        "failed": 0,
        "roll_backs": 0,
        "checkpoints": [],
    },
    "errors": lambda **_: fixture_pages.HEAD | {"total": 0, "show_records": False, "groups": []},
    "log": lambda **_: fixture_pages.HEAD
    | {"seq": 0, "first_seq": 1, "level": "info", "lines": []},
}


def large_plan(**_):
    """50 stages, of which each third begins a segment, and 64 executors."""
    nodes = [
        {
            "id": i,
            "kind": "source" if i == 0 else "sink" if i == 49 else "computation",
            "name": f"stage number {i}",
            "pipeline": "long",
            "segment": i // 3,
            "layer": i,
            "row": 0,
            "executors": "all",
        }
        for i in range(50)
    ]
    edges = [
        (
            {"id": i, "from": i, "to": i + 1, "kind": "fused"}
            if i % 3
            else {"id": i, "from": i, "to": i + 1, "kind": "exchange", "edge": i, "capacity": 4096}
        )
        for i in range(49)
    ]
    return fixtures.plan() | {
        "nodes": nodes,
        "edges": edges,
        "layers": 50,
        "rows": 1,
        "workers": [{"worker": "worker1", "executors": 64}],
    }


LARGE_SERIES = {}


def large_series(since=0, **_):
    if not LARGE_SERIES:
        document = fixtures.series()
        node, edge, sink = document["nodes"]["2"], document["edges"]["3"], document["sinks"]["5"]
        LARGE_SERIES.update(
            document,
            nodes={str(i): node for i in range(50)},
            edges={str(i): edge for i in range(0, 49, 3)},
            sinks={"49": sink},
            executors=[fixtures.executor_series(i) for i in range(64)],
            verdict=document["verdict"] | {"node": 30, "rule": "hot_stage"},
        )
    return dict(LARGE_SERIES) if int(since) == 0 else fixtures.without_points(LARGE_SERIES)


LARGE = BUSY | {"plan": large_plan, "series": large_series}

SCENARIOS = {"busy": BUSY, "quiet": QUIET, "large": LARGE}
