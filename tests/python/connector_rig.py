"""Peers for the tests of connectors: programs of the engine, and a peer that does as it is told."""

import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from original_rig import ROOT
from wallaroo.experimental import connector_wire_messages as cwm

BUILD = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build"))
DEADLINE_S = 60  # only to turn a hang into a failure


def program(name):
    """The path of a program of the engine's tests; skips the test when it has not been built."""
    path = BUILD / "tests" / "tools" / name
    if not path.exists():
        pytest.skip(f"{path} has not been built: ninja -C build {name}")
    return str(path)


def eventually(condition, what):
    """Waits until `condition()` is true and returns its value."""
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"still not so after {DEADLINE_S} s: {what}"
        time.sleep(0.005)
    return value


class Host:
    """A connector source of the engine with checkpoints; its records become lines of a file."""

    def __init__(self, folder, address="127.0.0.1:0"):
        self.folder = folder
        self.process = subprocess.Popen([program("connector_host"), address, str(folder)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on "), line
        self.address = line[len("listening on "):]
        self.host, port = self.address.rsplit(":", 1)
        self.port = int(port)

    def lines(self):
        return (self.folder / "lines").read_text().splitlines()

    def end(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.process.stdout.close()
        return code


class Application:
    """The program that numbers the lines of a connector source for a connector sink."""

    def __init__(self, sink_address, *flags):
        self.process = subprocess.Popen(
            [program("connector_app"), "--in", "feed@127.0.0.1:0", "--out", sink_address, *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.log = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(eventually(lambda: re.search(r"source 'feed': reads [^:]+:(\d+)",
                                                     "".join(self.log)), "it listens").group(1))

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)

    def end(self, number=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        self.process.stderr.close()
        return code


class Peer:
    """Listens as a source of an application does; the test says what it sends."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE_S)
        self.host, self.port = self._listener.getsockname()
        self._socket = None

    def accept(self):
        if self._socket is not None:
            self._socket.close()
        self._socket, _ = self._listener.accept()
        self._socket.settimeout(DEADLINE_S)
        return self

    def greet(self, credits=10):
        """Accepts a connection and answers its Hello, which it returns."""
        hello = self.accept().hear()
        self.say(cwm.Ok(credits))
        return hello

    def say(self, *frames):
        self._socket.sendall(b"".join(map(cwm.Frame.encode, frames)))

    def say_bytes(self, data):
        self._socket.sendall(data)

    def hear(self):
        """The next frame, or None when the other side has closed."""
        header = self._receive(4)
        if header is None:
            return None
        return cwm.Frame.decode(self._receive(struct.unpack(">I", header)[0]))

    def _receive(self, count):
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                return None
            data += more
        return data

    def hears_nothing(self, seconds=0.1):
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) is None
        except socket.timeout:
            return True
        finally:
            self._socket.settimeout(DEADLINE_S)

    def hang_up(self):
        self._socket.close()
        self._socket = None

    def close(self):
        if self._socket is not None:
            self._socket.close()
        self._listener.close()


def framed_file(path, messages):
    """Writes messages with their lengths in front, and returns the path as a str."""
    path.write_bytes(b"".join(struct.pack(">I", len(each)) + each for each in messages))
    return str(path)
