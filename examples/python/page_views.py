"""Counts the views of each page and the bytes sent for it, in windows of a minute.

In:  a file of JSON lines: {"at": "2026-11-30T12:00:05+00:00", "page": "/", "bytes": 1200}
Out: JSON lines, one for each page and minute: {"page": "/", "minute": "12:00", "views": 2, ...}

wallaroo run page_views.py --in views.jsonl
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import wallaroo as wl


@dataclass
class View:
    at: datetime
    page: str
    bytes: int


def parse(line: dict[str, Any]) -> View:
    return View(datetime.fromisoformat(line["at"]), line["page"], line["bytes"])


def row(result: wl.WindowResult) -> dict[str, Any]:
    views, sent = result.value
    minute = result.window.start_time().strftime("%H:%M")
    return {"page": result.key, "minute": minute, "views": views, "bytes": sent}


def make_app() -> wl.Application:
    app = wl.Application("page_views")
    (app.source("views", wl.file_source("views.jsonl", decode=wl.json))
        .map("parse", parse, on_error="skip")
        .event_time("time", wl.Attr("at"), lateness="5s")
        .key_by("page", wl.Attr("page"))
        .window("minutes", wl.tumbling("1m"), wl.combined(wl.count(), wl.sum(wl.Attr("bytes"))))
        .map("row", row)
        .sink("pages", wl.file_sink("-", encode=wl.json_line)))
    return app


app = make_app()

if __name__ == "__main__":
    wl.run(app)
