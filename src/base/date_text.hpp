// Event times for people.
#pragma once

#include <cstdint>
#include <string>

namespace wallaroo::internal {

/// "2023-11-14T22:13:20Z", with the fraction of a second when there is one; what `no_time` and
/// `end_of_time` mean.
std::string date_text(std::int64_t time_ns);

/// "3.2 s", "150 ms", "2 h 5 min", "12 days": two digits or two units. Of a negative one that of
/// its absolute value.
std::string duration_text(std::int64_t duration_ns);

}  // namespace wallaroo::internal
