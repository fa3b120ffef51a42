#include "io/connector_protocol.hpp"

#include <array>
#include <concepts>

#include <fmt/format.h>

#include <wallaroo/types/byte_reader.hpp>

namespace wallaroo::internal::connector_protocol {
namespace {

constexpr std::array<std::string_view, 9> frame_names{
    "HELLO", "OK", "ERROR", "NOTIFY", "NOTIFY_ACK", "MESSAGE", "ACK", "RESTART", "EOS"};
constexpr std::array<std::string_view, 6> two_phase_names{
    "LIST_UNCOMMITTED", "REPLY_UNCOMMITTED", "PHASE_1", "REPLY", "PHASE_2", "WORKERS_LEFT"};
constexpr std::uint8_t first_two_phase_tag = 201;

class Writer {
 public:
  explicit Writer(std::string& bytes) : bytes_(bytes) {}

  template <std::integral Number>
  Writer& number(Number value) {
    const auto bits = static_cast<std::make_unsigned_t<Number>>(value);
    for (std::size_t i = sizeof bits; i-- > 0;) {
      bytes_.push_back(static_cast<char>(bits >> (8 * i)));
    }
    return *this;
  }
  Writer& count(std::size_t value, std::string_view of_what) {
    if (value > UINT32_MAX) {
      throw ProtocolError(fmt::format("{} {} do not fit one frame", value, of_what));
    }
    return number(static_cast<std::uint32_t>(value));
  }
  Writer& raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  Writer& text(std::string_view text) {
    if (text.size() > UINT16_MAX) {
      throw ProtocolError(
          fmt::format("a text of {} bytes, beginning with '{}', is above the {} "
                      "that a frame takes",
                      text.size(), text.substr(0, 40), UINT16_MAX));
    }
    return number(static_cast<std::uint16_t>(text.size())).raw(text);
  }

 private:
  std::string& bytes_;
};

/// Reads the fields of one frame or message; its name is used in error messages.
class Reader {
 public:
  Reader(std::string_view name, std::string_view body)
      : name_(name), body_bytes_(body.size()), fields_(body) {}

  template <std::integral Number>
  Number number() {
    const auto value = fields_.big_endian<Number>();
    require_ok();
    return value;
  }
  std::string_view bytes(std::size_t count) {
    const std::string_view text = fields_.text(count);
    require_ok();
    return text;
  }
  std::string_view text() { return bytes(number<std::uint16_t>()); }
  std::string_view rest() { return bytes(fields_.remaining()); }
  std::size_t remaining() const { return fields_.remaining(); }
  bool truth() {
    const auto value = number<std::uint8_t>();
    if (value > 1) {
      throw ProtocolError(fmt::format("a {} has {} where 0 or 1 should be", name_, value));
    }
    return value == 1;
  }
  /// Reads a count of entries that take at least `min_bytes` each. Refuses a count of more entries
  /// than the remaining bytes can hold, so that broken bytes cannot make it allocate much.
  std::size_t count(std::size_t min_bytes) {
    const std::size_t entries = number<std::uint32_t>();
    if (entries > fields_.remaining() / min_bytes) {
      throw ProtocolError(fmt::format("a {} claims {} entries, but only {} bytes follow", name_,
                                      entries, fields_.remaining()));
    }
    return entries;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all(count(2));
    for (std::string& each : all) {
      each = text();
    }
    return all;
  }
  void end() const {
    if (fields_.remaining() != 0) {
      throw ProtocolError(
          fmt::format("a {} has {} bytes more than its fields", name_, fields_.remaining()));
    }
  }

 private:
  void require_ok() const {
    if (!fields_.ok()) {
      throw ProtocolError(
          fmt::format("a {} of {} bytes is too short for its fields", name_, body_bytes_));
    }
  }

