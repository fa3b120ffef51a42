"""Frames that wait to be sent, some of which cost a credit."""

from __future__ import annotations

from collections import deque
from typing import Callable, Deque, Tuple

CHUNK_BYTES = 1 << 16


class Outbox:
    """Frames in the order in which they are sent. A frame that costs a credit waits, and all behind
    it, until there is one."""

    def __init__(self) -> None:
        self._frames: Deque[Tuple[bytes, bool]] = deque()
        self._chunk = bytearray()  # of frames that have cost their credits
        self._credits_to_send = 0
        #: Credits that are left for frames that are added; below 0 when some have to wait.
        self.credits = 0

    def __len__(self) -> int:
        """Returns the number of frames, of which those that are being sent count as one."""
        return len(self._frames) + bool(self._chunk)

    def begin(self, credits: int) -> None:
        """Forgets all frames, and begins with these credits."""
        self._frames.clear()
        self._chunk.clear()
        self._credits_to_send = self.credits = credits

    def add_credits(self, credits: int) -> None:
        """Adds credits that the application gave."""
        self._credits_to_send += credits
        self.credits += credits

    def add(self, frame: bytes, costs_credit: bool) -> None:
        """Adds a frame at the end."""
        self._frames.append((frame, costs_credit))
        self.credits -= costs_credit

    def ready(self) -> bool:
        """Returns whether something can be sent."""
        return bool(self._chunk) or self._first_is_ready()

    def send(self, send_some: Callable[[bytes], int]) -> None:
        """Sends as much as credits allow and `send_some`, which returns how much it took, takes."""
        while self.ready():
            while len(self._chunk) < CHUNK_BYTES and self._first_is_ready():
                frame, costs_credit = self._frames.popleft()
                self._credits_to_send -= costs_credit
                self._chunk += frame
            taken = send_some(bytes(self._chunk))
            del self._chunk[:taken]
            if self._chunk:
                return

    def _first_is_ready(self) -> bool:
        return bool(self._frames) and (not self._frames[0][1] or self._credits_to_send > 0)
