#include "giles/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "giles/error.hpp"

namespace wallaroo::giles {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kTimes{{{"ns", 1},
                                      {"us", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 5> kCounts{
    {{"", 1}, {"k", 1'000}, {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}}};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// Digits with grouping underscores and at most one point, then a unit. Whole numbers stay exact.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  const std::size_t number_size = std::min(text.find_first_not_of("0123456789._"), text.size());
  const Unit* unit = find_unit(units, text.substr(number_size));
  std::string digits;
  for (const char c : text.substr(0, number_size)) {
    if (c != '_') digits += c;
  }
  if (unit == nullptr || digits.empty()) return std::nullopt;
  const char* end = digits.data() + digits.size();
  std::uint64_t whole = 0;
  std::uint64_t scaled = 0;
  if (digits.find('.') == std::string::npos) {
    const auto [stop, error] = std::from_chars(digits.data(), end, whole);
    if (error != std::errc{} || stop != end) return std::nullopt;
    if (__builtin_mul_overflow(whole, unit->factor, &scaled)) return std::nullopt;
    return scaled;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  value *= static_cast<double>(unit->factor);
  if (value >= 9e18) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(value));
}

}  // namespace

std::uint64_t parse_duration_ns(std::string_view text, BareNumber bare) {
  if (const auto parsed = parse_with_unit(text, kTimes)) return *parsed;
  if (const auto plain = parse_with_unit(text, std::span(kCounts).first(1))) {
    if (bare == BareNumber::kIsNanoseconds) return *plain;
    throw UsageError(
        fmt::format("'{}' has no unit; write for example {}s or {}ms", text, text, text));
  }
  throw UsageError(fmt::format(
      "'{}' is not a duration; write a number and a unit (ns, us, ms, s, m, h), as in 5ms", text));
}

std::uint64_t parse_rate(std::string_view text) {
  std::string_view number = text;
  if (number.ends_with("/s")) number.remove_suffix(2);
  const auto rate = parse_with_unit(number, kCounts);
  if (!rate) {
    throw UsageError(fmt::format(
        "'{}' is not a rate; write messages per second, as in 10000/s or 1.5M/s", text));
  }
  if (*rate == 0) {
    throw UsageError(
        fmt::format("'{}' is below 1/s; for slower, use --batch-size 1 and --interval", text));
  }
  return *rate;
}

std::uint64_t parse_count(std::string_view text) {
  if (const auto count = parse_with_unit(text, kCounts)) return *count;
  throw UsageError(fmt::format("'{}' is not a count; write digits, as in 1000000 or 1M", text));
}

std::string format_duration(std::uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} us", value / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

std::string format_bytes(double bytes) {
  if (bytes < 1e3) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.2f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

}  // namespace wallaroo::giles
