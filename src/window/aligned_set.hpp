// Tumbling windows that are the same for all keys of a stage on one executor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wallaroo/window.hpp>
#include "record/key.hpp"
#include "state/loading.hpp"
#include "window/key_windows.hpp"
#include "window/pane_windows.hpp"
#include "window/stage_clock.hpp"
#include "window/window_counts.hpp"
#include "window/window_settings.hpp"
#include "window/window_table.hpp"

namespace wallaroo::internal {

/// What WindowSet is for range windows whose slide is their range, when they are not spread by key
/// and have no early output. Since all keys' windows end together, state is a table of accumulators
/// per window instead of windows per key: there is no timer per key, nothing is looked up to fire,
/// and a record of the window that the last record was in costs one look-up in a table of nothing
/// but accumulators.
template <class Key, class In, class A>
class AlignedSet : public StageClock, private StatePart {
 public:
  using StoredKey = OwnedKey<Key>;
  using Accumulator = AccumulatorOf<A>;

  static bool fits(const WindowSettings& settings) {
    return settings.kind == WindowKind::range && settings.slide_ns == settings.range_ns &&
           !settings.spread_by_key && settings.early_every_ns == 0;
  }

  /// The settings have passed check(), and fit.
  AlignedSet(const WindowSettings& settings, A aggregation)
      : AlignedSet(settings, PaneShape(settings), std::move(aggregation)) {}

  // See WindowSet.

  template <class Out>
  [[gnu::always_inline]] void on_record(std::uint64_t hash, const Key& key, std::int64_t time_ns,
                                        const In& record, Out& out) {
    active_ = true;
    newest_ = std::max(newest_, time_ns);
    if (static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(current_start_) <
        current_length_) [[likely]] {
      if (Accumulator* const found = current_->find(hash, key)) [[likely]] {
        aggregation_.update(record, *found);
        return;
      }
    }
    add_slowly(Arrival{hash, time_ns, limit_of(hash)}, key, record, out);
  }

  void on_watermark(std::int64_t watermark_ns) {
    StageClock::on_watermark(watermark_ns);
    leave_due();
  }

  template <class Out>
  void on_time(std::int64_t now_ns, Out&) {
    pass_time(now_ns);
    leave_due();
  }

  bool due() const { return next_due() <= limit_ && !open_.empty(); }
  std::int64_t next_time_ns() const { return timeout_at(); }

  template <class Out>
  bool fire_due(std::size_t at_most, Out& out) {
    while (due()) {
      const auto window = open_.begin();
      at_most -= window->second->take(at_most, firing(window->first, out));
      if (!window->second->empty()) {
        return true;
      }
      forget(window);
    }
    closings_.clear();
    return false;
  }

  std::int64_t output_watermark() const {
    const std::int64_t held = open_.empty() ? watermark_ : std::min(watermark_, next_due() - 1);
    return held == end_of_time ? held : saturating_add(held, -shape_.delay);
  }

  const WindowCounts& counts() const { return counts_; }

  // Checkpoints. An entry's key is the start of its window and its key.
  std::vector<StatePart*> parts() { return {this}; }
  void restored() {}

 private:
  using Table = WindowTable<Key, Accumulator>;
  using Tables = std::map<std::int64_t, std::unique_ptr<Table>>;

  AlignedSet(const WindowSettings& settings, const PaneShape& shape, A aggregation)
      : StageClock(settings, shape.limits, shape.longest_wait()),
        shape_(shape),
        aggregation_(std::move(aggregation)) {}

  std::string_view name() const override { return "windows"; }
  bool storable() const override { return is_storable_window; }
  std::string key_schema() const override {
    return schema_text<std::pair<std::int64_t, StoredKey>>();
  }
  std::string value_schema() const override { return schema_text<Accumulator>(); }
  void begin_save(const SaveStart& start) override;
  bool save_some(std::size_t& budget, SectionSink& out) override;
  void abandon_save() override;
  void begin_load(std::string_view key_schema, std::string_view value_schema,
                  std::int64_t) override;
  void load(std::size_t group, std::string_view bytes, std::uint32_t entries) override;
  void end_load() override;

  static constexpr bool is_storable_window = is_storable<StoredKey> && is_storable<Accumulator>;
  using Loading = LoadingOf<std::pair<std::int64_t, StoredKey>, Accumulator>;

