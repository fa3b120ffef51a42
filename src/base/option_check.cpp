#include "base/option_check.hpp"

#include <fmt/format.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

template <class Duration>
std::string out_of_range(std::string_view option, Duration value, Duration least,
                         std::string_view unit) {
  return fmt::format("{} is {} {}; it must be from {} {} to {} {} (100 years)", option,
                     value.count(), unit, least.count(), unit,
                     duration_cast<Duration>(longest_duration).count(), unit);
}

}  // namespace

void OptionCheck::refuse(std::string_view why) const {
  throw ConfigError(whose_.empty() ? std::string(why) : fmt::format("{}: {}", whose_, why));
}

void OptionCheck::duration(std::string_view option, nanoseconds value, nanoseconds least) const {
  if (value < least || value > longest_duration) {
    refuse(out_of_range(option, value, least, "ns"));
  }
}

void OptionCheck::duration(std::string_view option, milliseconds value, milliseconds least) const {
  if (value < least || value > duration_cast<milliseconds>(longest_duration)) {
    refuse(out_of_range(option, value, least, "ms"));
  }
}

void OptionCheck::backoff(milliseconds first, milliseconds most) const {
  duration("first_backoff", first, milliseconds(1));
  duration("max_backoff", most, milliseconds(1));
  if (most < first) {
    refuse(fmt::format("max_backoff is {} ms; it must not be shorter than first_backoff, {} ms",
                       most.count(), first.count()));
  }
}

void OptionCheck::at_least(std::string_view option, std::uint64_t value,
                           std::uint64_t least) const {
  if (value < least) {
    refuse(fmt::format("{} is {}; it must be at least {}", option, value, least));
  }
}

void OptionCheck::range(std::string_view option, std::int64_t value, std::int64_t least,
                        std::int64_t most) const {
  if (value < least || value > most) {
    refuse(fmt::format("{} is {}; it must be from {} to {}", option, value, least, most));
  }
}

void OptionCheck::path(std::string_view option, std::string_view value) const {
  if (value.empty()) {
    refuse(fmt::format("{} is empty; give the path of a file, or \"-\" for the standard stream",
                       option));
  }
  if (const std::size_t zero = value.find('\0'); zero != value.npos) {
    refuse(
        fmt::format("{} has a zero byte behind '{}', where the operating system would cut it "
                    "off; give a path without one",
                    option, value.substr(0, zero)));
  }
}

}  // namespace wallaroo::internal
