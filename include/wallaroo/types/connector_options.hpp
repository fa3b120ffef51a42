// Options of the ready-made sources and sinks: plain structs with named fields.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <wallaroo/types/framing.hpp>

namespace wallaroo {

/// What happens to a record whose decoder or computation failed (threw, or said "bad record").
enum class OnError {
  stop,         ///< the application stops with exit code 1, naming the stage and the record
  skip,         ///< the record is dropped, counted in metrics and logged (rate limited)
  dead_letter,  ///< the record goes to the stream of Application::dead_letters
};

/// A listening TCP source. Every connection is one partition; its records keep their order.
struct TcpSourceOptions {
  std::string listen = {};                ///< "host:port"; port 0 lets the kernel choose
  Framing framing = LengthPrefix{};       ///< how the bytes of a connection are cut into records
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer record closes its connection
  std::size_t max_connections = 10'000;   ///< further peers wait in the listen backlog
  OnError on_error = OnError::stop;       ///< of the decoder
};

/// Reads files to their end; "-" is standard input. When event_time comes before the first key_by,
/// collect or merge, each file is a partition, and the file whose times are furthest behind is read
/// next; otherwise the files are read one after the other, in the order given.
struct FileSourceOptions {
  std::vector<std::string> paths = {};    ///< or patterns such as "logs/*.log"
  Framing framing = Newline{};            ///< how the bytes of a file are cut into records
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer record is an error of the file
  std::uint64_t repeat = 1;               ///< how often the files are read in all; 0: for ever
  OnError on_error = OnError::stop;       ///< of the decoder
  /// Reads the files one after the other even with event time: for files that follow each other in
  /// time.
  bool in_order = false;
};

/// External programs connect and feed it over the connector protocol (docs/formats/
/// connector-protocol.md), with a C++ or Python library or their own. Each of their streams is one
/// partition; its messages keep their order, have ids that rise, and each id is taken once. With
/// checkpoints the application acknowledges what it will never ask for again, and after a failure
/// tells each stream where to go on.
///
/// A message's time and key are not used: the decoder finds in the payload what the application
/// needs, and `event_time` extracts the time. A message without a payload is counted but not
/// decoded.
struct ConnectorSourceOptions {
  std::string listen = {};  ///< "host:port"; port 0 lets the kernel choose
  std::string cookie = {};  ///< what a program must say to be let in; not a secret on the wire
  /// How many frames a connection may send before it must wait for more credits, which come as its
  /// records are taken. At least the number of streams that a program opens at once.
  std::uint32_t max_credits = 65'536;
  std::uint32_t refill_credits = 0;       ///< more are given when so few are left; 0: half the most
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
/// most once to a peer that ignores an incomplete last record.
///
/// With checkpoints: a checkpoint is complete only when the operating system has taken everything
/// before it, so a peer that is away delays it. After a restart the records that followed the last
/// complete checkpoint are made and sent again. So a peer that stays gets each record at least
/// once; a connection that breaks loses the same bytes as without checkpoints.
struct TcpSinkOptions {
  std::string connect = {};                      ///< "host:port" of the peer
  std::size_t max_buffer_bytes = 1 << 20;        ///< of encoded records that wait for the peer
  std::chrono::milliseconds first_backoff{50};   ///< pause after a failed connect; doubles
  std::chrono::milliseconds max_backoff{2'000};  ///< the longest pause
  /// How long a draining application waits for a peer that is away or does not read, before it
  /// gives up what is left in the buffer (which is logged and makes the exit code 1).
  std::chrono::milliseconds drain_timeout{10'000};
};

/// Sends records to an external program that speaks the connector protocol (docs/formats/), and
/// commits them there with each checkpoint, in two phases: the receiver's committed output is what
/// the application would have written without any failure, each record once and in order.
///
/// Without checkpoints nothing is ever committed, and the same records can be lost as with
/// TcpSinkOptions.
struct ConnectorSinkOptions {
  std::string connect = {};                   ///< "host:port" of the receiver
  std::string cookie = "Dragons-Love-Tacos";  ///< must equal the receiver's cookie
  /// `application`, `worker` and the sink's name make the name under which the receiver keeps the
  /// output. They must stay the same over restarts, and two applications that use one receiver must
  /// differ in them. Empty: the name of the application.
  std::string application = {};
  /// Also sent as the instance in the HELLO, by which some receivers tell outputs apart. Empty: the
  /// output's name is made with "initializer", and the instance is "initializer-" followed by the
  /// sink's name, so that two sinks differ.
  std::string worker = {};
  /// How many bytes may wait for the receiver, or for the end of a checkpoint. Each record counts
  /// with its frame of 31 bytes.
  std::size_t max_buffer_bytes = 8 << 20;
  std::chrono::milliseconds first_backoff{50};   ///< pause after a failed connect; doubles
  std::chrono::milliseconds max_backoff{2'000};  ///< the longest pause
  /// How long a stopping application waits for a receiver that is away or does not answer.
  std::chrono::milliseconds drain_timeout{10'000};
};

/// Appends the encoded records to a file, or to standard output when `path` is "-".
///
/// With checkpoints a file gets records only when they are committed, each exactly once; until then
/// they are in a hidden file beside it. Standard output, pipes and devices get them at once, and
/// after a restart they get those that followed the last complete checkpoint again (at least once).
///
/// With `roll_bytes` or `roll_every` the files are called PATH.000001, PATH.000002 and so on. A
/// record that would exceed either limit begins the next file; only the last file still changes.
struct FileSinkOptions {
  std::string path = {};  ///< the file, or the beginning of the names of a sequence
  /// False: an existing file is emptied at start, or all files of the sequence are. True: their
  /// contents stay, and a sequence goes on with its next file. (A restart from a checkpoint always
  /// goes on.)
  bool append = false;
  std::uint64_t roll_bytes = 0;  ///< how long a file may become; 0: no limit
  /// How long after its first record a file may get more; 0: no limit.
  std::chrono::milliseconds roll_every{0};
};

}  // namespace wallaroo
