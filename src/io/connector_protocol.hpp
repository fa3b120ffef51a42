// Connector protocol v3: the frames between an application and the external programs that feed it
// (sources) or drain it (sinks), and the messages of the two-phase commit inside of sink frames.
// The grammar is in docs/formats/connector-protocol.md. Pure: bytes in, values out, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wallaroo::internal::connector_protocol {

/// The version that a HELLO to a source must name.
inline constexpr std::string_view source_version = "0.0.1";
/// The version that a sink's HELLO must name.
inline constexpr std::string_view sink_version = "v0.0.1";

/// The point of reference of a stream when none of its messages has been processed.
inline constexpr std::uint64_t nothing_processed = UINT64_MAX;

/// The streams of a sink's connection.
inline constexpr std::uint64_t control_stream = 0;
inline constexpr std::uint64_t data_stream = 1;

/// The length that precedes every frame.
inline constexpr std::size_t length_bytes = 4;

/// Thrown for bytes that are not a frame or message, and for values that do not fit a frame.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Hello {
  std::string version;
  std::string cookie;
  std::string program_name;
  std::string instance_name;
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Ok {
  std::uint32_t initial_credits = 0;
  friend bool operator==(const Ok&, const Ok&) = default;
};

struct Error {
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

struct Notify {
  std::uint64_t stream_id = 0;
  std::string stream_name;
  std::uint64_t point_of_reference = 0;
  friend bool operator==(const Notify&, const Notify&) = default;
};

struct NotifyAck {
  bool success = false;
  std::uint64_t stream_id = 0;
  std::uint64_t point_of_reference = 0;
  friend bool operator==(const NotifyAck&, const NotifyAck&) = default;
};

/// Its views point into the bytes that were decoded. A missing key or payload is empty.
struct Message {
  std::uint64_t stream_id = 0;
  std::uint64_t message_id = 0;
  std::int64_t event_time = 0;
  std::string_view key;
  std::string_view payload;
  friend bool operator==(const Message&, const Message&) = default;
};

/// How far a stream has been processed: the id of its last message, inclusive.
struct StreamPosition {
  std::uint64_t stream_id = 0;
  std::uint64_t point_of_reference = 0;
  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

struct Ack {
  std::uint32_t credits = 0;
  std::vector<StreamPosition> streams;
  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Restart {
  std::string address;  ///< "host:port"; empty: the same as before
  friend bool operator==(const Restart&, const Restart&) = default;
};

struct EndOfStream {
  std::uint64_t stream_id = 0;
  friend bool operator==(const EndOfStream&, const EndOfStream&) = default;
};

/// Alternatives are in the order of the type bytes, 0 to 8.
using Frame = std::variant<Hello, Ok, Error, Notify, NotifyAck, Message, Ack, Restart, EndOfStream>;

/// Appends the frame, preceded by its length. Throws ProtocolError, leaving `bytes` unchanged, when
/// a string has more than 65535 bytes or the frame more than 2^32 - 1.
void append(std::string& bytes, const Frame& frame);
std::string encode(const Frame& frame);
/// Decodes `body`: a type byte and the fields of that type, without the length. Throws
/// ProtocolError.
Frame decode(std::string_view body);
/// The body of the frame at the start of `bytes`, or nothing while it is incomplete. The frame
/// takes up `length_bytes` and its body. Throws ProtocolError for a length above `max_frame_bytes`,
/// or of 0.
std::optional<std::string_view> first_frame(std::string_view bytes, std::size_t max_frame_bytes);
/// The name of the frame's type for error messages, such as "MESSAGE".
std::string_view name_of(const Frame& frame);

// Two-phase commit: the payloads of messages on a sink's control stream.

struct ListUncommitted {
  std::uint64_t request_tag = 0;
  friend bool operator==(const ListUncommitted&, const ListUncommitted&) = default;
};

struct ReplyUncommitted {
  std::uint64_t request_tag = 0;
  std::vector<std::string> transactions;
  friend bool operator==(const ReplyUncommitted&, const ReplyUncommitted&) = default;
};

/// Bytes [start, end) of the output of a stream.
struct StreamRange {
  std::uint64_t stream_id = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  friend bool operator==(const StreamRange&, const StreamRange&) = default;
};

struct Phase1 {
  std::string transaction;
  std::vector<StreamRange> ranges;
  friend bool operator==(const Phase1&, const Phase1&) = default;
};

struct Reply {
  std::string transaction;
  bool commit = false;
  friend bool operator==(const Reply&, const Reply&) = default;
};

struct Phase2 {
  std::string transaction;
  bool commit = false;
  friend bool operator==(const Phase2&, const Phase2&) = default;
};

struct WorkersLeft {
  std::uint64_t request_tag = 0;
  std::vector<std::string> workers;
  friend bool operator==(const WorkersLeft&, const WorkersLeft&) = default;
};

/// Alternatives are in the order of their tags, 201 to 206.
using TwoPhaseMessage =
    std::variant<ListUncommitted, ReplyUncommitted, Phase1, Reply, Phase2, WorkersLeft>;

/// Returns the payload of a MESSAGE. Throws ProtocolError like `append`.
std::string encode_two_phase(const TwoPhaseMessage& message);
/// Returns a whole MESSAGE frame on the control stream, with its length.
std::string encode_control_frame(const TwoPhaseMessage& message);
/// Decodes the payload of a MESSAGE on the control stream. Throws ProtocolError.
TwoPhaseMessage decode_two_phase(std::string_view payload);

}  // namespace wallaroo::internal::connector_protocol
