"""Runs an application on the engine."""

from __future__ import annotations

import importlib
from typing import Any

from .builder import RunSettings
from .errors import ApplicationError

#: The module of the engine's side: `run_application(application, settings)`, a `RunApplication`.
ENGINE_MODULE = "wallaroo._original_engine"


def run_application(application: Any, settings: RunSettings) -> None:
    """Runs the application until it has ended. Raises ApplicationError when there is no engine."""
    try:
        engine = importlib.import_module(ENGINE_MODULE)
    except ImportError as error:
        raise ApplicationError(f"this installation of wallaroo has no engine ({error}): "
                               "install the package wallaroo-stream") from error
    engine.run_application(application, settings)
