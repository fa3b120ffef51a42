"""Checks a running application over its HTTP address."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any, Dict, List

_PATIENCE_S = 10
_TOLERABLE_OFFSET_S = 5
_MARKS = {"ok": "ok   ", "warn": "WARN ", "error": "ERROR"}


def examine(url: str, as_json: bool) -> int:
    """Prints what may be wrong with the application at the URL. Returns 0 when nothing is, 1 when
    something is or nobody answers, 2 for a URL that makes no sense."""
    if "://" not in url:
        url = f"http://{url}"
    try:
        document = _document(url.rstrip("/") + "/api/v1/doctor")
    except ValueError as error:
        print(f"wallaroo: {url}: {error}; use http://HOST:PORT", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"wallaroo: {url}: {_reason(error)}; start the application with --http, and look "
              "at its log for the address", file=sys.stderr)
        return 1
    checks: List[Dict[str, Any]] = document["checks"]
    if as_json:
        print(json.dumps(document))
    else:
        for check in checks:
            text = "".join(c if c.isprintable() else "?" for c in check["text"])
            print(f"{_MARKS.get(check['level'], '?    ')}  {check['check']:<12} {text}")
    return 0 if all(check["level"] == "ok" for check in checks) else 1


def _document(url: str) -> Dict[str, Any]:
    asked = time.time()
    # Applications are not behind proxies, and the answer must not come from one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=_PATIENCE_S) as answer:
        document: Dict[str, Any] = json.load(answer)
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


def _reason(error: OSError) -> str:
    if isinstance(error, urllib.error.HTTPError):
        try:
            return f"{error.code} {json.load(error)['error']}"
        except (ValueError, KeyError, TypeError):
            return f"{error.code} {error.reason}"
    return str(getattr(error, "reason", error))
