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

/// Reads files in the order given, one after the other; "-" is standard input.
struct FileSourceOptions {
  std::vector<std::string> paths = {};
  Framing framing = Newline{};
  std::size_t max_frame_bytes = 1 << 20;  ///< a longer record is an error of the file
  std::uint64_t repeat = 1;               ///< how often the files are read in all; 0 is for ever
  OnError on_error = OnError::stop;       ///< of the decoder
};

/// A TCP sink connects, and reconnects with exponential backoff for ever. Records wait in a bounded
/// buffer while the peer is away or slow; when it is full the pipeline is held back to its sources.
///
/// What can be lost: after a connection breaks, the bytes that the operating system had accepted
/// but the peer had not read are gone (up to both sockets' buffers). A record of which only a part
/// was handed over is sent again, whole, on the next connection. So each record is delivered at
/// most once to an application that ignores an incomplete last record.
struct TcpSinkOptions {
  std::string connect = {};  ///< "host:port"
  std::size_t max_buffer_bytes = 1 << 20;
  std::chrono::milliseconds first_backoff{50};
  std::chrono::milliseconds max_backoff{2'000};
  /// How long a draining application waits for a peer that is away or does not read, before it
  /// gives up what is left in the buffer (which is logged and makes the exit code 1).
  std::chrono::milliseconds drain_timeout{10'000};
};

/// Appends the encoded records to a file, or to standard output when `path` is "-".
struct FileSinkOptions {
  std::string path = {};
  bool append = false;  ///< false: an existing file is emptied at start
};

}  // namespace wallaroo
