#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wallaroo::giles {

enum class BareNumber { kIsNanoseconds, kIsRefused };

// These functions throw UsageError, whose message says what is accepted.

// "5ms", "1.5s", "250us", "10ns", "2m", "1h"; underscores may group the digits.
std::uint64_t parse_duration_ns(std::string_view text, BareNumber bare);

// Messages per second, at least 1: "10000", "10000/s", "10k/s", "1.5M/s".
std::uint64_t parse_rate(std::string_view text);

// A count: "1000000", "1_000_000", "10k", "2.5M", "1G" (powers of 1000).
std::uint64_t parse_count(std::string_view text);

// "850 ns", "12.3 us", "4.56 ms", "1.23 s".
std::string format_duration(std::uint64_t ns);

// "12 B", "34.5 kB", "6.78 MB" (powers of 1000).
std::string format_bytes(double bytes);

// 1234567 -> "1,234,567".
std::string format_count(std::uint64_t count);

}  // namespace wallaroo::giles
