// A record that a stage refused, for those who collect them.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace wallaroo::internal {

/// The texts live as long as the call that gets them.
struct RefusedRecord {
  std::string_view stage;
  std::string_view kind;     ///< "exception" or "bad record"
  std::string_view message;  ///< what was wrong
  std::string_view policy;   ///< what became of it: "stop", "skip" or "dead letter"
  std::string_view origin;   ///< peer or file, and number; empty when unknown
  std::string_view record;   ///< as text, or for a decoder the bytes
  std::uint64_t count = 1;   ///< of so many records in a row, this is the first
};

/// Called on executors' threads. Must not throw.
using RefusedCallback = std::function<void(const RefusedRecord&)>;

}  // namespace wallaroo::internal
