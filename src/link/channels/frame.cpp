#include "link/channels/frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/short_bytes.hpp"

namespace wallaroo::internal::link {

namespace {

constexpr std::uint8_t idle_flag = 1;
constexpr std::size_t data_head_bytes = 16;
constexpr std::size_t checked_head_bytes = head_bytes - sizeof(std::uint32_t);

std::uint32_t checksum_of(std::string_view head, std::string_view body) {
  const std::uint64_t of_body = body.empty() ? 0 : hash_long(body);
  return static_cast<std::uint32_t>(hash_long(head.substr(0, checked_head_bytes)) ^ of_body);
}

/// A frame that is being appended. Its head is written last.
class Building {
 public:
  explicit Building(StoredWriter& out) : out_(out), begin_(out.size()) {
    constexpr std::array<char, head_bytes> no_head{};
    out.put(no_head);
  }
  void drop() { out_.truncate(begin_); }
  std::size_t body_bytes() const { return out_.size() - begin_ - head_bytes; }
  void finish(FrameHead head) {
    head.bytes = static_cast<std::uint32_t>(body_bytes());
    StoredWriter made;
    made.put(head.bytes);
    made.put(head.kind);
    made.put(static_cast<std::uint8_t>(head.idle ? idle_flag : 0));
    made.put(head.records);
    made.put(head.channel);
    made.put(head.backlog);
    made.put(checksum_of(made.bytes(), out_.bytes().substr(begin_ + head_bytes)));
    out_.overwrite(begin_, made.bytes());
  }

 private:
  StoredWriter& out_;
  std::size_t begin_;
};

FrameHead head_of(FrameKind kind, std::uint32_t channel) {
  FrameHead head;
  head.kind = kind;
  head.channel = channel;
  return head;
}

void put_empty(FrameHead head, StoredWriter& out) { Building(out).finish(head); }

void put_time(FrameKind kind, std::int64_t time_ns, StoredWriter& out) {
  Building frame(out);
  out.put(time_ns);
  frame.finish(head_of(kind, 0));
}

struct Sizes {
  std::size_t least;
  std::size_t most;
};

Sizes sizes_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::open:
      return {4, 4};
    case FrameKind::data:
      return {data_head_bytes, most_body_bytes};
    case FrameKind::barrier:
      return {17, 17};
    case FrameKind::credit:
      return {0, 16};
    case FrameKind::ping:
    case FrameKind::pong:
      return {8, 8};
    case FrameKind::end:
    case FrameKind::closed:
      return {0, 0};
  }
  return {1, 0};
}

void check_head(const FrameHead& head, std::uint8_t kind, std::uint8_t flags) {
  const Sizes sizes = sizes_of(head.kind);
  const bool half_credit =
      head.kind == FrameKind::credit && head.bytes != sizes.least && head.bytes != sizes.most;
  if (head.bytes < sizes.least || head.bytes > sizes.most || half_credit) {
    throw FrameError(
        fmt::format("a frame of kind {} and {} bytes is none of a link", kind, head.bytes));
  }
  const bool has_watermark = head.kind == FrameKind::data || head.kind == FrameKind::barrier;
  if (flags > (has_watermark ? idle_flag : 0) ||
      (head.records != 0 && head.kind != FrameKind::data)) {
    throw FrameError(fmt::format("a frame of kind {} has the flags {} and {} records", kind, flags,
                                 head.records));
  }
}

/// Reads a body. The cutter has seen that it has as many bytes as its kind needs.
StoredReader body_of(const Frame& frame, FrameKind kind) {
  const Sizes sizes = sizes_of(kind);
  if (frame.head.kind != kind || frame.bytes().size() < sizes.least ||
      frame.bytes().size() > sizes.most) {
    throw FrameError("a frame is read as another kind than its own");
  }
  return StoredReader(frame.bytes());
}

}  // namespace

Open read_open(const Frame& frame) {
  StoredReader in = body_of(frame, FrameKind::open);
  Open open;
  open.edge = in.get<std::uint16_t>();
  open.to = in.get<std::uint16_t>();
  return open;
}

Credit read_credit(const Frame& frame) {
  StoredReader in = body_of(frame, FrameKind::credit);
  if (in.empty()) {
    throw FrameError("the consumer of a channel waits for credit, which only a producer does");
  }
  Credit credit;
  credit.consumed = in.get<std::uint64_t>();
  credit.limit = in.get<std::uint64_t>();
  return credit;
}

std::int64_t read_time(const Frame& frame) {
  return body_of(frame, frame.head.kind == FrameKind::ping ? FrameKind::ping : FrameKind::pong)
      .get<std::int64_t>();
}

BarrierFrame read_barrier(const Frame& frame) {
  StoredReader in = body_of(frame, FrameKind::barrier);
  BarrierFrame read;
  read.watermark = {in.get<std::int64_t>(), frame.head.idle};
  read.barrier.checkpoint = in.get<std::uint64_t>();
  const auto last = in.get<std::uint8_t>();
  if (last > 1) {
    throw FrameError(fmt::format("a barrier has {} where 0 or 1 should be", last));
  }
  read.barrier.last = last == 1;
  return read;
}

