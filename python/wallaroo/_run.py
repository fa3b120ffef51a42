"""Runs applications: as a program, inside of a program, in a notebook."""

from __future__ import annotations

import atexit
import contextlib
import logging
import re
import signal
import sys
import threading
import time
import weakref
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from ._application import Application
from ._errors import EngineStageError, StageError, WallarooError
from ._values import trust_present_modules

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
_STAGE = re.compile(r"(?:stage|source|sink) '(?P<stage>.*?)'(?::| failed)")
_ON_RECORD = " failed on record "
_ORIGIN = re.compile(r"(?:(?P<record>.*) from |of )"
                     r"(?P<origin>partition '.*'|[^ ]+(?:, record [0-9]+)?)\Z", re.DOTALL)

_NO_PICKLE = "--no-pickle"
_NO_PICKLE_HELP = f"""\
  {_NO_PICKLE}                 refuse state that can only be stored by pickle
"""

logger = logging.getLogger("wallaroo")


def _stage_error(message: str, error: str) -> StageError:
    """Makes the exception for the engine's message, in which `error` is the text of the cause."""
    found = _STAGE.match(message)
    if found is None:
        return StageError(message)
    stage = found.group("stage")
    _, _, rest = message.partition(_ON_RECORD)
    if not rest:
        return StageError(message, stage)
    record = _without_error(rest, error)
    origin = _ORIGIN.match(record)
    if origin is not None:
        return StageError(message, stage, origin.group("record"), origin.group("origin"))
    return StageError(message, stage, record)


def _without_error(text: str, error: str) -> str:
    end = text.rfind(f": {error} (the stage's error policy") if error else -1
    return text[:end] if end >= 0 else text.split(": ", 1)[0]


def _raise_failure(message: str) -> None:
    """Raises what made the application fail."""
    from ._engine import take_cause
    cause, error = take_cause(message)
    if isinstance(cause, (SystemExit, KeyboardInterrupt)):
        raise cause
    raise _stage_error(message, error) from cause


@contextlib.contextmanager
def raising() -> Iterator[None]:
    """Raises a StageError with its cause instead of the engine's."""
    try:
        yield
    except StageError:
        raise
    except EngineStageError as error:
        message = str(error)
    else:
        return
    _raise_failure(message)


def forget_failures() -> None:
    """Gives up the exceptions that policies such as "skip" have dealt with, and so the records in
    their tracebacks, unless a run has failed whose `wait` is to raise its own."""
    if not any(running._has_failed() for running in list(_running)):
        from ._engine import forget_causes
        forget_causes()


_running: "weakref.WeakSet[Running]" = weakref.WeakSet()


