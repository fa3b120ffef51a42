// Tells why a window fires: its time has come, or its stage gave up waiting.
#pragma once

#include <cstdint>
#include <vector>

#include <wallaroo/types/window.hpp>

namespace wallaroo::internal {

/// Remembers the time-outs, and the end of the stream, whose windows have not all fired yet. So
/// whether a result is marked as closed does not depend on how far the watermark has come by the
/// time it is that window's turn.
class Closings {
 public:
  /// All windows due by `limit_ns` are about to fire, while the watermark is at `watermark_ns`.
  void add(std::int64_t limit_ns, std::int64_t watermark_ns) {
    closings_.push_back({limit_ns, watermark_ns});
  }
  struct Closing {
    std::int64_t limit;
    std::int64_t watermark;
  };
  const std::vector<Closing>& all() const { return closings_; }

  /// Call when all due windows have fired.
  void clear() { closings_.clear(); }

  Firing firing(std::int64_t end_ns, std::int64_t due_ns) const {
    for (const Closing& closing : closings_) {
      if (due_ns <= closing.limit) {
        return end_ns <= closing.watermark ? Firing::complete : Firing::closed;
      }
    }
    return Firing::complete;
  }

 private:
  std::vector<Closing> closings_;
};

}  // namespace wallaroo::internal
