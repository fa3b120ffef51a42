// Sorts messages of many streams, which arrive mixed, into one batch for each stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "record/batch.hpp"
#include "source/connector/connector_source_session.hpp"
#include "source/source.hpp"

namespace wallaroo::internal {

class MessageDelivery {
 public:
  explicit MessageDelivery(const ReaderContext& context) : context_(context) {}

  /// The feed must stay where it is until `hand_over`.
  void add(StreamFeed& feed, std::string_view payload);
  /// Delivers what was added; `pins` hold the payloads, which were received at `ingest_ns`.
  void hand_over(const std::vector<PinnedRef>& pins, std::int64_t ingest_ns);

 private:
  struct Open {
    std::unique_ptr<FrameBatch> batch = std::make_unique<FrameBatch>();
    StreamFeed* feed = nullptr;
  };

  ReaderContext context_;
  std::vector<Open> open_;  ///< the first `used_`; the others are kept for their memory
  std::size_t used_ = 0;
};

}  // namespace wallaroo::internal