class Running:
    """An application that runs in this process; made by `start`. As a context manager it waits at
    the end of the block until the application has ended, or stops it when the block raises."""

    def __init__(self, application: Application, arguments: Sequence[str], console: bool,
                 *original: Any) -> None:
        from ._engine import Engine, allow_pickle
        self._application = application
        self._console = console
        self._log_lock = threading.RLock()
        self._done: Optional[Tuple[bool, str]] = None
        self._on_ready: Optional[Callable[[], None]] = None
        trust_present_modules()
        flags = [one for one in arguments if one != _NO_PICKLE]
        allow_pickle(len(flags) == len(arguments))
        with raising():
            self._engine = Engine(application._engine, flags, console, *original)
        self._text = self._engine.text()
        if self._text and ("--help" in flags or "-h" in flags):
            self._text = self._text.rstrip("\n") + "\n" + _NO_PICKLE_HELP
        if not self._text:
            with raising():
                self._engine.start()
            _running.add(self)
            if not console:
                threading.Thread(target=_pass_log_of, args=(weakref.ref(self),), daemon=True,
                                 name="wallaroo log").start()

    def stop(self) -> None:
        """Lets the application end in an orderly way: sources stop, what was read is processed or,
        with checkpoints, a last one is taken. Returns at once."""
        self._engine.stop()

    def stop_now(self) -> None:
        """Stops the application at once; records on their way are lost, so `wait` raises a
        StageError if there were any."""
        self._engine.stop_now()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Waits until the application has ended, at most `timeout` seconds. Returns True when it
        has. Raises StageError when it has failed."""
        left = timeout
        while self._done is None:
            step = 0.05 if left is None else max(0.0, min(left, 0.05))
            self._done = self._engine.wait_for(step)
            self._pass_log()
            if self._on_ready is not None and self._engine.ready():
                on_ready, self._on_ready = self._on_ready, None
                on_ready()
            if left is not None:
                left -= step
                if left <= 0 and self._done is None:
                    return False
        self._pass_log()
        _running.discard(self)
        ok, message = self._done
        if not ok:
            _raise_failure(message)
        forget_failures()
        return True

    def _has_failed(self) -> bool:
        ended: Optional[Tuple[bool, str]] = self._engine.wait_for(0.0)
        return ended is not None and not ended[0]

    def address(self, name: str) -> str:
        """The address at which a source listens, with the real port, or to which a sink connects."""
        return str(self._engine.address(name))

    @property
    def http_address(self) -> str:
        """Where metrics and health are served, "host:port"; empty when they are not."""
        return str(self._engine.http_address())

    def metrics(self) -> Dict[str, Any]:
        """The present values of all metrics."""
        import json
        values: Dict[str, Any] = json.loads(self._engine.metrics_json())
        return values

    def explain(self) -> str:
        """The plan as text: which stages are fused, and where they run."""
        return str(self._engine.explain())

    def _pass_log(self) -> None:
        if not self._console:
            with self._log_lock:  # who waits for the end must have the lines that another has taken
                for level, text in self._engine.take_log():
                    logger.log(_LEVELS[min(level, 3)], "%s", text)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is None:
            self.wait()
            return
        self.stop_now()
        with contextlib.suppress(WallarooError):
            self.wait()


def _pass_log_of(reference: "weakref.ref[Running]") -> None:
    """Hands the log on until the application has ended, whether or not somebody waits for it."""
    while True:
        running = reference()
        if running is None:
            return
        ended = running._engine.wait_for(0.0) is not None
        running._pass_log()
        if ended:
            return
        del running
        time.sleep(0.05)


@atexit.register
def _stop_all() -> None:
    # Threads of the engine must not need the interpreter after its end.
    for running in list(_running):
        running.stop_now()
        with contextlib.suppress(Exception):
            running.wait()
    if "wallaroo._engine" in sys.modules:
        sys.modules["wallaroo._engine"].Engine.end_all()


def _flags(options: Dict[str, Any]) -> List[str]:
    """The command line of keyword options: threads=2 is --threads 2, allow_dropped_state=True is
    --allow-dropped-state."""
    arguments: List[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(flag)
        elif isinstance(value, dict):
            for key, one in value.items():
                arguments += [flag, f"{key}@{one}"]
        elif isinstance(value, (list, tuple)):
            for one in value:
                arguments += [flag, str(one)]
        elif value is not None and value is not False:
            arguments += [flag, str(value)]
    return arguments


def start(application: Application, **options: Any) -> Running:
    """Starts the application and returns at once, when it accepts input. Options are the flags of
    `run` with `_` for `-`: `threads=1`, `http="127.0.0.1:0"`, `checkpoint_dir="/data/words"`; for
    addresses a dict by name: `in_={"lines": "127.0.0.1:7010"}`. The log goes to the logger
    "wallaroo". Raises ConfigError or IoError when it cannot start.

        with wallaroo.start(app) as running:
            print(running.address("lines"))
    """
    given = {name.rstrip("_"): value for name, value in options.items()}
    return Running(application, _flags(given), False)


def run(application: Application, argv: Optional[Sequence[str]] = None) -> None:
    """Runs the application until its sources end, or until SIGINT, SIGTERM or SIGHUP: then it ends
    in an orderly way; a second signal stops it at once. `argv` are the flags (by default those of
    the program; `--help` lists them). The log goes to standard error or, when the program has set up
    `logging`, to the logger "wallaroo". Raises ConfigError, IoError or StageError; SystemExit when
    a function of the application did."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = not (logging.getLogger().handlers or logger.handlers)
    with _Signals() as signals:
        running = Running(application, arguments, console)
        if running._text:
            print(running._text, end="" if running._text.endswith("\n") else "\n", flush=True)
            return
        signals.obey(running)
        running.wait()


@contextlib.contextmanager
def obeying_signals(running: Running) -> Iterator[None]:
    """Stops the application when a signal comes that ends programs."""
    with _Signals() as signals:
        signals.obey(running)
        yield


class _Signals:
    """Handles the signals that end a program, in the main thread."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._before: Dict[int, Any] = {}
        self._running: Optional[Running] = None
        self._come = 0

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in self._NUMBERS:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception: Any) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def obey(self, running: Running) -> None:
        self._running = running
        if self._come:
            running.stop()

    def _handle(self, number: int, frame: Any) -> None:
        self._come += 1
        if self._running is None:
            return
        if self._come == 1:
            self._running.stop()
        else:
            self._running.stop_now()
