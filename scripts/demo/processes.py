"""Starts and stops the programs of a demonstration, and asks how far they are."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 60
ANY_PORT = "127.0.0.1:0"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STARTED = []  # every process of this program, ended ones among them


class DemoError(Exception):
    """The demonstration failed; the text says why."""


def run_program(main):
    """Calls main() and exits: with 1 after a DemoError, with 130 after a signal.
    The programs that were started have ended by then."""
    def stopped(*_):
        for each in ENDINGS:  # a second one must not disturb the cleaning up
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in ENDINGS:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, stopped)
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has been ended", file=sys.stderr)
        sys.exit(130)
    except DemoError as error:
        print(f"\n./run: {error}", file=sys.stderr)
        sys.exit(1)
    finally:
        for process in STARTED:
            end(process)


@contextlib.contextmanager
def signals_wait():
    """A signal that comes inside is handled at the end."""
    came = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {each: signal.getsignal(each) for each in ENDINGS
                    if callable(signal.getsignal(each))}
    for each in handlers:
        signal.signal(each, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        for number, frame in came:
            handlers[number](number, frame)


def start(command, **options):
    """A process that `run_program` ends, should nobody have done so. In a process group of its own:
    Ctrl-C at the terminal is for us."""
    with signals_wait():  # otherwise a signal could come before the new process is in STARTED
        process = subprocess.Popen(command, process_group=0, **options)
        STARTED.append(process)
    return process


def end(process):
    if process.poll() is None:
        process.kill()
        process.wait()


def wait_for_stop(application):
    """Says where its metrics UI is, and waits for Ctrl-C as long as it runs."""
    print(f"\nThe application goes on. Its metrics UI: http://{application.http}/\n"
          "Ctrl-C ends it.", flush=True)
    try:
        while True:
            application.require_running()
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("\nending")


def free_address():
    """Returns an address where nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def host_port(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


class Program:
    """A program that runs beside us; leaving the `with` block kills it if it still runs."""

    def __init__(self, command, stdout=None):
        self.command = [str(part) for part in command]
        if not os.access(self.command[0], os.X_OK):
            raise DemoError(f"{self.command[0]} is missing: build it first (./run does)")
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        self.process = start(self.command, stdin=subprocess.DEVNULL, stdout=stdout or self.log,
                             stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        end(self.process)
        self.log.close()

    def output(self):
        """Everything that it has printed so far, standard error included."""
        with open(f"/proc/self/fd/{self.log.fileno()}", errors="replace") as copy:
            return copy.read()

    def running(self):
        return self.process.poll() is None

    def require_running(self):
        if not self.running():
            self.fail(f"ended early with exit code {self.process.returncode}")

    def fail(self, what):
        raise DemoError(f"{' '.join(self.command)}: {what}\n{self.output().strip()[-4000:]}")

    def wait_for_output(self, pattern):
        """The first group of `pattern` in what the program prints."""
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            if found := re.search(pattern, self.output()):
                return found.group(1)
            self.require_running()
            time.sleep(0.01)
        return self.fail(f"printed nothing like {pattern!r} in {START_TIMEOUT_S} s")

    def wait(self, timeout_s=STOP_TIMEOUT_S):
        """Waits for it to end with exit code 0."""
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.fail(f"still runs after {timeout_s} s")
        if self.process.returncode != 0:
            self.fail(f"exit code {self.process.returncode}")

    def stop(self):
        """Asks it to drain and end."""
        self.process.send_signal(signal.SIGTERM)
        self.wait()


def wait_for_all(programs, beside=()):
    """Waits until all have ended with exit code 0, as long as the programs `beside` them run."""
    while any(program.running() for program in programs):
        for program in programs:
            if not program.running():
                program.wait()
        for program in beside:
            program.require_running()
        time.sleep(0.02)
    for program in programs:
        program.wait()


class Application(Program):
    """An application of wallaroo, accepting input once constructed: the path of a program, or the
    words of a command. `inputs` maps its sources to addresses (`.inputs` tells the real ones where
    the kernel chose the port), `outputs` its sinks to the addresses that they connect to."""

    def __init__(self, program, inputs, outputs, threads=None):
        command = [*(program if isinstance(program, list) else [program]), "--http", "127.0.0.1:0"]
        for source, address in inputs.items():
            command += ["--in", f"{source}@{address}"]
        for sink, address in outputs.items():
            command += ["--out", f"{sink}@{address}"]
        if threads is not None:
            command += ["--threads", threads]
        super().__init__(command)
        try:
            self.http = self.wait_for_output(r"metrics on http://(\S+)/metrics\n")
            self.inputs = {source: self.wait_for_output(rf"source '{source}': reads (\S+)\n")
                           for source in inputs}
        except BaseException:
            self.__exit__()
            raise

    def get(self, path):
        # Does not use a proxy that the environment may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{self.http}{path}", timeout=START_TIMEOUT_S) as response:
            return response.read().decode()

    def metrics(self):
        return json.loads(self.get("/metrics.json"))

    def total(self, stage, field):
        """The sum of one counter of a source, stage or sink over its executors."""
        for pipeline in self.metrics()["pipelines"]:
            for part in pipeline["sources"] + pipeline["stages"] + pipeline["sinks"]:
                if part["name"] == stage and field in part["executors"][0]:
                    return sum(executor[field] for executor in part["executors"])
        return self.fail(f"has no metric {field!r} of {stage!r}")

    def await_total(self, stage, field, wanted):
        end = time.monotonic() + STOP_TIMEOUT_S
        while (total := self.total(stage, field)) < wanted:
            self.require_running()
            if time.monotonic() > end:
                self.fail(f"{field} of {stage!r} is {total}, not {wanted}, "
                          f"after {STOP_TIMEOUT_S} s")
            time.sleep(0.002)


def giles(build, *arguments):
    """A command line of the load generator."""
    return [Path(build) / "tools" / "giles", *arguments]
