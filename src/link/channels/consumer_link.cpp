#include "link/channels/consumer_link.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal::link {

ConsumerLink::ConsumerLink(EventLoop& loop, const Clock& clock, Calls calls, const LinkTimes& times)
    : clock_(clock), calls_(std::move(calls)), socket_(loop, clock, *this, times) {}

void ConsumerLink::on_frame(Frame frame) {
  if (frame.head.kind == FrameKind::open) {
    open(frame);
    return;
  }
  Channel& channel = channel_of(frame);
  switch (frame.head.kind) {
    case FrameKind::data:
      on_data(channel, std::move(frame));
      return;
    case FrameKind::barrier: {
      const BarrierFrame read = read_barrier(frame);
      auto barrier = std::make_unique<ControlBatch>(BatchKind::barrier, read.barrier);
      barrier->watermark = read.watermark;
      push(channel, std::move(barrier));
      return;
    }
    case FrameKind::end:
      on_end(channel);
      return;
    case FrameKind::credit:
      if (frame.body != nullptr) {
        throw FrameError("the producer of a channel says what was consumed");
      }
      // A wish costs nothing, so it is never refused.
      (void)channel.credit.on_received(0, frame.head.backlog);
      return;
    default:
      channel.closed = true;
  }
}

void ConsumerLink::open(const Frame& frame) {
  const Open open = read_open(frame);
  const Destination destination = calls_.find(open);
  if (destination.input == nullptr) {
    throw FrameError(
        fmt::format("no channel of edge {} leads to executor {} here", open.edge, open.to));
  }
  if (!channels_.emplace(frame.head.channel, std::make_unique<Channel>(destination)).second) {
    throw FrameError(fmt::format("channel {} is opened twice", frame.head.channel));
  }
}

ConsumerLink::Channel& ConsumerLink::channel_of(const Frame& frame) {
  const auto found = channels_.find(frame.head.channel);
  if (found == channels_.end() || found->second->closed) {
    throw FrameError(
        fmt::format("a frame is for channel {}, which is not open", frame.head.channel));
  }
  return *found->second;
}

void ConsumerLink::on_data(Channel& channel, Frame frame) {
  const DataFrame data = read_data(frame);
  auto batch = std::make_unique<WireBatch>(std::move(frame));
  if (!channel.credit.on_received(batch->cost(), batch->frame.head.backlog)) {
    throw FrameError("records came without credit");
  }
  batch->watermark = data.watermark;
  batch->ingest_ns = data.age_ns < 0 ? 0 : clock_.now_ns() - data.age_ns;
  push(channel, std::move(batch));
}

void ConsumerLink::on_end(Channel& channel) {
  // The end is sent without credit, but counted.
  (void)channel.credit.on_received(frame_cost, 0);
  push(channel, std::make_unique<ControlBatch>(BatchKind::end_of_stream));
  channel.ended = true;
}

void ConsumerLink::push(Channel& channel, BatchPtr batch) {
  if (channel.ended) {
    throw FrameError("something follows the end of a channel");
  }
  if (!channel.waiting.empty() || !channel.input->mailbox().try_push(batch)) {
    channel.waiting.push_back(std::move(batch));
  }
}

bool ConsumerLink::serve() {
  bool progressed = socket_.read_on();
  for (auto& [number, channel] : channels_) {
    progressed = serve(number, *channel) || progressed;
  }
  socket_.flush();
  return progressed;
}

bool ConsumerLink::serve(std::uint32_t number, Channel& channel) {
  bool progressed = push_waiting(channel);
  const std::uint64_t consumed = channel.input->consumed();
  if (consumed != channel.counted) {
    channel.credit.on_consumed(consumed - std::exchange(channel.counted, consumed));
    progressed = true;
  }
  if (const auto news = channel.credit.news(); news && !socket_.over()) {
    put_credit(number, *news, socket_.out());
    socket_.appended();
    progressed = true;
  }
  return progressed;
}

bool ConsumerLink::push_waiting(Channel& channel) {
  bool pushed = false;
  while (!channel.waiting.empty() && channel.input->mailbox().try_push(channel.waiting.front())) {
    channel.waiting.pop_front();
    pushed = true;
  }
  return pushed;
}

bool ConsumerLink::has_work() const {
  return socket_.has_more() ||
         std::any_of(channels_.begin(), channels_.end(), [](const auto& each) {
           const Channel& channel = *each.second;
           return channel.input->consumed() != channel.counted ||
                  (!channel.waiting.empty() && !channel.input->mailbox().seems_full());
         });
}

void ConsumerLink::before_sleep() {
  for (const auto& [number, channel] : channels_) {
    if (!channel->waiting.empty()) {
      channel->input->mailbox().wait_for_room();
    }
  }
}

bool ConsumerLink::finished() const {
  return !channels_.empty() &&
         std::all_of(channels_.begin(), channels_.end(), [](const auto& each) {
           return each.second->ended && each.second->credit.waiting() == 0;
         });
}

bool ConsumerLink::may_end() const {
  return std::all_of(channels_.begin(), channels_.end(),
                     [](const auto& each) { return each.second->ended || each.second->closed; });
}

}  // namespace wallaroo::internal::link
