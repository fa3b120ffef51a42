#include "record/wire.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace wallaroo::internal {

void throw_wrong_batch(std::size_t records, std::size_t most) {
  throw StoredError(
      fmt::format("a batch from another process is broken: it has {} records, and {} is the most",
                  records, most));
}

void throw_bytes_left(std::size_t bytes) {
  throw StoredError(fmt::format(
      "a batch from another process is broken: {} bytes are left behind its records", bytes));
}

// The ends come first: their number says where the bytes begin.
void ByteBatchCodec::encode(Batch& batch, StoredWriter& out) const {
  const auto& records = static_cast<ByteBatch&>(batch);
  out.put_bytes(records.ends.data(), records.ends.size() * sizeof(std::uint32_t));
  out.put_bytes(records.bytes.data(), records.bytes.size());
}

void ByteBatchCodec::decode(const WireRecords& wire, Batch& batch) const {
  auto& records = static_cast<ByteBatch&>(batch);
  StoredReader in(wire.bytes);
  const std::string_view ends = in.get_bytes(wire.records * sizeof(std::uint32_t));
  records.ends.resize(wire.records);
  if (!ends.empty()) {
    std::memcpy(records.ends.data(), ends.data(), ends.size());
  }
  records.bytes = in.get_bytes(in.left());
  std::size_t before = 0;
  for (const std::uint32_t end : records.ends) {
    if (end < before) {
      throw StoredError("a batch from another process is broken: a record ends before it begins");
    }
    before = end;
  }
  if (before != records.bytes.size()) {
    throw StoredError(
        fmt::format("a batch from another process is broken: its records end at {} of {} bytes",
                    before, records.bytes.size()));
  }
}

}  // namespace wallaroo::internal
