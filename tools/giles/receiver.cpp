#include "giles/receiver.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "giles/clock.hpp"
#include "giles/error.hpp"
#include "giles/stamp.hpp"
#include "giles/units.hpp"

namespace wallaroo::giles {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::size_t kThrottledReadBytes = 4096;

double per_second(std::uint64_t amount, std::uint64_t duration_ns) {
  if (duration_ns == 0) return 0;
  return static_cast<double>(amount) * 1e9 / static_cast<double>(duration_ns);
}

}  // namespace

double ReceiveResult::records_per_second() const { return per_second(records, duration_ns); }
double ReceiveResult::bytes_per_second() const { return per_second(bytes, duration_ns); }

Receiver::Receiver(ReceivePlan plan, const StopRequest& stop)
    : plan_(std::move(plan)),
      stop_(stop),
      listener_(listen_on(plan_.listen)),
      buffer_(plan_.throttle ? kThrottledReadBytes : kReadBytes) {
  if (!plan_.output.empty()) output_.emplace(plan_.output);
  if (plan_.throttle) throttle_ = Schedule::per_second(*plan_.throttle, 1);
  poller_.add(stop_.fd(), EPOLLIN, static_cast<std::uint64_t>(stop_.fd()));
  poller_.add(listener_.get(), EPOLLIN, static_cast<std::uint64_t>(listener_.get()));
}

void Receiver::wait_for_peer(std::uint64_t timeout_ns) {
  const std::uint64_t end_ns = now_ns() + timeout_ns;
  for (std::uint64_t now = now_ns(); incoming_.empty() && !result_.stopped && now < end_ns;
       now = now_ns()) {
    take_events(end_ns - now);
  }
}

ReceiveResult Receiver::run() {
  start_ns_ = now_ns();
  progress_.emplace("received", plan_.quiet, start_ns_);
  try {
    loop();
    close_all();
  } catch (const RuntimeError& error) {
    result_.failure = error.what();
  }
  result_.duration_ns = last_bytes_ns_ - first_bytes_ns_;
  return std::move(result_);
}

void Receiver::loop() {
  for (std::uint64_t now = now_ns(); !finished(now); now = now_ns()) {
    if (progress_->due(now)) progress_->print(now, result_.records, result_.bytes);
    if (paused_until_ns_ > now) {
      result_.stopped = stop_.wait_for(wait_ns(now));
    } else {
      take_events(wait_ns(now));
    }
  }
}

bool Receiver::finished(std::uint64_t now) {
  if (result_.stopped) return true;
  if (plan_.timeout_ns && now >= start_ns_ + *plan_.timeout_ns) {
    result_.timed_out = true;
    return true;
  }
  if (complete_ns_ && now >= *complete_ns_ + plan_.settle_ns) return true;
  if (plan_.keep_open || !incoming_.empty() || result_.connections == 0) return false;
  accept_all();  // a connection that waits already counts as open
  return incoming_.empty();
}

std::uint64_t Receiver::wait_ns(std::uint64_t now) const {
  std::uint64_t until_ns = progress_->next_ns();
  if (plan_.timeout_ns) until_ns = std::min(until_ns, start_ns_ + *plan_.timeout_ns);
  if (complete_ns_) until_ns = std::min(until_ns, *complete_ns_ + plan_.settle_ns);
  if (paused_until_ns_ > now) until_ns = std::min(until_ns, paused_until_ns_);
  return until_ns > now ? until_ns - now : 0;
}

void Receiver::take_events(std::uint64_t timeout_ns) {
  paused_until_ns_ = 0;
  for (const epoll_event& event : poller_.wait(timeout_ns)) {
    const int fd = static_cast<int>(event.data.u64);
    if (fd == stop_.fd()) {
      result_.stopped = true;
    } else if (fd == listener_.get()) {
      accept_all();
    } else if (const auto found = incoming_.find(fd); found != incoming_.end()) {
      if (plan_.never_read) {
        close(found->second);
      } else if (paused_until_ns_ == 0) {
        read_once(found->second);
      }
    }
  }
}

