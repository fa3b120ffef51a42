"""Runs an application on the engine."""

from __future__ import annotations

import importlib
from typing import Any

from .builder import RunSettings
from .errors import ApplicationError
from .options import Options

#: The module of the engine's side: `run_application(application, settings)`, a `RunApplication`.
ENGINE_MODULE = "wallaroo._original_engine"


def run_application(application: Any, settings: RunSettings) -> None:
    """Runs the application until it has ended. Raises ApplicationError when there is no engine, and
    for clusters of several workers."""
    _require_one_worker(settings.options)
    try:
        engine = importlib.import_module(ENGINE_MODULE)
    except ImportError as error:
        raise ApplicationError(f"this installation of wallaroo has no engine ({error}): "
                               "install the package wallaroo-stream") from error
    engine.run_application(application, settings)


def _require_one_worker(options: Options) -> None:
    if options.join is not None:
        raise ApplicationError("--join: an application runs on one worker, and none can join")
    if not options.cluster_initializer or (options.worker_count or 1) > 1:
        raise ApplicationError("an application runs on one worker: start it with "
                               "--cluster-initializer, and without a --worker-count above 1")
