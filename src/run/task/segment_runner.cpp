#include "run/task/segment_runner.hpp"

#include <cstddef>

#include "base/check.hpp"

namespace wallaroo::internal {

bool SegmentRunner::advance() {
  bool moved = false;
  for (const auto& outlet : outlets_) {
    if (outlet->blocked()) {
      moved = outlet->retry() || moved;
    }
  }
  if (maybe_open_) {
    segment_->flush(false);
  }
  return moved;
}

void SegmentRunner::set_watermark(Watermark watermark) {
  if (watermark == watermark_) {
    return;
  }
  check(watermark.time_ns >= watermark_.time_ns, "watermarks never go back");
  watermark_ = watermark;
  segment_->set_watermark(watermark);
  maybe_open_ = true;
  more_to_fire_ = true;
}

void SegmentRunner::announce() {
  segment_->set_watermark(watermark_);
  maybe_open_ = true;
}

bool SegmentRunner::fire() {
  if (!more_to_fire_ || blocked()) {
    return false;
  }
  more_to_fire_ = segment_->fire();
  maybe_open_ = true;
  return true;
}

void SegmentRunner::on_time(std::int64_t now_ns) {
  segment_->on_time(now_ns);
  maybe_open_ = true;
  more_to_fire_ = true;
}

void SegmentRunner::open_partition(std::uint64_t partition, bool bounded) {
  segment_->open_partition(partition, bounded);
  maybe_open_ = true;
}

void SegmentRunner::end_partition(std::uint64_t partition) {
  segment_->end_partition(partition);
  maybe_open_ = true;
}

void SegmentRunner::leave_partition(std::uint64_t partition) {
  segment_->leave_partition(partition);
  maybe_open_ = true;
}

void SegmentRunner::forget_partition(std::uint64_t partition) {
  segment_->forget_partition(partition);
  maybe_open_ = true;
}

void SegmentRunner::flush_everything() {
  if (maybe_open_) {
    segment_->flush(true);
    maybe_open_ = false;
  }
}

bool SegmentRunner::end_input() {
  if (phase_ == Phase::open) {
    phase_ = Phase::last_watermark;
    segment_->end_partitions();
    announce();
    more_to_fire_ = true;
    return true;
  }
  if (!fired() || blocked()) {
    return false;
  }
  if (phase_ == Phase::last_watermark) {
    flush_everything();
    phase_ = Phase::ended_input;
    set_watermark({end_of_time, false});
  } else {
    end();
  }
  return true;
}

void SegmentRunner::end() {
  segment_->finish();
  segment_->flush(true);
  maybe_open_ = false;
  for (const auto& outlet : outlets_) {
    outlet->broadcast(BatchKind::end_of_stream);
  }
  ended_ = true;
}

bool SegmentRunner::take_sent() {
  bool sent = false;
  for (const auto& outlet : outlets_) {
    sent = outlet->take_sent() || sent;
  }
  return sent;
}

bool SegmentRunner::blocked() const {
  for (const auto& outlet : outlets_) {
    if (outlet->blocked()) {
      return true;
    }
  }
  return false;
}

bool SegmentRunner::all_taken() const {
  for (const auto& outlet : outlets_) {
    for (std::size_t target = 0; target < outlet->targets(); ++target) {
      if (!outlet->target_idle(target)) {
        return false;
      }
    }
  }
  return true;
}

void SegmentRunner::count_blocked(std::int64_t elapsed_ns) {
  for (std::size_t i = 0; i < outlets_.size(); ++i) {
    if (outlets_[i]->blocked()) {
      blocked_ns_[i]->add(static_cast<std::uint64_t>(elapsed_ns));
    }
  }
}

bool SegmentRunner::can_advance() const {
  for (const auto& outlet : outlets_) {
    if (outlet->can_retry()) {
      return true;
    }
  }
  return false;
}

void SegmentRunner::wait_for_room() {
  for (const auto& outlet : outlets_) {
    outlet->wait_for_room();
  }
}

void SegmentRunner::pass_barrier(Barrier barrier, const RewriteGroups& rewrite) {
  keeper_->begin(barrier.checkpoint, rewrite);
  if (ended_) {
    return;
  }
  segment_->flush(true);
  maybe_open_ = false;
  for (const auto& outlet : outlets_) {
    outlet->broadcast(BatchKind::barrier, barrier);
  }
}

void SegmentRunner::suspend() {
  if (!ended_) {
    segment_->finish();
    ended_ = true;
  }
}

}  // namespace wallaroo::internal
