"""A connector that sends what it is given, once."""

from __future__ import annotations

import contextlib
import time
import weakref
from typing import Any, Optional, Sequence

from ..original.times import event_time_ms
from . import connector_wire_messages as cwm
from .alarm import Alarm
from .application import BaseConnector, payload_of
from .connection import Connection
from .errors import ConnectorError, ProtocolError
from .outbox import Outbox
from .stream import stream_id_of

VERSION = "0.0.1"
RETRY_S = 1.0
WAIT_S = 1.0


class SourceConnector(BaseConnector):
    """Feeds an application with the messages that are given to `write`, as one stream with the
    connector's name. What was written is not sent again when the application crashes: use
    `AtLeastOnceSourceConnector` for that."""

    def __init__(self, args: Optional[Sequence[str]] = None,
                 required_params: Sequence[str] = ("host", "port"),
                 optional_params: Sequence[str] = ()) -> None:
        super().__init__(args, required_params, optional_params)
        #: The number of messages that were written.
        self.count = 0
        self._name: str = self.params.connector_name
        self._stream_id = stream_id_of(self._name.encode())
        self._connection: Optional[Connection] = None
        self._finish: Any = None  # ends the connection, at the latest when the program ends
        self._outbox = Outbox()
        self._alarm = Alarm()
        self._last_id: Optional[int] = None
        self._refused = False

    def connect(self, host: Optional[str] = None, port: Any = None) -> None:
        """Connects to the application's source, or to another address, and opens the stream. Tries
        once a second while nobody listens. An older connection, such as one that has broken, is
        given up. Raises ConnectorError when the application refuses."""
        self._give_up()
        connection = self._reach(self._source.host if host is None else host,
                                 self._source.port if port is None else int(port))
        self._connection = connection
        self._outbox.begin(connection.initial_credits)
        self._finish = weakref.finalize(self, _close, connection, self._outbox)
        self._notify()
        while self._last_id is None:
            self._exchange(WAIT_S)

    def _reach(self, host: str, port: int) -> Connection:
        hello = cwm.Hello(VERSION, self._source.cookie, self._name, self._name)
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                return Connection(host, port, hello)
            time.sleep(RETRY_S)

    def write(self, message: Any, event_time: Any = 0, key: Any = None) -> None:
        """Sends a message, waiting for credits if need be; nothing when the encoder returns None.
        Raises RuntimeError before `connect`, ConnectorError when the application refuses, and
        OSError when the connection has broken."""
        if self._connection is None or self._last_id is None:
            raise RuntimeError("there is no connection to write to: call connect() first")
        payload = payload_of(self._source.encoder, message, event_time, key)
        if payload is None:
            return
        raw_key = key.encode() if isinstance(key, str) else key
        self._last_id += 1
        self._outbox.add(cwm.Frame.encode(cwm.Message(
            self._stream_id, self._last_id, event_time_ms(event_time), raw_key, payload)), True)
        self.count += 1
        self._exchange(0.0)
        while self._outbox:
            self._exchange(WAIT_S)

    def close(self) -> None:
        """Ends the stream, and waits until the application has read everything."""
        if self._finish is not None:
            self._outbox.add(cwm.Frame.encode(cwm.EosMessage(self._stream_id)), False)
            self._finish()
        self._connection = self._finish = None

    def _give_up(self) -> None:
        if self._finish is not None and self._connection is not None:
            self._finish.detach()
            self._connection.close()
        self._connection = self._finish = self._last_id = None

    def _notify(self) -> None:
        self._refused = False
        self._outbox.add(cwm.Frame.encode(cwm.Notify(self._stream_id, self._name, 0)), True)

    def _exchange(self, timeout_s: float) -> None:
        """Sends what can be sent, and takes what comes within `timeout_s`."""
        assert self._connection is not None
        writers = [self._connection.socket] if self._outbox.ready() else []
        if self._alarm.wait([self._connection.socket], writers, timeout_s):
            with contextlib.suppress(OSError):  # receive() tells it after the last words
                self._outbox.send(self._connection.send_some)
        for body in self._connection.receive():
            self._take(cwm.Frame.decode(body))

    def _take(self, msg: Any) -> None:
        if isinstance(msg, cwm.Ack):
            self._outbox.add_credits(msg.credits)
            if self._refused:
                self._notify()
        elif isinstance(msg, cwm.NotifyAck):
            self._refused = not msg.notify_success
            if msg.notify_success:
                nothing = msg.point_of_ref == cwm.NOTHING_PROCESSED
                self._last_id = 0 if nothing else msg.point_of_ref
        elif isinstance(msg, cwm.Error):
            raise ConnectorError(str(msg.message))
        elif isinstance(msg, cwm.Restart):
            raise ConnectionResetError("the application asks to connect again")
        else:
            raise ProtocolError(f"the application sent what only a connector sends: {msg}")


def _close(connection: Connection, outbox: Outbox) -> None:
    last = bytearray()

    def take(data: bytes) -> int:
        last.extend(data)
        return len(data)

    outbox.send(take)
    connection.end(bytes(last))
