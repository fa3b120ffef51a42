#include "base/people_numbers.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace {

/// Adds one digit after the point when fewer than three stand before it, unless that digit is 0.
std::string three_digits(double number) {
  const double tenths = std::round(number * 10) / 10;
  return tenths < 100 && tenths != std::floor(tenths) ? fmt::format("{:.1f}", tenths)
                                                      : fmt::format("{:.0f}", number);
}

std::string with_unit(double number, const char* unit) {
  constexpr std::array<const char*, 5> prefixes{"", "k", "M", "G", "T"};
  std::size_t prefix = 0;
  while (std::round(number) >= 1000 && prefix + 1 < prefixes.size()) {
    number /= 1000;
    ++prefix;
  }
  const std::string name = fmt::format("{}{}", prefixes[prefix], unit);
  return fmt::format("{}{}{}", three_digits(number), name.empty() ? "" : " ", name);
}

}  // namespace

std::string people_count(double count) { return with_unit(count, ""); }
std::string people_bytes(double bytes) { return with_unit(bytes, "B"); }
std::string people_records(std::uint64_t records) {
  return fmt::format("{} record{}", people_count(static_cast<double>(records)),
                     records == 1 ? "" : "s");
}

}  // namespace wallaroo::internal
