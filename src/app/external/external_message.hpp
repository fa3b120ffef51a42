// The messages of the external channel of Wallaroo 0.6. docs/formats/external-channel.md describes
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wallaroo::internal {

enum class ExternalId : std::uint16_t {
  print = 1,
  rotate_log = 2,
  clean_shutdown = 3,
  shrink_request = 4,
  shrink_query_response = 5,
  shrink_response = 6,
  partition_query = 7,
  partition_response = 8,
  cluster_status_query = 9,
  cluster_status_response = 10,
  cluster_not_initialized = 11,
  partition_count_query = 12,
  partition_count_response = 13,
  source_ids_query = 14,
  source_ids_response = 15,
  report_status = 16,
  state_entity_query = 17,
  state_entity_response = 18,
  stateless_partition_query = 19,
  stateless_partition_response = 20,
  state_entity_count_query = 21,
  state_entity_count_response = 22,
  stateless_partition_count_query = 23,
  stateless_partition_count_response = 24,
  cluster_state_entity_count_query = 25,
  cluster_state_entity_count_response = 26,
};

/// A message as it arrives. The id may be one that nobody knows.
struct ExternalMessage {
  ExternalId id{};
  std::string body;

  friend bool operator==(const ExternalMessage&, const ExternalMessage&) = default;
};

/// The length of the message (u32: 2 and the size of the body), its id (u16), and its body; numbers
/// are big-endian.
std::string encode(const ExternalMessage& message);

/// Cuts messages from the bytes of a connection.
class ExternalReader {
 public:
  /// The longest body of a message to a worker.
  static constexpr std::size_t max_body = 16 * 1024;

  void append(std::string_view bytes) { bytes_.append(bytes); }
  /// Takes the next message; nothing when it is not complete, or `broken`.
  std::optional<ExternalMessage> next();
  /// Why the bytes are no messages; empty while they are. Then the connection must be closed.
  std::string_view broken() const { return broken_; }

 private:
  std::string bytes_;
  std::string_view broken_;
};

}  // namespace wallaroo::internal
