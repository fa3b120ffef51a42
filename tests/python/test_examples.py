"""The examples of the Python package run, and type checkers accept them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from original_rig import PACKAGE, ROOT

EXAMPLES = ROOT / "examples" / "python"
DEADLINE_S = 60  # only to turn a hang into a failure
TEXT = ["To be, or not to be: that's the question", "", "Be not afraid; 'tis 2 b"]
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1",
               "PYTHONPATH": os.pathsep.join(filter(None, [PACKAGE, str(EXAMPLES)]))}


def expected_totals():
    """The lines of each word, in their order."""
    lines, totals = {}, Counter()
    for word in re.findall("[a-z0-9']+", " ".join(TEXT).lower()):
        totals[word] += 1
        lines.setdefault(word, []).append(f"{word} => {totals[word]}")
    return lines


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return "127.0.0.1:%d" % probe.getsockname()[1]


class Receiver:
    """Listens and keeps the lines of one connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.lines = []
        self.enough = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)

    def await_lines(self, count):
        self.count = count
        self.reader.start()
        return self

    def read(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile() as file:
            for line in file:
                self.lines.append(line.rstrip("\n"))
                if len(self.lines) == self.count:
                    self.enough.set()


def send_when_it_listens(address, records):
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            connection = socket.create_connection((host, int(port)))
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)
    with connection:
        for record in records:
            connection.sendall(struct.pack(">I", len(record)) + record)


@contextlib.contextmanager
def process(*command, cwd=None):
    running = subprocess.Popen([sys.executable, *map(str, command)], env=ENVIRONMENT, cwd=cwd,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def word_totals(command, source, receiver):
    wanted = expected_totals()
    receiver.await_lines(sum(map(len, wanted.values())))
    with process(*command) as running:
        send_when_it_listens(source, [line.encode() for line in TEXT])
        if not receiver.enough.wait(DEADLINE_S):
            running.kill()
            raise AssertionError(f"{receiver.lines}\n{running.communicate()[0]}")
        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=DEADLINE_S)
        assert running.returncode == 0, output
    by_word = {}
    for line in receiver.lines:
        by_word.setdefault(line.split(" => ")[0], []).append(line)
    assert by_word == wanted


@pytest.mark.parametrize("threads", [1, 2])
def test_word_count(threads):
    source, receiver = free_address(), Receiver()
    word_totals([EXAMPLES / "word_count.py", "--in", source, "--out", receiver.address,
                 "--threads", threads], source, receiver)


def test_word_count_original():
    source, receiver = free_address(), Receiver()
    word_totals(["-m", "wallaroo.original", "--application-module", "word_count_original",
                 "--in", f"lines@{source}", "--out", receiver.address,
                 "--control", free_address(), "--data", free_address(),
                 "--metrics", free_address(), "--cluster-initializer", "--ponythreads=1"],
                source, receiver)


def run(*command, cwd):
    done = subprocess.run([sys.executable, *map(str, command)], env=ENVIRONMENT, cwd=cwd,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=DEADLINE_S * 3)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_page_views_passes_its_own_test(tmp_path):
    assert "4 passed" in run("-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull,
                             EXAMPLES / "test_page_views.py", cwd=tmp_path)


def test_page_views(tmp_path):
    (tmp_path / "views.jsonl").write_text(
        '{"at": "2026-11-30T12:00:05+00:00", "page": "/", "bytes": 1200}\n'
        '{"at": "2026-11-30T12:01:03+00:00", "page": "/", "bytes": 3}\n'
        '{"at": "2026-11-30T12:00:59+00:00", "page": "/", "bytes": 34}\n')
    printed = run("-m", "wallaroo.commands", "run", EXAMPLES / "page_views.py", cwd=tmp_path)
    assert sorted(printed.splitlines()) == [
        '{"page":"/","minute":"12:00","views":2,"bytes":1234}',
        '{"page":"/","minute":"12:01","views":1,"bytes":3}']


def sensor_lines():
    """What comes out, computed by hand for the readings below."""
    return [f"{name} {1764504000 + 10 * ten}: {1000.0 * ten + sensor} to "
            f"{1000.0 * ten + 9 + sensor}, median {1000.0 * ten + 4.5 + sensor}"
            for sensor, name in enumerate(("attic", "cellar", "kitchen")) for ten in range(50)]


def fill(path):
    table = sqlite3.connect(path)
    table.execute("CREATE TABLE readings(sensor TEXT, at INTEGER, value REAL)")
    for second in range(500):
        for sensor, name in enumerate(("attic", "cellar", "kitchen")):
            row = (name, 1764504000 + second, 1000.0 * (second // 10) + second % 10 + sensor)
            table.execute("INSERT INTO readings VALUES (?, ?, ?)", row)
    table.commit()
    table.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_sensors(threads, tmp_path):
    fill(tmp_path / "readings.db")
    run(EXAMPLES / "sensors.py", "--threads", threads, "--checkpoint-dir", "checkpoints",
        cwd=tmp_path)
    assert sorted((tmp_path / "spreads.txt").read_text().splitlines()) == sorted(sensor_lines())


def test_type_checkers_accept_the_examples(tmp_path):
    pytest.importorskip("mypy")
    run("-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", "--cache-dir",
        tmp_path, *sorted(EXAMPLES.glob("*.py")), cwd=ROOT)


def test_type_checkers_accept_the_package(tmp_path):
    pytest.importorskip("mypy")
    run("-m", "mypy", "--cache-dir", tmp_path, cwd=ROOT)


def test_run_shows_word_count_on_real_text():
    build = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build"))
    if not (build / "tools" / "giles").exists():
        pytest.skip("giles, which sends the text, is not built")
    done = subprocess.run(
        ["python3", "-B", "-m", "demo.word_count", "--build", build, "--python", sys.executable,
         "--megabytes", "1"], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [f"{ROOT}/scripts", PACKAGE]))},
        capture_output=True, text=True, timeout=DEADLINE_S * 3)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "equal those of an independent count" in done.stdout
    assert "word count, from the socket it reads to the socket it writes" in done.stdout


def test_every_example_has_a_test():
    tested = Path(__file__).read_text()
    for example in EXAMPLES.glob("*.py"):
        assert example.stem in tested
