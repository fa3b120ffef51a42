"""The real giles binary over loopback: $WALLAROO_BUILD/tools/giles."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from support.running import BUILD, DEADLINE_S

GILES = os.path.join(BUILD, "tools", "giles")


class Receive:
    """A running `giles receive` on a port of the kernel's choice."""

    def __init__(self, *flags, command="receive"):
        self.process = subprocess.Popen(
            [GILES, command, "--listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # With --output - the line goes to standard error.
        stream = self.process.stderr if "-" in flags else self.process.stdout
        line = stream.readline().strip()
        if not line.startswith("listening on "):
            _, err = self.process.communicate(timeout=DEADLINE_S)
            raise AssertionError(f"no listening line: {line!r} {err!r}")
        self.address = line.removeprefix("listening on ")
        self.port = int(self.address.rsplit(":", 1)[1])

    def wait(self):
        self.out, self.err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


def send(host, *flags, stdin=None):
    return subprocess.run(
        [GILES, "send", "--host", host, "--quiet", *flags],
        input=stdin,
        capture_output=True,
        timeout=DEADLINE_S,
    )


def run(*flags):
    return subprocess.run([GILES, *flags], capture_output=True, text=True, timeout=DEADLINE_S)


class GilesCase(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, contents):
        with open(self.path(name), "wb") as out:
            out.write(contents)
        return self.path(name)

    def contents(self, name):
        with open(self.path(name), "rb") as read:
            return read.read()

    def json(self, name):
        with open(self.path(name)) as read:
            return json.load(read)

    def assert_transfer(self, send_flags, receive_flags, wanted, records, stdin=None):
        """Checks that the bytes arrive as they were sent, and are counted right on both sides."""
        receiver = Receive("--output", self.path("out"), "--json", self.path("r"), *receive_flags)
        sent = send(receiver.address, "--json", self.path("s"), *send_flags, stdin=stdin)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(self.contents("out"), wanted)
        self.assertEqual(self.json("r")["received"]["records"], records)
        self.assertEqual(self.json("r")["received"]["bytes"], len(wanted))
        self.assertEqual(self.json("s")["sent"]["records"], records)
        self.assertEqual(self.json("s")["sent"]["bytes"], len(wanted))

    def assert_fails(self, result, message):
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(message, result.stderr)
