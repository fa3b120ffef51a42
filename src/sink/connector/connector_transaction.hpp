// The names of a connector sink's stream and transactions, and its votes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wallaroo::internal {

/// "<application>-w-<worker>-id-<number>". The number is the XXH3 hash (64 bits, seed 0) of the
/// sink's name in decimal: the same after every restart, and another for each sink.
std::string connector_stream_name(std::string_view application, std::string_view worker,
                                  std::string_view sink);

/// The worker in the HELLO if the sink's options name none: "initializer-<sink>". Receivers make
/// file names of it, so characters other than letters, digits and "._-" are replaced; if there are
/// any, the number of the stream's name is appended.
std::string default_connector_instance(std::string_view sink);

/// "<stream>:c_id=<checkpoint>".
std::string connector_transaction(std::string_view stream, std::uint64_t checkpoint);
/// The checkpoint of a transaction of that stream; nothing if it is another's.
std::optional<std::uint64_t> checkpoint_of_transaction(std::string_view stream,
                                                       std::string_view transaction);

/// A connector sink's vote, which the checkpoint keeps. With it another process can finish the
/// transaction and go on behind it.
struct ConnectorVote {
  std::string stream;
  std::uint64_t offset = 0;  ///< of the output's bytes, at the checkpoint's barrier
  /// The worker in the HELLO; empty: the same as in the stream's name.
  std::string instance = {};

  friend bool operator==(const ConnectorVote&, const ConnectorVote&) = default;
};

/// Returns the version (one byte), the offset (eight bytes, big endian) and the stream's name. A
/// vote with an instance has version 2, and before the name the instance with its length (two
/// bytes). One without has version 1.
std::string encode_vote(const ConnectorVote& vote);
/// Returns nothing if the bytes are not a vote.
std::optional<ConnectorVote> decode_vote(std::string_view bytes);

}  // namespace wallaroo::internal
