#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "giles/big_endian.hpp"
#include "giles/framing.hpp"

namespace wallaroo::giles {

// Counts the records of one stream that arrives in pieces cut anywhere.
//
// Every record of at most `max_record_bytes` (without its framing) is counted once, whatever the
// pieces. A larger one throws RuntimeError: it means that the two ends disagree about the framing
// far more often than that a record is really that large.
class FrameCounter {
 public:
  struct Step {
    std::uint64_t records = 0;       // that ended inside the piece
    std::size_t complete_bytes = 0;  // of the piece, up to the end of the last such record
  };

  FrameCounter(Framing framing, std::uint64_t max_record_bytes)
      : framing_(framing), max_record_bytes_(max_record_bytes) {}

  Step consume(std::string_view piece);

  // Bytes of the record that has begun and not ended, with its framing. 0 between records.
  std::uint64_t partial_bytes() const { return partial_bytes_; }

 private:
  Step consume_length_prefixed(std::string_view piece);
  Step consume_newline(std::string_view piece);
  Step consume_fixed(std::string_view piece);
  std::size_t consume_header(std::string_view piece);
  void begin_record(std::uint64_t length);

  Framing framing_;
  std::uint64_t max_record_bytes_;
  std::uint64_t partial_bytes_ = 0;
  std::uint64_t missing_bytes_ = 0;  // of the body of a record whose length is known
  std::array<char, kLengthBytes> header_{};
  std::size_t header_bytes_ = 0;
};

// Finds the first record that ends at or after `from`, when `bytes` begins with a record. Returns
// its end and how many records end up to there; nullopt if none does.
struct RecordEnd {
  std::size_t position = 0;
  std::uint64_t records = 0;
};
std::optional<RecordEnd> record_end_at_or_after(Framing framing, std::string_view bytes,
                                                std::size_t from);

// Calls `use(body)` for every record of `bytes`, which holds whole records only (as a FrameCounter
// has found). The framing is not part of the body.
template <typename Use>
void for_each_record(Framing framing, std::string_view bytes, Use use) {
  while (!bytes.empty()) {
    std::size_t skip = 0;
    std::size_t size = framing.size_bytes;
    std::size_t end_mark = 0;
    if (framing.kind == Framing::Kind::kLengthPrefixed) {
      skip = kLengthBytes;
      size = get_u32_be(bytes.data());
    } else if (framing.kind == Framing::Kind::kNewline) {
      size = bytes.find('\n');
      end_mark = 1;
    }
    use(bytes.substr(skip, size));
    bytes.remove_prefix(skip + size + end_mark);
  }
}

}  // namespace wallaroo::giles