DataFrame read_data(const Frame& frame) {
  StoredReader in = body_of(frame, FrameKind::data);
  DataFrame data;
  data.watermark = {in.get<std::int64_t>(), frame.head.idle};
  data.age_ns = in.get<std::int64_t>();
  data.records = in.get_bytes(in.left());
  return data;
}

void put_open(std::uint32_t channel, const Open& open, StoredWriter& out) {
  Building frame(out);
  out.put(open.edge);
  out.put(open.to);
  frame.finish(head_of(FrameKind::open, channel));
}

void put_credit(std::uint32_t channel, const Credit& credit, StoredWriter& out) {
  Building frame(out);
  out.put(credit.consumed);
  out.put(credit.limit);
  frame.finish(head_of(FrameKind::credit, channel));
}

void put_wish(std::uint32_t channel, std::uint32_t backlog, StoredWriter& out) {
  FrameHead head = head_of(FrameKind::credit, channel);
  head.backlog = backlog;
  put_empty(head, out);
}

void put_barrier(std::uint32_t channel, const BarrierFrame& barrier, StoredWriter& out) {
  Building frame(out);
  out.put(barrier.watermark.time_ns);
  out.put(barrier.barrier.checkpoint);
  out.put(static_cast<std::uint8_t>(barrier.barrier.last ? 1 : 0));
  FrameHead head = head_of(FrameKind::barrier, channel);
  head.idle = barrier.watermark.idle;
  frame.finish(head);
}

void put_end(std::uint32_t channel, StoredWriter& out) {
  put_empty(head_of(FrameKind::end, channel), out);
}

void put_closed(std::uint32_t channel, StoredWriter& out) {
  put_empty(head_of(FrameKind::closed, channel), out);
}

void put_ping(std::int64_t time_ns, StoredWriter& out) { put_time(FrameKind::ping, time_ns, out); }

void put_pong(std::int64_t time_ns, StoredWriter& out) { put_time(FrameKind::pong, time_ns, out); }

void put_data(const FrameHead& head, const DataFrame& data,
              const std::function<void(StoredWriter&)>& write_records, StoredWriter& out) {
  Building frame(out);
  try {
    out.put(data.watermark.time_ns);
    out.put(data.age_ns);
    write_records(out);
    if (frame.body_bytes() > most_body_bytes) {
      throw StoredError(
          fmt::format("a batch of {} records has {} bytes, and {} is the most that can be sent to "
                      "another worker: make smaller records",
                      head.records, frame.body_bytes(), most_body_bytes));
    }
  } catch (...) {
    frame.drop();
    throw;
  }
  FrameHead finished = head;
  finished.kind = FrameKind::data;
  finished.idle = data.watermark.idle;
  frame.finish(finished);
}

void FrameCutter::take(std::string_view arrived, const std::function<void(Frame)>& on_frame) {
  while (!arrived.empty()) {
    if (head_size_ < head_bytes) {
      const std::size_t taken = std::min(head_bytes - head_size_, arrived.size());
      std::memcpy(head_bytes_.data() + head_size_, arrived.data(), taken);
      head_size_ += taken;
      arrived.remove_prefix(taken);
      if (head_size_ == head_bytes) {
        take_head();
        filled(0, on_frame);
      }
      continue;
    }
    const std::span<char> body = space();
    const std::size_t taken = std::min(body.size(), arrived.size());
    std::memcpy(body.data(), arrived.data(), taken);
    arrived.remove_prefix(taken);
    filled(taken, on_frame);
  }
}

void FrameCutter::take_head() {
  StoredReader in({head_bytes_.data(), head_bytes_.size()});
  head_.bytes = in.get<std::uint32_t>();
  const auto kind = in.get<std::uint8_t>();
  head_.kind = static_cast<FrameKind>(kind);
  const auto flags = in.get<std::uint8_t>();
  head_.idle = (flags & idle_flag) != 0;
  head_.records = in.get<std::uint16_t>();
  head_.channel = in.get<std::uint32_t>();
  head_.backlog = in.get<std::uint32_t>();
  checksum_ = in.get<std::uint32_t>();
  check_head(head_, kind, flags);
  body_.reset(head_.bytes == 0 ? nullptr : new FrameBody(head_.bytes));
  body_size_ = 0;
}

std::span<char> FrameCutter::space() {
  return head_size_ < head_bytes || body_ == nullptr ? std::span<char>() : body_->space(body_size_);
}

void FrameCutter::filled(std::size_t bytes, const std::function<void(Frame)>& on_frame) {
  body_size_ += bytes;
  if (head_size_ == head_bytes && body_size_ == head_.bytes) {
    finish(on_frame);
  }
}

void FrameCutter::finish(const std::function<void(Frame)>& on_frame) {
  Frame frame{head_, std::exchange(body_, nullptr)};
  head_size_ = 0;
  if (checksum_of({head_bytes_.data(), head_bytes_.size()}, frame.bytes()) != checksum_) {
    throw FrameError(fmt::format("the checksum of a frame of {} bytes is wrong", head_.bytes));
  }
  on_frame(std::move(frame));
}

}  // namespace wallaroo::internal::link
