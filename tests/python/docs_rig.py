"""Follows a page of the documentation as a reader would: makes its files, runs its commands and its
Python, in one empty folder for each page.

A comment on the line before a block says what it is:
  <!-- file: PATH -->      the contents of that file of the repository; the reader has it, too
  <!-- write: PATH -->     a file that the reader makes
  <!-- commands -->        commands to run; a fixed port in them is replaced by a free one
  <!-- fails: CODE -->     commands the last of which ends with that exit code
  <!-- raises: NAME -->    Python that ends with an exception of that name
  <!-- output -->          all that the block before printed to standard output
  <!-- errors -->          lines that the block before printed to standard error, or its message
A Python block without a comment goes on where the one before it on the page ended.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Dict, Iterator

from original_rig import PACKAGE, ROOT

sys.path.insert(0, str(ROOT / "tests"))
from support.documents import Block, blocks_of  # noqa: E402

DEADLINE_S = 120  # only to turn a hang into a failure
PORT = re.compile(r"\b(?:70\d\d|125\d\d|50\d\d)\b")  # those that pages use


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Ports:
    """Gives each port of a page a free one in its place."""

    def __init__(self) -> None:
        self._free: Dict[str, str] = {}

    def replaced(self, text: str) -> str:
        return PORT.sub(lambda found: self._free.setdefault(found.group(), str(_free_port())), text)


def make_commands(folder: Path) -> None:
    """Puts the package's commands into a folder, as an installation would."""
    folder.mkdir()
    for name, module in (("wallaroo", "wallaroo.commands"), ("machida3", "wallaroo.original"),
                         ("cluster_shutdown", "wallaroo.tools.cluster_shutdown"),
                         ("external_sender", "wallaroo.tools.external_sender")):
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        command.chmod(0o755)
    for name in ("python", "python3"):
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        command.chmod(0o755)


class Reader:
    """Follows one page in `folder`."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder / "page"
        self.folder.mkdir()
        self.commands = folder / "commands"
        make_commands(self.commands)
        self.ports = Ports()
        self.module = types.ModuleType("page_" + re.sub(r"\W", "_", page.stem))
        self.printed = ""
        self.errors = ""

    def follow(self) -> int:
        """Returns how many blocks were checked."""
        blocks = blocks_of(self.page)
        with self.modules_of_the_page():
            for block in blocks:
                self.take(block)
        return len(blocks)

    @contextlib.contextmanager
    def modules_of_the_page(self) -> Iterator[None]:
        """Python of the page finds the modules that the page made, and nobody does afterwards."""
        before = set(sys.modules)
        sys.modules[self.module.__name__] = self.module
        sys.path.insert(0, str(self.folder))
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            for name in set(sys.modules) - before:
                file = getattr(sys.modules[name], "__file__", None) or ""
                if file.startswith(str(self.folder)) or name == self.module.__name__:
                    del sys.modules[name]

    def take(self, block: Block) -> None:
        if block.argument("write"):
            file = self.folder / block.argument("write")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.ports.replaced(block.text))
        elif block.argument("file"):
            source = ROOT / block.argument("file")
            assert block.text == source.read_text(), f"{block} differs from {source}"
            (self.folder / source.name).write_text(self.ports.replaced(block.text))
        elif block.note == "commands" or block.argument("fails"):
            self.run(block, int(block.argument("fails") or 0))
        elif block.note == "output":
            assert self.printed.strip() == block.text.strip(), f"{block}\n{self.printed}"
        elif block.note == "errors":
            for line in self.ports.replaced(block.text).splitlines():
                assert line in self.errors, f"{block}: '{line}' is not in\n{self.errors}"
        elif block.language == "python" and (not block.note or block.argument("raises")):
            self.execute(block, block.argument("raises"))
        else:
            raise AssertionError(f"{block}: nothing tests this block; see docs_rig.py")

    def run(self, block: Block, code: int) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.ports.replaced(block.text)], cwd=self.folder,
            env=environment(self.commands, self.folder), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=DEADLINE_S)
        assert done.returncode == code, f"{block}:\n{done.stdout}{done.stderr}"
        self.printed, self.errors = done.stdout, done.stderr

    def execute(self, block: Block, raises: str) -> None:
        printed = io.StringIO()
        # The lines of tracebacks are those of the page.
        code = compile("\n" * (block.line - 1) + self.ports.replaced(block.text),
                       str(self.page), "exec", dont_inherit=True)
        before = os.getcwd()
        os.chdir(self.folder)
        raised: Any = None
        try:
            with contextlib.redirect_stdout(printed):
                exec(code, vars(self.module))
        except Exception as error:
            raised = error
            if type(error).__name__ != raises:
                raise
        finally:
            os.chdir(before)
        assert not raises or raised is not None, f"{block}: nothing was raised"
        self.printed, self.errors = printed.getvalue(), str(raised or "")


def environment(commands: Path, home: Path) -> Dict[str, str]:
    """The package is at hand, and nothing is left in the sources."""
    return {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "HOME": str(home),
            "PYTHONPATH": PACKAGE, "PYTHONDONTWRITEBYTECODE": "1"}
