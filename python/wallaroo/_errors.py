"""What can go wrong, as exceptions."""

from __future__ import annotations

import glob
import os
import sys
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ._engine import ConfigError, IoError, WallarooError
    from ._engine import StageError as EngineStageError
else:
    try:
        from ._engine import ConfigError, IoError, WallarooError
        from ._engine import StageError as EngineStageError
    except ImportError:  # there is no engine: the names are there, nothing can run
        class WallarooError(Exception):
            """The base of all errors of wallaroo."""

        ConfigError = type("ConfigError", (WallarooError,), {})
        IoError = type("IoError", (WallarooError,), {})
        EngineStageError = type("StageError", (WallarooError,), {})

__all__ = ["ConfigError", "EngineStageError", "IoError", "StageError", "WallarooError"]


def engine_missing(error: ImportError) -> ImportError:
    """Returns an exception that says why there is no engine for this interpreter."""
    found = [os.path.basename(path) for path in
             glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "_engine*.so"))]
    return ImportError(
        f"the engine of wallaroo cannot be loaded by Python {sys.version.split()[0]} "
        f"({sys.executable}): {error}. It needs CPython 3.9 or later, and wallaroo-stream must be "
        "installed by this interpreter (python -m pip install wallaroo-stream); there "
        + (f"is one for another: {', '.join(found)}" if found else "is none"))


class StageError(EngineStageError):
    """A stage failed on a record. The exception of the function is `__cause__`.

    stage:  the name of the stage, None when the failure is that of no stage
    record: the record as text, as far as it is known
    origin: where the record came from: a peer or a file, and its number there
    """

    def __init__(self, message: str, stage: Optional[str] = None, record: Optional[str] = None,
                 origin: Optional[str] = None) -> None:
        super().__init__(message)
        self.stage = stage
        self.record = record
        self.origin = origin
