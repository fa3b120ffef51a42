#include "window/time/partition_clocks.hpp"

#include <chrono>

#include <wallaroo/types/error.hpp>

#include "base/missed_time.hpp"

namespace wallaroo::internal {

namespace {

std::int64_t longest_jump(const EventTimeOptions& options) {
  return options.max_jump.count() == 0 ? end_of_time
                                       : std::max(options.max_jump, options.lateness).count();
}

}  // namespace

PartitionClocks::PartitionClocks(const EventTimeOptions& options)
    : options_(options), custom_(options.custom != nullptr), max_jump_ns_(longest_jump(options)) {}

PartitionClocks::Clock& PartitionClocks::add(std::uint64_t partition, std::int64_t counted_ns) {
  const auto [place, is_new] = clocks_.try_emplace(partition);
  Clock& clock = place->second;
  if (is_new) {
    clock.last_record_ns = counted_ns;
    if (custom_) {
      clock.strategy = options_.custom();
      if (!clock.strategy) {
        clocks_.erase(place);
        throw ConfigError("the function returned none");
      }
    }
    if (options_.idle_after.count() > 0) {
      next_time_ns_ =
          std::min(next_time_ns_, saturating_add(counted_ns, options_.idle_after.count()));
    }
    least_known_ = false;
  }
  return clock;
}

void PartitionClocks::begin(std::int64_t now_ns) {
  if (options_.idle_after.count() > 0) {
    begins_until_ns_ = saturating_add(counted(now_ns), options_.idle_after.count());
    next_time_ns_ = std::min(next_time_ns_, begins_until_ns_);
    watermark_.idle = false;
  }
}

void PartitionClocks::skip_time(std::int64_t gap_ns) {
  missed_ns_ += missed_of(gap_ns, options_.idle_after.count());
}

void PartitionClocks::open(std::uint64_t partition, std::int64_t now_ns, bool bounded) {
  Clock& clock = add(partition, counted(now_ns));
  clock.left = false;
  clock.bounded = bounded;
  clock.last_record_ns = counted(now_ns);
  find_least();
}

void PartitionClocks::end(std::uint64_t partition) {
  const auto found = clocks_.find(partition);
  if (found != clocks_.end()) {
    unconfirmed_ns_ = std::max(unconfirmed_ns_, found->second.greatest.furthest());
    clocks_.erase(found);
    selection_ = selection_ && selected_ != partition;
    least_known_ = false;
    find_least();
  }
}

void PartitionClocks::leave(std::uint64_t partition) {
  const auto found = clocks_.find(partition);
  if (found == clocks_.end()) {
    return;
  }
  if (found->second.idle) {
    end(partition);
  } else {
    found->second.left = true;
  }
}

void PartitionClocks::forget(std::uint64_t partition) {
  const auto found = clocks_.find(partition);
  if (found != clocks_.end() &&
      (options_.idle_after.count() == 0 || found->second.watermark_ns == no_time)) {
    end(partition);
  }
}

void PartitionClocks::finish() {
  for (auto& [partition, clock] : clocks_) {
    clock.greatest.believe();
    if (!custom_ && clock.greatest.believed() != no_time) {
      move(clock, clock.greatest.believed());
    }
  }
  for (const GreatestTime::Run& run : restored_runs_) {  // of partitions that gave nothing since
    unconfirmed_ns_ = std::max(unconfirmed_ns_, run.furthest_ns);
  }
  if (unconfirmed_ns_ != no_time) {
    const std::int64_t promised = saturating_subtract(unconfirmed_ns_, options_.lateness.count());
    furthest_ = std::max(furthest_, promised);
  }
  find_least();
}

void PartitionClocks::end_all() {
  clocks_.clear();
  selection_ = false;
  begins_until_ns_ = no_time;
  next_time_ns_ = end_of_time;
  find_least();
}

// Compares the times of a partition that was idle with what the others have reached meanwhile.
void PartitionClocks::select(std::uint64_t partition, std::int64_t now_ns, std::int64_t wall_ns) {
  selected_ = partition;
  selection_ = true;
  selected_now_ns_ = counted(now_ns);
  greatest_ = no_time;
  observed_ = false;
  Clock& clock = add(partition, selected_now_ns_);
  if (!clock.greatest.started() || clock.idle) [[unlikely]] {
    if (watermark_.time_ns == no_time) {
      clock.greatest.start_first(wall_ns);
    } else {
      clock.greatest.start(saturating_add(watermark_.time_ns, options_.lateness.count()));
    }
    resume_run(clock);
  }
  look_from(clock.greatest);
}

void PartitionClocks::resume_run(Clock& clock) {
  const auto found =
      std::find_if(restored_runs_.begin(), restored_runs_.end(),
                   [&](const GreatestTime::Run& run) { return run.partition == selected_; });
  if (found != restored_runs_.end()) {
    clock.greatest.resume(*found);
    restored_runs_.erase(found);
  }
}

PartitionClocks::Saved PartitionClocks::saved() const {
  Saved saved{watermark_.time_ns, furthest_, watermark_.idle, restored_runs_, unconfirmed_ns_};
  for (const auto& [partition, clock] : clocks_) {
    if (GreatestTime::Run run = clock.greatest.run(); run.records != 0) {
      run.partition = partition;
      saved.runs.push_back(run);
    }
  }
  return saved;
}

// A strategy of the user's own gets every time.
void PartitionClocks::look_from(const GreatestTime& greatest) {
  closer_from_ = custom_ ? no_time : saturating_add(greatest.limit(max_jump_ns_), 1);
}

void PartitionClocks::look_closer(std::int64_t time_ns) {
  if (custom_) {
    observe_custom(time_ns);
  } else {
    observe_far(time_ns);
  }
}

void PartitionClocks::observe_far(std::int64_t time_ns) {
  GreatestTime& greatest = clocks_.find(selected_)->second.greatest;
  greatest.raise(greatest_);
  not_believed_ += greatest.take(time_ns, max_jump_ns_);
  look_from(greatest);
  observed_ = true;
}

void PartitionClocks::observe_custom(std::int64_t time_ns) {
  Clock& clock = clocks_.find(selected_)->second;
  const EventTime watermark = clock.strategy(EventTime(std::chrono::nanoseconds(time_ns)));
  greatest_ = std::max(greatest_, std::int64_t{watermark.time_since_epoch().count()});
  observed_ = true;
}

void PartitionClocks::update() {
  if (!selection_ || (greatest_ == no_time && !observed_)) {
    return;
  }
  observed_ = false;
  Clock& clock = clocks_.find(selected_)->second;
  if (custom_) {
    clock.watermark_ns = std::max(clock.watermark_ns, greatest_);
    furthest_ = std::max(furthest_, clock.watermark_ns);
  } else {
    clock.greatest.raise(greatest_);
    move(clock, clock.greatest.believed());
  }
  greatest_ = no_time;
  clock.last_record_ns = selected_now_ns_;
  if (clock.idle) {
    clock.idle = false;
    least_known_ = false;
    if (options_.idle_after.count() > 0) {
      next_time_ns_ =
          std::min(next_time_ns_, saturating_add(selected_now_ns_, options_.idle_after.count()));
    }
  }
  // Only progress of the partition that holds the others back can change the least.
  if (!least_known_ || least_ == selected_) {
    find_least();
  }
}

void PartitionClocks::move(Clock& clock, std::int64_t greatest_ns) {
  const std::int64_t promised = saturating_subtract(greatest_ns, options_.lateness.count());
  clock.watermark_ns = std::max(clock.watermark_ns, promised);
  furthest_ = std::max(furthest_, clock.watermark_ns);
}

void PartitionClocks::find_least() {
  const Clock* least = nullptr;
  for (const auto& [partition, clock] : clocks_) {
    if (!clock.idle && (least == nullptr || clock.watermark_ns < least->watermark_ns ||
                        (clock.watermark_ns == least->watermark_ns && partition < least_))) {
      least = &clock;
      least_ = partition;
    }
  }
  least_known_ = least != nullptr;
  watermark_.idle = least == nullptr && begins_until_ns_ == no_time;
  watermark_.time_ns =
      std::max(watermark_.time_ns, least == nullptr ? furthest_ : least->watermark_ns);
}

// Each executor counts its partitions anew, so a number says which partition it was only when one
// executor alone had any, as that of a source that reads its files in order. Executors without
// partitions keep the runs that they were restored with, which are older than those of that one.
std::vector<GreatestTime::Run> PartitionClocks::runs_of_one_share(std::span<const Saved> all) {
  const auto reads = [](const Saved& one) { return !one.idle; };
  const auto reading = std::count_if(all.begin(), all.end(), reads);
  if (reading > 1) {
    return {};
  }
  const auto found = reading == 1 ? std::find_if(all.begin(), all.end(), reads)
                                  : std::find_if(all.begin(), all.end(), [](const Saved& one) {
                                      return !one.runs.empty();
                                    });
  return found == all.end() ? std::vector<GreatestTime::Run>() : found->runs;
}

void PartitionClocks::resume(std::span<const Saved> all) {
  const auto before = [](const Saved& a, const Saved& b) {
    if (a.idle != b.idle) {
      return b.idle;
    }
    return a.idle ? a.watermark_ns > b.watermark_ns : a.watermark_ns < b.watermark_ns;
  };
  const Saved& from = *std::min_element(all.begin(), all.end(), before);
  for (const Saved& one : all) {
    furthest_ = std::max(furthest_, one.furthest_ns);
    unconfirmed_ns_ = std::max(unconfirmed_ns_, one.unconfirmed_ns);
  }
  watermark_.time_ns = std::max(watermark_.time_ns, from.watermark_ns);
  restored_runs_ = runs_of_one_share(all);
}

void PartitionClocks::on_time(std::int64_t now_ns) {
  const std::int64_t counted_ns = counted(now_ns);
  if (counted_ns < next_time_ns_) {
    return;
  }
  if (begins_until_ns_ <= counted_ns) {
    begins_until_ns_ = no_time;
  }
  next_time_ns_ = begins_until_ns_ == no_time ? end_of_time : begins_until_ns_;
  for (auto place = clocks_.begin(); place != clocks_.end();) {
    Clock& clock = place->second;
    if (clock.bounded) {
      ++place;
      continue;
    }
    const std::int64_t idle_at = saturating_add(clock.last_record_ns, options_.idle_after.count());
    if (!clock.idle && idle_at > counted_ns) {
      next_time_ns_ = std::min(next_time_ns_, idle_at);
    } else if (!clock.idle && clock.left) {
      selection_ = selection_ && selected_ != place->first;
      unconfirmed_ns_ = std::max(unconfirmed_ns_, clock.greatest.furthest());
      clocks_.erase(place++);
      continue;
    } else {
      clock.idle = true;
    }
    ++place;
  }
  find_least();
}

}  // namespace wallaroo::internal
