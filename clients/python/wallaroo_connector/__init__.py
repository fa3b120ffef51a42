"""Programs that feed or drain a wallaroo application over the connector protocol.

Only the standard library is needed (Python 3.9 or later): copy this folder beside your program.

* `ConnectorClient` feeds streams of messages into a `connector_source`. It keeps to the credits that
  the application gives, reconnects when the connection breaks, and tells where each stream must go
  on, so that every message counts exactly once when the application takes checkpoints.
* `SinkServer` receives what a `connector_sink` sends and hands it to a `SinkOutput`, a store of
  yours that can prepare, commit and abort, so that the output has every record exactly once.

The protocol's grammar is in docs/formats/connector-protocol.md.
"""

from .feeding import (
    ConnectorClient,
    Stream,
    stream_id_of,
)
from .frames import (
    CONTROL_STREAM,
    DATA_STREAM,
    NOTHING_PROCESSED,
    SINK_COOKIE,
    SINK_VERSION,
    SOURCE_VERSION,
    Ack,
    ConnectorError,
    EndOfStream,
    Error,
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
    Restart,
    WorkersLeft,
    decode,
    decode_two_phase,
    encode,
    encode_control,
    parse_address,
)
from .receiving import (
    OutputState,
    SinkOutput,
    SinkServer,
    SinkSession,
    Transaction,
)

__all__ = [
    "CONTROL_STREAM",
    "DATA_STREAM",
    "NOTHING_PROCESSED",
    "SINK_COOKIE",
    "SINK_VERSION",
    "SOURCE_VERSION",
    "Ack",
    "ConnectorClient",
    "ConnectorError",
    "EndOfStream",
    "Error",
    "FrameReader",
    "Hello",
    "ListUncommitted",
    "Message",
    "Notify",
    "NotifyAck",
    "Ok",
    "OutputState",
    "Phase1",
    "Phase2",
    "Reply",
    "ReplyUncommitted",
    "Restart",
    "SinkOutput",
    "SinkServer",
    "SinkSession",
    "Stream",
    "Transaction",
    "WorkersLeft",
    "decode",
    "decode_two_phase",
    "encode",
    "encode_control",
    "parse_address",
    "stream_id_of",
]
