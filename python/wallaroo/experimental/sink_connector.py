"""A connector that takes what a connector sink sends."""

from __future__ import annotations

import selectors
import socket
import struct
import sys
import time
from collections import deque
from typing import Any, Callable, Deque, Iterable, List, Optional, Sequence

from ..original.bases import ConnectorDecoder
from . import connector_wire_messages as cwm
from .application import described, has_headers, parse_connector_args, without_header
from .connection import RECEIVE_BYTES, FrameCutter
from .errors import ProtocolError, UnexpectedSocketError
from .wire_fields import WireMessage

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
        self._sink = described("sink_connector", self.params, args)
        self._listener: Optional[socket.socket] = None
        # The listener without data, and each connection with its _Session.
        self._sockets = selectors.DefaultSelector()
        self._records: Deque[Any] = deque()

    def listen(self, host: Optional[str] = None, port: Any = None, backlog: int = 0) -> None:
        """Listens on the address of the application's sink, or on another. Raises OSError."""
        address = (self._sink.host if host is None else host,
                   self._sink.port if port is None else int(port))
        self._listener = socket.create_server(address, backlog=max(backlog, 1))
        self._listener.setblocking(False)
        self._sockets.register(self._listener, selectors.EVENT_READ)

    def read(self, timeout: Optional[float] = None) -> Any:
        """Returns the next record, decoded. Raises TimeoutError when none comes for `timeout`
        seconds, and UnexpectedSocketError when it cannot listen any more."""
        give_up_at = None if timeout is None else time.monotonic() + timeout
        while not self._records:
            left = None if give_up_at is None else max(0.0, give_up_at - time.monotonic())
            self._receive(left)
            if left == 0 and not self._records:
                raise TimeoutError(f"no record came for {timeout} s")
        return self._records.popleft()

    def close(self) -> None:
        """Closes all connections, and listens no longer."""
        for key in list(self._sockets.get_map().values()):
            self._drop(key.fileobj)
        self._listener = None

    def _drop(self, peer: Any) -> None:
        self._sockets.unregister(peer)
        peer.close()

    def _receive(self, timeout: Optional[float]) -> None:
        """Takes what comes within `timeout`."""
        if self._listener is None:
            raise RuntimeError("nothing can come in before the connector listens: call listen()")
        for key, _ in self._sockets.select(timeout):
            if key.data is None:
                self._accept(self._listener)
            else:
                self._receive_from(key.fileobj, key.data)

    def _accept(self, listener: socket.socket) -> None:
        try:
            peer, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # the application has given up already
        except OSError as error:
            self.close()
            raise UnexpectedSocketError(f"the socket that listens has failed: {error}") from error
        peer.setblocking(True)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = _Session(self._sink.cookie, self._sink.encoder, self._sink.decoder)
        self._sockets.register(peer, selectors.EVENT_READ, session)

    def _receive_from(self, peer: Any, session: _Session) -> None:
        try:
            data = peer.recv(RECEIVE_BYTES)
            if data:
                peer.sendall(session.take(data))
                return
        except ProtocolError as error:
            self._say(peer, cwm.Frame.encode(cwm.Error(str(error))))
        except OSError:
            pass  # the application connects again
        finally:
            self._records += session.records()
        self._drop(peer)

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
        self._encoded_records = _finder_of_records(encoder, decoder)
        self._decoder = decoder
        self._cutter = FrameCutter()
        self._greeted = False
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
        msg = _decoded(cwm.Frame.decode, body)
        if isinstance(msg, cwm.Hello) and not self._greeted:
            return self._take_hello(msg)
        if isinstance(msg, cwm.Notify) and self._greeted:
            return cwm.Frame.encode(cwm.NotifyAck(msg.stream_id == DATA_STREAM, msg.stream_id,
                                                  msg.point_of_ref))
        if isinstance(msg, cwm.Message) and self._greeted:
            if msg.stream_id == DATA_STREAM:
                self._records += map(self._decoder.decode,
                                     self._encoded_records(msg.message or b""))
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
        msg = _decoded(cwm.TwoPCFrame.decode, payload)
        if isinstance(msg, cwm.ListUncommitted):
            answer = cwm.TwoPCFrame.encode(cwm.ReplyUncommitted(msg.rtag, []))
        elif isinstance(msg, cwm.TwoPCPhase1):
            answer = cwm.TwoPCFrame.encode(cwm.TwoPCReply(msg.txn_id, True))
        else:
            return b""  # PHASE_2 and WORKERS_LEFT have no answer
        return cwm.Frame.encode(cwm.Message(0, 0, 0, None, answer))


def _decoded(decode: Callable[[bytes], WireMessage], data: bytes) -> WireMessage:
    try:
        return decode(data)
    except (KeyError, struct.error, UnicodeDecodeError) as error:
        raise ProtocolError(f"a frame that cannot be read: {error}") from error


def _finder_of_records(encoder: Any, decoder: Any) -> Callable[[bytes], Iterable[bytes]]:
    """Returns a function that takes the payload of a message, and returns what the decoder must
    decode: the records that are complete by then."""
    if has_headers(encoder):
        return lambda payload: (without_header(payload),)
    if isinstance(decoder, ConnectorDecoder):
        return lambda payload: (payload,)
    cutter = FrameCutter(decoder.header_length(), decoder.payload_length)

    def cut(payload: bytes) -> Iterable[bytes]:
        cutter.feed(payload)
        return cutter.frames()

    return cut
