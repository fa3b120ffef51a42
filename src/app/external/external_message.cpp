#include "app/external/external_message.hpp"

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>

namespace wallaroo::internal {

namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::size_t id_bytes = 2;

}  // namespace

std::string encode(const ExternalMessage& message) {
  std::string bytes;
  ByteWriter out(bytes);
  out.big_endian(static_cast<std::uint32_t>(id_bytes + message.body.size()));
  out.big_endian(static_cast<std::uint16_t>(message.id));
  out.append(message.body);
  out.close();
  return bytes;
}

std::optional<ExternalMessage> ExternalReader::next() {
  if (!broken_.empty() || bytes_.size() < length_bytes) {
    return std::nullopt;
  }
  ByteReader in(bytes_);
  const auto length = in.big_endian<std::uint32_t>();
  if (length < id_bytes) {
    broken_ = "a message is too short for its id";
    return std::nullopt;
  }
  if (length > id_bytes + max_body) {
    broken_ = "a message is longer than 16 KiB";
    return std::nullopt;
  }
  if (bytes_.size() < length_bytes + length) {
    return std::nullopt;
  }
  ExternalMessage message;
  message.id = static_cast<ExternalId>(in.big_endian<std::uint16_t>());
  message.body = bytes_.substr(length_bytes + id_bytes, length - id_bytes);
  bytes_.erase(0, length_bytes + length);
  return message;
}

}  // namespace wallaroo::internal
