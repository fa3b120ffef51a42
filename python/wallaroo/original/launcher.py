"""The command `machida3`, which runs an application that was written for the original."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from types import ModuleType
from typing import Any, List, NoReturn, Optional, Sequence

from .builder import RunApplication, RunSettings
from .command_line import CommandLine, check, read_command_line
from .errors import ApplicationError
from .help import HELP
from .hooks import choose_hooks

READY = "Application has successfully initialized."


def main(argv: Optional[Sequence[str]] = None,
         run_application: Optional[RunApplication] = None) -> NoReturn:
    """Runs the command with `argv`, the program's name first; by default with that of the process.

    Raises SystemExit: with 0 after a clean end, with 1 when something is wrong, and with the
    application's own code when it raised SystemExit.
    """
    command = list(sys.argv if argv is None else argv)
    try:
        line = read_command_line(command)
        if line.help:
            print(HELP)
            sys.exit(0)
        check(line)
        _run(line, run_application)
    except ApplicationError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    sys.exit(0)


def _run(line: CommandLine, run_application: Optional[RunApplication]) -> None:
    if run_application is None:
        from .run import run_application as with_engine
        run_application = with_engine
    sys.argv = list(line.application_args)
    module = _import(line.module or "")
    hooks = choose_hooks(module)
    _set_args(line)
    application = _set_up(module, line.application_args)
    run_application(application, RunSettings(line.options, hooks, tuple(line.application_args),
                                             _on_ready(line)))


def _import(name: str) -> ModuleType:
    folder = os.getcwd()
    if folder not in sys.path and "" not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not _is_module_or_parent(error.name, name):
            raise
        raise ApplicationError(
            f"there is no module '{name}' in {folder} or on PYTHONPATH: give the name of the "
            "application's file without '.py', and the folder that it is in to PYTHONPATH"
        ) from None


def _is_module_or_parent(missing: str, name: str) -> bool:
    return name == missing or name.startswith(missing + ".")


def _set_args(line: CommandLine) -> None:
    # Applications look for '--cluster-initializer' in it.
    import wallaroo
    wallaroo._ARGS = line.all_args


def _set_up(module: ModuleType, args: List[str]) -> Any:
    application_setup = getattr(module, "application_setup", None)
    if not callable(application_setup):
        raise ApplicationError(f"the module '{module.__name__}' has no function "
                               "application_setup(args), which must return the application")
    return application_setup(list(args))


def _on_ready(line: CommandLine) -> Any:
    def on_ready() -> None:
        if line.options.cluster_initializer:
            print(READY, flush=True)

    return on_ready
