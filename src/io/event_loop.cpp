#include "io/event_loop.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <limits>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <wallaroo/types/error.hpp>

#include "io/file_descriptor.hpp"
#include "io/socket.hpp"

namespace wallaroo::internal {
namespace {

using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t first_event_capacity = 64;
constexpr std::size_t max_event_capacity = 4096;

timespec to_timespec(Nanoseconds duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((duration - seconds).count())};
}

/// For systems that refuse epoll_pwait2 (kernels before 5.11, old container profiles). Rounds up,
/// because a wait that ends before the timer is due would be repeated at once.
int to_milliseconds(std::optional<Nanoseconds> timeout) {
  if (!timeout) {
    return -1;
  }
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(*timeout).count();
  return static_cast<int>(std::min<std::int64_t>(milliseconds, std::numeric_limits<int>::max()));
}

FileDescriptor opened(int fd, const char* what) {
  if (fd < 0) {
    throw IoError(fmt::format("cannot create {}: {}", what, error_text(errno)));
  }
  return FileDescriptor(fd);
}

}  // namespace

struct EventLoop::Impl {
  /// An event names the descriptor and the generation in which it was watched, so that an event for
  /// an earlier use of the same number is recognised.
  struct Watch {
    ReadyHandler* handler = nullptr;
    std::uint32_t generation = 0;
  };
  using DueTimer = std::pair<std::int64_t, TimerId>;

  explicit Impl(const Clock& loop_clock)
      : clock(loop_clock),
        epoll(opened(::epoll_create1(EPOLL_CLOEXEC), "an epoll descriptor")),
        wakeup(opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "an eventfd")),
        events(first_event_capacity) {
    // Edge-triggered: every write is an event, so the count of the eventfd is never read.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = wakeup_key;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) != 0) {
      throw IoError(fmt::format("cannot watch an eventfd: {}", error_text(errno)));
    }
  }

  std::size_t wait(std::optional<Nanoseconds> timeout);
  void dispatch_descriptors(std::size_t count);
  void dispatch_timers();
  void dispatch_posted();
  void signal();

  static constexpr std::uint64_t wakeup_key = std::numeric_limits<std::uint64_t>::max();

  const Clock& clock;
  FileDescriptor epoll;
  FileDescriptor wakeup;
  bool has_pwait2 = true;
  std::vector<epoll_event> events;
  std::vector<Watch> watches;  // by descriptor

  std::map<DueTimer, std::function<void()>> timers;  // the earliest first
  std::unordered_map<TimerId, std::int64_t> due_of_timer;
  TimerId next_timer = 1;

  std::atomic<bool> signalled{false};
  std::mutex mutex;
  std::vector<std::function<void()>> posted;  // guarded by mutex
};

