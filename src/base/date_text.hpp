// Event times and durations as text for people.
#pragma once

#include <cstdint>
#include <string>

namespace wallaroo::internal {

/// A time such as "2023-11-14T22:13:20Z", with the fraction of a second when there is one.
/// `no_time` and `end_of_time` become words that say what they mean.
std::string date_text(std::int64_t time_ns);

/// A duration with two digits or two units: "3.2 s", "150 ms", "2 h 5 min", "12 days". A negative
/// duration gives the text of its absolute value.
std::string duration_text(std::int64_t duration_ns);

}  // namespace wallaroo::internal
