// Knows which streams of a connector source exist, who reads them, and how far they have come. It
// keeps every message in exactly one checkpoint although streams move between connections and
// executors.
//
// Each executor puts its own barrier of a checkpoint between its own messages. If a stream moved
// from one executor to another while a checkpoint is on its way, it could have messages after the
// barrier of the one and before the barrier of the other, and no single position would describe it.
// So a stream may move only when everything that was processed of it is part of a complete
// checkpoint (it is *settled*). It may not be opened between the moment in which somebody reports
// its position for a checkpoint and the barrier of the executor that opens it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "source/source.hpp"

namespace wallaroo::internal {

/// How far a stream is: the id of the last message that was processed, inclusive.
struct StreamProgress {
  std::uint64_t stream = 0;
  std::uint64_t last = 0;
  bool ended = false;  ///< its sender has said that nothing follows
  friend bool operator==(const StreamProgress&, const StreamProgress&) = default;
};

/// Shared by the executors of a source; all calls may come from any thread. Calls are rare: only
/// when streams begin and end, and for checkpoints.
class StreamRegistry {
 public:
  /// The value of `last` while no message has been processed.
  static constexpr std::uint64_t nothing = UINT64_MAX;

  struct Claim {
    bool granted = false;
    std::uint64_t last = nothing;  ///< if granted: continue after this message
    bool awaited = false;          ///< if granted: the stream had been cut off, see `is_awaited`
  };

  /// Without checkpoints streams may move at any time.
  StreamRegistry(std::size_t executors, bool checkpoints)
      : last_saved_(executors, 0), checkpoints_(checkpoints) {}

  /// Asks for a stream that the executor wants to read. The id is its identity; the name is for
  /// people. Refused while the stream is open anywhere, or may not move yet. Then try again after
  /// the next `save` of this executor, after `completed`, or after another one's `release`.
  Claim claim(std::size_t executor, std::uint64_t stream, const std::string& name);
  /// The executor that claimed the stream has processed it up to `place.last`, and stops reading
  /// it.
  void release(const StreamProgress& place);

  /// Streams that should come back: they are not open, their senders have not said that they end,
  /// and something of them has been processed, now or before the restored checkpoint.
  std::vector<std::uint64_t> awaited();
  bool is_awaited(std::uint64_t stream);

  /// Call at the executor's barrier of checkpoint `number`. `open` are all streams that it reads
  /// and of which something has been processed. Returns the positions that the executor must add to
  /// the checkpoint; together the executors' calls return each stream's position exactly once.
  std::vector<SourcePosition> save(std::size_t executor, std::uint64_t number,
                                   std::span<const StreamProgress> open);
  /// The checkpoint is complete. Each executor may call it.
  void completed(std::uint64_t number);

  /// Call with the positions of a checkpoint before anything is claimed. Throws ConfigError for a
  /// position that no `save` made.
  void restore(const std::vector<SourcePosition>& positions);

 private:
  struct Stream {
    std::string name;
    std::uint64_t last = nothing;
    std::uint64_t settled = nothing;  ///< the last message in a complete checkpoint
    std::optional<std::size_t> home;  ///< the executor that reads it, or did last
    bool open = false;
    bool ended = false;
    std::uint64_t reported_in = 0;  ///< the latest checkpoint that has its position
    std::uint64_t reported = nothing;
  };

  bool may_open(std::size_t executor, const Stream& stream) const;
  bool may_move(const Stream& stream) const;
  static bool awaited(const Stream& stream) {
    return !stream.open && !stream.ended && stream.last != nothing;
  }

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Stream> streams_;
  std::vector<std::uint64_t> last_saved_;  ///< by executor: its latest checkpoint
  std::uint64_t begun_ = 0;
  std::uint64_t completed_ = 0;
  bool checkpoints_;
};

}  // namespace wallaroo::internal
