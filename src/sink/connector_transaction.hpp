// What a connector sink calls its stream and its transactions, and what it votes with.
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

/// What a sink says in the HELLO when its options name no worker: "initializer-<sink>". Receivers
/// make names of files of it, so all but letters, digits and "._-" is replaced, and the number of
/// the stream's name appended then.
std::string default_connector_instance(std::string_view sink);

/// "<stream>:c_id=<checkpoint>".
std::string connector_transaction(std::string_view stream, std::uint64_t checkpoint);
/// The checkpoint of a transaction of that stream; nothing if it is another's.
std::optional<std::uint64_t> checkpoint_of_transaction(std::string_view stream,
                                                       std::string_view transaction);

/// What a checkpoint keeps of a connector sink: with it another process can finish the transaction
/// and go on behind it.
struct ConnectorVote {
  std::string stream;
  std::uint64_t offset = 0;  ///< of the output's bytes, at the checkpoint's barrier
  /// In the HELLO; empty: the worker in the stream's name.
  std::string instance = {};

  friend bool operator==(const ConnectorVote&, const ConnectorVote&) = default;
};

/// One byte version, eight bytes offset (big endian), the rest is the stream's name. Version 2 has
/// the instance in front of that, with two bytes for its length; without one it is version 1.
std::string encode_vote(const ConnectorVote& vote);
/// Nothing if the bytes are no vote.
std::optional<ConnectorVote> decode_vote(std::string_view bytes);

}  // namespace wallaroo::internal
