#include "sink/connector/connector_transaction.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <wallaroo/types/byte_reader.hpp>
#include <wallaroo/types/byte_writer.hpp>

#include "base/short_bytes.hpp"

namespace wallaroo::internal {

namespace {

constexpr std::string_view checkpoint_mark = ":c_id=";
constexpr std::uint8_t vote_version = 1;
constexpr std::uint8_t vote_version_with_instance = 2;

bool is_harmless(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

std::string connector_stream_name(std::string_view application, std::string_view worker,
                                  std::string_view sink) {
  return fmt::format("{}-w-{}-id-{}", application, worker, hash_long(sink));
}

std::string default_connector_instance(std::string_view sink) {
  std::string harmless(sink);
  std::replace_if(
      harmless.begin(), harmless.end(), [](char c) { return !is_harmless(c); }, '_');
  return harmless == sink ? fmt::format("initializer-{}", sink)
                          : fmt::format("initializer-{}-{}", harmless, hash_long(sink));
}

std::string connector_transaction(std::string_view stream, std::uint64_t checkpoint) {
  return fmt::format("{}{}{}", stream, checkpoint_mark, checkpoint);
}

std::optional<std::uint64_t> checkpoint_of_transaction(std::string_view stream,
                                                       std::string_view transaction) {
  if (!transaction.starts_with(stream)) {
    return std::nullopt;
  }
  transaction.remove_prefix(stream.size());
  if (!transaction.starts_with(checkpoint_mark)) {
    return std::nullopt;
  }
  transaction.remove_prefix(checkpoint_mark.size());
  std::uint64_t checkpoint = 0;
  const char* const end = transaction.data() + transaction.size();
  const auto [parsed, error] = std::from_chars(transaction.data(), end, checkpoint);
  return error == std::errc() && parsed == end ? std::optional(checkpoint) : std::nullopt;
}

std::string encode_vote(const ConnectorVote& vote) {
  std::string bytes;
  ByteWriter writer(bytes);
  if (vote.instance.empty()) {
    writer.big_endian(vote_version).big_endian(vote.offset).append(vote.stream);
  } else {
    writer.big_endian(vote_version_with_instance)
        .big_endian(vote.offset)
        .big_endian(static_cast<std::uint16_t>(vote.instance.size()))
        .append(vote.instance)
        .append(vote.stream);
  }
  return bytes;
}

std::optional<ConnectorVote> decode_vote(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto version = reader.big_endian<std::uint8_t>();
  const auto offset = reader.big_endian<std::uint64_t>();
  std::string_view instance;
  if (version == vote_version_with_instance) {
    instance = reader.text(reader.big_endian<std::uint16_t>());
  } else if (version != vote_version) {
    return std::nullopt;
  }
  const std::string_view stream = reader.text(reader.remaining());
  if (!reader.ok() || stream.empty()) {
    return std::nullopt;
  }
  return ConnectorVote{std::string(stream), offset, std::string(instance)};
}

}  // namespace wallaroo::internal
