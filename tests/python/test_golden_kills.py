"""Applications that are killed at random moments give each result exactly once."""

import random
import signal
import sys
import threading

import pytest
from connector_rig import DEADLINE_S, eventually
from golden_rig import GOLDEN, NEW, OLD, READY, Process, by_key, free_ports
from original_rig import ROOT

for folder in (GOLDEN, ROOT / "clients" / "python", ROOT / "tests" / "crash"):
    sys.path.insert(0, str(folder))
import receiver  # noqa: E402
import restartable  # noqa: E402
from wallaroo_connector import ConnectorClient, SinkServer  # noqa: E402

KILLS = 2
GOES_ON = "goes on from checkpoint"


@pytest.fixture(name="chance", params=[1])
def random_moments(request):
    return random.Random(request.param)


def kill_at_random_moments(command, lines, chance):
    """Starts the command again and again, and kills it in the middle of its work. Returns the last
    process, which goes on from what the others have left."""
    for kill in range(KILLS):
        process = Process(command)
        try:
            if kill:
                process.wait_for(lambda: GOES_ON in process.log, "it goes on")
            # Results become visible with checkpoints; the moment is somewhere between two.
            before = len(lines())
            goal = before + chance.randrange(1, restartable.COUNT // (4 * KILLS))
            process.wait_for(lambda: len(lines()) >= goal, f"{goal} results")
            threading.Event().wait(chance.uniform(0, 0.05))
            process.kill()
        finally:
            process.close()
        assert 0 < len(lines()) < restartable.COUNT
    return Process(command)


def check(lines, wanted):
    assert by_key(lines) == by_key(wanted)


def checkpoints(folder):
    return ["--checkpoint-dir", folder, "--checkpoint-interval", "25ms"]


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("name, threads", [
    ("from_file", 1), ("from_file", 2), ("from_generator", 2), ("from_iterable", 1),
    ("from_partitions", 2)])
def test_from_a_source_that_ends_to_a_file(name, threads, tmp_path, chance):
    numbers, out = tmp_path / "numbers", tmp_path / "out"
    numbers.write_text("".join(f"{n}\n" for n in range(restartable.COUNT)))
    command = [*NEW, f"restartable.py:{name}", "--threads", threads, "--out", out,
               *checkpoints(tmp_path / "checkpoints"),
               *(["--in", numbers] if name == "from_file" else [])]
    last = kill_at_random_moments(command, lambda: lines_of(out), chance)
    try:
        assert last.wait() == 0, last.log
        assert GOES_ON in last.log
    finally:
        last.close()
    if name == "from_partitions":
        assert sorted(lines_of(out)) == sorted(f"{n % restartable.KEYS} {n}"
                                               for n in range(restartable.COUNT))
    else:
        check(lines_of(out), restartable.expected())


class Drain:
    """A receiver of a connector sink, which commits what it gets to a file."""

    def __init__(self, folder):
        folder.mkdir()
        self._folder = folder
        self._server = SinkServer("127.0.0.1:0", receiver.FolderOutput(str(folder)))
        self.address = self._server.address
        self.port = int(self.address.rsplit(":", 1)[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def lines(self):
        return receiver.committed_bytes(str(self._folder)).decode().splitlines()

    def close(self):
        self._server.stop()
        self._thread.join(DEADLINE_S)


@pytest.fixture(name="drain")
def drain_of_a_test(tmp_path):
    drain = Drain(tmp_path / "drain")
    yield drain
    drain.close()


class Feed:
    """Sends all numbers to a connector source, and again what it has lost, until all are safe."""

    def __init__(self, port):
        self._client = ConnectorClient(f"127.0.0.1:{port}", cookie=restartable.COOKIE,
                                       max_backoff_s=0.05)
        self.resumed = 0
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self):
        stream = self._client.open_stream("numbers")
        ended, at = False, -1
        while not ended:
            while (n := 0 if stream.position is None else stream.position + 1) < restartable.COUNT:
                self.resumed += n <= at
                at = n
                self._client.send(stream, n, b"%d" % n)
            ended = self._client.end_stream(stream)
        self._client.close()

    def join(self):
        self._thread.join(DEADLINE_S)
        return not self._thread.is_alive()


def test_from_a_connector_to_a_file(tmp_path, chance):
    out, (port,) = tmp_path / "out", free_ports(1)
    feed = Feed(port)
    command = [*NEW, "restartable.py:from_connector", "--threads", "2", "--out", out, "--in",
               f"127.0.0.1:{port}", *checkpoints(tmp_path / "checkpoints")]
    last = kill_at_random_moments(command, lambda: lines_of(out), chance)
    try:
        last.wait_for(lambda: len(lines_of(out)) >= restartable.COUNT, "all results")
        assert feed.join() and feed.resumed > 0
        last.send(signal.SIGTERM)
        assert last.wait() == 0, last.log
    finally:
        last.close()
    check(lines_of(out), restartable.expected())


def test_from_a_generator_to_a_connector(tmp_path, chance, drain):
    command = [*NEW, "restartable.py:to_connector", "--threads", "2", "--out", drain.address,
               *checkpoints(tmp_path / "checkpoints")]
    last = kill_at_random_moments(command, drain.lines, chance)
    try:
        assert last.wait() == 0, last.log
    finally:
        last.close()
    check(drain.lines(), restartable.expected())


@pytest.mark.parametrize("source", ["generator", "connector"])
def test_in_the_old_style_to_a_connector(source, tmp_path, chance, drain):
    resilience = tmp_path / "resilience"
    resilience.mkdir()
    command = [*OLD, "--run-with-resilience", "--resilience-dir", resilience,
               "--time-between-checkpoints", "25_000_000", "--application-module", "restartable",
               "--to-port", drain.port]
    feed = None
    if source == "connector":
        (port,) = free_ports(1)
        command += ["--from-port", port]
        feed = Feed(port)
    last = kill_at_random_moments(command, drain.lines, chance)
    try:
        last.wait_for(lambda: READY in last.out and len(drain.lines()) >= restartable.COUNT,
                      "all results")
        assert feed is None or (feed.join() and feed.resumed > 0)
        assert list(resilience.glob("restartable-initializer*"))
        last.send(signal.SIGTERM)
        assert last.wait() == 0, last.log
    finally:
        last.close()
    eventually(lambda: len(drain.lines()) >= restartable.COUNT, "all is committed")
    check(drain.lines(), restartable.expected())
    assert not list(resilience.iterdir()), "there is nothing to recover after an orderly end"
