#include "connector/client_conversation.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace protocol = connector_protocol;

namespace {

std::uint64_t on_the_wire(const std::optional<std::uint64_t>& position) {
  return position.value_or(protocol::nothing_processed);
}

}  // namespace

void ClientConversation::connected() {
  disconnected();
  protocol::append(output_, protocol::Hello{std::string(protocol::source_version), options_.cookie,
                                            options_.program_name, options_.instance_name});
}

void ClientConversation::disconnected() {
  greeted_ = false;
  output_.clear();
  refused_.clear();
  for (auto& [id, stream] : streams_) {
    stream.open = false;
  }
}

bool ClientConversation::on_frame(std::string_view body) {
  const protocol::Frame frame = protocol::decode(body);
  if (const auto* ok = std::get_if<protocol::Ok>(&frame)) {
    on(*ok);
  } else if (const auto* ack = std::get_if<protocol::Ack>(&frame)) {
    on(*ack);
  } else if (const auto* notify_ack = std::get_if<protocol::NotifyAck>(&frame)) {
    on(*notify_ack);
  } else if (const auto* restart = std::get_if<protocol::Restart>(&frame)) {
    new_address_ = restart->address;
    return false;
  } else if (const auto* error = std::get_if<protocol::Error>(&frame)) {
    throw ConnectorError(fmt::format("the application says: {}", error->message));
  } else {
    throw ConnectorError(fmt::format("the application sent a {}", protocol::name_of(frame)));
  }
  return true;
}

void ClientConversation::on(const protocol::Ok& ok) {
  greeted_ = true;
  credits_ = ok.initial_credits;
  for (const auto& [id, stream] : streams_) {
    if (!stream.done) {
      notify(stream);
    }
  }
}

void ClientConversation::on(const protocol::Ack& ack) {
  credits_ += ack.credits;
  for (const protocol::StreamPosition& each : ack.streams) {
    const auto found = streams_.find(each.stream_id);
    if (found == streams_.end()) {
      continue;
    }
    ConnectorStream& stream = found->second;
    if (each.point_of_reference != protocol::nothing_processed) {
      stream.acknowledged = std::max(stream.acknowledged.value_or(0), each.point_of_reference);
    }
    if (stream.ended && each.point_of_reference == on_the_wire(stream.position)) {
      stream.done = true;
      stream.open = false;
    }
  }
  retry();
}

void ClientConversation::on(const protocol::NotifyAck& ack) {
  const auto found = streams_.find(ack.stream_id);
  if (found == streams_.end()) {
    return;
  }
  ConnectorStream& stream = found->second;
  if (!ack.success) {
    refused_.push_back(stream.id);
    return;
  }
  stream.open = true;
  if (stream.ended && ack.point_of_reference == on_the_wire(stream.position)) {
    protocol::append(output_, protocol::EndOfStream{stream.id});
    return;
  }
  stream.ended = false;
  stream.position.reset();
  if (ack.point_of_reference != protocol::nothing_processed) {
    stream.position = ack.point_of_reference;
  }
  if (on_resume_) {
    on_resume_(stream);
  }
}

void ClientConversation::retry() {
  for (const std::uint64_t id : std::exchange(refused_, {})) {
    notify(streams_.at(id));
  }
}

void ClientConversation::notify(const ConnectorStream& stream) {
  protocol::append(output_, protocol::Notify{stream.id, stream.name, on_the_wire(stream.position)});
  --credits_;
}

ConnectorStream& ClientConversation::add(std::uint64_t id, std::string name) {
  const auto found = streams_.find(id);
  if (found != streams_.end() && !found->second.done) {
    throw ConnectorError(fmt::format("stream {} ('{}') is open already", id, name));
  }
  ConnectorStream& stream = streams_[id];
  stream = {.id = id, .name = std::move(name)};
  if (greeted_) {
    notify(stream);
  }
  return stream;
}

void ClientConversation::send(ConnectorStream& stream, std::uint64_t message_id,
                              std::string_view payload) {
  if (stream.ended || (stream.position && message_id <= *stream.position)) {
    throw ConnectorError(fmt::format(
        "message {} of stream {} ('{}') comes after {}", message_id, stream.id, stream.name,
        stream.ended ? "its end" : fmt::format("message {}", *stream.position)));
  }
  protocol::append(output_, protocol::Message{stream.id, message_id, 0, {}, payload});
  --credits_;
  stream.position = message_id;
}

void ClientConversation::end(ConnectorStream& stream) {
  stream.ended = true;
  protocol::append(output_, protocol::EndOfStream{stream.id});
}

}  // namespace wallaroo::internal
