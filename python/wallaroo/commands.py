"""The command `wallaroo`: runs and explains applications, and makes new ones."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import traceback
from typing import List, NoReturn, Optional, Sequence, Tuple

from ._application import Application
from ._errors import ConfigError, StageError, WallarooError

_USAGE = """\
Usage: wallaroo run APPLICATION [FLAGS]      runs an application
       wallaroo explain APPLICATION          prints where its stages run
       wallaroo new NAME                     makes a project with an application and its test
       wallaroo doctor                       checks the installation
       wallaroo doctor URL [--json]          checks an application that runs with --http
       wallaroo top URL [--once] [--json]    shows what holds it back, and its stages, each second
       wallaroo --version

APPLICATION is a file (app.py) or a module (shop.orders), with :NAME behind it when it has several
applications. `wallaroo run APPLICATION --help` lists the flags of the engine.
"""


def main(argv: Optional[Sequence[str]] = None) -> NoReturn:
    """Runs the command. Raises SystemExit: 0 after a clean end, 1 when a run failed, 2 when the
    command, a flag or the application is wrong."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_USAGE, end="")
        sys.exit(0 if arguments else 2)
    command, rest = arguments[0], arguments[1:]
    if command == "--version":
        from ._engine import __version__
        print(f"wallaroo {__version__}")
        sys.exit(0)
    commands = {"run": _run, "explain": _explain, "new": _new, "doctor": _doctor,
                "top": _top}
    if command not in commands:
        sys.exit(_wrong(f"there is no command '{command}'\n{_USAGE}"))
    sys.exit(commands[command](rest))


def _wrong(message: str) -> int:
    print(f"wallaroo: {message}", file=sys.stderr)
    return 2


def load(where: str) -> Application:
    """Imports the file or module that `where` names, and returns its application. Raises
    ConfigError when there is none, or there are several and none is named."""
    path, _, name = where.partition(":")
    found = _applications(path)
    if name:
        if name not in found:
            raise ConfigError(f"{path} has no application named '{name}'; it has "
                              f"{', '.join(sorted(found)) or 'none'}")
        return found[name]
    different = {id(application): application for application in found.values()}
    if len(different) != 1:
        names = ", ".join(sorted(found))
        raise ConfigError(f"{path} has {'several applications' if different else 'no application'}"
                          + (f": name one of {names}, as {path}:{sorted(found)[0]}" if different
                             else ": make a wallaroo.Application in it, as a variable"))
    return next(iter(different.values()))


