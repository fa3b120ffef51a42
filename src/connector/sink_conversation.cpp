#include "connector/sink_conversation.hpp"

#include <exception>
#include <variant>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace protocol = connector_protocol;

namespace {
constexpr std::uint32_t credits = 1000;  // any positive number: sinks do not count credits
}  // namespace

std::string SinkConversation::on_frame(std::string_view body) {
  const protocol::Frame frame = protocol::decode(body);
  if (const auto* error = std::get_if<protocol::Error>(&frame)) {
    throw ConnectorError(fmt::format("the application says: {}", error->message));
  }
  if (const auto* hello = std::get_if<protocol::Hello>(&frame); hello && !greeted_) {
    return on(*hello);
  }
  if (const auto* notify = std::get_if<protocol::Notify>(&frame); notify && greeted_) {
    return on(*notify);
  }
  if (const auto* message = std::get_if<protocol::Message>(&frame); message && !name_.empty()) {
    return on(*message);
  }
  throw ConnectorError(fmt::format("a {} has no place here", protocol::name_of(frame)));
}

std::string SinkConversation::on(const protocol::Hello& hello) {
  if (hello.version != protocol::sink_version) {
    throw ConnectorError(fmt::format("the HELLO is not of version '{}'", protocol::sink_version));
  }
  if (hello.cookie != cookie_) {
    throw ConnectorError("the cookie is wrong");
  }
  greeted_ = true;
  return protocol::encode(protocol::Ok{credits});
}

std::string SinkConversation::on(const protocol::Notify& notify) {
  if (notify.stream_id != protocol::data_stream || !name_.empty() || notify.stream_name.empty()) {
    return protocol::encode(
        protocol::NotifyAck{false, notify.stream_id, notify.point_of_reference});
  }
  name_ = notify.stream_name;
  state_ = output_.load(name_);
  held_ = state_.prepared ? state_.prepared->end : state_.committed;
  output_.truncate(name_, held_);
  return protocol::encode(protocol::NotifyAck{true, protocol::data_stream, held_});
}

std::string SinkConversation::on(const protocol::Message& message) {
  if (message.stream_id == protocol::control_stream) {
    return on_control(protocol::decode_two_phase(message.payload));
  }
  if (message.stream_id != protocol::data_stream) {
    throw ConnectorError(fmt::format("a MESSAGE for stream {}", message.stream_id));
  }
  take_data(message.message_id, message.payload);
  return {};
}

void SinkConversation::take_data(std::uint64_t offset, std::string_view data) {
  if (offset < held_) {
    throw ConnectorError(fmt::format(
        "output '{}' holds {} bytes already, but the application sends from {} on: it was started "
        "without the checkpoint that belongs to this output",
        name_, held_, offset));
  }
  gap_ = gap_ || offset > held_;
  if (!gap_) {
    output_.write(name_, offset, data);
    held_ += data.size();
  }
}

std::string SinkConversation::on_control(const protocol::TwoPhaseMessage& message) {
  if (const auto* list = std::get_if<protocol::ListUncommitted>(&message)) {
    protocol::ReplyUncommitted reply{list->request_tag, {}};
    if (state_.prepared) {
      reply.transactions.push_back(state_.prepared->id);
    }
    return protocol::encode_control_frame(reply);
  }
  if (const auto* phase1 = std::get_if<protocol::Phase1>(&message)) {
    return protocol::encode_control_frame(protocol::Reply{phase1->transaction, prepare(*phase1)});
  }
  if (const auto* phase2 = std::get_if<protocol::Phase2>(&message)) {
    finish(*phase2);
    return {};
  }
  if (std::holds_alternative<protocol::WorkersLeft>(message)) {
    return {};
  }
  throw ConnectorError("a control message that only a sink's peer sends");
}

bool SinkConversation::prepare(const protocol::Phase1& phase) {
  if (phase.ranges.size() != 1 || phase.ranges[0].stream_id != protocol::data_stream) {
    throw ConnectorError("a PHASE_1 that is not about the one stream of this connection");
  }
  const ConnectorTransaction transaction{phase.transaction, phase.ranges[0].start,
                                         phase.ranges[0].end};
  if (state_.prepared == transaction) {
    return true;
  }
  if (gap_ || state_.prepared || transaction.start != state_.committed ||
      transaction.end != held_) {
    return false;
  }
  try {
    output_.prepare(name_, transaction);
  } catch (const std::exception&) {
    return false;
  }
  state_.prepared = transaction;
  return true;
}

void SinkConversation::finish(const protocol::Phase2& phase) {
  if (!state_.prepared || state_.prepared->id != phase.transaction) {
    return;  // the transaction was finished before
  }
  if (phase.commit) {
    output_.commit(name_, *state_.prepared);
    state_.committed = state_.prepared->end;
  } else {
    if (held_ > state_.prepared->end) {
      throw ConnectorError("an abort after the data that follows it");
    }
    output_.abort(name_, *state_.prepared);
    held_ = state_.prepared->start;
  }
  state_.prepared.reset();
}

}  // namespace wallaroo::internal
