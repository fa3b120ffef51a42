"""What can go wrong, as exceptions."""

from __future__ import annotations

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
