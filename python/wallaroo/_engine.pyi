from typing import Any

__version__: str

class WallarooError(Exception):
    """The base of all errors of wallaroo."""

class ConfigError(WallarooError):
    """The application or an option is wrong. The message lists all mistakes."""

class IoError(WallarooError):
    """Something outside cannot be opened, read or written."""

class StageError(WallarooError): ...

class StoredError(WallarooError):
    """Stored bytes are broken, or of a class that is not to be found."""

class FailedCall(WallarooError): ...

class Checkpoint:
    def __init__(self, directory: str) -> None: ...
    @property
    def directory(self) -> str: ...

def take_cause(message: str) -> tuple[BaseException | None, str]: ...
def __getattr__(name: str) -> Any: ...
