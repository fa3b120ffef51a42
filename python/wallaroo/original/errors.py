"""What the original API raises."""

from __future__ import annotations


class WallarooParameterError(Exception):
    """An application used the API in a way that it does not allow."""


class ApplicationError(Exception):
    """An application or its command line cannot be run; the message says what to change.

    The launcher prints the message without a traceback and ends with 1.
    """


def api_error(message: str) -> WallarooParameterError:
    """Prints `API_Error: <message>` to stdout, as tools expect, and returns the error to raise."""
    print(f"API_Error: {message}")
    return WallarooParameterError(message)
