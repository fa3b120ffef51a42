#include "route/outlet.hpp"

#include "route/channel.hpp"

namespace wallaroo::internal {

bool Outlet::target_idle(std::size_t target) const { return targets_[target]->seems_empty(); }

BatchPtr Outlet::recycled(std::size_t target) { return targets_[target]->recycled(); }

void Outlet::send(std::size_t target, BatchPtr batch) {
  sent_ = true;
  batch->watermark = watermark_;
  told_[target] = watermark_;
  auto& waiting = overflow_[target];
  if (waiting.empty()) {
    if (targets_[target]->try_push(batch)) {
      return;
    }
    ++overflowing_;
  }
  waiting.push_back(std::move(batch));
}

void Outlet::broadcast(BatchKind control, Barrier barrier) {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    send(target, std::make_unique<ControlBatch>(control, barrier));
  }
}

bool Outlet::retry() {
  bool moved = false;
  for (std::size_t target = 0; overflowing_ != 0 && target < targets_.size(); ++target) {
    auto& waiting = overflow_[target];
    if (waiting.empty()) {
      continue;
    }
    while (!waiting.empty() && targets_[target]->try_push(waiting.front())) {
      waiting.pop_front();
      moved = true;
    }
    if (waiting.empty()) {
      --overflowing_;
    }
  }
  return moved;
}

bool Outlet::can_retry() const {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (!overflow_[target].empty() && !targets_[target]->seems_full()) {
      return true;
    }
  }
  return false;
}

void Outlet::wait_for_room() {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (!overflow_[target].empty()) {
      targets_[target]->wait_for_room();
    }
  }
}

}  // namespace wallaroo::internal
