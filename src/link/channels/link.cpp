#include "link/channels/link.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace wallaroo::internal::link {

bool LinkChannel::seems_full() const { return link_->over() || !credit_.may_send(); }

bool LinkChannel::try_push(BatchPtr& batch) {
  if (link_->over()) {
    return false;
  }
  switch (batch->kind) {
    case BatchKind::data:
      if (!push_data(*batch)) {
        return false;
      }
      batch->reset();
      used_ = std::move(batch);
      return true;
    case BatchKind::barrier:
      put_barrier(number_, {batch->watermark, static_cast<const ControlBatch&>(*batch).barrier},
                  link_->socket_.out());
      break;
    case BatchKind::end_of_stream:
      put_end(number_, link_->socket_.out());
      credit_.on_sent(frame_cost);  // so that the producer learns when the end is consumed
      ended_ = true;
      break;
  }
  batch.reset();
  link_->socket_.appended();
  return true;
}

bool LinkChannel::push_data(Batch& batch) {
  LinkSocket& socket = link_->socket_;
  const auto backlog = static_cast<std::uint32_t>(std::min<std::size_t>(
      std::max<std::size_t>(batch.memory_bytes(), 1), std::numeric_limits<std::uint32_t>::max()));
  if (!credit_.may_send()) {
    if (!std::exchange(refused_, true)) {
      socket.counters().credit_waits.add();
      put_wish(number_, backlog, socket.out());
      socket.appended();
    }
    return false;
  }
  FrameHead head;
  head.records = static_cast<std::uint16_t>(batch.size());
  head.channel = number_;
  head.backlog = refused_ ? backlog : 0;
  const std::int64_t age_ns =
      batch.ingest_ns == 0 ? DataFrame::no_age
                           : std::max<std::int64_t>(0, link_->clock_.now_ns() - batch.ingest_ns);
  StoredWriter& out = socket.out();
  const std::size_t before = out.size();
  put_data(
      head, {batch.watermark, age_ns, ""},
      [&](StoredWriter& to) {
        if (batch.size() != 0) {
          codec_->encode(batch, to);
        }
      },
      out);
  credit_.on_sent(out.size() - before - head_bytes + frame_cost);
  refused_ = false;
  socket.appended();
  return true;
}

Link::Link(EventLoop& loop, const Clock& clock, std::function<void(const std::string&)> on_lost,
           const LinkTimes& times)
    : clock_(clock), on_lost_(std::move(on_lost)), socket_(loop, clock, *this, times) {}

LinkChannel& Link::add_channel(const Open& open, const WireCodec& codec) {
  const auto number = static_cast<std::uint32_t>(channels_.size());
  channels_.push_back(std::make_unique<LinkChannel>(*this, number, codec));
  put_open(number, open, socket_.out());
  return *channels_.back();
}

bool Link::serve() { return socket_.read_on(); }

bool Link::finished() const {
  return std::all_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return channel->finished(); });
}

void Link::on_frame(Frame frame) {
  if (frame.head.kind != FrameKind::credit || frame.head.channel >= channels_.size()) {
    throw FrameError(fmt::format("a frame of kind {} for channel {} came back on a link",
                                 static_cast<int>(frame.head.kind), frame.head.channel));
  }
  if (!channels_[frame.head.channel]->credit_.on_credit(read_credit(frame))) {
    throw FrameError("more was consumed than was sent");
  }
}

}  // namespace wallaroo::internal::link
