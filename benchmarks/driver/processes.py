"""Starts programs, waits for them, and reports their failures."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .results import BenchError

RUN_TIMEOUT_S = 300
START_TIMEOUT_S = 15


def require_program(path):
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is missing: build it with -DWALLAROO_BENCH=ON (./bench does)")
    return str(path)


def shown(command):
    return " ".join(str(part) for part in command)


def run(command, timeout_s=RUN_TIMEOUT_S):
    """Runs to the end and returns stdout; any exit code but 0 is an error."""
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{shown(command)}: not done after {timeout_s} s") from None
    if done.returncode != 0:
        raise BenchError(f"{shown(command)}: exit code {done.returncode}\n{done.stderr.strip()}")
    return done.stdout


def parse_result(command, text):
    """The one line of JSON that every in-memory program prints. Fields beyond the usual three are
    passed on unchanged."""
    try:
        result = json.loads(text)
        fields = {**result, "records": int(result["records"]), "seconds": float(result["seconds"]),
                  "checksum": str(result["checksum"])}
    except (ValueError, KeyError, TypeError):
        raise BenchError(f"{shown(command)}: expected one line with records, seconds and checksum "
                         f"in JSON, got: {text.strip()[:200]!r}") from None
    if fields["seconds"] <= 0:
        raise BenchError(f"{shown(command)}: took {fields['seconds']} s, which cannot be")
    return fields


def free_address():
    """An address that nobody listens on now. (Another program could take it before it is used; then
    the program that wanted it fails and says so.)"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Background:
    """A program that runs beside the driver; leaving the `with` block stops it."""

    def __init__(self, command):
        self.command = [str(part) for part in command]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
        self.log.close()

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        self.log.flush()
        with open(f"/proc/self/fd/{self.log.fileno()}", errors="replace") as copy:
            return copy.read()

    def require_running(self):
        if self.process.poll() is not None:
            self.fail(f"ended early with exit code {self.process.returncode}")

    def fail(self, what):
        raise BenchError(f"{shown(self.command)}: {what}\n{self.output().strip()[-2000:]}")

    def wait(self, timeout_s=RUN_TIMEOUT_S, beside=()):
        """Waits for exit code 0, as long as the programs `beside` it do not fail."""
        end = time.monotonic() + timeout_s
        while self.process.poll() is None:
            for other in beside:
                if other.process.poll() not in (None, 0):
                    other.require_running()
            if time.monotonic() > end:
                self.fail(f"not done after {timeout_s} s")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
        if self.process.returncode != 0:
            self.fail(f"exit code {self.process.returncode}")

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_for_output(self, pattern):
        """The first group of `pattern` in what the program printed."""
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            found = re.search(pattern, self.output())
            if found:
                return found.group(1)
            self.require_running()
            time.sleep(0.01)
        return self.fail(f"printed nothing like {pattern!r} in {START_TIMEOUT_S} s")


def wait_for_listener(address, program):
    """Returns a connection to `address` once somebody accepts it."""
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=1)
        except OSError as error:
            program.require_running()
            if time.monotonic() > end:
                program.fail(f"does not accept connections on {address}: {error}")
            time.sleep(0.02)


class Giles:
    """The load generator's command lines."""

    def __init__(self, build):
        self.path = require_program(Path(build) / "tools" / "giles")

    def send(self, to, *flags):
        return [self.path, "send", "--host", to, "--quiet", *flags]

    def receive(self, *flags):
        """Start it, then ask `listening_address`."""
        return [self.path, "receive", "--listen", "127.0.0.1:0", "--quiet", *flags]

    def latency(self, to, *flags):
        return [self.path, "latency", "--send-to", to, "--listen", "127.0.0.1:0", "--quiet",
                *flags]


def listening_address(program):
    return program.wait_for_output(r"listening on (\S+)\n")
