"""An application as a child process: its log, its metrics, its memory, its end."""

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

BUILD = os.path.abspath(os.environ.get("WALLAROO_BUILD", "build"))
DEADLINE_S = 60  # only to turn a hang into a failure


def sanitized():
    """Memory bounds mean nothing under sanitizers."""
    with open(os.path.join(BUILD, "CMakeCache.txt")) as cache:
        return re.search(r"^WALLAROO_SANITIZE:\w+=.+$", cache.read(), re.M) is not None


def eventually(condition, what):
    """Waits until `condition()` is true and returns its value."""
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"still not so after {DEADLINE_S} s: {what}")
        time.sleep(0.01)
    return value


class Running:
    """Runs `program` (a path below the build folder) with flags until it ends, or `close` kills it."""

    def __init__(self, program, *flags, stdout=subprocess.PIPE, **popen):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, program), *flags],
            stdout=stdout,
            stderr=subprocess.PIPE,
            **popen,
        )
        self._lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self):
        for line in self.process.stderr:
            with self._changed:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def log(self):
        with self._changed:
            return "\n".join(self._lines)

    def wait_for_log(self, pattern):
        """The first match of `pattern` in the log, now or later."""
        found = None

        def look():
            nonlocal found
            found = re.search(pattern, "\n".join(self._lines))
            return found or self._ended

        with self._changed:
            self._changed.wait_for(look, DEADLINE_S)
        if found is None:
            raise AssertionError(f"no {pattern!r} in the log:\n{self.log}")
        return found

    def _address_in_log(self, pattern):
        host, port = self.wait_for_log(pattern).group(1).rsplit(":", 1)
        return host, int(port)

    def source_address(self, source="in"):
        return self._address_in_log(rf"source '{source}': reads (\S+)")

    def metrics(self):
        """Every metric of /metrics, summed over its labels (needs --http)."""
        host, port = self._address_in_log(r"metrics on http://([^/]+)/")
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=DEADLINE_S) as page:
            sums = {}
            for line in page.read().decode().splitlines():
                if line and not line.startswith("#"):
                    name, value = re.fullmatch(r"([^{ ]+)(?:\{.*\})? (\S+)", line).groups()
                    sums[name] = sums.get(name, 0) + float(value)
            return sums

    def wait_for_metric(self, name, value):
        eventually(lambda: self.metrics()[name] == value, f"{name} is {value}")

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """The exit code; `log` and `output` are complete then."""
        self.output = None
        reader = threading.Thread(target=self._read_output, daemon=True)
        reader.start()
        code = self.process.wait(DEADLINE_S)
        reader.join(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def _read_output(self):
        if self.process.stdout:
            self.output = self.process.stdout.read()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(DEADLINE_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def text_file(folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def temporary_folder(case):
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    return folder.name