void Receiver::accept_all() {
  while (UniqueFd socket = accept_one(listener_.get())) {
    const int fd = socket.get();
    poller_.add(fd, plan_.never_read ? EPOLLRDHUP : EPOLLIN | EPOLLRDHUP,
                static_cast<std::uint64_t>(fd));
    incoming_.try_emplace(fd, std::move(socket), plan_.framing, plan_.max_record_bytes);
    ++result_.connections;
  }
}

void Receiver::read_once(Incoming& incoming) {
  const ssize_t got = ::recv(incoming.fd(), buffer_.data(), buffer_.size(), 0);
  if (got > 0) {
    take(incoming, {buffer_.data(), static_cast<std::size_t>(got)});
  } else if (got == 0) {
    close(incoming);
  } else if (errno != EAGAIN && errno != EINTR) {
    ++result_.reset_connections;
    close(incoming);
  }
}

void Receiver::take(Incoming& incoming, std::string_view piece) {
  const std::uint64_t now = now_ns();
  if (result_.bytes == 0) first_bytes_ns_ = now;
  last_bytes_ns_ = now;
  result_.bytes += piece.size();
  if (output_ || plan_.latency) {
    result_.records += incoming.collect(piece, [&](std::string_view records) {
      if (output_) output_->write(records);
      if (plan_.latency) take_latencies(records, now);
    });
  } else {
    result_.records += incoming.count(piece);
  }
  if (plan_.expect && !complete_ns_ && result_.records >= *plan_.expect) complete_ns_ = now;
  if (throttle_) {
    const std::uint64_t resume_ns = first_bytes_ns_ + throttle_->due_ns(result_.records);
    if (resume_ns > now) paused_until_ns_ = resume_ns;
  }
}

void Receiver::take_latencies(std::string_view records, std::uint64_t now) {
  for_each_record(plan_.framing, records, [&](std::string_view record) {
    const std::optional<std::uint64_t> stamp_ns = read_stamp(record);
    if (!stamp_ns || *stamp_ns > now) {
      ++result_.bad_stamps;
      return;
    }
    if (!first_stamp_ns_) first_stamp_ns_ = *stamp_ns;
    if (plan_.warmup_ns > 0 && *stamp_ns < *first_stamp_ns_ + plan_.warmup_ns) {
      ++result_.warmup_records;
      return;
    }
    result_.latency.record(now - *stamp_ns);
  });
}

void Receiver::close(Incoming& incoming) {
  if (incoming.inside_record()) ++result_.cut_connections;
  if (output_) output_->write(incoming.begun());
  incoming_.erase(incoming.fd());
}

void Receiver::close_all() {
  while (!incoming_.empty()) {
    Incoming& incoming = incoming_.begin()->second;
    if (output_) output_->write(incoming.begun());
    incoming_.erase(incoming_.begin());
  }
}

std::vector<std::string> problems(const ReceivePlan& plan, const ReceiveResult& result) {
  std::vector<std::string> found;
  if (result.failure) found.push_back(*result.failure);
  if (plan.expect && result.records != *plan.expect) {
    const char* const why = result.records > *plan.expect ? "too many"
                            : result.timed_out            ? "--timeout has passed"
                            : result.stopped              ? "stopped"
                            : result.failure              ? "gave up"
                                                          : "all peers have closed";
    found.push_back(
        fmt::format("expected {} records, received {}: {}", *plan.expect, result.records, why));
  }
  if (result.cut_connections > 0) {
    found.push_back(fmt::format("{} connection(s) ended inside a record", result.cut_connections));
  }
  if (result.reset_connections > 0) {
    found.push_back(
        fmt::format("{} connection(s) were reset by the peer", result.reset_connections));
  }
  if (result.bad_stamps > 0) {
    found.push_back(fmt::format(
        "{} record(s) do not begin with a 20-digit time of this machine's clock: the application "
        "has to pass on what 'giles send --latency' sent unchanged",
        result.bad_stamps));
  }
  return found;
}

}  // namespace wallaroo::giles
