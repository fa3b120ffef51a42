"""Starts error_app (see error_app.cpp)."""

import unittest

from support.running import Running
from support.wire import Receiver, connect, framed


class ErrorAppCase(unittest.TestCase):
    def start(self, *arguments, flags=(), out=None, **popen):
        """error_app, its source on a free port, with metrics; `arguments` are its own."""
        ends = []
        if out is not None:
            ends += ["--out", out.address]
        app = Running(
            "tests/errors/error_app",
            *ends,
            *("--http", "127.0.0.1:0"),
            *flags,
            *("--", *arguments),
            **popen,
        )
        self.addCleanup(app.close)
        return app

    def receiver(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        return receiver

    def start_with_receiver(self, *arguments, **options):
        """error_app, and the peer to which its sink has connected."""
        receiver = self.receiver().listen()
        app = self.start(*arguments, out=receiver, **options)
        return app, receiver.accept()

    def connect(self, app):
        peer = connect(app.source_address())
        self.addCleanup(peer.close)
        return peer

    def send(self, app, *records):
        """Sends records over a new connection, which is left open."""
        peer = self.connect(app)
        peer.sendall(framed(*records))
        return peer

    def assert_still_works(self, app, receiver, text="still"):
        self.send(app, text)
        line = receiver.lines(1)[0]
        self.assertRegex(line, rf"^{text} \d+ {text}$")

    def assert_drains(self, app, receiver=None):
        """Sends SIGTERM and expects exit code 0; returns the lines that still came."""
        app.signal()
        lines = receiver.rest_lines() if receiver else []
        self.assertEqual(app.wait(), 0, app.log)
        return lines