  std::string_view name_;
  std::size_t body_bytes_;
  ByteReader fields_;
};

void write(Writer& to, const Hello& hello) {
  to.text(hello.version).text(hello.cookie).text(hello.program_name).text(hello.instance_name);
}
void write(Writer& to, const Ok& ok) { to.number(ok.initial_credits); }
void write(Writer& to, const Error& error) { to.text(error.message); }
void write(Writer& to, const Notify& notify) {
  to.number(notify.stream_id).text(notify.stream_name).number(notify.point_of_reference);
}
void write(Writer& to, const NotifyAck& ack) {
  to.number(std::uint8_t{ack.success}).number(ack.stream_id).number(ack.point_of_reference);
}
void write(Writer& to, const Message& message) {
  to.number(message.stream_id).number(message.message_id).number(message.event_time);
  to.text(message.key).raw(message.payload);
}
void write(Writer& to, const Ack& ack) {
  to.number(ack.credits).count(ack.streams.size(), "streams");
  for (const StreamPosition& stream : ack.streams) {
    to.number(stream.stream_id).number(stream.point_of_reference);
  }
}
void write(Writer& to, const Restart& restart) {
  to.count(restart.address.size(), "bytes of an address").raw(restart.address);
}
void write(Writer& to, const EndOfStream& end) { to.number(end.stream_id); }

void write(Writer& to, const ListUncommitted& list) { to.number(list.request_tag); }
void write(Writer& to, const ReplyUncommitted& reply) {
  to.number(reply.request_tag).count(reply.transactions.size(), "transactions");
  for (const std::string& transaction : reply.transactions) {
    to.text(transaction);
  }
}
void write(Writer& to, const Phase1& phase) {
  to.text(phase.transaction).count(phase.ranges.size(), "streams");
  for (const StreamRange& range : phase.ranges) {
    to.number(range.stream_id).number(range.start).number(range.end);
  }
}
void write(Writer& to, const Reply& reply) {
  to.text(reply.transaction).number(std::uint8_t{reply.commit});
}
void write(Writer& to, const Phase2& phase) {
  to.text(phase.transaction).number(std::uint8_t{phase.commit});
}
void write(Writer& to, const WorkersLeft& left) {
  to.number(left.request_tag).count(left.workers.size(), "workers");
  for (const std::string& worker : left.workers) {
    to.text(worker);
  }
}

// The fields of braced initialisers are evaluated from left to right, so these read field by field.

Hello read_hello(Reader& from) {
  return {std::string(from.text()), std::string(from.text()), std::string(from.text()),
          std::string(from.text())};
}
Notify read_notify(Reader& from) {
  return {from.number<std::uint64_t>(), std::string(from.text()), from.number<std::uint64_t>()};
}
NotifyAck read_notify_ack(Reader& from) {
  return {from.truth(), from.number<std::uint64_t>(), from.number<std::uint64_t>()};
}
Message read_message(Reader& from) {
  return {from.number<std::uint64_t>(), from.number<std::uint64_t>(), from.number<std::int64_t>(),
          from.text(), from.rest()};
}
Ack read_ack(Reader& from) {
  Ack ack{from.number<std::uint32_t>(), std::vector<StreamPosition>(from.count(16))};
  for (StreamPosition& stream : ack.streams) {
    stream = {from.number<std::uint64_t>(), from.number<std::uint64_t>()};
  }
  return ack;
}
Restart read_restart(Reader& from) {
  // Older applications send no address at all instead of an empty one.
  return from.remaining() == 0 ? Restart{}
                               : Restart{std::string(from.bytes(from.number<std::uint32_t>()))};
}
Phase1 read_phase1(Reader& from) {
  Phase1 phase{std::string(from.text()), std::vector<StreamRange>(from.count(24))};
  for (StreamRange& range : phase.ranges) {
    range = {from.number<std::uint64_t>(), from.number<std::uint64_t>(),
             from.number<std::uint64_t>()};
  }
  return phase;
}

Frame read_frame(std::uint8_t type, Reader& from) {
  switch (type) {
    case 0:
      return read_hello(from);
    case 1:
      return Ok{from.number<std::uint32_t>()};
    case 2:
      return Error{std::string(from.text())};
    case 3:
      return read_notify(from);
    case 4:
      return read_notify_ack(from);
    case 5:
      return read_message(from);
    case 6:
      return read_ack(from);
    case 7:
      return read_restart(from);
    default:
      return EndOfStream{from.number<std::uint64_t>()};
  }
}

TwoPhaseMessage read_two_phase(std::uint8_t tag, Reader& from) {
  switch (tag) {
    case 201:
      return ListUncommitted{from.number<std::uint64_t>()};
    case 202:
      return ReplyUncommitted{from.number<std::uint64_t>(), from.texts()};
    case 203:
      return read_phase1(from);
    case 204:
      return Reply{std::string(from.text()), from.truth()};
    case 205:
      return Phase2{std::string(from.text()), from.truth()};
    default:
      return WorkersLeft{from.number<std::uint64_t>(), from.texts()};
  }
}

void write_body(Writer& to, const Frame& frame) {
  to.number(static_cast<std::uint8_t>(frame.index()));
  std::visit([&](const auto& each) { write(to, each); }, frame);
}

void write_length(std::string& bytes, std::size_t at) {
  const std::size_t length = bytes.size() - at - length_bytes;
  if (length > UINT32_MAX) {
    throw ProtocolError(fmt::format("a frame of {} bytes is too long", length));
  }
  for (std::size_t i = 0; i < length_bytes; ++i) {
    bytes[at + i] = static_cast<char>(length >> (8 * (length_bytes - 1 - i)));
  }
}

}  // namespace

void append(std::string& bytes, const Frame& frame) {
  const std::size_t before = bytes.size();
  try {
    bytes.append(length_bytes, '\0');
    Writer writer(bytes);
    write_body(writer, frame);
    write_length(bytes, before);
  } catch (...) {
    bytes.resize(before);
    throw;
  }
}

std::string encode(const Frame& frame) {
  std::string bytes;
  append(bytes, frame);
  return bytes;
}

Frame decode(std::string_view body) {
  if (body.empty()) {
    throw ProtocolError("a frame has no type");
  }
  const auto type = static_cast<std::uint8_t>(body.front());
  if (type >= frame_names.size()) {
    throw ProtocolError(fmt::format("there is no frame type {}", type));
  }
  Reader reader(frame_names[type], body.substr(1));
  Frame frame = read_frame(type, reader);
  reader.end();
  return frame;
}

std::optional<std::string_view> first_frame(std::string_view bytes, std::size_t max_frame_bytes) {
  ByteReader reader(bytes);
  const std::size_t length = reader.big_endian<std::uint32_t>();
  if (!reader.ok()) {
    return std::nullopt;
  }
  if (length == 0) {
    throw ProtocolError("a frame has no type");
  }
  if (length > max_frame_bytes) {
    throw ProtocolError(
        fmt::format("a frame of {} bytes is above the maximum of {}", length, max_frame_bytes));
  }
  if (reader.remaining() < length) {
    return std::nullopt;
  }
  return bytes.substr(length_bytes, length);
}

std::string_view name_of(const Frame& frame) { return frame_names[frame.index()]; }

std::string encode_two_phase(const TwoPhaseMessage& message) {
  std::string bytes;
  Writer writer(bytes);
  writer.number(static_cast<std::uint8_t>(first_two_phase_tag + message.index()));
  std::visit([&](const auto& each) { write(writer, each); }, message);
  return bytes;
}

std::string encode_control_frame(const TwoPhaseMessage& message) {
  const std::string payload = encode_two_phase(message);
  return encode(Message{control_stream, 0, 0, {}, payload});
}

TwoPhaseMessage decode_two_phase(std::string_view payload) {
  if (payload.empty()) {
    throw ProtocolError("a control message has no tag");
  }
  const auto tag = static_cast<std::uint8_t>(payload.front());
  if (tag < first_two_phase_tag || tag >= first_two_phase_tag + two_phase_names.size()) {
    throw ProtocolError(fmt::format("there is no control message with tag {}", tag));
  }
  Reader reader(two_phase_names[tag - std::size_t{first_two_phase_tag}], payload.substr(1));
  TwoPhaseMessage message = read_two_phase(tag, reader);
  reader.end();
  return message;
}

}  // namespace wallaroo::internal::connector_protocol
