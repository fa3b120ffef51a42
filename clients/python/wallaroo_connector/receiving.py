"""A server that receives what connector sinks send."""

from __future__ import annotations

import abc
import logging
import socket
import socketserver
import threading
import time
from dataclasses import dataclass
from typing import Dict, Optional

from .frames import (
    CONTROL_STREAM,
    DATA_STREAM,
    SINK_COOKIE,
    SINK_VERSION,
    ConnectorError,
    Error,
    Frame,
    FrameReader,
    Hello,
    ListUncommitted,
    Message,
    Notify,
    NotifyAck,
    Ok,
    Phase1,
    Phase2,
    Reply,
    ReplyUncommitted,
    TwoPhaseMessage,
    WorkersLeft,
    decode_two_phase,
    encode,
    encode_control,
    parse_address,
)

log = logging.getLogger("wallaroo_connector")


@dataclass
class Transaction:
    """Bytes [start, end) of an output, to be committed together."""

    id: str
    start: int
    end: int


@dataclass
class OutputState:
    """The part of an output that is durable."""

    committed: int = 0
    prepared: Optional[Transaction] = None


class SinkOutput(abc.ABC):
    """A store for the records of sinks: one output for each worker and sink, known by its name.
    Calls come one at a time. A call that raises an exception has failed: the application goes back
    to its last checkpoint and sends again."""

    @abc.abstractmethod
    def load(self, name: str) -> OutputState:
        """Returns the durable part of the output; a new output is empty."""

    @abc.abstractmethod
    def truncate(self, name: str, offset: int) -> None:
        """Forget all bytes that were written at this offset and after it."""

    @abc.abstractmethod
    def write(self, name: str, offset: int, data: bytes) -> None:
        """Append the bytes of one record, where the output ends. Do not show them before their
        commit."""

    @abc.abstractmethod
    def prepare(self, name: str, transaction: Transaction) -> None:
        """Make everything written durable, and the transaction, so that nothing can prevent a
        commit, whatever crashes."""

    @abc.abstractmethod
    def commit(self, name: str, transaction: Transaction) -> None:
        """Show the prepared bytes, durably, and forget the transaction."""

    @abc.abstractmethod
    def abort(self, name: str, transaction: Transaction) -> None:
        """Forget the prepared bytes and the transaction, durably."""


class SinkSession:
    """One connection of a sink, without the socket: frames in, frames out."""

    def __init__(self, output: SinkOutput, cookie: str = SINK_COOKIE,
                 transactional: bool = True) -> None:
        self._output = output
        self._cookie = cookie
        self._transactional = transactional
        self._greeted = False
        self.name: Optional[str] = None  # of the output, once it is known
        self._state = OutputState()
        self._held = 0  # bytes of the output that this receiver has
        self._gap = False

    def take(self, frame: Frame) -> bytes:
        """The answer, which may be empty. Raises ConnectorError when the connection must end."""
        if isinstance(frame, Hello):
            return self._take_hello(frame)
        if isinstance(frame, Notify) and self._greeted:
            return self._take_notify(frame)
        if isinstance(frame, Message) and self.name is not None:
            if frame.stream_id == CONTROL_STREAM:
                return self._take_control(decode_two_phase(frame.payload))
            if frame.stream_id == DATA_STREAM:
                self._take_data(frame.message_id, frame.payload)
                return b""
        if isinstance(frame, Error):
            raise ConnectorError(f"the application says: {frame.message}")
        raise ConnectorError(f"a {type(frame).__name__} that has no place here")

    def _take_hello(self, hello: Hello) -> bytes:
        if self._greeted:
            raise ConnectorError("a second HELLO")
        if hello.version != SINK_VERSION:
            raise ConnectorError(f"version '{hello.version}' instead of '{SINK_VERSION}'")
        if hello.cookie != self._cookie:
            raise ConnectorError("the cookie is wrong")
        self._greeted = True
        return encode(Ok(1000))

    def _take_notify(self, notify: Notify) -> bytes:
        if notify.stream_id != DATA_STREAM or self.name is not None:
            return encode(NotifyAck(False, notify.stream_id, notify.point_of_reference))
        self.name = notify.stream_name
        self._state = self._output.load(self.name)
        prepared = self._state.prepared
        self._held = prepared.end if prepared else self._state.committed
        self._output.truncate(self.name, self._held)
        return encode(NotifyAck(True, DATA_STREAM, self._held))

    def _take_data(self, offset: int, data: bytes) -> None:
        if not self._transactional:
            offset = self._held  # the application counts anew with every start
        if offset < self._held:
            raise ConnectorError(
                f"output '{self.name}' holds {self._held} bytes already, but the application sends "
                f"from {offset} on: it was started without the checkpoint that belongs to this "
                "output")
        if offset > self._held:
            self._gap = True  # bytes between were lost: the application must send them again
        if self._gap:
            return
        self._output.write(self.name, offset, data)
        self._held += len(data)
        if not self._transactional:
            transaction = Transaction("", self._state.committed, self._held)
            self._output.prepare(self.name, transaction)
            self._output.commit(self.name, transaction)
            self._state.committed = self._held

    def _take_control(self, message: TwoPhaseMessage) -> bytes:
        if isinstance(message, ListUncommitted):
            pending = [self._state.prepared.id] if self._state.prepared else []
            return encode_control(ReplyUncommitted(message.request_tag, pending))
        if isinstance(message, Phase1):
            return encode_control(Reply(message.transaction, self._prepare(message)))
        if isinstance(message, Phase2):
            self._finish(message)
            return b""
        if isinstance(message, WorkersLeft):
            log.info("workers have left: %s", ", ".join(message.workers))
            return b""
        raise ConnectorError(f"a {type(message).__name__}, which only a sink's peer sends")

    def _prepare(self, phase: Phase1) -> bool:
        if len(phase.ranges) != 1 or phase.ranges[0][0] != DATA_STREAM:
            raise ConnectorError("a PHASE 1 that is not about the one stream of this connection")
        _, start, end = phase.ranges[0]
        transaction = Transaction(phase.transaction, start, end)
        if self._state.prepared == transaction:
            return True
        if self._gap or self._state.prepared or start != self._state.committed or end != self._held:
            log.warning("output '%s' cannot prepare %s: it holds %d bytes, %d of them committed",
                        self.name, transaction, self._held, self._state.committed)
            return False
        try:
            self._output.prepare(self.name, transaction)
        except Exception:
            log.exception("output '%s' cannot prepare %s", self.name, transaction)
            return False
        self._state.prepared = transaction
        return True

    def _finish(self, phase: Phase2) -> None:
        prepared = self._state.prepared
        if prepared is None or prepared.id != phase.transaction:
            log.info("output '%s': %s was finished before", self.name, phase.transaction)
            return
        if phase.commit:
            self._output.commit(self.name, prepared)
            self._state.committed = prepared.end
        else:
            if self._held > prepared.end:
                raise ConnectorError("an abort after the data that follows it")
            self._output.abort(self.name, prepared)
            self._held = prepared.start
        self._state.prepared = None


