// Refuses values of options that cannot work, before anything is started.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace wallaroo::internal {

/// Engine times are 64-bit nanoseconds: the sum of now and any duration up to this is one.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours(24 * 365 * 100);

/// How many partitions a source may have that makes its records itself.
inline constexpr int most_partitions = 65'536;

/// Checks the options of one source, sink or client. Every function throws ConfigError that names
/// whose option it is, the option, its value and what is allowed.
class OptionCheck {
 public:
  /// `whose` begins each message, such as "sink 'totals'"; empty: nothing does.
  explicit OptionCheck(std::string whose) : whose_(std::move(whose)) {}

  /// From `least` to `longest_duration`.
  void duration(std::string_view option, std::chrono::nanoseconds value,
                std::chrono::nanoseconds least = std::chrono::nanoseconds(0)) const;
  /// Of milliseconds more may be given than fit in nanoseconds.
  void duration(std::string_view option, std::chrono::milliseconds value,
                std::chrono::milliseconds least = std::chrono::milliseconds(0)) const;
  /// The pause between attempts to connect, which doubles from `first` to `most`.
  void backoff(std::chrono::milliseconds first, std::chrono::milliseconds most) const;
  void at_least(std::string_view option, std::uint64_t value, std::uint64_t least) const;
  void range(std::string_view option, std::int64_t value, std::int64_t least,
             std::int64_t most) const;
  /// Not empty, and without a zero byte, at which the operating system would cut it off.
  void path(std::string_view option, std::string_view value) const;

  [[noreturn]] void refuse(std::string_view why) const;

 private:
  std::string whose_;
};

}  // namespace wallaroo::internal
