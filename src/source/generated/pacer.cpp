#include "source/generated/pacer.hpp"

#include <cmath>
#include <limits>

namespace wallaroo::internal {

std::uint64_t Pacer::due(std::int64_t now_ns) const {
  if (rate_per_second_ <= 0) {
    return std::numeric_limits<std::uint64_t>::max();
  }
  // The epsilon makes a record due even if its due time was rounded down to a nanosecond.
  const double reached = static_cast<double>(now_ns - start_ns_) * 1e-9 * rate_per_second_ + 1e-6;
  const auto so_far = static_cast<std::uint64_t>(reached) + 1;
  return so_far > taken_ ? so_far - taken_ : 0;
}

std::int64_t Pacer::next_due_ns() const {
  return start_ns_ +
         static_cast<std::int64_t>(std::ceil(static_cast<double>(taken_) / rate_per_second_ * 1e9));
}

}  // namespace wallaroo::internal