def _applications(path: str) -> "dict[str, Application]":
    if path.endswith(".py") or os.sep in path:
        if not os.path.exists(path):
            raise ConfigError(f"there is no file {path}")
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        # The file becomes a module under its own name, so that checkpoints find its classes.
        name = os.path.splitext(os.path.basename(path))[0]
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ConfigError(f"{path} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, os.getcwd())
        try:
            module = importlib.import_module(path)
        except ModuleNotFoundError as error:
            if error.name is None or not (path + ".").startswith(error.name + "."):
                raise
            raise ConfigError(f"there is no module '{path}' here or on PYTHONPATH; for a file, "
                              "give its name with .py") from None
    return {name: value for name, value in vars(module).items()
            if isinstance(value, Application)}


def _loaded(arguments: List[str], command: str) -> Tuple[Optional[Application], int]:
    if not arguments or arguments[0].startswith("-"):
        return None, _wrong(f"{command} needs an application: a file or a module")
    try:
        return load(arguments[0]), 0
    except ConfigError as error:
        return None, _wrong(str(error))
    except Exception:
        traceback.print_exc()
        return None, 2


def _run(arguments: List[str]) -> int:
    application, code = _loaded(arguments, "run")
    if application is None:
        return code
    return run_application(application, arguments[1:])


def run_application(application: Application, flags: List[str]) -> int:
    """Runs it, prints what goes wrong, and returns the exit code."""
    from ._run import run
    try:
        run(application, flags)
    except ConfigError as error:
        print(f"{application.name}: {error}", file=sys.stderr)
        return 2
    except StageError as error:
        if error.__cause__ is not None:
            traceback.print_exception(type(error.__cause__), error.__cause__,
                                      error.__cause__.__traceback__)
        print(f"{application.name}: {error}", file=sys.stderr)
        return 1
    except WallarooError as error:
        print(f"{application.name}: {error}", file=sys.stderr)
        return 1
    return 0


def _explain(arguments: List[str]) -> int:
    application, code = _loaded(arguments, "explain")
    if application is None:
        return code
    return run_application(application, [*arguments[1:], "--explain"])


_APPLICATION = '''\
"""Counts words."""

import wallaroo as wl

app = wl.Application("{name}")
(app.source("lines", wl.tcp_source("127.0.0.1:7010", decode=wl.text, framing=wl.newline))
    .flat_map("split", lambda line: line.lower().split())
    .key_by("word", lambda word: word)
    .scan("total", lambda n, word: (n + 1, f"{{word}} {{n + 1}}"), init=int)
    .sink("totals", wl.file_sink("-", encode=wl.line)))

if __name__ == "__main__":
    wl.run(app)
'''

_TEST = '''\
import wallaroo.testing

from {name} import app


def test_words_are_counted():
    harness = wallaroo.testing.Harness(app)
    harness.send("lines", "to be or not to be")
    assert harness.output("totals")[-1] == b"be 2\\n"
'''

_PROJECT = '''\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["wallaroo-stream"]

[project.optional-dependencies]
test = ["pytest"]

[tool.setuptools]
py-modules = ["{name}"]

[tool.pytest.ini_options]
pythonpath = ["."]
'''


def _new(arguments: List[str]) -> int:
    parser = argparse.ArgumentParser(prog="wallaroo new", description="Makes a project.")
    parser.add_argument("name", help="the name of the project, a Python identifier")
    name = parser.parse_args(arguments).name
    if not name.isidentifier():
        return _wrong(f"'{name}' cannot be the name of a module; use letters, digits and _")
    try:
        os.mkdir(name)
    except OSError as error:
        return _wrong(f"cannot make the folder {name}: {error.strerror}")
    for file, text in ((f"{name}.py", _APPLICATION), (f"test_{name}.py", _TEST),
                       ("pyproject.toml", _PROJECT)):
        with open(os.path.join(name, file), "w", encoding="utf-8") as out:
            out.write(text.format(name=name))
    print(f"Made {name}/. Try:\n  cd {name} && python -m pytest\n  wallaroo run {name}.py")
    return 0


def _doctor(arguments: List[str]) -> int:
    urls = [argument for argument in arguments if argument != "--json"]
    if len(urls) > 1 or (arguments and not urls) or any(url.startswith("-") for url in urls):
        return _wrong("doctor takes no arguments, or the URL of an application and --json")
    if urls:
        from ._doctor import examine
        return examine(urls[0], "--json" in arguments)
    problems = []
    try:
        from ._engine import __version__
        print(f"wallaroo {__version__}, Python {sys.version.split()[0]}, {sys.executable}")
    except ImportError as error:
        problems.append(f"the engine cannot be loaded: {error}")
    if _other_package():
        problems.append("the package 'wallaroo' of another product is installed, too, and both have "
                        "the module wallaroo: uninstall it (pip uninstall wallaroo), then install "
                        "wallaroo-stream again")
    for problem in problems:
        print(f"problem: {problem}")
    if not problems:
        print("all is well")
    return 1 if problems else 0


def _top(arguments: List[str]) -> int:
    urls = [argument for argument in arguments if argument not in ("--once", "--json")]
    if len(urls) != 1 or urls[0].startswith("-"):
        return _wrong("top takes the URL of an application, --once and --json")
    from ._top import show
    return show(urls[0], once="--once" in arguments, as_json="--json" in arguments)


def _other_package() -> bool:
    from importlib import metadata
    try:
        metadata.distribution("wallaroo")
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main()
