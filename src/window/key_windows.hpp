// Types for the windows of one key, whatever their kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <wallaroo/types/window.hpp>

namespace wallaroo::internal {

template <class A>
using AccumulatorOf = std::remove_cvref_t<decltype(std::declval<const A&>().initial_accumulator())>;

/// A record's way into its key's windows.
struct Arrival {
  std::uint64_t hash = 0;
  std::int64_t time_ns = 0;   ///< of the record
  std::int64_t limit_ns = 0;  ///< windows due by then have fired, and take no more records
  std::int64_t now_ns = 0;    ///< processing time
};

/// A window that fires.
struct Ready {
  Window window;
  std::int64_t due_ns = 0;
  std::int64_t time_ns = 0;  ///< of its result
};

enum class Placement : std::uint8_t { counted, late };

}  // namespace wallaroo::internal
