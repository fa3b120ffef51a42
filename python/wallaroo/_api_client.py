"""Asks a running application for the documents of its metrics UI."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any, Callable, Dict

_PATIENCE_S = 10

Document = Dict[str, Any]


def base_of(url: str) -> str:
    """The address of an application, whose scheme may be left out."""
    return (url if "://" in url else f"http://{url}").rstrip("/")


def get_document(base: str, path: str) -> Document:
    """Raises OSError when nobody answers, ValueError for a URL that makes no sense."""
    # Applications are not behind proxies, and the answer must not come from one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{base}/api/v1/{path}", timeout=_PATIENCE_S) as answer:
        document: Document = json.load(answer)
    return document


def run_client(base: str, client: Callable[[], int]) -> int:
    """Returns the client's exit code, or says why it got no document: 1 when nobody answers, 2 for
    a URL that makes no sense."""
    try:
        return client()
    except ValueError as error:
        print(f"wallaroo: {base}: {error}; use http://HOST:PORT", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"wallaroo: {base}: {reason(error)}; start the application with --http, and look "
              "at its log for the address", file=sys.stderr)
        return 1


def reason(error: OSError) -> str:
    """Why there was no document."""
    if isinstance(error, urllib.error.HTTPError):
        try:
            return f"{error.code} {json.load(error)['error']}"
        except (ValueError, KeyError, TypeError):
            return f"{error.code} {error.reason}"
    return str(getattr(error, "reason", error))


def printable(text: str) -> str:
    """Text from an application must not change the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)
