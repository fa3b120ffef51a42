"""A connector that takes what a connector sink sends."""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Sequence

from ..original.bases import ConnectorDecoder
from . import connector_wire_messages as cwm
from .application import (
    _application,
    find_sink,
    has_headers,
    parse_connector_args,
    without_header,
)
from .connection import RECEIVE_BYTES, FrameCutter
from .errors import ProtocolError, UnexpectedSocketError

VERSION = "v0.0.1"
CREDITS = 1000
DATA_STREAM = 1


class SinkConnector:
    """Takes the records of a connector sink of an application, which is found by the arguments
    `--application-module` and `--connector`: call `listen`, and then `read` again and again.

    Records are given out as they come. When the application goes back to a checkpoint, it sends
    again what followed, so some may come twice.
    """

    def __init__(self, args: Optional[Sequence[str]] = None, required_params: Sequence[str] = (),
                 optional_params: Sequence[str] = ()) -> None:
        args = sys.argv if args is None else args
        self.params = parse_connector_args(args, required_params, optional_params)
        config = find_sink(_application(args, self.params), self.params.connector_name)
        (_, _name, self._host, self._port, self._encoder, self._decoder, self._cookie) = config
        self._acceptor: Optional[socket.socket] = None
        self._sessions: Dict[socket.socket, _Session] = {}
        self._records: Deque[Any] = deque()

    def listen(self, host: Optional[str] = None, port: Any = None, backlog: int = 0) -> None:
        """Listens on the address of the application's sink, or on another. Raises OSError."""
        address = (host or self._host, int(self._port if port is None else port))
        self._acceptor = socket.create_server(address, backlog=max(backlog, 1))

    def read(self, timeout: Optional[float] = None) -> Any:
        """Returns the next record, decoded. Raises TimeoutError when none comes for `timeout`
        seconds, and UnexpectedSocketError when it cannot listen any more."""
        give_up_at = None if timeout is None else time.monotonic() + timeout
        while not self._records:
            left = None if give_up_at is None else give_up_at - time.monotonic()
            if left is not None and left < 0:
                raise TimeoutError(f"no record came for {timeout} s")
            self._receive(left)
        return self._records.popleft()

    def close(self) -> None:
        """Closes all connections, and listens no longer."""
        for peer in [*self._sessions, *([self._acceptor] if self._acceptor else [])]:
            peer.close()
        self._sessions.clear()
        self._acceptor = None

    def _receive(self, timeout: Optional[float]) -> None:
        if self._acceptor is None:
            raise RuntimeError("call listen() before read()")
        everyone: List[socket.socket] = [self._acceptor, *self._sessions]
        readable, _, failed = select.select(everyone, [], everyone, timeout)
        if self._acceptor in failed:
            self.close()
            raise UnexpectedSocketError("the socket that listens has failed")
        for peer in readable:
            if peer is self._acceptor:
                connected, _ = peer.accept()
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sessions[connected] = _Session(self._cookie, self._encoder, self._decoder)
            else:
                self._receive_from(peer)

    def _receive_from(self, peer: socket.socket) -> None:
        session = self._sessions[peer]
        try:
            data = peer.recv(RECEIVE_BYTES)
            if data:
                peer.sendall(session.take(data))
                self._records += session.records()
                return
        except ProtocolError as error:
            self._say(peer, cwm.Frame.encode(cwm.Error(str(error))))
        except OSError:
            pass  # the application connects again
        del self._sessions[peer]
        peer.close()

    @staticmethod
    def _say(peer: socket.socket, word: bytes) -> None:
        try:
            peer.sendall(word)
        except OSError:
            pass  # it does not listen any more


class _Session:
    """One connection of a sink, without the socket."""

    def __init__(self, cookie: str, encoder: Any, decoder: Any) -> None:
        self._cookie = cookie
        self._encoder = encoder
        self._decoder = decoder
        self._takes_messages = isinstance(decoder, ConnectorDecoder)
        self._cutter = FrameCutter()
        self._greeted = False
        self._bytes = bytearray()  # of records that the decoder cuts
        self._records: List[Any] = []

    def take(self, data: bytes) -> bytes:
        """Takes bytes and returns the answer. Raises ProtocolError when the connection must end."""
        self._cutter.feed(data)
        return b"".join(self._take(body) for body in self._cutter.frames())

    def records(self) -> List[Any]:
        """Returns the records that have come since the last call."""
        records, self._records = self._records, []
        return records

    def _take(self, body: bytes) -> bytes:
        try:
            msg = cwm.Frame.decode(body)
        except (KeyError, struct.error, UnicodeDecodeError) as error:
            raise ProtocolError(f"a frame that cannot be read: {error}") from error
        if isinstance(msg, cwm.Hello) and not self._greeted:
            return self._take_hello(msg)
        if isinstance(msg, cwm.Notify) and self._greeted:
            return cwm.Frame.encode(cwm.NotifyAck(msg.stream_id == DATA_STREAM, msg.stream_id,
                                                  msg.point_of_ref))
        if isinstance(msg, cwm.Message) and self._greeted:
            if msg.stream_id == DATA_STREAM:
                self._decode(msg.message or b"")
                return b""
            return self._take_control(msg.message or b"")
        raise ProtocolError(f"a {type(msg).__name__} has no place here")

    def _take_hello(self, msg: cwm.Hello) -> bytes:
        if msg.version != VERSION:
            raise ProtocolError(f"the version is '{msg.version!s}' instead of '{VERSION}'")
        if msg.cookie != self._cookie:
            raise ProtocolError("the cookie is wrong")
        self._greeted = True
        return cwm.Frame.encode(cwm.Ok(CREDITS))

    @staticmethod
    def _take_control(payload: bytes) -> bytes:
        msg = cwm.TwoPCFrame.decode(payload)
        if isinstance(msg, cwm.ListUncommitted):
            answer = cwm.TwoPCFrame.encode(cwm.ReplyUncommitted(msg.rtag, []))
        elif isinstance(msg, cwm.TwoPCPhase1):
            answer = cwm.TwoPCFrame.encode(cwm.TwoPCReply(msg.txn_id, True))
        else:
            return b""  # PHASE_2 and WORKERS_LEFT have no answer
        return cwm.Frame.encode(cwm.Message(0, 0, 0, None, answer))

    def _decode(self, payload: bytes) -> None:
        if has_headers(self._encoder):
            self._records.append(self._decoder.decode(without_header(payload)))
        elif self._takes_messages:
            self._records.append(self._decoder.decode(payload))
        else:
            self._bytes += payload
            self._cut()

    def _cut(self) -> None:
        """Decodes the records that are complete, in bytes that have headers of their own."""
        header = self._decoder.header_length()
        while len(self._bytes) >= header:
            end = header + self._decoder.payload_length(bytes(self._bytes[:header]))
            if len(self._bytes) < end:
                return
            self._records.append(self._decoder.decode(bytes(self._bytes[header:end])))
            del self._bytes[:end]
