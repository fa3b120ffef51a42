// All range windows of a stage on one executor, kept the way that suits the settings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "window/aligned_set.hpp"
#include "window/sliced_set.hpp"

namespace wallaroo::internal {

/// A WindowSet of range windows, or an AlignedSet where that fits.
template <class Key, class In, class A>
class RangeSet {
 public:
  using StoredKey = OwnedKey<Key>;
  using Accumulator = AccumulatorOf<A>;

  explicit RangeSet(const WindowSettings& settings, A aggregation = A()) {
    if (Aligned::fits(settings)) {
      aligned_ = std::make_unique<Aligned>(settings, std::move(aggregation));
    } else {
      by_key_ = std::make_unique<ByKey>(settings, std::move(aggregation));
    }
  }

  // See WindowSet.

  template <class Out>
  [[gnu::always_inline]] void on_record(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                        const In& record, Out& out) {
    visit([&](auto& set)
              __attribute__((always_inline)) { set.on_record(hash, key, time_ns, record, out); });
  }
  template <class Arrival>
  [[gnu::always_inline]] void on_run(RecordRun& run, Arrival&& arrival) {
    visit([&](auto& set) __attribute__((always_inline)) { set.on_run(run, arrival); });
  }
  PaneTables<Key, Accumulator>* panes() {
    return visit([](auto& set) { return set.panes(); });
  }
  void on_watermark(std::int64_t watermark_ns) {
    visit([&](auto& set) { set.on_watermark(watermark_ns); });
  }
  template <class Out>
  void on_time(std::int64_t now_ns, Out& out) {
    visit([&](auto& set) { set.on_time(now_ns, out); });
  }
  void on_idle(bool idle) {
    visit([&](auto& set) { set.on_idle(idle); });
  }
  void skip_time(std::int64_t gap_ns) {
    visit([&](auto& set) { set.skip_time(gap_ns); });
  }
  void set_now(std::int64_t now_ns) {
    visit([&](auto& set) { set.set_now(now_ns); });
  }
  bool due() const {
    return visit([](const auto& set) { return set.due(); });
  }
  std::int64_t next_time_ns() const {
    return visit([](const auto& set) { return set.next_time_ns(); });
  }
  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    return visit([&](auto& set) { return set.fire_due(at_most, out); });
  }
  std::int64_t output_watermark() const {
    return visit([](const auto& set) { return set.output_watermark(); });
  }
  std::int64_t output_before_end() const {
    return visit([](const auto& set) { return set.output_before_end(); });
  }
  std::int64_t watermark() const {
    return visit([](const auto& set) { return set.watermark(); });
  }
  std::vector<StatePart*> parts() {
    return visit([](auto& set) { return set.parts(); });
  }
  StageClock::Saved saved(std::int64_t wall_offset_ns) const {
    return visit([&](const auto& set) { return set.saved(wall_offset_ns); });
  }
  void restore(std::span<const StageClock::Saved> all, std::int64_t wall_offset_ns,
               std::span<const std::uint16_t> owners = {}) {
    visit([&](auto& set) { set.restore(all, wall_offset_ns, owners); });
  }
  void restored() {
    visit([](auto& set) { set.restored(); });
  }
  const WindowCounts& counts() const {
    return visit([](const auto& set) -> const WindowCounts& { return set.counts(); });
  }

 private:
  using Aligned = AlignedSet<Key, In, A>;
  using ByKey = SlicedSet<Key, In, A>;

  template <class Work>
  [[gnu::always_inline]] decltype(auto) visit(Work&& work) {
    return aligned_ != nullptr ? work(*aligned_) : work(*by_key_);
  }
  template <class Work>
  decltype(auto) visit(Work&& work) const {
    return aligned_ != nullptr ? work(std::as_const(*aligned_)) : work(std::as_const(*by_key_));
  }

  std::unique_ptr<Aligned> aligned_;
  std::unique_ptr<ByKey> by_key_;
};

}  // namespace wallaroo::internal