#: How long a receiver reads on after it has sent an ERROR, see `_say_last_word`.
LINGER_S = 2.0


def _say_last_word(peer: socket.socket, word: bytes) -> None:
    """Closing a socket with bytes that nobody has read makes the kernel reset the connection, and the
    other side may lose what it was sent last. So this reads and drops what it still sends, until
    it closes, for a short time."""
    give_up_at = time.monotonic() + LINGER_S
    try:
        peer.sendall(word)
        peer.shutdown(socket.SHUT_WR)
        while (left_s := give_up_at - time.monotonic()) > 0:
            peer.settimeout(left_s)
            if not peer.recv(1 << 16):
                break
    except OSError:
        pass  # it does not listen any more


def _shut_down(peer: socket.socket) -> None:
    try:
        peer.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


class SinkServer:
    """Listens for the sinks of an application's workers, a thread for each connection.

    `transactional` is for applications with checkpoints; without them nothing is ever committed,
    so set it to False: then data is committed as it comes, and some may come twice or be lost.
    """

    def __init__(self, listen: str, output: SinkOutput, cookie: str = SINK_COOKIE,
                 transactional: bool = True) -> None:
        lock = threading.Lock()  # guards the output and `connections`
        connections: Dict[str, socket.socket] = {}

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                peer: socket.socket = self.request
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                session = SinkSession(output, cookie, transactional)
                try:
                    self._converse(peer, session)
                except OSError as error:
                    log.info("a connection broke: %s", error)
                except ConnectorError as error:
                    log.error("a connection is closed: %s", error)
                    _say_last_word(peer, encode(Error(str(error))))
                finally:
                    with lock:
                        if connections.get(session.name) is peer:
                            del connections[session.name]

            def _converse(self, peer: socket.socket, session: SinkSession) -> None:
                reader = FrameReader()
                while data := peer.recv(1 << 16):
                    for frame in reader.feed(data):
                        with lock:
                            answer = self._answer(peer, session, frame)
                        if answer:
                            peer.sendall(answer)

            def _answer(self, peer: socket.socket, session: SinkSession, frame: Frame) -> bytes:
                # A worker may come back before its old connection is known to be broken.
                if isinstance(frame, Notify):
                    old = connections.pop(frame.stream_name, None)
                    if old is not None:
                        _shut_down(old)
                    connections[frame.stream_name] = peer
                elif session.name is not None and connections.get(session.name) is not peer:
                    raise OSError("a newer connection has taken its place")
                return session.take(frame)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(parse_address(listen), Connection)

    @property
    def address(self) -> str:
        """The address it listens on, 'host:port'."""
        host, port = self._server.server_address[:2]
        return f"{host}:{port}"

    def serve_forever(self) -> None:
        """Serves connections until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
