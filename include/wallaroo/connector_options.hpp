// Options of the ready-made sources and sinks: plain structs with named fields.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <wallaroo/framing.hpp>

namespace wallaroo {

/// What happens to a record whose decoder or computation failed (threw, or said "bad record").
enum class OnError {
  stop,         ///< the application stops with exit code 1, naming the stage and the record
  skip,         ///< the record is dropped, counted in metrics and logged (rate limited)
  dead_letter,  ///< the record goes to the application's dead-letter sink
};

/// A listening TCP source. Every connection is one partition; its records keep their order.
struct TcpSourceOptions {
  std::string listen = {};  ///< "host:port"; port 0 lets the kernel choose
  Framing framing = LengthPrefix{};
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer record closes its connection
  std::size_t max_connections = 10'000;   ///< further peers wait in the listen backlog
  OnError on_error = OnError::stop;       ///< of the decoder
};

/// Reads files to their end; "-" is standard input. When event_time comes before the first key_by,
/// collect or merge, each file is a partition, and the one that is furthest behind is read next;
/// otherwise they are read in the order given, one after the other.
struct FileSourceOptions {
  std::vector<std::string> paths = {};  ///< or patterns such as "logs/*.log"
  Framing framing = Newline{};
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer record is an error of the file
  std::uint64_t repeat = 1;               ///< how often the files are read in all; 0 is for ever
  OnError on_error = OnError::stop;       ///< of the decoder
  /// One after the other also with event time: for files that follow each other in time.
  bool in_order = false;
};

/// External programs connect and feed it over the connector protocol (docs/formats/
/// connector-protocol.md), with a C++ or Python library or their own. Each of their streams is one
/// partition; its messages keep their order, have ids that rise, and each id is taken once. With
/// checkpoints the application acknowledges what it will never ask for again, and after a failure
/// tells each stream where to go on.
///
/// A message's time and key are not used: a decoder finds in the payload what the application
/// needs, `event_time` names the time. A message without a payload counts but is not decoded.
struct ConnectorSourceOptions {
  std::string listen = {};  ///< "host:port"; port 0 lets the kernel choose
  std::string cookie = {};  ///< what a program must say to be let in; not a secret on the wire
  /// How many frames a connection may send before it must wait for more credits, which come as its
  /// records are taken. At least the number of streams that a program opens at once.
  std::uint32_t max_credits = 65'536;
  std::uint32_t refill_credits = 0;       ///< more are given when so few are left; 0: half of them
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer frame closes its connection
  std::size_t max_connections = 10'000;   ///< further peers wait in the listen backlog
  OnError on_error = OnError::stop;       ///< of the decoder
};

/// A TCP sink connects, and reconnects with exponential backoff for ever. Records wait in a bounded
/// buffer while the peer is away or slow; when it is full the pipeline is held back to its sources.
///
/// What can be lost: after a connection breaks, the bytes that the operating system had accepted
/// but the peer had not read are gone (up to both sockets' buffers). A record of which only a part
/// was handed over is sent again, whole, on the next connection. So each record is delivered at
/// most once to an application that ignores an incomplete last record.
///
/// With checkpoints: one is complete only when the operating system has taken everything before it,
/// so a peer that is away delays it. After a restart what followed the last complete checkpoint is
/// made and sent again. So a peer that stays gets each record at least once; what a connection that
/// breaks takes with it is lost as without checkpoints.
struct TcpSinkOptions {
  std::string connect = {};  ///< "host:port"
  std::size_t max_buffer_bytes = 1 << 20;
  std::chrono::milliseconds first_backoff{50};
  std::chrono::milliseconds max_backoff{2'000};
  /// How long a draining application waits for a peer that is away or does not read, before it
  /// gives up what is left in the buffer (which is logged and makes the exit code 1).
  std::chrono::milliseconds drain_timeout{10'000};
};

/// Sends records to an external program that speaks the connector protocol (docs/formats/), and
/// commits them there with each checkpoint, in two phases: what the receiver has committed is what
/// the application would have written without any failure, each record once and in order.
///
/// Without checkpoints nothing is ever committed, and what can be lost is the same as with
/// TcpSinkOptions.
struct ConnectorSinkOptions {
  std::string connect = {};                   ///< "host:port" of the receiver
  std::string cookie = "Dragons-Love-Tacos";  ///< has to be the receiver's
  /// These two and the sink's name make the name under which the receiver keeps the output; they
  /// must stay the same over restarts. Two applications of one receiver must differ in them.
  std::string application = {};  ///< empty: the name of the application
  /// Also the instance in the HELLO, by which some receivers tell outputs apart. Empty: the name is
  /// made with "initializer", and the instance is "initializer-" with the sink's name, so that two
  /// sinks differ.
  std::string worker = {};
  /// Of records that wait for the receiver, or for the end of a checkpoint; their frames, which
  /// are 31 bytes each, included.
  std::size_t max_buffer_bytes = 8 << 20;
  std::chrono::milliseconds first_backoff{50};
  std::chrono::milliseconds max_backoff{2'000};
  /// How long a stopping application waits for a receiver that is away or does not answer.
  std::chrono::milliseconds drain_timeout{10'000};
};

/// Appends the encoded records to a file, or to standard output when `path` is "-".
///
/// With checkpoints a file gets records only when they are committed, each exactly once; until then
/// they are in a hidden file beside it. Standard output, pipes and devices get them at once, and
/// after a restart again what followed the last complete checkpoint (at least once).
///
/// With `roll_bytes` or `roll_every` the files are called PATH.000001, PATH.000002 and so on. The
/// next one begins with the record that would exceed either limit; one that is not the last never
/// changes again.
struct FileSinkOptions {
  std::string path = {};
  /// False: an existing file, or all files of a sequence, are emptied at start. True: what is there
  /// stays, and a sequence goes on with its next file. (A restart from a checkpoint always goes
  /// on.)
  bool append = false;
  std::uint64_t roll_bytes = 0;             ///< how long a file may become; 0: as long as it will
  std::chrono::milliseconds roll_every{0};  ///< how long after its first record it may get more
};

}  // namespace wallaroo