  std::int64_t due_of(std::int64_t start) const { return start + shape_.range + shape_.delay; }
  std::int64_t next_due() const {
    return open_.empty() ? end_of_time : due_of(open_.begin()->first);
  }

  /// Records of the window that the last one was in, when that is due, take the slow way.
  void leave_due() {
    if (current_length_ != 0 && due_of(current_start_) <= limit_) {
      current_length_ = 0;
    }
  }

  template <class Out>
  [[gnu::noinline]] void add_slowly(const Arrival& arrival, const Key& key, const In& record,
                                    Out& out) {
    std::int64_t start = floor_to(shape_.limits.clamp(arrival.time_ns), shape_.range, 0);
    if (due_of(start) <= arrival.limit_ns) {
      start = take_late(arrival, key, record, out);
      if (start == end_of_time) {
        return;
      }
    }
    add(start, arrival.hash, key, record);
  }

  void add(std::int64_t start, std::uint64_t hash, const Key& key, const In& record) {
    const auto window = open_.find(start);
    if (window != open_.end()) {
      go_to(start, *window->second);
      if (Accumulator* const found = current_->find(hash, key)) {
        aggregation_.update(record, *found);
        return;
      }
    }
    // First of all: update may throw.
    Accumulator accumulator = aggregation_.initial_accumulator();
    aggregation_.update(record, accumulator);
    if (window == open_.end()) {
      go_to(start, *open_.emplace(start, new_table()).first->second);
    }
    current_->add(StoredKey(key), std::move(accumulator));
    ++counts_.open;
  }

  void go_to(std::int64_t start, Table& table) {
    current_start_ = start;
    // Whether it takes a record of some key is only looked at on the slow way.
    current_length_ = has_group_limits() ? 0 : static_cast<std::uint64_t>(shape_.range);
    current_ = &table;
  }

  std::unique_ptr<Table> new_table() {
    if (spare_.empty()) {
      return std::make_unique<Table>();
    }
    auto table = std::move(spare_.back());
    spare_.pop_back();
    return table;
  }
  /// A few tables serve the windows that follow; of a burst of open windows no more is kept.
  void forget(typename Tables::iterator window) {
    fewer_windows_ = true;
    constexpr std::size_t most_spare = 4;
    if (spare_.size() < most_spare) {
      window->second->reset();
      spare_.push_back(std::move(window->second));
    }
    open_.erase(window);
  }

  /// What becomes of a key and its accumulator when the window that starts there fires.
  template <class Out>
  auto firing(std::int64_t start, Out& out) {
    const std::int64_t end = start + shape_.range;
    const Window window{start, end, firing_of(end, end + shape_.delay)};
    return [this, window, &out](const StoredKey& key, const Accumulator& accumulator) {
      --counts_.open;
      ++counts_.fired;
      out.result(key, hash_key(key), window, accumulator, window.end - 1);
    };
  }

  /// What is due for a key fires before something else of it comes out. (A record that is counted
  /// cannot be told from one that came after the firing: what is due takes no more records.)
  template <class Out>
  void fire_key(std::uint64_t hash, const Key& key, Out& out) {
    const std::int64_t limit = limit_of(hash);
    for (auto window = open_.begin(); window != open_.end() && due_of(window->first) <= limit;) {
      window->second->take_key(hash, key, firing(window->first, out));
      const auto fired = window++;
      if (fired->second->empty()) {
        forget(fired);
      }
    }
  }

  /// The start of the window in which a late record counts after all; `end_of_time` for none.
  template <class Out>
  std::int64_t take_late(const Arrival& arrival, const Key& key, const In& record, Out& out) {
    ++counts_.late;
    switch (settings_.late_data) {
      case LateData::fire_per_message: {
        fire_key(arrival.hash, key, out);
        Accumulator alone = aggregation_.initial_accumulator();
        aggregation_.update(record, alone);
        out.result(StoredKey(key), arrival.hash, PaneWindows<A, In>::window_of(shape_, arrival),
                   std::as_const(alone), std::max(arrival.time_ns, output_watermark()));
        return end_of_time;
      }
      case LateData::to_stream:
        fire_key(arrival.hash, key, out);
        out.late(arrival.hash, key, arrival.time_ns, record);
        return end_of_time;
      case LateData::place_in_oldest_window:
        if (arrival.limit_ns <= shape_.limits.latest) {
          const std::int64_t start = oldest_start(arrival, key);
          newest_ = std::max(newest_, start);
          return start;
        }
        break;
      case LateData::drop:
        break;
    }
    ++counts_.dropped;
    return end_of_time;
  }

