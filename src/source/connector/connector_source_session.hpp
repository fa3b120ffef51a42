// The conversation of a connector source on one connection: frames in, frames out. Pure but for the
// registry of streams, which it asks; no socket, clock or thread. (The protocol:
// docs/formats/connector-protocol.md)
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "io/connector_protocol.hpp"
#include "source/connector/stream_registry.hpp"

namespace wallaroo::internal {

struct SourceSessionSettings {
  std::string cookie;
  std::uint32_t max_credits = 0;     ///< at least 1
  std::uint32_t refill_credits = 0;  ///< less than `max_credits`
  bool checkpoints = false;
};

/// Where the messages of a stream go. The session keeps it for its user and never looks at it.
struct StreamFeed {
  static constexpr std::size_t no_batch = SIZE_MAX;

  std::string origin;            ///< for error messages
  std::uint64_t partition = 0;   ///< among those of the executor
  std::uint64_t records = 0;     ///< delivered
  std::size_t batch = no_batch;  ///< index of the batch that is being filled
};

/// A stream that is open on a connection.
struct SourceStream {
  std::uint64_t id = 0;
  std::string name;
  std::uint64_t last = StreamRegistry::nothing;  ///< the last message that was seen
  bool awaited = false;                          ///< the stream had been cut off, and is back
  bool ended = false;                            ///< it waits for a checkpoint with all of it
  std::uint64_t ended_in = 0;  ///< the first checkpoint after its end; 0: none has begun
  StreamFeed feed = {};
};

/// The outcome of a frame for those who deliver messages.
struct SourceStep {
  enum class Kind {
    nothing,
    opened,   ///< `stream` will bring messages
    message,  ///< `payload`, which is not empty, points into the frame
    ended,    ///< nothing follows on `stream`, which is valid until the next call of the session
    closed,   ///< send the output, then close the connection; see `SourceSession::end`
  };
  Kind kind = Kind::nothing;
  SourceStream* stream = nullptr;
  std::string_view payload = {};
};

class SourceSession {
 public:
  /// `settings` and `registry` must outlive the session.
  SourceSession(const SourceSessionSettings& settings, StreamRegistry& registry,
                std::size_t executor)
      : settings_(settings), registry_(registry), executor_(executor) {}
  SourceSession(const SourceSession&) = delete;
  SourceSession& operator=(const SourceSession&) = delete;

  /// Takes the next frame, without its length. Must not be called after `closed`.
  SourceStep on_frame(std::string_view body);
  /// Ends the session because the peer's bytes cannot be framed.
  SourceStep fail(std::string reason);
  /// Releases all streams, because the connection is over. Returns those that had not ended. Call
  /// once.
  std::vector<SourceStream> release_all();

  /// Called at the executor's barrier of checkpoint `number`. Appends the places of all streams of
  /// which something has been seen, and remembers what to acknowledge.
  void save(std::uint64_t number, std::vector<StreamProgress>& places);
  /// Call when checkpoint `number` is complete, after the registry was told. Acknowledges the
  /// messages in it, and releases streams that have ended. Returns true if there were such streams.
  bool completed(std::uint64_t number);
  /// Sends an ACK, which makes the peer ask again for streams that were refused before.
  void invite_retry();

  /// Bytes to be sent. The caller that sends them removes them.
  std::string& output() { return output_; }
  /// Why the session ended; empty unless the peer or this side ended it.
  struct End {
    std::string reason;
    bool by_peer = false;  ///< it sent an ERROR
  };
  const End& end() const { return end_; }

 private:
  struct Saved {
    std::uint64_t number;
    std::vector<connector_protocol::StreamPosition> positions;
  };
  using Kind = SourceStep::Kind;
  using Streams = std::unordered_map<std::uint64_t, SourceStream>;

  SourceStep on(const connector_protocol::Hello& hello);
  SourceStep on(const connector_protocol::Notify& notify);
  SourceStep on(const connector_protocol::Message& message);
  SourceStep on(const connector_protocol::EndOfStream& end);
  SourceStep on(const connector_protocol::Error& error);
  SourceStep out_of_place(const connector_protocol::Frame& frame);
  SourceStep accept(const connector_protocol::Frame& frame);
  SourceStream* find_open(std::uint64_t id);
  void spend_credit();
  void acknowledge(std::vector<connector_protocol::StreamPosition> positions);
  bool release_ended(std::uint64_t number);
  void send(const connector_protocol::Frame& frame);

  const SourceSessionSettings& settings_;
  StreamRegistry& registry_;
  std::size_t executor_;
  bool greeted_ = false;
  std::uint32_t credits_ = 0;  ///< that the peer has left, by the frames that have arrived
  bool refused_ = false;
  Streams streams_;
  SourceStream* latest_ = nullptr;  ///< the stream of the last message
  Streams::node_type gone_;         ///< the stream that the last step has ended
  std::deque<Saved> saved_;
  std::string output_;
  End end_;
};

}  // namespace wallaroo::internal
