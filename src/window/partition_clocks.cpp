#include "window/partition_clocks.hpp"

#include <chrono>

namespace wallaroo::internal {

PartitionClocks::PartitionClocks(const EventTimeOptions& options)
    : options_(options), custom_(options.custom != nullptr) {}

PartitionClocks::Clock& PartitionClocks::add(std::uint64_t partition, std::int64_t now_ns) {
  const auto [place, is_new] = clocks_.try_emplace(partition);
  Clock& clock = place->second;
  if (is_new) {
    clock.last_record_ns = now_ns;
    if (custom_) {
      clock.strategy = options_.custom();
    }
    if (options_.idle_after.count() > 0) {
      next_time_ns_ = std::min(next_time_ns_, saturating_add(now_ns, options_.idle_after.count()));
    }
    least_known_ = false;
  }
  return clock;
}

void PartitionClocks::begin(std::int64_t now_ns) {
  if (options_.idle_after.count() > 0) {
    begins_until_ns_ = saturating_add(now_ns, options_.idle_after.count());
    next_time_ns_ = std::min(next_time_ns_, begins_until_ns_);
    watermark_.idle = false;
  }
}

void PartitionClocks::open(std::uint64_t partition, std::int64_t now_ns) {
  add(partition, now_ns);
  find_least();
}

void PartitionClocks::end(std::uint64_t partition) {
  if (clocks_.erase(partition) != 0) {
    selection_ = selection_ && selected_ != partition;
    least_known_ = false;
    find_least();
  }
}

void PartitionClocks::select(std::uint64_t partition, std::int64_t now_ns) {
  selected_ = partition;
  selection_ = true;
  selected_now_ns_ = now_ns;
  greatest_ = no_time;
  observed_ = false;
  add(partition, now_ns);
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
  const std::int64_t promised =
      custom_ ? greatest_ : saturating_subtract(greatest_, options_.lateness.count());
  greatest_ = no_time;
  clock.watermark_ns = std::max(clock.watermark_ns, promised);
  clock.last_record_ns = selected_now_ns_;
  furthest_ = std::max(furthest_, clock.watermark_ns);
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

void PartitionClocks::find_least() {
  const Clock* least = nullptr;
  for (const auto& [partition, clock] : clocks_) {
    if (!clock.idle && (least == nullptr || clock.watermark_ns < least->watermark_ns)) {
      least = &clock;
      least_ = partition;
    }
  }
  least_known_ = least != nullptr;
  watermark_.idle = least == nullptr && begins_until_ns_ == no_time;
  watermark_.time_ns =
      std::max(watermark_.time_ns, least == nullptr ? furthest_ : least->watermark_ns);
}

void PartitionClocks::resume(std::span<const Saved> all) {
  const auto before = [](const Saved& a, const Saved& b) {
    if (a.idle != b.idle) {
      return b.idle;
    }
    return a.idle ? a.watermark_ns > b.watermark_ns : a.watermark_ns < b.watermark_ns;
  };
  const Saved& from = *std::min_element(all.begin(), all.end(), before);
  furthest_ = std::max(furthest_, from.furthest_ns);
  watermark_.time_ns = std::max(watermark_.time_ns, from.watermark_ns);
}

void PartitionClocks::on_time(std::int64_t now_ns) {
  if (now_ns < next_time_ns_) {
    return;
  }
  if (begins_until_ns_ <= now_ns) {
    begins_until_ns_ = no_time;
  }
  next_time_ns_ = begins_until_ns_ == no_time ? end_of_time : begins_until_ns_;
  for (auto& [partition, clock] : clocks_) {
    if (clock.idle) {
      continue;
    }
    const std::int64_t idle_at = saturating_add(clock.last_record_ns, options_.idle_after.count());
    if (idle_at <= now_ns) {
      clock.idle = true;
    } else {
      next_time_ns_ = std::min(next_time_ns_, idle_at);
    }
  }
  find_least();
}

}  // namespace wallaroo::internal
