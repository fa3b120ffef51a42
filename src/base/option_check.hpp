// Refuses values of options that cannot work, before anything is started.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wallaroo::internal {

/// The longest duration that an option may have. Engine times are 64-bit nanoseconds, and now plus
/// any duration up to this fits them.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours(24 * 365 * 100);

/// How many partitions a generator or a memory source may have.
inline constexpr int most_partitions = 65'536;

/// Checks the options of one source, sink or client. Every function throws ConfigError for a value
/// that is not allowed; the message names the owner of the option, the option, its value and the
/// allowed values.
class OptionCheck {
 public:
  /// `whose` begins each message, such as "sink 'totals'"; may be empty.
  explicit OptionCheck(std::string whose) : whose_(std::move(whose)) {}

  /// Requires a duration from `least` to `longest_duration`.
  void duration(std::string_view option, std::chrono::nanoseconds value,
                std::chrono::nanoseconds least = std::chrono::nanoseconds(0)) const;
  /// The same for milliseconds, whose values may be too large for nanoseconds.
  void duration(std::string_view option, std::chrono::milliseconds value,
                std::chrono::milliseconds least = std::chrono::milliseconds(0)) const;
  /// Checks the pause between attempts to connect, which doubles from `first` to `most`.
  void backoff(std::chrono::milliseconds first, std::chrono::milliseconds most) const;
  void at_least(std::string_view option, std::uint64_t value, std::uint64_t least) const;
  void range(std::string_view option, std::int64_t value, std::int64_t least,
             std::int64_t most) const;
  /// Requires a path that is not empty and has no zero byte, at which the operating system would
  /// cut it off.
  void path(std::string_view option, std::string_view value) const;

  [[noreturn]] void refuse(std::string_view why) const;

 private:
  std::string whose_;
};

}  // namespace wallaroo::internal
