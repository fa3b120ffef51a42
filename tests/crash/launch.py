"""One run of an application that a test makes fail: its planned faults, and its log."""

import os
import signal
import subprocess
import threading
import time

DEADLINE_S = 60  # only to turn a hang into a failure

#: The phases of a process in which it may die, in their order.
PHASES = ("starting", "restoring", "between checkpoints", "saving state", "making it durable",
          "preparing sinks", "publishing the manifest", "committing sinks",
          "acknowledging, removing old ones")

#: Failpoint -> the phase that begins when it is hit.
BEGINS = {
    "source.restore.before": "restoring",
    "sink.file.recover.before": "restoring",
    "store.data.create.before": "saving state",
    "checkpoint.begin.before": "saving state",
    "checkpoint.saved.before": "making it durable",
    "checkpoint.prepare.before": "preparing sinks",
    "checkpoint.manifest.before": "publishing the manifest",
    "checkpoint.commit.before": "committing sinks",
    "checkpoint.ack.before": "acknowledging, removing old ones",
    "checkpoint.ack.after": "between checkpoints",
    "store.prune.manifest.remove.before": "acknowledging, removing old ones",
    "store.prune.data.remove.after": "between checkpoints",
    "store.abandon.remove.before": "between checkpoints",
}


def phase_of(hits):
    phase = "starting"
    for name in hits:
        # Files are removed at a start, too.
        if phase != "starting" or not name.startswith("store.prune"):
            phase = BEGINS.get(name, phase)
    return phase


class Ordered:
    """Checks in a failpoint log that steps come only after the steps that must be durable before."""

    #: step -> (the steps that must have come, since which other step)
    RULES = {
        "store.manifest.create.before": ({"store.data.fsync.after",
                                          "store.data.directory.fsync.after"},
                                         "store.data.create.before"),
        "store.manifest.rename.before": ({"store.manifest.fsync.after"},
                                         "store.manifest.create.before"),
        "checkpoint.commit.before": ({"store.manifest.rename.after",
                                      "store.manifest.directory.fsync.after"},
                                     "store.manifest.create.before"),
    }

    @classmethod
    def violations(cls, hits):
        seen = {}
        for number, name in enumerate(hits):
            if name in cls.RULES:
                wanted, since = cls.RULES[name]
                for each in wanted:
                    if seen.get(each, -1) < seen.get(since, -1):
                        yield f"{name} without {each} since {since}"
            seen[name] = number


class Watched:
    """An output that readers see: it only grows, and its old content stays."""

    def __init__(self, path):
        self.path = path
        self.seen = b""
        self.problem = None

    def look(self):
        try:
            with open(self.path, "rb") as file:
                file.seek(0, os.SEEK_END)
                if file.tell() < len(self.seen):
                    self.problem = f"{self.path} shrank from {len(self.seen)} to {file.tell()} bytes"
                    return
                file.seek(len(self.seen))
                self.seen += file.read()
        except FileNotFoundError:
            if self.seen:
                self.problem = f"{self.path} was removed"

    def begin_anew(self):
        """The file may be cut back, or emptied, by the next start."""
        self.seen = b""

    def verify(self):
        with open(self.path, "rb") as file:
            if not file.read().startswith(self.seen):
                self.problem = f"{self.path} changed where it had been written before"
        return self.problem


class Launch:
    """Runs `command` until it ends, is killed (by one of `rules`, or by a signal), or is told to stop.
    `mutation`: the deliberate bug that it has."""

    def __init__(self, command, folder, rules=(), pause_us=0, mutation="",
                 stdout=subprocess.DEVNULL):
        self._log_path = os.path.join(folder, "failpoints.log")
        if os.path.exists(self._log_path):
            os.remove(self._log_path)
        self._errors = open(os.path.join(folder, "stderr"), "w+b")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=self._errors,
            env={**os.environ, "PAUSE_US": str(pause_us), "WALLAROO_MUTATION": mutation,
                 "WALLAROO_FAILPOINTS": ";".join(rules), "WALLAROO_FAILPOINT_LOG": self._log_path})
        self.hung = False
        self._began = time.monotonic()

    def after(self, seconds):
        return lambda: time.monotonic() - self._began > seconds

    def run(self, watched=(), when=lambda: False, number=signal.SIGKILL):
        """Waits until the launch is over; sends the signal as soon as `when` is true."""
        signalled = False
        while self._process.poll() is None:
            for each in watched:
                each.look()
            if not signalled and when():
                self._process.send_signal(number)
                signalled = True
            passed_s = time.monotonic() - self._began
            if passed_s > DEADLINE_S:
                self.hung = True
                self._process.kill()
            try:
                self._process.wait(0.01)
            except subprocess.TimeoutExpired:
                pass
        for each in watched:
            each.look()
        self._errors.seek(0)
        self.log = self._errors.read().decode(errors="replace")
        self._errors.close()
        self.hits = self._read_hits()
        return self

    def _read_hits(self):
        if not os.path.exists(self._log_path):
            return []
        with open(self._log_path) as file:
            return [line.split(" ")[0] for line in file]

    @property
    def code(self):
        return self._process.returncode

    @property
    def killed(self):
        return self.code == -signal.SIGKILL and not self.hung


class Receiver:
    """receiver.py as a process, on one port however often it is killed."""

    def __init__(self, folder, transactional=True):
        self.folder = folder
        self._mode = "" if transactional else "as-it-comes"
        self._address = "127.0.0.1:0"
        self._start()

    def _start(self):
        script = os.path.join(os.path.dirname(__file__), "receiver.py")
        self._process = subprocess.Popen(
            ["python3", "-B", script, self.folder, self._address, self._mode],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self._process.stdout.readline().strip()
        if not line:
            raise AssertionError(f"the receiver cannot listen on {self._address}")
        self._address = line

    @property
    def address(self):
        return self._address

    def kill_later(self, after_s, absence_s):
        """Starts a thread that kills it and starts it again; returns the thread, to be joined."""
        def act():
            time.sleep(after_s)
            self.close()
            time.sleep(absence_s)
            self._start()

        thread = threading.Thread(target=act)
        thread.start()
        return thread

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
