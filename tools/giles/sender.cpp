#include "giles/sender.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "giles/clock.hpp"
#include "giles/units.hpp"

namespace wallaroo::giles {
namespace {

constexpr std::uint64_t kStopTag = ~std::uint64_t{0};
constexpr std::uint64_t kUnpunctualSleep_ns = 200'000;
// How long a stopped sender waits for a peer that does not read, to finish its last records.
constexpr std::uint64_t kFinishRecords_ns = 1'000'000'000;

}  // namespace

bool Sender::connect() {
  while (sockets_.size() < plan_.connections) {
    UniqueFd socket = connect_to(plan_.host, plan_.connect_timeout_ns, stop_);
    if (!socket) return false;
    sockets_.push_back(std::move(socket));
  }
  return true;
}

SendResult Sender::run() {
  start();
  send_until_done();
  result_.duration_ns = now_ns() - start_ns_;
  if (result_.stopped) finish_records_begun();
  collect();
  if (!result_.failure) say_goodbye();
  return std::move(result_);
}

void Sender::start() {
  // Without this the kernel may wake the thread 50 us late, which would count as latency.
  if (plan_.punctual) ::prctl(PR_SET_TIMERSLACK, 1);
  poller_.add(stop_.fd(), EPOLLIN, kStopTag);
  start_ns_ = now_ns();
  Lanes lanes = plan_.make_lanes(start_ns_);
  outgoing_.reserve(sockets_.size());
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    poller_.add(sockets_[i].get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, i);
    outgoing_.emplace_back(std::move(sockets_[i]), std::move(lanes[i]), plan_.framing);
  }
  progress_.emplace("sent", plan_.quiet, start_ns_);
}

void Sender::send_until_done() {
  while (!all_sent() && !result_.failure && !result_.stopped) {
    const std::uint64_t now = now_ns();
    const std::uint64_t due = due_total(now);
    pump(due);
    if (progress_->due(now)) {
      collect();
      progress_->print(now, result_.messages, result_.bytes);
    }
    if (!result_.failure && !all_sent()) wait(now_ns(), due);
  }
}

std::uint64_t Sender::due_total(std::uint64_t now) {
  if (!plan_.schedule) return plan_.total;
  const std::uint64_t due = std::min(plan_.schedule->due_count(now - start_ns_), plan_.total);
  if (plan_.punctual && due > due_before_) {
    result_.lag.record(now - start_ns_ - plan_.schedule->due_ns(due_before_));
  }
  due_before_ = due;
  return due;
}

void Sender::pump(std::uint64_t due) {
  for (std::size_t i = 0; i < outgoing_.size(); ++i) {
    Outgoing& outgoing = outgoing_[i];
    if (!outgoing.writable()) continue;
    const std::uint64_t share = lane_share(due, outgoing_.size(), i);
    if (!outgoing.wants_to_write(share)) continue;
    if (outgoing.write(share) == Outgoing::Write::kFailed) fail(outgoing, std::strerror(errno));
  }
}

bool Sender::all_sent() const {
  if (plan_.total == kUnlimited) return false;
  for (std::size_t i = 0; i < outgoing_.size(); ++i) {
    if (!outgoing_[i].has_sent(lane_share(plan_.total, outgoing_.size(), i))) return false;
  }
  return true;
}

std::uint64_t Sender::wait_ns(std::uint64_t now, std::uint64_t due) const {
  for (std::size_t i = 0; i < outgoing_.size(); ++i) {
    const std::uint64_t share = lane_share(due, outgoing_.size(), i);
    if (outgoing_[i].writable() && outgoing_[i].wants_to_write(share)) return 0;
  }
  std::uint64_t until_ns = progress_->next_ns();
  if (plan_.schedule && due < plan_.total) {
    const std::uint64_t next_ns = start_ns_ + plan_.schedule->due_ns(due);
    const std::uint64_t wake_ns = plan_.punctual ? next_ns - std::min(plan_.spin_ns, next_ns)
                                                 : std::max(next_ns, now + kUnpunctualSleep_ns);
    until_ns = std::min(until_ns, wake_ns);
  }
  return until_ns > now ? until_ns - now : 0;
}

