"""Waits for sockets, and for a call from another thread."""

from __future__ import annotations

import select
import socket
from typing import Sequence


class Alarm:
    """Lets one thread wait for sockets until another thread rings."""

    def __init__(self) -> None:
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def ring(self) -> None:
        """Ends the current wait, or the next one. Any thread may call it."""
        try:
            self._waker.send(b"!")
        except BlockingIOError:
            pass  # it has rung often enough

    def wait(self, readers: Sequence[socket.socket], writers: Sequence[socket.socket],
             timeout_s: float) -> bool:
        """Waits until a reader can be read or a writer written, or until it rings, but no longer
        than `timeout_s` seconds. Returns whether a writer can be written."""
        readable, writable, _ = select.select([self._woken, *readers], writers, [], timeout_s)
        if self._woken in readable:
            self._woken.recv(1 << 12)
        return bool(writable)

    def __del__(self) -> None:
        if hasattr(self, "_waker"):
            self._woken.close()
            self._waker.close()
