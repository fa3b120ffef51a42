// The windows of a stage on one executor, as its state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "state/loading.hpp"
#include "state/stage_state.hpp"
#include "step/stage.hpp"
#include "step/steps/guarded_aggregation.hpp"
#include "window/count_windows.hpp"
#include "window/range_set.hpp"
#include "window/session_windows.hpp"
#include "window/window_counts.hpp"
#include "window/window_set.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal {

template <WindowKind kind, class Key, class In, class A>
struct SetOf;
template <class Key, class In, class A>
struct SetOf<WindowKind::range, Key, In, A> {
  using type = RangeSet<Key, In, A>;
};
template <class Key, class In, class A>
struct SetOf<WindowKind::session, Key, In, A> {
  using type = WindowSet<Key, In, A, internal::SessionWindows<A, In>>;
};
template <class Key, class In, class A>
struct SetOf<WindowKind::count, Key, In, A> {
  using type = WindowSet<Key, In, A, internal::CountWindows<A, In>>;
};

inline void add_counts(StageMetrics& metrics, const WindowCounts& now, const WindowCounts& before) {
  metrics.windows_fired.add(now.fired - before.fired);
  metrics.windows_early.add(now.early - before.early);
  metrics.windows_open.set(static_cast<std::int64_t>(now.open));
}

template <WindowKind kind, class Key, class In, class A>
struct WindowState final : SetOf<kind, Key, In, GuardedAggregation<A>>::type, StageState {
  using Set = typename SetOf<kind, Key, In, GuardedAggregation<A>>::type;
  using Set::Set;
  std::vector<StatePart*> parts() override { return Set::parts(); }
  std::string instance_schema() const override { return schema_text<StageClock::Saved>(); }
  std::string save_instance(std::int64_t wall_offset_ns) override {
    return store_one(Set::saved(wall_offset_ns));
  }
  void load_instances(const SavedInstances& instances, std::int64_t wall_offset_ns) override {
    const auto all = load_all<StageClock::Saved>(instances);
    Set::restore(all, wall_offset_ns, instances.owners);
    Set::restored();
  }
};

}  // namespace wallaroo::internal
