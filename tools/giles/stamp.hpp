#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wallaroo::giles {

// The text record by which latency is measured: "SSSSSSSSSSSSSSSSSSSS KEY xxxx", where S is the
// nanosecond (CLOCK_MONOTONIC, 20 decimal digits) at which the schedule wanted it sent, and the
// x fill it to the size asked for. Plain text without newline, so any application can echo it.
inline constexpr std::size_t kStampDigits = 20;

struct StampedRecord {
  std::uint64_t keys = 1;       // message n has key n % keys
  std::size_t size_bytes = 64;  // without framing
};

// The smallest size that holds stamp and key.
std::size_t smallest_stamped_record(std::uint64_t keys);

// Writes the record of message `index` to out[0, size_bytes).
void write_stamped_record(const StampedRecord& record, std::uint64_t index, std::uint64_t stamp_ns,
                          char* out);

// Returns the stamp that the record begins with; nullopt if it does not begin with 20 digits.
std::optional<std::uint64_t> read_stamp(std::string_view record);

}  // namespace wallaroo::giles
