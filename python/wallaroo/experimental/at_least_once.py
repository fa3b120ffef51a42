"""The base of connectors that send each message again until the application has it."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
from typing import Any, Dict, Optional, Set, Union

from . import connector_wire_messages as cwm
from .alarm import Alarm
from .connection import Connection
from .errors import ConnectorError, ProtocolError
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
        self._lock = threading.RLock()  # guards `data`, `_streams` and what follows
        self._streams: Dict[int, Stream] = {}
        self._last_ids: Dict[int, int] = {}  # of each open stream, sent or processed before
        self._ending_streams: Set[int] = set()
        self._refused: Set[int] = set()
        self._connection: Optional[Connection] = None
        self._retry_at: Optional[float] = None
        self._next_at = 0.0
        self._shut_down = False
        self._last_word = b""
        self._loop: Optional[threading.Thread] = None
        self._alarm = Alarm()

    # What programs call.

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
        for stream in list(self._streams.values()):
            self.notify(stream.id, stream.name, stream.point_of_ref)
        if self._loop is None or not self._loop.is_alive():
            self._loop = threading.Thread(target=self._run, name="connector", daemon=True)
            self._loop.start()

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
        if self._loop is None:
            self.stopped.set()
        elif self._loop is not threading.current_thread():
            self._loop.join()

    def write(self, msg: WireMessage) -> None:
        """Queues a Message, EosMessage, Notify or Error. Raises ProtocolError for another message,
        and for one of a stream that is not open."""
        with self._lock:
            if isinstance(msg, (cwm.Message, cwm.EosMessage)):
                self._require_open(msg.stream_id)
                if isinstance(msg, cwm.Message):
                    self._last_ids[msg.stream_id] = msg.message_id
            elif not isinstance(msg, (cwm.Notify, cwm.Error)):
                raise ProtocolError(f"only Message, EosMessage, Notify and Error are sent: {msg}")
            costs_credit = isinstance(msg, (cwm.Message, cwm.Notify))
            self.data.add(cwm.Frame.encode(msg), costs_credit)
        if threading.current_thread() is not self._loop:
            self._alarm.ring()

    def _require_open(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is None or not stream.is_open:
            raise ProtocolError(f"stream {stream_id} is not open: notify() it, and wait for "
                                "stream_opened()")

    def notify(self, stream_id: int, stream_name: Union[str, bytes, None] = None,
               point_of_ref: Optional[int] = None) -> None:
        """Asks to open a stream, from now on and after each reconnect. The name is needed once.

        `point_of_ref` is the message after which this program would go on; the application decides.
        """
        with self._lock:
            old = self._streams.get(stream_id)
            if old is None and stream_name is None:
                raise ConnectorError(f"stream {stream_id} is new: give its name to notify()")
            name = old.name if old is not None else stream_name
            at = point_of_ref if point_of_ref is not None else old.point_of_ref if old else 0
            stream = Stream(stream_id, name or "", at, old is not None and old.is_open)
            self._streams[stream_id] = stream
            if self.handshake_complete:
                self.write(cwm.Notify(stream_id, stream.name, at))
        if old is None:
            self.stream_added(stream)

    def end_of_stream(self, stream_id: int) -> None:
        """Says that the stream ends. When the application has acknowledged all of it, it is removed
        and `stream_removed` is called."""
        with self._lock:
            self.write(cwm.EosMessage(stream_id))
            self._ending_streams.add(stream_id)

    def pending_sends(self) -> bool:
        """Returns whether something waits to be sent."""
        return bool(self.data)

    # What programs may override.

    def handle_restarted(self, streams: Dict[int, Stream]) -> None:
        """Called when the connection is back. Notifies all streams."""
        for stream in streams.values():
            self.notify(stream.id, stream.name, stream.point_of_ref)

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
            self._refused.clear()
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
            self._ending_streams.clear()
            was_open = [stream for stream in self._streams.values() if stream.is_open]
            for stream in was_open:
                self._streams[stream.id] = stream._replace(is_open=False)
        if connection is not None:
            connection.close()
        for stream in was_open:
            self.stream_closed(stream._replace(is_open=False))

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
        self.handle_restarted(dict(self._streams))

    # What the application says.

    def _take(self, body: bytes) -> None:
        try:
            msg = cwm.Frame.decode(body)
        except KeyError:
            self.handle_invalid_message(body)
            return
        if isinstance(msg, cwm.Ack):
            self._take_ack(msg)
        elif isinstance(msg, cwm.NotifyAck):
            self._take_notify_ack(msg)
        elif isinstance(msg, cwm.Restart):
            if msg.address:
                host, _, port = msg.address.rpartition(":")
                self._host, self._port = host, int(port)
            self.handle_restart()
        elif isinstance(msg, cwm.Error):
            raise ConnectorError(str(msg.message))
        else:
            reason = f"a {type(msg).__name__} has no place here"
            self._last_word = cwm.Frame.encode(cwm.Error(reason))
            raise ProtocolError(f"the application sent what only a connector sends: {msg}")

    def _take_ack(self, msg: cwm.Ack) -> None:
        with self._lock:
            self.data.add_credits(msg.credits)
            refused, self._refused = self._refused, set()
            for stream_id in refused:
                stream = self._streams[stream_id]
                if not stream.is_open:
                    self.write(cwm.Notify(stream_id, stream.name, stream.point_of_ref))
        for stream_id, point_of_ref in msg.acks:
            old = self._streams.get(stream_id)
            if old is not None:
                self._acknowledge(old._replace(point_of_ref=point_of_ref))

    def _acknowledge(self, stream: Stream) -> None:
        with self._lock:
            self._streams[stream.id] = stream
            last = self._last_ids.get(stream.id, cwm.NOTHING_PROCESSED)
            is_ending = stream.id in self._ending_streams
        self.stream_acked(stream)
        if is_ending and _order(stream.point_of_ref) > _order(last):
            raise ConnectorError(f"the application acknowledged {stream.point_of_ref} of a stream "
                                 f"that ended at {last}: {stream}")
        if is_ending and stream.point_of_ref == last:
            self._ending_streams.discard(stream.id)
            del self._streams[stream.id]
            self.stream_removed(stream._replace(is_open=False))

    def _take_notify_ack(self, msg: cwm.NotifyAck) -> None:
        with self._lock:
            old = self._streams.get(msg.stream_id)
            if old is None:
                return  # it was never notified on this connection
            if not msg.notify_success:
                if not old.is_open:
                    self._refused.add(msg.stream_id)
                return
            stream = Stream(old.id, old.name, msg.point_of_ref, True)
            self._streams[old.id] = stream
            self._last_ids[old.id] = msg.point_of_ref
        self.stream_opened(stream)


def _order(point_of_ref: int) -> int:
    """Nothing is before everything."""
    return -1 if point_of_ref == cwm.NOTHING_PROCESSED else point_of_ref
