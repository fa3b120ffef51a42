"""Runs the golden applications: as processes of both commands, and in the harness."""

import importlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from connector_rig import DEADLINE_S, eventually
from original_rig import ENVIRONMENT, HERE

GOLDEN = HERE / "golden"
SEED = 20_26
OLD = [sys.executable, "-m", "wallaroo.original", "--cluster-initializer",
       "--metrics", "127.0.0.1:1", "--control", "127.0.0.1:0", "--data", "127.0.0.1:0",
       "--ponythreads=1", "--ponynoblock"]
NEW = [sys.executable, "-m", "wallaroo.commands", "run"]
READY = "Application has successfully initialized."


def case(name):
    """The module of a golden application, with its inputs."""
    if str(GOLDEN) not in sys.path:
        sys.path.insert(0, str(GOLDEN))
    module = importlib.import_module(name)
    return module, module.inputs(random.Random(SEED))


def free_ports(count):
    """Ports that nobody listens at."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def by_key(lines):
    """Lines by their first word, in their order."""
    grouped = {}
    for line in lines:
        grouped.setdefault(line.split(" ", 1)[0], []).append(line)
    return grouped


class Receiver:
    """Listens for one sink after the other and keeps the lines that come."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._data = b""
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self):
        try:
            while True:
                peer, _ = self._listener.accept()
                while more := peer.recv(1 << 16):
                    self._data += more
                peer.close()
        except OSError:
            return  # it was closed

    def lines(self):
        return self._data.decode().split("\n")[:-1]

    def is_at_line_end(self):
        return not self._data or self._data.endswith(b"\n")

    def close(self):
        # Wakes the thread that waits for a connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_S)


class Process:
    """A command that runs an application."""

    def __init__(self, command, cwd=GOLDEN, **environment):
        path = os.pathsep.join([str(GOLDEN), ENVIRONMENT["PYTHONPATH"]])
        self.process = subprocess.Popen(
            [str(each) for each in command], cwd=cwd, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1", **environment})
        self._texts = {"stdout": b"", "stderr": b""}
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True)
                         for name in self._texts]
        for reader in self._readers:
            reader.start()

    def _read(self, name):
        stream = getattr(self.process, name)
        while more := os.read(stream.fileno(), 1 << 16):
            self._texts[name] += more

    @property
    def out(self):
        return self._texts["stdout"].decode(errors="replace")

    @property
    def log(self):
        return self._texts["stderr"].decode(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait_for(self, condition, what):
        """Waits for it while the process lives."""
        def look():
            assert self.running() or condition(), f"it ended before {what}:\n{self.out}{self.log}"
            return condition()
        try:
            return eventually(look, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.out[-2000:]}{self.log[-4000:]}") from None

    def send(self, number):
        assert self.running(), self.log
        self.process.send_signal(number)

    def wait(self, timeout=DEADLINE_S):
        """Returns the exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
            self.process.wait()
            for reader in self._readers:
                reader.join(DEADLINE_S)
            raise AssertionError(f"it did not end:\n{self.log[-6000:]}") from None
        for reader in self._readers:
            reader.join(DEADLINE_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def kill(self):
        """Kills it, and shows that it was alive until then."""
        self.send(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def close(self):
        if self.running():
            self.process.kill()
            self.wait()


def connect(port, process):
    """Connects to a source, which may not listen yet."""
    def attempt():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        except ConnectionRefusedError:
            return None
    return process.wait_for(attempt, f"it listens at {port}")


def default_frame(source, payload):
    return struct.pack(">I", len(payload)) + payload


def send_frames(module, frames, ports, process, style):
    frame = getattr(module, f"{style}_frame", default_frame)
    for source, payloads in frames.items():
        with connect(ports[source], process) as peer:
            peer.sendall(b"".join(frame(source, each) for each in payloads))


def check(module, frames, lines, style):
    """Compares the lines of each sink with the oracle, key by key."""
    if hasattr(module, f"{style}_check"):
        getattr(module, f"{style}_check")(lines, frames)
        return
    for sink, wanted in module.expected(frames).items():
        assert by_key(lines[sink]) == by_key(wanted)


def is_complete(module, frames, lines, style):
    if hasattr(module, f"{style}_is_complete"):
        return getattr(module, f"{style}_is_complete")(lines, frames)
    return all(len(lines[sink]) >= len(wanted)
               for sink, wanted in module.expected(frames).items())


def run_over_tcp(name, style, threads=1):
    """Runs the application as a process, sends its inputs, and returns the lines of its sinks."""
    module, frames = case(name)
    receivers = {sink: Receiver() for sink in module.SINKS}
    ports = dict(zip(module.SOURCES, free_ports(len(module.SOURCES))))
    process = Process(_command(name, module, style, threads, receivers, ports))

    def lines():
        return {sink: receiver.lines() for sink, receiver in receivers.items()}

    try:
        if style == "old":
            process.wait_for(lambda: READY in process.out, "it is ready")
        send_frames(module, frames, ports, process, style)
        if style == "old" or not getattr(module, "NEW_NEEDS_END", False):
            ended = (lambda: not process.running()) if style == "new" else (lambda: False)
            eventually(lambda: is_complete(module, frames, lines(), style) or ended(),
                       f"{name} gives all results: {process.log[-1500:]}")
        else:
            time.sleep(0.3)
        if style == "old" or module.SOURCES:  # without any, it ends by itself
            process.send(signal.SIGTERM)
        assert process.wait() == 0, process.log
        eventually(lambda: all(each.is_at_line_end() for each in receivers.values()), "whole lines")
        if getattr(module, "NEW_NEEDS_END", False):
            eventually(lambda: is_complete(module, frames, lines(), style), "the rest has come")
        time.sleep(0.05)  # for what should not come
        return module, frames, lines()
    finally:
        process.close()
        for receiver in receivers.values():
            receiver.close()


def _command(name, module, style, threads, receivers, ports):
    if style == "old":
        sources = ",".join(f"{source}@127.0.0.1:{port}" for source, port in ports.items())
        sinks = ",".join(f"127.0.0.1:{each.port}" for each in receivers.values())
        return [*OLD, "--application-module", name, *(["--in", sources] if sources else []),
                "--out", sinks]
    flags = []
    for source, port in ports.items():
        flags += ["--in", f"{source}@127.0.0.1:{port}"]
    for sink, receiver in receivers.items():
        flags += ["--out", f"{sink}@127.0.0.1:{receiver.port}"]
    return [*NEW, f"{name}.py", "--threads", threads, *flags]
