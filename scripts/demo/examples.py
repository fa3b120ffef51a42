"""An example with its data: examples/NAME/ holds NAME.cpp, data.py and expected.txt.

data.py describes what goes in and how to read what comes out:
  SINKS              the names of the sinks
  phases()           [Phase, ...]: bytes for one connection each, sent one phase after the other
  readable(output)   the lines of text that show the bytes of a sink
  key(line)          the lines with equal keys have an order, the others have none
"""

import importlib.util
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

from .processes import STOP_TIMEOUT_S, ANY_PORT, Application, DemoError, host_port

FOLDER = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Phase:
    """One connection to a source. Before the next phase begins, all of it has passed the stage
    that `settled` names, if any: its name and the records that it has had by then."""

    source: str
    data: bytes
    settled: tuple = ()


class Receiver:
    """Listens and keeps the bytes that arrive, separately for each connection."""

    def __init__(self):
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.readers = []
        self.acceptor = threading.Thread(target=self.accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            received = bytearray()
            self.connections.append(received)
            reader = threading.Thread(target=self.read, args=(connection, received), daemon=True)
            self.readers.append(reader)
            reader.start()

    @staticmethod
    def read(connection, received):
        with connection:
            while part := connection.recv(1 << 20):
                received += part

    def finish(self):
        """Everything received, once all peers have closed."""
        # close() alone would leave the acceptor asleep.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(STOP_TIMEOUT_S)
        self.listener.close()
        for reader in self.readers:
            reader.join(STOP_TIMEOUT_S)
            if reader.is_alive():
                raise DemoError(f"{self.address}: the application did not close its connection")
        return b"".join(bytes(received) for received in self.connections)


class Example:
    def __init__(self, name):
        self.name = name
        self.folder = FOLDER / name
        spec = importlib.util.spec_from_file_location(f"data_of_{name}", self.folder / "data.py")
        self.data = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.data)
        self.phases = self.data.phases()

    @staticmethod
    def names():
        return sorted(path.parent.name for path in FOLDER.glob("*/data.py"))

    def title(self):
        """The first sentence of the program's opening comment."""
        comment = []
        for line in (self.folder / f"{self.name}.cpp").read_text().splitlines():
            if not line.startswith("// "):
                break
            comment.append(line.removeprefix("// "))
        return " ".join(comment).split(". ")[0].rstrip(".") + "."

    def expected(self):
        return (self.folder / "expected.txt").read_text().splitlines()

    def run(self, build, threads=None, look=None):
        """Runs it on its data and returns the readable lines of its output. Before it ends,
        look(application) is called, if given."""
        with self.started(build, threads) as running:
            for phase in self.phases:
                running.send(phase)
            if look:
                look(running.application)
            return self.data.readable(running.finish())

    def started(self, build, threads=None):
        return Running(self, build, threads)

    def by_key(self, lines):
        groups = {}
        for line in lines:
            groups.setdefault(self.data.key(line), []).append(line)
        return groups


class Running:
    """An example that runs, between our clients and our receiver."""

    def __init__(self, example, build, threads):
        self.receiver = Receiver()
        self.application = Application(Path(build) / "examples" / example.name,
                                       {phase.source: ANY_PORT for phase in example.phases},
                                       {sink: self.receiver.address for sink in example.data.SINKS},
                                       threads)
        self.inputs = self.application.inputs

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.application.__exit__(*exception)
        self.receiver.__exit__(*exception)

    def send(self, phase):
        """Sends the bytes on a connection of their own and waits until all of them were read."""
        address = host_port(self.inputs[phase.source])
        with socket.create_connection(address, STOP_TIMEOUT_S) as connection:
            connection.sendall(phase.data)
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1):
                raise DemoError(f"source {phase.source!r} answered, but sources never do")
        if phase.settled:
            stage, records = phase.settled
            self.application.await_total(stage, "records_in_total", records)

    def finish(self):
        """The bytes of all sinks, after the application has drained."""
        self.application.stop()
        return self.receiver.finish()
