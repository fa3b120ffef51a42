#include "giles/outgoing.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <limits>

#include "giles/frame_counter.hpp"

namespace wallaroo::giles {

Outgoing::Write Outgoing::write(std::uint64_t due) {
  if (!in_chunk()) {
    if (draining_ || taken_ >= due) return Write::kIdle;
    chunk_ = lane_->next(due - taken_);
    taken_ += chunk_.messages;
    written_ = 0;
  }
  const std::string_view rest = chunk_.bytes.substr(written_);
  const ssize_t sent = ::send(fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return Write::kFailed;
  if (sent > 0) {
    written_ += static_cast<std::size_t>(sent);
    bytes_ += static_cast<std::uint64_t>(sent);
  }
  if (in_chunk()) {  // a short write means that the socket is full; EPOLLOUT follows
    writable_ = false;
    return Write::kFull;
  }
  return !draining_ && taken_ < due ? Write::kMore : Write::kIdle;
}

void Outgoing::drop_records_not_begun() {
  draining_ = true;
  if (!in_chunk()) return;
  const auto end = record_end_at_or_after(framing_, chunk_.bytes, written_);
  if (!end) return;
  taken_ = taken_ - chunk_.messages + end->records;
  chunk_ = {chunk_.bytes.substr(0, end->position), end->records};
}

std::uint64_t Outgoing::messages() const {
  if (!in_chunk()) return taken_;
  FrameCounter counter(framing_, std::numeric_limits<std::uint64_t>::max());
  return taken_ - chunk_.messages + counter.consume(chunk_.bytes.substr(0, written_)).records;
}

bool Outgoing::inside_message() const {
  if (!in_chunk()) return false;
  FrameCounter counter(framing_, std::numeric_limits<std::uint64_t>::max());
  counter.consume(chunk_.bytes.substr(0, written_));
  return counter.partial_bytes() > 0;
}

}  // namespace wallaroo::giles
