"""The base of connectors that send each message again until the application has it."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict, Optional, Union

from . import connector_wire_messages as cwm
from .alarm import Alarm
from .connection import Connection
from .errors import ConnectorError, ProtocolError
from .known_streams import KnownStreams, order
from .outbox import Outbox
from .stream import Stream, StreamCallbacks
from .wire_fields import WireMessage

RECONNECT_FIRST_S = 0.1
RECONNECT_S = 1.0
#: How long the loop sleeps when `__next__` has nothing to send, and when there is nothing to ask.
IDLE_S = 0.002
SLEEP_S = 1.0
#: How long an orderly end waits for credits and for the application to read.
DRAIN_S = 10.0
#: Messages that `__next__` may be ahead of the socket.
MAX_WAITING = 64
#: What a connector sends after its Hello, and whether it costs a credit.
_COSTS_CREDIT: Dict[type, bool] = {cwm.Message: True, cwm.Notify: True, cwm.EosMessage: False,
                                   cwm.Error: False}


class AtLeastOnceSourceConnector(StreamCallbacks):
    """Feeds streams into a connector source.

    After `connect()` a thread of its own does all sending and receiving, and calls the methods that
    a subclass has: `stream_opened` says where a stream goes on, which may be before what was sent
    already. A subclass with `__next__` is asked for messages while there are credits: it returns a
    `Message`, or None when there is nothing now, and raises StopIteration at the end. Without it,
    call `write`.

    When the connection breaks, the thread connects again and notifies all streams. `join` returns
    when the connector has ended, or when connecting again was refused, which it goes on to try.
    `delay` is a pause in seconds between two messages.
    """

    def __init__(self, version: str, cookie: str, program_name: str, instance_name: str, host: str,
                 port: Any, delay: float = 0) -> None:
        self.version = version
        self.cookie = cookie
        self.program_name = program_name
        self.instance_name = instance_name
        self._host = host
        self._port = int(port)
        self._delay = delay
        #: Whether the application has answered this connection's Hello.
        self.handshake_complete = False
        #: Set when the connector has ended, or could not connect again.
        self.stopped = threading.Event()
        #: Why it stopped; None after a clean end.
        self.error: Optional[BaseException] = None
        #: What waits to be sent.
        self.data = Outbox()
        self._lock = threading.RLock()  # guards `data`, `_streams` and `_connection`
        self._streams = KnownStreams()
        self._connection: Optional[Connection] = None
        self._retry_at: Optional[float] = None
        self._next_at = 0.0
        self._shut_down = False
        self._last_word = b""
        self._thread: Optional[threading.Thread] = None
        self._alarm = Alarm()

    # Programs call these.

    @property
    def credits(self) -> int:
        """How many messages may be written before more credits come."""
        return self.data.credits

    @credits.setter
    def credits(self, credits: int) -> None:
        self.data.credits = credits

    def connect(self) -> None:
        """Connects, and begins to send. Raises OSError or ConnectorError when it cannot."""
        if self._connection is not None:
            raise ConnectorError("this connector is connected already")
        try:
            self._handshake()
        except BaseException as error:
            self.error = error
            self.stopped.set()
            raise
        self.error = None
        self.stopped.clear()
        self._shut_down = False
        for stream_id in self._streams.by_id():
            self.notify(stream_id)
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="connector", daemon=True)
            self._thread.start()

    def join(self, timeout: Optional[float] = None) -> Optional[BaseException]:
        """Waits until the connector has stopped, at most `timeout` seconds. Returns the error that
        stopped it, or None."""
        self.stopped.wait(timeout)
        return self.error

    def shutdown(self, error: Any = None) -> None:
        """Ends the connector: sends what waits, or `error` if it is an `Error`, and closes."""
        if isinstance(error, cwm.Error):
            self._last_word = cwm.Frame.encode(error)
        if error is not None:
            self.error = error if isinstance(error, BaseException) else ConnectorError(str(error))
        self._shut_down = True
        self._alarm.ring()
        if self._thread is None:
            self.stopped.set()
        elif self._thread is not threading.current_thread():
            self._thread.join()

    def write(self, msg: WireMessage) -> None:
        """Queues a Message, EosMessage, Notify or Error. Raises ProtocolError for another message,
        and for one of a stream that is not open."""
        costs_credit = _COSTS_CREDIT.get(type(msg))
        if costs_credit is None:
            raise ProtocolError(f"this is not for a connector to send: {msg}")
        with self._lock:
            if isinstance(msg, (cwm.Message, cwm.EosMessage)):
                self._streams.require_open(msg.stream_id)
            if isinstance(msg, cwm.Message):
                self._streams.sends(msg.stream_id, msg.message_id)
            self.data.add(cwm.Frame.encode(msg), costs_credit)
        if threading.current_thread() is not self._thread:
            self._alarm.ring()

    def notify(self, stream_id: int, stream_name: Union[str, bytes, None] = None,
               point_of_ref: Optional[int] = None) -> None:
        """Asks to open a stream, from now on and after each reconnect. The name is needed once.

        `point_of_ref` is the message after which this program would go on; the application decides.
        """
        with self._lock:
            is_new = stream_id not in self._streams
            if is_new:
                if stream_name is None:
                    raise ConnectorError(f"stream {stream_id} is new: give its name to notify()")
                self._streams.add(stream_id, stream_name)
            if point_of_ref is not None:
                self._streams.update(stream_id, point_of_ref=point_of_ref)
            stream = self._streams[stream_id]
            if self.handshake_complete:
                self.write(_notify_of(stream))
        if is_new:
            self.stream_added(stream)

    def end_of_stream(self, stream_id: int) -> None:
        """Says that the stream ends. When the application has acknowledged all of it, it is removed
        and `stream_removed` is called."""
        with self._lock:
            self.write(cwm.EosMessage(stream_id))
            self._streams.ends(stream_id)

    def pending_sends(self) -> bool:
        """Returns whether something waits to be sent."""
        return bool(self.data)

    # Programs may override these.

    def handle_restarted(self, streams: Dict[int, Stream]) -> None:
        """Called when the connection is back. Notifies all streams."""
        for stream_id, stream in streams.items():
            self.notify(stream_id, stream.name, stream.point_of_ref)

    def handle_restart(self) -> None:
        """Called when the application asks to connect again. Closes the connection and does so."""
        self._reconnect_later()

    def handle_close(self) -> None:
        """Called when the connection has broken. Connects again."""
        self._reconnect_later()

    def handle_error(self) -> None:
        """Called for what this class or a method of the subclass raised; `sys.exc_info()` has it.
        Prints the traceback and ends the connector, so that `join` returns the exception."""
        traceback.print_exc()
        self.shutdown(sys.exc_info()[1])

    # The loop.

    def _run(self) -> None:
        try:
            while not self._shut_down:
                try:
                    if self._connection is None:
                        self._connect_again()
                    else:
                        self._turn(self._connection)
                except Exception:
                    self.handle_error()
        except BaseException as error:  # handle_error() itself has failed, or wants to exit
            self.error = self.error or error
            raise
        finally:
            self._end()

    def _turn(self, connection: Connection) -> None:
        """Asks for messages, and sends and receives what can be."""
        sleep_s = self._produce()
        try:
            self._exchange(connection, sleep_s)
        except OSError:
            self._close()
            self.handle_close()
            if self._retry_at is None and self._connection is None:
                self._shut_down = True  # the program does not want to connect again

    def _produce(self) -> float:
        """Queues messages of `__next__`, and returns how long it need not be asked again."""
        following = getattr(self, "__next__", None)
        if following is None:
            return SLEEP_S
        while self.data.credits > 0 and len(self.data) < MAX_WAITING and not self._shut_down:
            pause = self._next_at - time.monotonic()
            if pause > 0:
                return pause
            try:
                message = following()
            except StopIteration:
                self._shut_down = True
                return 0.0
            if message is None:
                return IDLE_S
            self.write(message)
            if self._delay:
                self._next_at = time.monotonic() + self._delay
        return SLEEP_S

    def _exchange(self, connection: Connection, sleep_s: float) -> None:
        writers = [connection.socket] if self.data.ready() else []
        if self._alarm.wait([connection.socket], writers, sleep_s):
            # When the connection is broken, receive() raises it after the last words.
            with self._lock, contextlib.suppress(OSError):
                self.data.send(connection.send_some)
        for body in connection.receive():
            self._take(body)
            if self._connection is not connection:
                return

    def _end(self) -> None:
        connection = self._connection
        if connection is not None:
            if self.error is None:
                self._drain(connection)
            connection.end(self._last_word)
        self._connection = None
        self.handshake_complete = False
        self.stopped.set()

    def _drain(self, connection: Connection) -> None:
        """Sends what waits, as credits come."""
        give_up_at = time.monotonic() + DRAIN_S
        try:
            while self.data and time.monotonic() < give_up_at:
                self._exchange(connection, IDLE_S)
        except (OSError, ConnectorError, ProtocolError) as error:
            self.error = error

    # Connecting.

    def _handshake(self) -> None:
        hello = cwm.Hello(self.version, self.cookie, self.program_name, self.instance_name)
        connection = Connection(self._host, self._port, hello)
        with self._lock:
            self.data.begin(connection.initial_credits)
            self._connection = connection
            self._retry_at = None
            self.handshake_complete = True

    def _reconnect_later(self) -> None:
        self._close()
        self._retry_at = time.monotonic() + RECONNECT_FIRST_S

    def _close(self) -> None:
        """Closes the connection and all streams."""
        with self._lock:
            connection, self._connection = self._connection, None
            self.handshake_complete = False
            self.data.begin(0)
            closed = self._streams.close_all()
        if connection is not None:
            connection.close()
        for stream in closed:
            self.stream_closed(stream)

    def _connect_again(self) -> None:
        wait = (self._retry_at or 0.0) - time.monotonic()
        if wait > 0:
            self._alarm.wait([], [], wait)
            return
        try:
            self._handshake()
        except OSError as error:
            self.error = error
            self.stopped.set()
            self._retry_at = time.monotonic() + RECONNECT_S
            return
        self.error = None
        self.stopped.clear()
        self.handle_restarted(self._streams.by_id())

    # These handle the messages of the application.

    def _take(self, body: bytes) -> None:
        try:
            msg = cwm.Frame.decode(body)
        except KeyError:
            self.handle_invalid_message(body)
            return
        takers: Dict[type, Callable[[Any], None]] = {
            cwm.Ack: self._take_ack,
            cwm.NotifyAck: self._take_notify_ack,
            cwm.Error: self._take_error,
            cwm.Restart: self._take_restart,
        }
        takers.get(type(msg), self._refuse)(msg)

    def _take_error(self, msg: cwm.Error) -> None:
        raise ConnectorError(str(msg.message))

    def _take_restart(self, msg: cwm.Restart) -> None:
        if msg.address:
            host, _, port = msg.address.rpartition(":")
            self._host, self._port = host, int(port)
        self.handle_restart()

    def _refuse(self, msg: WireMessage) -> None:
        self._last_word = cwm.Frame.encode(
            cwm.Error(f"a {type(msg).__name__} has no place here"))
        raise ProtocolError(f"the application sent what only a connector sends: {msg}")

    def _take_ack(self, msg: cwm.Ack) -> None:
        with self._lock:
            self.data.add_credits(msg.credits)
            for stream in self._streams.take_refused():
                self.write(_notify_of(stream))
        for stream_id, point_of_ref in msg.acks:
            if stream_id in self._streams:
                self._acknowledge(stream_id, point_of_ref)

    def _acknowledge(self, stream_id: int, point_of_ref: int) -> None:
        with self._lock:
            stream = self._streams.update(stream_id, point_of_ref=point_of_ref)
            end = self._streams.end_of(stream_id)
        self.stream_acked(stream)
        if end is None or order(point_of_ref) < order(end):
            return
        if point_of_ref != end:
            raise ConnectorError(f"the application acknowledged {point_of_ref} of a stream that "
                                 f"ended at {end}: {stream}")
        with self._lock:
            self._streams.remove(stream_id)
        self.stream_removed(stream._replace(is_open=False))

    def _take_notify_ack(self, msg: cwm.NotifyAck) -> None:
        with self._lock:
            if msg.stream_id not in self._streams:
                return  # it was never notified on this connection
            if not msg.notify_success:
                self._streams.refuse(msg.stream_id)
                return
            opened = self._streams.open(msg.stream_id, msg.point_of_ref)
        self.stream_opened(opened)


def _notify_of(stream: Stream) -> cwm.Notify:
    return cwm.Notify(stream.id, stream.name, stream.point_of_ref)
