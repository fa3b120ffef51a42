#include "sink/drain_deadline.hpp"

#include <utility>

namespace wallaroo::internal {

DrainDeadline::DrainDeadline(EventLoop& loop, const Clock& clock, std::chrono::nanoseconds timeout,
                             Callbacks callbacks)
    : loop_(loop), clock_(clock), timeout_(timeout), callbacks_(std::move(callbacks)) {}

void DrainDeadline::begin() {
  if (!std::exchange(begun_, true)) {
    progress();
  }
}

void DrainDeadline::progress() {
  if (!begun_) {
    return;
  }
  progress_ns_ = clock_.now_ns();
  if (!timer_) {
    arm(timeout_);
  }
}

void DrainDeadline::cancel() {
  if (timer_) {
    loop_.cancel(*timer_);
    timer_.reset();
  }
}

void DrainDeadline::arm(std::chrono::nanoseconds delay) {
  timer_ = loop_.after(delay, [this] { on_timer(); });
}

void DrainDeadline::on_timer() {
  timer_.reset();
  const std::chrono::nanoseconds waited(clock_.now_ns() - progress_ns_);
  if (!callbacks_.waiting()) {
    return;  // `progress` tells when something is waiting again
  }
  if (waited < timeout_) {
    arm(timeout_ - waited);
  } else {
    callbacks_.give_up();
  }
}

}  // namespace wallaroo::internal