  /// Of the key's windows, or else of those that are allowed.
  std::int64_t oldest_start(const Arrival& arrival, const Key& key) {
    const auto not_due = open_.upper_bound(arrival.limit_ns - shape_.range - shape_.delay);
    const auto of_key = std::find_if(not_due, open_.end(), [&](auto& window) {
      return window.second->find(arrival.hash, key) != nullptr;
    });
    return of_key != open_.end() ? of_key->first
                                 : shape_.oldest_end(arrival.limit_ns, 0) - shape_.range;
  }

  const PaneShape shape_;
  [[no_unique_address]] const A aggregation_;

  // The window that the last record was in; its length is 0 when it takes no more.
  std::int64_t current_start_ = 0;
  std::uint64_t current_length_ = 0;
  Table* current_ = nullptr;

  Tables open_;  ///< by their start; none is empty
  std::vector<std::unique_ptr<Table>> spare_;
  WindowCounts counts_;

  bool ever_saved_ = false;
  bool fewer_windows_ = false;  ///< than when they were last saved
  bool saving_ = false;
  bool attempted_ = false;     ///< the last save held something
  bool type_changed_ = false;  ///< since the checkpoint that was loaded
  KeyGroups saving_groups_;
  std::unique_ptr<WindowSections> sections_;
  std::unique_ptr<Loading> loading_;
};

template <class Key, class In, class A>
void AlignedSet<Key, In, A>::begin_save(const SaveStart& start) {
  check(!saving_, "one save at a time");
  const bool changed = std::any_of(open_.begin(), open_.end(), [](const auto& window) {
    return window.second->table().dirty();
  });
  attempted_ = saving_ = changed || fewer_windows_ || !ever_saved_ || start.also.any();
  if (!saving_) {
    return;
  }
  ever_saved_ = true;
  fewer_windows_ = false;
  saving_groups_ = start.owned;
  sections_ = std::make_unique<WindowSections>();
  for (const auto& [window, table] : open_) {
    table->table().begin_save({sections_.get(), window});
  }
}

template <class Key, class In, class A>
bool AlignedSet<Key, In, A>::save_some(std::size_t& budget, SectionSink& out) {
  if (!saving_) {
    return false;
  }
  for (const auto& [window, table] : open_) {
    if (!table->table().saving()) {
      continue;
    }
    const bool all = table->table().save_some(budget);
    if (all) {
      table->table().end_save();
    }
    if (sections_->full()) {
      sections_->hand_on(out, {});
    }
    if (!all) {
      return true;
    }
  }
  sections_->hand_on(out, saving_groups_);
  sections_.reset();
  saving_ = false;
  return false;
}

template <class Key, class In, class A>
void AlignedSet<Key, In, A>::abandon_save() {
  if (attempted_) {
    for (const auto& [window, table] : open_) {
      table->table().set_dirty();
    }
    fewer_windows_ = true;
  }
  saving_ = attempted_ = false;
  sections_.reset();
}

template <class Key, class In, class A>
void AlignedSet<Key, In, A>::begin_load(std::string_view key_schema, std::string_view value_schema,
                                        std::int64_t) {
  if constexpr (is_storable_window) {
    loading_ = std::make_unique<Loading>(key_schema, value_schema);
    type_changed_ = value_schema != this->value_schema();
  }
}

template <class Key, class In, class A>
void AlignedSet<Key, In, A>::load(std::size_t group, std::string_view bytes,
                                  std::uint32_t entries) {
  if constexpr (is_storable_window) {
    StoredReader in(bytes);
    for (std::uint32_t i = 0; i < entries; ++i) {
      auto [start, key] = loading_->key(in);
      Accumulator accumulator = loading_->value(in);
      check_group(group, hash_key(key));
      auto& table = open_[start];
      if (table == nullptr) {
        table = new_table();
      }
      table->add(std::move(key), std::move(accumulator));
      ++counts_.open;
    }
    check_at_end(in);
  }
}

template <class Key, class In, class A>
void AlignedSet<Key, In, A>::end_load() {
  loading_.reset();
  // Of a type that has changed the bytes of that checkpoint do not serve the next ones.
  ever_saved_ = !type_changed_;
  for (const auto& [window, table] : open_) {
    table->table().set_clean();
  }
}

}  // namespace wallaroo::internal
