"""Finds out why an application is slow, from two readings of its /metrics and nothing else."""


def diagnosis(before, after, seconds):
    """One of ("away", sink), ("slow sink", sink), ("hot key", stage), ("slow", stage, function)."""
    for (sink,), connected in after.sums("wallaroo_sink_connected", "sink").items():
        if not connected:
            return "away", sink

    def grown(name, *by):
        old = before.sums(name, *by)
        return {key: value - old.get(key, 0) for key, value in after.sums(name, *by).items()}

    blocked = grown("wallaroo_segment_blocked_seconds_total", "kind", "stages")
    for (kind, stages), blocked_s in blocked.items():
        if kind == "writer" and blocked_s > seconds / 2:
            return "slow sink", stages
    for labels, ratio in after.series("wallaroo_stage_hottest_key_group_ratio"):
        if ratio > 0.5:
            return "hot key", labels["stage"]
    busy = grown("wallaroo_segment_busy_seconds_total", "kind", "stages")
    kind, stages = max(busy, key=busy.get)
    if kind == "writer":
        return "slow", stages, "writer"
    cost = {}
    for name, function, calls in (
        ("latency", "record", "wallaroo_stage_records_in_total"),
        ("output_latency", "result", "wallaroo_stage_windows_fired_total"),
        ("timer_latency", "timer", "wallaroo_stage_timer_latency_seconds_count"),
    ):
        family = f"wallaroo_stage_{name}_seconds"
        spent, timed = grown(family + "_sum", "stage"), grown(family + "_count", "stage")
        called = grown(calls, "stage")
        for stage in stages.split(", "):
            if timed.get((stage,)):
                cost[stage, function] = spent[stage,] / timed[stage,] * called[stage,]
    return ("slow", *max(cost, key=cost.get)) if cost else None
