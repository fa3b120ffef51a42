"""Shows what holds a running application back, and all its stages, again each second."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Dict, List, Optional

from ._api_client import Document, base_of, get_document, printable, reason, run_client

_CLEAR = "\x1b[H\x1b[2J"
_HEADS = ("IN/S", "OUT/S", "ERR/S", "BUSY", "P50", "P99", "LAG")
_WIDTHS = (9, 9, 8, 7, 9, 9, 10)


def show(url: str, once: bool, as_json: bool) -> int:
    """Returns 0 when the application ends or the user interrupts, 1 when nobody answers, 2 for a
    URL that makes no sense."""
    base = base_of(url)
    try:
        return run_client(base, lambda: _show(base, once, as_json))
    except KeyboardInterrupt:
        return 0


def _show(base: str, once: bool, as_json: bool) -> int:
    top = _Top(base, as_json, clear=sys.stdout.isatty() and not once)
    top.show()
    while not once:
        time.sleep(1)
        try:
            top.show()
        except BrokenPipeError:
            raise
        except OSError as error:
            print(f"the application has ended or cannot be reached: {reason(error)}",
                  file=sys.stderr)
            return 0
    return 0


class _Top:
    """Pictures one after the other, of one process of the application or of its successor."""

    def __init__(self, base: str, as_json: bool, clear: bool) -> None:
        self._base = base
        self._as_json = as_json
        self._before = _CLEAR if clear else ""
        self._plan: Document = {}

    def show(self) -> None:
        series = get_document(self._base, "series?window=60")
        if self._plan.get("plan_id") != series["plan_id"]:
            self._plan = get_document(self._base, "plan")
        text = json.dumps(series) + "\n" if self._as_json else picture(self._plan, series)
        print(self._before + text, end="", flush=True)


def picture(plan: Document, series: Document) -> str:
    """The verdict, the summary and a line for each stage."""
    summary, verdict = series["summary"], series["verdict"]
    least = series["latency_bounds_seconds"][0]
    latency = summary["latency"]
    lines = [
        f"wallaroo  {printable(plan['application'])}  {printable(series['state'])}  "
        f"up {duration(series['uptime_seconds'])}",
        "",
        f"{printable(verdict['level'])}: {printable(verdict['text'])}",
        "",
        f"in {count(summary['in']['now'])}/s   out {count(summary['out']['now'])}/s   "
        f"p50 {binned(latency['p50'], least)}   p99 {binned(latency['p99'], least)}   "
        f"watermark lag {duration(summary['lag_seconds'])}   "
        f"checkpoint {ago(summary['checkpoint_age'])}   "
        f"errors {count(summary['errors'])}",
        "",
        _line("STAGE", "KIND", _HEADS),
    ]
    lines += [_stage(node, series["nodes"][str(node["id"])], least)
              for node in plan["nodes"] if node["kind"] != "merge"]
    return "\n".join(lines) + "\n"


def _stage(node: Dict[str, Any], points: Dict[str, List[Optional[float]]], least: float) -> str:
    now = {name: newest(values) for name, values in points.items()}
    busy = now["busy"]
    return _line(printable(node["name"]), printable(node["kind"]), (
        count(now["in"]), count(now["out"]), count(now["errors"]),
        "-" if busy is None else f"{busy * 100:.0f} %",
        binned(now["p50"], least), binned(now["p99"], least), duration(now["lag_seconds"])))


def _line(name: str, kind: str, numbers: "tuple[str, ...]") -> str:
    cells = " ".join(f"{text:>{width}}" for text, width in zip(numbers, _WIDTHS))
    return f"{name[:24]:<24} {kind:<12} {cells}"


def newest(points: List[Optional[float]]) -> Optional[float]:
    """The newest point that is known."""
    return next((point for point in reversed(points) if point is not None), None)


def count(value: Optional[float]) -> str:
    """950, 1.3 k, 12.4 M."""
    if value is None:
        return "-"
    prefixes = ["", " k", " M", " G", " T"]
    while round(value) >= 1000 and len(prefixes) > 1:
        value /= 1000
        prefixes.pop(0)
    tenths = round(value, 1)
    return (f"{tenths:.1f}" if tenths < 100 and tenths % 1 else f"{value:.0f}") + prefixes[0]


def ago(seconds: Optional[float]) -> str:
    return "-" if seconds is None else f"{duration(seconds)} ago"


def binned(seconds: Optional[float], least: float) -> str:
    """A time that was counted in bins: of those in the first, only its upper bound is known."""
    below = seconds is not None and seconds < least
    return f"< {duration(least)}" if below else duration(seconds)


def duration(seconds: Optional[float]) -> str:
    """66 us, 1.2 ms, 4.3 s, 3 min 20 s, 2 h 5 min, 3 days 4 h."""
    if seconds is None:
        return "-"
    for limit, size, unit in ((0.9995e-6, 1e9, "ns"), (0.9995e-3, 1e6, "us"), (0.9995, 1e3, "ms"),
                              (120.0, 1.0, "s")):
        if abs(seconds) < limit:
            return f"{seconds * size:.3g} {unit}"
    for limit_s, large, large_name, small, small_name in (
            (7200, 60, "min", 1, "s"), (172_800, 3600, "h", 60, "min"),
            (sys.maxsize, 86_400, "days", 3600, "h")):
        if round(seconds) < limit_s:
            whole, rest = divmod(round(seconds), large)
            more = f" {rest // small} {small_name}" if rest // small else ""
            return f"{whole} {large_name}{more}"
    return "-"
