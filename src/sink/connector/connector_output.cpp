#include "sink/connector/connector_output.hpp"

#include <algorithm>
#include <array>

#include <boost/endian/conversion.hpp>

#include "base/check.hpp"
#include "io/connector_protocol.hpp"

namespace wallaroo::internal {

namespace {

/// The bytes before the payload of a MESSAGE: length, type, stream, id, time, length of the key.
constexpr std::size_t header_bytes = 4 + 1 + 8 + 8 + 8 + 2;
constexpr unsigned char message_type = 5;

std::array<unsigned char, header_bytes> message_header(std::size_t payload, std::uint64_t offset) {
  std::array<unsigned char, header_bytes> header{};
  const std::size_t length = header_bytes - connector_protocol::length_bytes + payload;
  boost::endian::store_big_u32(&header[0], static_cast<std::uint32_t>(length));
  header[4] = message_type;
  boost::endian::store_big_u64(&header[5], connector_protocol::data_stream);
  boost::endian::store_big_u64(&header[13], offset);
  return header;
}

}  // namespace

void ConnectorOutput::push(ByteBatch& batch) {
  framed_.bytes.reserve(batch.bytes.size() + batch.ends.size() * header_bytes);
  std::size_t start = 0;
  for (const std::size_t end : batch.ends) {
    const std::size_t size = end - start;
    if (size != 0) {
      const auto header = message_header(size, offset_);
      framed_.bytes.append(reinterpret_cast<const char*>(header.data()), header.size());
      framed_.bytes.append(batch.bytes, start, size);
      framed_.ends.push_back(static_cast<std::uint32_t>(framed_.bytes.size()));
      offset_ += size;
    }
    start = end;
  }
  metrics_.records.add(batch.ends.size() - framed_.ends.size());
  if (framed_.size() != 0) {
    framed_.ingest_ns = batch.ingest_ns;
    held_ += holding_ ? framed_.bytes.size() : 0;
    queue_.push(framed_);
  }
  batch.clear();
}

std::uint64_t ConnectorOutput::untaken_offset() const {
  check(!may_be_torn_, "a connection begins with a whole record");
  return offset_ - (queue_.bytes() - queue_.records() * header_bytes);
}

void ConnectorOutput::release() {
  holding_ = false;
  held_ = 0;
}

std::size_t ConnectorOutput::gather(std::span<iovec> parts) const {
  const std::size_t count = queue_.gather(parts);
  std::size_t left = sendable();
  for (std::size_t i = 0; i < count; ++i) {
    if (parts[i].iov_len >= left) {
      parts[i].iov_len = left;
      return left == 0 ? i : i + 1;
    }
    left -= parts[i].iov_len;
  }
  return count;
}

void ConnectorOutput::taken(std::size_t bytes) {
  check(bytes <= sendable(), "nothing behind a barrier is sent before its commit");
  queue_.taken(bytes);
  may_be_torn_ = sendable() != 0;
}

void ConnectorOutput::restore_torn_record() {
  queue_.restore_torn_record();
  may_be_torn_ = false;
}

std::uint64_t ConnectorOutput::discard() {
  held_ = 0;
  may_be_torn_ = false;
  return queue_.discard();
}

}  // namespace wallaroo::internal
