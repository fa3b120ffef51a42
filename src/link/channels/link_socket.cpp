#include "link/channels/link_socket.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/epoll.h>

#include "io/socket.hpp"

namespace wallaroo::internal::link {

namespace {

/// The tasks of the executor have their turn after so many bytes.
constexpr std::size_t most_at_once = 1 << 20;

}  // namespace

LinkSocket::LinkSocket(EventLoop& loop, const Clock& clock, Owner& owner, const LinkTimes& times)
    : loop_(loop), clock_(clock), owner_(owner), times_(times) {}

LinkSocket::~LinkSocket() {
  loop_.cancel(timer_);
  loop_.unwatch(socket_.get());
}

void LinkSocket::attach(FileDescriptor socket, std::string_view arrived, bool pings) {
  socket_ = std::move(socket);
  pings_ = pings;
  set_prompt(socket_.get(), times_.unacknowledged);
  heard_ns_ = clock_.now_ns();
  loop_.watch(socket_.get(), *this);
  tick();
  take(arrived);
  flush();
}

void LinkSocket::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    send();
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    read();
  }
}

bool LinkSocket::read_on() {
  if (!std::exchange(more_, false)) {
    return false;
  }
  read();
  return true;
}

void LinkSocket::read() {
  std::size_t budget = most_at_once;
  try {
    while (socket_ && budget != 0) {
      if (!read_some(budget)) {
        return;
      }
    }
    more_ = static_cast<bool>(socket_);
  } catch (const FrameError& error) {
    lose(fmt::format("the other worker sent what it must not: {}", error.what()));
  }
}

bool LinkSocket::read_some(std::size_t& budget) {
  const std::span<char> body = cutter_.space();
  const IoResult result = receive_into(socket_.get(), body, staging_);
  if (result.would_block()) {
    return false;
  }
  if (result.error != 0) {
    end(error_text(result.error));
    return false;
  }
  if (result.at_end()) {
    end("the other worker has closed the connection");
    return false;
  }
  budget -= std::min(budget, result.bytes);
  heard_ns_ = clock_.now_ns();
  counters_.bytes_in.add(result.bytes);
  const std::size_t direct = std::min(body.size(), result.bytes);
  filled(direct);
  take({staging_.data(), result.bytes - direct});
  return true;
}

void LinkSocket::filled(std::size_t bytes) {
  if (bytes != 0) {
    cutter_.filled(bytes, [this](Frame frame) { on_frame(std::move(frame)); });
  }
}

void LinkSocket::take(std::string_view arrived) {
  try {
    cutter_.take(arrived, [this](Frame frame) { on_frame(std::move(frame)); });
  } catch (const FrameError& error) {
    lose(fmt::format("the other worker sent what it must not: {}", error.what()));
  }
}

void LinkSocket::on_frame(Frame frame) {
  if (over_) {
    return;
  }
  counters_.frames_in.add();
  if (frame.head.kind == FrameKind::ping) {
    put_pong(read_time(frame), out());
  } else if (frame.head.kind == FrameKind::pong) {
    counters_.round_trip_ns.set(clock_.now_ns() - read_time(frame));
  } else {
    owner_.on_frame(std::move(frame));
  }
}

void LinkSocket::end(const std::string& reason) {
  if (!cutter_.at_boundary() || !owner_.may_end()) {
    lose(reason);
    return;
  }
  over_ = true;
  loop_.cancel(timer_);
  loop_.unwatch(socket_.get());
  socket_.reset();
}

void LinkSocket::lose(const std::string& reason) {
  if (over_) {
    return;
  }
  over_ = true;
  more_ = false;
  loop_.cancel(timer_);
  loop_.unwatch(socket_.get());
  socket_.reset();
  output_.clear();
  owner_.on_lost(reason);
}

void LinkSocket::appended() {
  if (socket_ && output_.plenty()) {
    send();
  }
}

void LinkSocket::flush() {
  if (socket_ && !output_.empty()) {
    send();
  }
}

void LinkSocket::send() {
  if (!socket_) {
    return;
  }
  const std::size_t before = output_.waiting();
  if (const int error = output_.send(socket_.get()); error != 0) {
    end(error_text(error));
    return;
  }
  counters_.bytes_out.add(before - output_.waiting());
}

void LinkSocket::tick() {
  const std::int64_t silent_ns = clock_.now_ns() - heard_ns_;
  if (silent_ns > times_.silent.count()) {
    lose(fmt::format("the other worker has said nothing for {} s",
                     std::chrono::nanoseconds(silent_ns) / std::chrono::seconds(1)));
    return;
  }
  if (pings_) {
    put_ping(clock_.now_ns(), out());
    flush();
  }
  if (!over_) {
    timer_ = loop_.after(times_.ping, [this] { tick(); });
  }
}

}  // namespace wallaroo::internal::link
