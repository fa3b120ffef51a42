#pragma once

#include <cstdint>

namespace wallaroo::giles {

// How a stream of bytes is divided into records.
struct Framing {
  enum class Kind {
    kLengthPrefixed,  // a 4-byte big-endian length, then that many bytes
    kNewline,         // bytes up to and with '\n'
    kFixed,           // `size_bytes` bytes each
  };
  Kind kind = Kind::kLengthPrefixed;
  std::uint64_t size_bytes = 0;  // of a kFixed record
};

inline constexpr std::uint64_t kLengthBytes = 4;

}  // namespace wallaroo::giles