void Sender::wait(std::uint64_t now, std::uint64_t due) {
  if (take_events(wait_ns(now, due))) result_.stopped = true;
}

// Returns true when a stop was requested.
bool Sender::take_events(std::uint64_t timeout_ns) {
  bool stop = false;
  for (const epoll_event& event : poller_.wait(timeout_ns)) {
    if (event.data.u64 == kStopTag) {
      stop = true;
      continue;
    }
    Outgoing& outgoing = outgoing_[event.data.u64];
    if ((event.events & EPOLLOUT) != 0) outgoing.set_writable();
    if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) check_peer(outgoing);
  }
  return stop;
}

// Reads and drops what the peer sends, so that closing does not turn into a reset.
void Sender::check_peer(Outgoing& outgoing) {
  std::array<char, 4096> dropped;
  ssize_t got = 0;
  do {
    got = ::recv(outgoing.fd(), dropped.data(), dropped.size(), 0);
  } while (got > 0 || (got < 0 && errno == EINTR));
  if (got < 0 && errno == EAGAIN) return;
  if (outgoing.peer_closed()) return;
  outgoing.set_peer_closed();
  if (got < 0) {
    fail(outgoing, std::strerror(errno));
    return;
  }
  const auto lane = static_cast<std::uint64_t>(&outgoing - outgoing_.data());
  const bool lane_sent = plan_.total != kUnlimited &&
                         outgoing.has_sent(lane_share(plan_.total, outgoing_.size(), lane));
  if (!lane_sent && !result_.stopped) fail(outgoing, "the peer closed the connection");
}

void Sender::fail(const Outgoing& outgoing, const std::string& what) {
  if (result_.failure) return;
  const auto number = &outgoing - outgoing_.data() + 1;
  result_.failure = fmt::format("connection {} of {} to {} broke after {} messages: {}", number,
                                outgoing_.size(), plan_.host.text(), outgoing.messages(), what);
}

void Sender::finish_records_begun() {
  for (Outgoing& outgoing : outgoing_) outgoing.drop_records_not_begun();
  const std::uint64_t end_ns = now_ns() + kFinishRecords_ns;
  for (;;) {
    pump(0);
    const bool done = std::none_of(outgoing_.begin(), outgoing_.end(),
                                   [](const Outgoing& outgoing) { return outgoing.in_chunk(); });
    const std::uint64_t now = now_ns();
    if (done || now >= end_ns || result_.failure) return;
    // The stop itself keeps the poller awake, so the pause is made by hand. Every socket is tried
    // again: it may take the few bytes that are left long before it counts as writable.
    take_events(0);
    ::usleep(1000);
    for (Outgoing& outgoing : outgoing_) outgoing.set_writable();
  }
}

void Sender::say_goodbye() {
  for (const Outgoing& outgoing : outgoing_) ::shutdown(outgoing.fd(), SHUT_WR);
  const std::uint64_t end_ns = now_ns() + plan_.close_timeout_ns;
  for (;;) {
    const bool all_closed = std::all_of(outgoing_.begin(), outgoing_.end(),
                                        [](const Outgoing& o) { return o.peer_closed(); });
    const std::uint64_t now = now_ns();
    if (all_closed || now >= end_ns) return;
    if (take_events(end_ns - now)) return;
    if (result_.failure) {
      *result_.failure += "; it did not read everything";
      return;
    }
  }
}

void Sender::collect() {
  result_.messages = 0;
  result_.bytes = 0;
  result_.cut_connections = 0;
  for (const Outgoing& outgoing : outgoing_) {
    result_.messages += outgoing.messages();
    result_.bytes += outgoing.bytes();
    if (outgoing.inside_message()) ++result_.cut_connections;
  }
}

}  // namespace wallaroo::giles
