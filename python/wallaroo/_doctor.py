"""Checks a running application over its HTTP address."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List

from ._api_client import Document, base_of, get_document, printable, run_client

_TOLERABLE_OFFSET_S = 5
_MARKS = {"ok": "ok   ", "warn": "WARN ", "error": "ERROR"}


def examine(url: str, as_json: bool) -> int:
    """Prints what may be wrong with the application at the URL. Returns 0 when nothing is, 1 when
    something is or nobody answers, 2 for a URL that makes no sense."""
    base = base_of(url)
    return run_client(base, lambda: _examine(base, as_json))


def _examine(base: str, as_json: bool) -> int:
    document = _document(base)
    checks: List[Dict[str, Any]] = document["checks"]
    if as_json:
        print(json.dumps(document))
    else:
        for check in checks:
            print(f"{_MARKS.get(check['level'], '?    ')}  {check['check']:<12} "
                  f"{printable(check['text'])}")
    return 0 if all(check["level"] == "ok" for check in checks) else 1


def _document(base: str) -> Document:
    asked = time.time()
    document = get_document(base, "doctor")
    if document["time"] > 0:
        document["checks"].append(_clock(document["time"], asked, time.time()))
    return document


def _clock(theirs: float, asked: float, got: float) -> Dict[str, Any]:
    """The sample with their time is up to some seconds old."""
    offset = theirs - got if theirs > got else min(0.0, theirs - asked)
    if abs(offset) <= _TOLERABLE_OFFSET_S:
        return {"check": "clock", "level": "ok", "text": "its clock agrees with this machine's"}
    side = "ahead of" if offset > 0 else "behind"
    return {"check": "clock", "level": "warn",
            "text": f"its clock is {abs(offset):.0f} s {side} this machine's: set both by NTP"}
