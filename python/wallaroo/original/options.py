"""The options of the launcher, and their values once it has read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Sequence, Tuple

from .errors import ApplicationError


@dataclass(frozen=True)
class Address:
    """A host and a port of TCP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass
class Options:
    """The engine's options. Times are in nanoseconds; None means that an option was not given."""

    control: Optional[Address] = None
    data: Optional[Address] = None
    my_control: Optional[Address] = None
    my_data: Optional[Address] = None
    external: Optional[Address] = None
    metrics: Optional[Address] = None
    worker_count: Optional[int] = None
    cluster_initializer: bool = False
    name: Optional[str] = None
    join: Optional[Address] = None
    resilience_dir: str = "/tmp"
    run_with_resilience: bool = False
    time_between_checkpoints: int = 1_000_000_000
    stop_pause: int = 2_000_000_000
    # The following are accepted, and change nothing.
    resilience_dos_server: Optional[str] = None
    resilience_no_local_file_io: bool = False
    resilience_enable_io_journal: bool = False
    log_rotation: bool = False
    event_log_file_size: Optional[int] = None
    file: Optional[str] = None
    spike_seed: Optional[int] = None
    spike_drop: bool = False
    spike_prob: Optional[float] = None
    spike_margin: Optional[int] = None

    @property
    def worker_name(self) -> str:
        """The worker's name, which for the initializer is always `initializer`."""
        return "initializer" if self.cluster_initializer else self.name or ""


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 0xFFFF:
        raise ValueError("it must be host:port, such as 127.0.0.1:5001")
    return Address(host.strip("[]"), int(port))


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    if not digits.isdecimal():
        raise ValueError("it must be a number, such as 100_000_000")
    return int(digits)


def _number(text: str) -> float:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        raise ValueError("it must be a number, such as 0.5") from None


def _text(text: str) -> str:
    return text


Parser = Callable[[str], object]


@dataclass(frozen=True)
class Option:
    """One option: its long name without dashes, its letter, and how its value is read.

    An option without `parse` is a flag.
    """

    long: str
    short: str = ""
    parse: Optional[Parser] = None

    @property
    def field(self) -> str:
        """The name of the field of `Options`."""
        return self.long.replace("-", "_")


OPTIONS: Sequence[Option] = (
    Option("control", "c", _address),
    Option("data", "d", _address),
    Option("my-control", "x", _address),
    Option("my-data", "y", _address),
    Option("external", "e", _address),
    Option("metrics", "m", _address),
    Option("worker-count", "w", _integer),
    Option("cluster-initializer", "t"),
    Option("name", "n", _text),
    Option("join", "j", _address),
    Option("resilience-dir", "r", _text),
    Option("run-with-resilience"),
    Option("time-between-checkpoints", "", _integer),
    Option("stop-pause", "u", _integer),
    Option("resilience-dos-server", "", _text),
    Option("resilience-no-local-file-io"),
    Option("resilience-enable-io-journal"),
    Option("log-rotation"),
    Option("event-log-file-size", "l", _integer),
    Option("file", "f", _text),
    Option("spike-seed", "", _integer),
    Option("spike-drop"),
    Option("spike-prob", "", _number),
    Option("spike-margin", "", _integer),
)

BY_LONG: Dict[str, Option] = {option.long: option for option in OPTIONS}
BY_SHORT: Dict[str, Option] = {option.short: option for option in OPTIONS if option.short}


def set_option(options: Options, option: Option, spelling: str, value: Optional[str]) -> None:
    """Sets the field of `option`. `spelling` is how the user wrote its name, for the message.

    Raises ApplicationError when the value is missing or cannot be read.
    """
    if option.parse is None:
        if value is not None:
            raise ApplicationError(f"{spelling} takes no value, but was given '{value}'")
        setattr(options, option.field, True)
        return
    if value is None:
        raise ApplicationError(f"{spelling} needs a value")
    try:
        setattr(options, option.field, option.parse(value))
    except ValueError as error:
        raise ApplicationError(f"{spelling} cannot be '{value}': {error}") from None


def check_roles(options: Options) -> None:
    """Raises ApplicationError when options contradict each other, or a required one is missing."""
    for wrong, message in _role_mistakes(options):
        if wrong:
            raise ApplicationError(message)


def _role_mistakes(options: Options) -> Sequence[Tuple[bool, str]]:
    initializer, joins = options.cluster_initializer, options.join is not None
    other = not initializer and not joins
    return (
        (initializer and joins,
         "--join cannot be used together with --cluster-initializer: the initializer begins a "
         "cluster, and a worker that joins comes to one that runs"),
        (options.metrics is None and not joins,
         "--metrics is missing: give the address of a metrics receiver, such as 127.0.0.1:5001; "
         "nothing needs to listen there"),
        (initializer and options.data is None,
         "--data is missing: the initializer needs the address on which it takes data of other "
         "workers, such as 127.0.0.1:12501"),
        (not initializer and options.data is not None,
         "--data is only for the worker with --cluster-initializer: use --my-data for this worker"),
        (other and not options.name, "--name is missing: give this worker a name, or make it the "
         "initializer of its cluster by --cluster-initializer"),
        (joins and not options.name, "--name is missing: a worker that joins needs a name"),
        (other and options.control is None,
         "--control is missing: give the control address of the initializer"),
        (other and options.worker_count is not None,
         "--worker-count is only for the worker with --cluster-initializer, or for one that joins"),
        (options.worker_count is not None and options.worker_count < 1,
         "--worker-count must be at least 1"),
        (options.time_between_checkpoints < 1, "--time-between-checkpoints must be at least 1"),
    )
