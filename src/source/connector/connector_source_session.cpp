#include "source/connector/connector_source_session.hpp"

#include <type_traits>
#include <variant>

#include <fmt/format.h>

namespace wallaroo::internal {

namespace protocol = connector_protocol;

namespace {
// Longer texts of a peer are not repeated in messages.
constexpr std::size_t max_quoted_bytes = 100;

// Only one checkpoint is on its way at a time; older ones have failed.
constexpr std::size_t max_on_their_way = 4;

std::string_view quoted(std::string_view text) { return text.substr(0, max_quoted_bytes); }
}  // namespace

SourceStep SourceSession::on_frame(std::string_view body) {
  try {
    return accept(protocol::decode(body));
  } catch (const protocol::ProtocolError& error) {
    return fail(error.what());
  }
}

SourceStep SourceSession::accept(const protocol::Frame& frame) {
  if (!greeted_ && frame.index() != protocol::Frame(protocol::Hello{}).index() &&
      !std::holds_alternative<protocol::Error>(frame)) {
    return fail(fmt::format("the first frame must be a HELLO, not a {}", protocol::name_of(frame)));
  }
  return std::visit(
      [&](const auto& each) {
        if constexpr (requires { on(each); }) {
          return on(each);
        } else {
          return out_of_place(frame);
        }
      },
      frame);
}

SourceStep SourceSession::on(const protocol::Hello& hello) {
  if (greeted_) {
    return fail("a second HELLO on one connection");
  }
  if (hello.version != protocol::source_version) {
    return fail(fmt::format("the HELLO is of version '{}'; this source speaks '{}'",
                            quoted(hello.version), protocol::source_version));
  }
  if (hello.cookie != settings_.cookie) {
    return fail("the cookie of the HELLO is not the one of this source");
  }
  greeted_ = true;
  credits_ = settings_.max_credits;
  send(protocol::Ok{credits_});
  return {};
}

SourceStep SourceSession::on(const protocol::Notify& notify) {
  const auto claim = registry_.claim(executor_, notify.stream_id, notify.stream_name);
  if (!claim.granted) {
    refused_ = true;
    send(protocol::NotifyAck{false, notify.stream_id, notify.point_of_reference});
    spend_credit();
    return {};
  }
  SourceStream& stream = streams_[notify.stream_id];
  stream = {.id = notify.stream_id,
            .name = notify.stream_name,
            .last = claim.last,
            .awaited = claim.awaited};
  send(protocol::NotifyAck{true, stream.id, stream.last});
  spend_credit();
  return {Kind::opened, &stream};
}

SourceStep SourceSession::on(const protocol::Message& message) {
  SourceStream* const stream = find_open(message.stream_id);
  if (stream == nullptr) {
    return fail(fmt::format("a MESSAGE for stream {}, which is not open on this connection",
                            message.stream_id));
  }
  if (message.message_id == StreamRegistry::nothing) {
    return fail(fmt::format("a MESSAGE with the id {}, which stands for no message at all",
                            message.message_id));
  }
  spend_credit();
  if (stream->last != StreamRegistry::nothing && message.message_id <= stream->last) {
    return {};
  }
  stream->last = message.message_id;
  if (message.payload.empty()) {
    return {};
  }
  return {Kind::message, stream, message.payload};
}

SourceStep SourceSession::on(const protocol::EndOfStream& end) {
  SourceStream* const stream = find_open(end.stream_id);
  if (stream == nullptr) {
    return fail(
        fmt::format("an EOS for stream {}, which is not open on this connection", end.stream_id));
  }
  latest_ = nullptr;
  spend_credit();
  stream->ended = true;
  if (settings_.checkpoints) {
    return {Kind::ended, stream};
  }
  registry_.release({stream->id, stream->last, true});
  send(protocol::Ack{0, {{stream->id, stream->last}}});
  gone_ = streams_.extract(stream->id);
  return {Kind::ended, &gone_.mapped()};
}

SourceStep SourceSession::on(const protocol::Error& error) {
  end_ = {fmt::format("the peer reports an error: {}", quoted(error.message)), true};
  return {Kind::closed};
}

SourceStep SourceSession::out_of_place(const protocol::Frame& frame) {
  return fail(fmt::format("a {}, which only a source sends", protocol::name_of(frame)));
}

SourceStep SourceSession::fail(std::string reason) {
  send(protocol::Error{reason});
  end_ = {std::move(reason), false};
  return {Kind::closed};
}

SourceStream* SourceSession::find_open(std::uint64_t id) {
  if (latest_ != nullptr && latest_->id == id) {
    return latest_;
  }
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.ended) {
    return nullptr;
  }
  latest_ = &found->second;
  return latest_;
}

std::vector<SourceStream> SourceSession::release_all() {
  std::vector<SourceStream> open;
  for (auto& [id, stream] : streams_) {
    registry_.release({id, stream.last, stream.ended});
    if (!stream.ended) {
      open.push_back(std::move(stream));
    }
  }
  streams_.clear();
  latest_ = nullptr;
  return open;
}

void SourceSession::save(std::uint64_t number, std::vector<StreamProgress>& places) {
  Saved saved{number, {}};
  for (auto& [id, stream] : streams_) {
    if (stream.last != StreamRegistry::nothing) {
      places.push_back({id, stream.last, stream.ended});
    }
    if (stream.ended && stream.ended_in == 0) {
      stream.ended_in = number;
    }
    if (stream.ended || stream.last != StreamRegistry::nothing) {
      saved.positions.push_back({id, stream.last});
    }
  }
  saved_.push_back(std::move(saved));
  if (saved_.size() > max_on_their_way) {
    saved_.pop_front();
  }
}

bool SourceSession::completed(std::uint64_t number) {
  std::vector<protocol::StreamPosition> positions;
  while (!saved_.empty() && saved_.front().number <= number) {
    positions.clear();
    if (saved_.front().number == number) {
      positions = std::move(saved_.front().positions);
    }
    saved_.pop_front();
  }
  const bool released = release_ended(number);
  const bool owed = credits_ < settings_.max_credits;
  if (greeted_ && (owed || refused_ || !positions.empty())) {
    acknowledge(std::move(positions));
  }
  return released;
}

bool SourceSession::release_ended(std::uint64_t number) {
  const std::size_t before = streams_.size();
  for (auto next = streams_.begin(); next != streams_.end();) {
    const SourceStream& stream = next->second;
    if (stream.ended_in != 0 && stream.ended_in <= number) {
      registry_.release({stream.id, stream.last, true});
      next = streams_.erase(next);
    } else {
      ++next;
    }
  }
  return streams_.size() != before;
}

void SourceSession::invite_retry() {
  if (refused_) {
    acknowledge({});
  }
}

void SourceSession::spend_credit() {
  if (credits_ > 0) {
    --credits_;
  }
  if (credits_ <= settings_.refill_credits) {
    acknowledge({});
  }
}

void SourceSession::acknowledge(std::vector<protocol::StreamPosition> positions) {
  send(protocol::Ack{settings_.max_credits - credits_, std::move(positions)});
  credits_ = settings_.max_credits;
  refused_ = false;
}

void SourceSession::send(const protocol::Frame& frame) { protocol::append(output_, frame); }

}  // namespace wallaroo::internal
