"""Reads the launcher's command line.

Two passes take out what is not for the application: first the options of the engine, then
`--application-module` and `--help`. Unknown options are the application's and never a mistake.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from .errors import ApplicationError
from .options import BY_LONG, BY_SHORT, Option, Options, check_roles, set_option

RUNTIME_PREFIX = "--pony"
#: Options of the original's runtime that take a number, which may be an argument of its own.
RUNTIME_NUMBERS = ("--ponythreads", "--ponyminthreads", "--ponymaxthreads", "--ponycdinterval",
                   "--ponygcinitial", "--ponygcfactor", "--ponysuspendthreshold")
MODULE_OPTION = "--application-module"


@dataclass(frozen=True)
class CommandLine:
    """What a command line says."""

    options: Options
    #: The name of the application's module; None when it was not given.
    module: Optional[str]
    #: Whether help was asked for.
    help: bool
    #: What `application_setup` gets, the program's name first.
    application_args: List[str]
    #: Everything but the options of the original's runtime.
    all_args: Tuple[str, ...]


def without_runtime_options(argv: Sequence[str]) -> List[str]:
    """Returns `argv` without the options of the original's runtime and their numbers."""
    kept = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        if not argument.startswith(RUNTIME_PREFIX):
            kept.append(argument)
        elif argument in RUNTIME_NUMBERS and rest and not rest[0].startswith("-"):
            rest.pop(0)
    return kept


class _EngineOptions:
    """Takes the engine's options out of arguments."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.options = Options()
        self.kept: List[str] = []
        self._rest = list(arguments)
        while self._rest:
            self._take(self._rest.pop(0))

    def _take(self, argument: str) -> None:
        if argument.startswith("--"):
            self._take_long(argument)
        elif argument.startswith("-") and argument[1:2] in BY_SHORT:
            self._take_letters(argument[1:])
        else:
            self.kept.append(argument)

    def _take_long(self, argument: str) -> None:
        name, equals, value = argument[2:].partition("=")
        option = BY_LONG.get(name)
        if option is None:
            self.kept.append(argument)
        else:
            self._set(option, f"--{name}", value if equals else None)

    def _take_letters(self, letters: str) -> None:
        """Takes a bundle of letters, of which the last may have its value attached."""
        while letters:
            letter, letters = letters[0], letters[1:]
            option = BY_SHORT.get(letter)
            if option is None:
                self.kept.append(f"-{letter}{letters}")
                return
            if option.parse is not None:
                attached = letters[1:] if letters.startswith("=") else letters
                self._set(option, f"-{letter}", attached or None)
                return
            self._set(option, f"-{letter}", None)

    def _set(self, option: Option, spelling: str, value: Optional[str]) -> None:
        if value is None and option.parse is not None and self._rest:
            if not self._rest[0].startswith("-"):
                value = self._rest.pop(0)
        set_option(self.options, option, spelling, value)


def _take_module(arguments: Sequence[str]) -> Tuple[Optional[str], bool, List[str]]:
    module: Optional[str] = None
    asks_help = False
    kept: List[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.partition("=")
        if name == MODULE_OPTION:
            if not equals:
                if not rest or rest[0].startswith("-"):
                    raise ApplicationError(f"{MODULE_OPTION} needs a value: the name of a module")
                value = rest.pop(0)
            module = value
        elif argument in ("--help", "-h"):
            asks_help = True
        else:
            kept.append(argument)
    return module, asks_help, kept


def _check_directory(options: Options) -> None:
    path = options.resilience_dir
    if path.endswith("/"):
        raise ApplicationError(f"--resilience-dir must not end in '/': write '{path.rstrip('/')}'")
    if not os.path.isdir(path):
        raise ApplicationError(f"--resilience-dir: there is no directory '{path}'; make it first")


def read_command_line(argv: Sequence[str]) -> CommandLine:
    """Reads a command line, the program's name first. Raises ApplicationError for mistakes."""
    program, *arguments = without_runtime_options(argv)
    engine = _EngineOptions(arguments)
    module, asks_help, kept = _take_module(engine.kept)
    return CommandLine(engine.options, module, asks_help, [program, *kept],
                       (program, *arguments))


def check(line: CommandLine) -> None:
    """Raises ApplicationError when the worker cannot be started with this command line."""
    if not line.module:
        raise ApplicationError(f"{MODULE_OPTION} is missing: give the name of the module that has "
                               "application_setup()")
    check_roles(line.options)
    _check_directory(line.options)
