"""What the tests of the connector libraries share: the programs in both languages, and a source of
the engine to which they connect."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from support.running import BUILD, DEADLINE_S

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "clients" / "python"
sys.path.insert(0, str(CLIENTS))
import wallaroo_connector as wc  # noqa: E402, F401

HOST = os.path.join(BUILD, "tests", "tools", "connector_host")
# The examples in both languages.
CPP_EXAMPLES = os.path.join(BUILD, "clients", "cpp", "examples")
TAIL_FILE = (sys.executable, str(CLIENTS / "examples" / "tail_file.py"))
TAIL_FILE_IN_CPP = (os.path.join(CPP_EXAMPLES, "tail_file"), "--id", "7")
SINK_TO_SQLITE = (sys.executable, str(CLIENTS / "examples" / "sink_to_sqlite.py"))
SINK_TO_SQLITE_IN_CPP = (os.path.join(CPP_EXAMPLES, "sink_to_sqlite"),)


class Program:
    """A child process that prints `listening on ADDRESS` first."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline().strip()
        if not line.startswith("listening on "):
            raise AssertionError(self.process.communicate(timeout=DEADLINE_S))
        self.address = line.removeprefix("listening on ")
        self._drain = threading.Thread(target=self.process.stderr.read, daemon=True)
        self._drain.start()

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self._drain.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Hosted(Folder):
    def start(self, address="127.0.0.1:0"):
        program = Program(HOST, address, str(self.folder))
        self.addCleanup(lambda: program.process.poll() is None and program.end())
        return program

    def lines(self):
        return (self.folder / "lines").read_text().splitlines()