std::size_t EventLoop::Impl::wait(std::optional<Nanoseconds> timeout) {
  const int capacity = static_cast<int>(events.size());
  int count = -1;
  if (has_pwait2) {
    const timespec limit = to_timespec(timeout.value_or(Nanoseconds(0)));
    count =
        ::epoll_pwait2(epoll.get(), events.data(), capacity, timeout ? &limit : nullptr, nullptr);
    has_pwait2 = count >= 0 || (errno != ENOSYS && errno != EPERM);
  }
  if (!has_pwait2) {
    count = ::epoll_wait(epoll.get(), events.data(), capacity, to_milliseconds(timeout));
  }
  if (count < 0 && errno != EINTR) {
    throw IoError(fmt::format("cannot wait for events: {}", error_text(errno)));
  }
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

void EventLoop::Impl::dispatch_descriptors(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t key = events[i].data.u64;
    if (key == wakeup_key) {
      continue;
    }
    const Watch& watch = watches[key & 0xffff'ffff];
    if (watch.handler != nullptr && watch.generation == key >> 32) {
      watch.handler->on_ready(events[i].events);
    }
  }
  if (count == events.size() && count < max_event_capacity) {
    events.resize(count * 2);
  }
}

void EventLoop::Impl::dispatch_timers() {
  if (timers.empty()) {
    return;
  }
  const std::int64_t now_ns = clock.now_ns();
  const TimerId first_new = next_timer;  // timers that these actions set wait for the next poll
  for (auto timer = timers.begin(); timer != timers.end() && timer->first.first <= now_ns;) {
    if (timer->first.second >= first_new) {
      ++timer;
      continue;
    }
    const auto action = std::move(timer->second);
    due_of_timer.erase(timer->first.second);
    timers.erase(timer);
    action();
    timer = timers.begin();
  }
}

void EventLoop::Impl::dispatch_posted() {
  // An exchange rather than a store: it must see what happened before the signal that it clears.
  if (!signalled.load(std::memory_order_relaxed) ||
      !signalled.exchange(false, std::memory_order_acq_rel)) {
    return;
  }
  std::vector<std::function<void()>> actions;
  {
    const std::lock_guard lock(mutex);
    actions.swap(posted);
  }
  for (auto& action : actions) {
    action();
    action = nullptr;  // destroys what the action owns now, not after the last action
  }
}

void EventLoop::Impl::signal() {
  if (!signalled.exchange(true, std::memory_order_acq_rel)) {
    (void)::eventfd_write(wakeup.get(), 1);
  }
}

EventLoop::EventLoop(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}

EventLoop::~EventLoop() = default;

void EventLoop::watch(int fd, ReadyHandler& handler) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd >= 0 && index >= impl_->watches.size()) {
    impl_->watches.resize(index + 1);
  }
  const std::uint32_t generation = fd >= 0 ? impl_->watches[index].generation + 1 : 0;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
  if (::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw IoError(fmt::format("cannot watch descriptor {}: {}", fd, error_text(errno)));
  }
  impl_->watches[index] = {&handler, generation};
}

void EventLoop::unwatch(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd < 0 || index >= impl_->watches.size() || impl_->watches[index].handler == nullptr) {
    return;
  }
  impl_->watches[index].handler = nullptr;
  (void)::epoll_ctl(impl_->epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::after(Nanoseconds delay, std::function<void()> action) {
  const std::int64_t now_ns = impl_->clock.now_ns();
  const std::int64_t latest = std::numeric_limits<std::int64_t>::max();
  const std::int64_t due_ns =
      delay.count() > latest - std::max<std::int64_t>(now_ns, 0) ? latest : now_ns + delay.count();
  const TimerId id = impl_->next_timer++;
  impl_->timers.emplace(std::pair(due_ns, id), std::move(action));
  impl_->due_of_timer.emplace(id, due_ns);
  return id;
}

void EventLoop::cancel(TimerId id) {
  const auto found = impl_->due_of_timer.find(id);
  if (found != impl_->due_of_timer.end()) {
    impl_->timers.erase({found->second, id});
    impl_->due_of_timer.erase(found);
  }
}

std::optional<std::int64_t> EventLoop::next_timer_ns() const {
  if (impl_->timers.empty()) {
    return std::nullopt;
  }
  return impl_->timers.begin()->first.first;
}

void EventLoop::post(std::function<void()> action) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(action));
  }
  impl_->signal();
}

void EventLoop::wake() { impl_->signal(); }

int EventLoop::descriptor() const { return impl_->epoll.get(); }

void EventLoop::poll(std::optional<Nanoseconds> timeout) {
  if (timeout && timeout->count() < 0) {
    timeout = Nanoseconds(0);
  }
  const auto next_ns = next_timer_ns();
  if (next_ns && (!timeout || timeout->count() > 0)) {
    const Nanoseconds left(std::max<std::int64_t>(*next_ns - impl_->clock.now_ns(), 0));
    timeout = timeout ? std::min(*timeout, left) : left;
  }
  impl_->dispatch_descriptors(impl_->wait(timeout));
  impl_->dispatch_timers();
  impl_->dispatch_posted();
}

}  // namespace wallaroo::internal
