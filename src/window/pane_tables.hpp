// Accumulators by pane and key, where all keys have the same panes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/times.hpp"
#include "record/key.hpp"
#include "state/key_visitor.hpp"
#include "state/loading.hpp"
#include "state/private_cache.hpp"
#include "state/stage_state.hpp"
#include "window/window_table.hpp"

namespace wallaroo::internal {

/// Records that follow each other and are counted in one loop, at most `longest` of them.
struct RecordRun {
  static constexpr std::size_t longest = 32;

  std::size_t size;
  std::size_t done = 0;
  std::size_t first = 0;          ///< how many of the done ones are the first of their key
  std::int64_t newest = no_time;  ///< the latest time of those that are done
};

/// A table of nothing but accumulators for each open pane: a record in the same pane as the record
/// before costs one look-up. In a checkpoint an entry's key is the start of its pane and its key.
template <class Key, class Accumulator>
class PaneTables final : public StatePart {
 public:
  using StoredKey = OwnedKey<Key>;
  using Table = WindowTable<Key, Accumulator>;
  using Tables = std::map<std::int64_t, std::unique_ptr<Table>>;

  /// `may_be_missing`: older checkpoints lack this part, and have its contents in other parts.
  PaneTables(std::string_view name, std::int64_t length_ns, bool may_be_missing = false)
      : name_(name), length_(length_ns), may_be_missing_(may_be_missing) {}

  /// Returns the key's accumulator if the time is in the current pane, the one of the last record.
  /// Null if it is not, or if the key is not there.
  [[gnu::always_inline]] Accumulator* find_current(std::uint64_t hash, const Key& key,
                                                   std::int64_t time_ns) {
    const bool current =
        static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(current_start_) <
        current_length_;
    return current ? current_->find(hash, key) : nullptr;
  }

  /// Counts records of a run, up to the first whose time is not in the current pane. While entries
  /// must be saved before they change, the first record of a key ends it, too. `arrival(i)` gives
  /// the hash, the key, the time and the record of record i. If the aggregation throws, that record
  /// is the first which is not done.
  template <class Arrival, class A>
  [[gnu::always_inline]] void update_current(RecordRun& run, const Arrival& arrival,
                                             const A& aggregation) {
    if (current_length_ == 0) {
      return;
    }
    if (has_fetched_) {
      update_run<&PaneTables::fetched_or_find, true>(run, arrival, aggregation);
    } else if (current_->saves_before_changes()) [[unlikely]] {
      update_run<&PaneTables::find, false>(run, arrival, aggregation);
    } else {
      update_run<&PaneTables::find_plain, true>(run, arrival, aggregation);
    }
  }

  /// True when most look-ups in the current pane wait for memory behind the core's own cache.
  bool current_is_large() const {
    return current_length_ != 0 &&
           exceeds_private_cache(current_->size() * sizeof(std::pair<StoredKey, Accumulator>));
  }
  /// Fetches what the keys of a run's records have in the current pane into the cache, for
  /// update_current(). Call forget_fetched() before anything else is done to the tables.
  [[gnu::always_inline]] void fetch(std::span<const std::uint64_t> hashes) {
    has_fetched_ = current_length_ != 0 && !current_->saves_before_changes();
    if (has_fetched_) {
      for (std::size_t i = 0; i < hashes.size(); ++i) {
        fetched_[i] = current_->fetch(hashes[i]);
      }
    }
  }
  void forget_fetched() { has_fetched_ = false; }

  /// Counts a record in the pane that starts at `start`. Returns true if it is the first of its key
  /// there. If the aggregation's `update` throws, everything stays as it was.
  template <class A, class In>
  bool update(std::int64_t start, std::uint64_t hash, const Key& key, const A& aggregation,
              const In& record) {
    const auto pane = open_.find(start);
    if (pane != open_.end()) {
      go_to(start, *pane->second);
      if (Accumulator* const found = current_->find(hash, key)) {
        aggregation.update(record, *found);
        return false;
      }
    }
    Accumulator accumulator = aggregation.initial_accumulator();
    aggregation.update(record, accumulator);
    if (pane == open_.end()) {
      go_to(start, *open_.emplace(start, new_table()).first->second);
    }
    current_->add(StoredKey(key), std::move(accumulator));
    return true;
  }

  /// The start of the pane that the last record was in; `end_of_time` if there is none.
  std::int64_t current_start() const { return current_length_ == 0 ? end_of_time : current_start_; }
  /// Makes the next record take the way of update().
  void leave_current() { current_length_ = 0; }

  bool empty() const { return open_.empty(); }
  /// Requires that there is a pane.
  std::int64_t first_start() const { return open_.begin()->first; }
  std::size_t entries() const {
    std::size_t entries = 0;
    for (const auto& [start, table] : open_) {
      entries += table->size();
    }
    return entries;
  }

  /// The open panes by their start. None is empty; a caller that empties one must then forget it.
  Tables& open() { return open_; }
  /// Removes a pane. Keeps a few tables for later panes, but not all those of a burst of panes.
  typename Tables::iterator forget(typename Tables::iterator pane) {
    fewer_panes_ = true;
    constexpr std::size_t most_spare = 4;
    if (pane->second.get() == current_) {
      leave_current();
    }
    if (spare_.size() < most_spare) {
      pane->second->reset();
      spare_.push_back(std::move(pane->second));
    }
    return open_.erase(pane);
  }

  // Checkpoints.

  std::string_view name() const override { return name_; }
  bool storable() const override { return is_storable_pane; }
  std::string key_schema() const override {
    return schema_text<std::pair<std::int64_t, StoredKey>>();
  }
  std::string value_schema() const override { return schema_text<Accumulator>(); }
  std::vector<std::string> value_fields() const override { return schema_fields<Accumulator>(); }
  bool may_be_missing() const override { return may_be_missing_; }
  void visit_keys(KeyVisitor& visitor) override {
    KeysShown<StoredKey> shown(visitor);
    for (const auto& [start, table] : open_) {
      for (const auto& entry : table->table()) {
        shown.show(entry.first);
      }
    }
  }
  void begin_save(const SaveStart& start) override;
  bool save_some(std::size_t& budget, SectionSink& out) override;
  void abandon_save() override;
  void begin_load(std::string_view key_schema, std::string_view value_schema,
                  std::int64_t) override;
  void load(const SavedGroup& group, std::string_view bytes, std::uint32_t entries) override;
  void end_load() override;

 private:
  static constexpr bool is_storable_pane = is_storable<StoredKey> && is_storable<Accumulator>;
  using Loading = LoadingOf<std::pair<std::int64_t, StoredKey>, Accumulator>;

  // How update_run() looks for record i.
  [[gnu::always_inline]] static Accumulator* find(const PaneTables&, Table& table, std::size_t,
                                                  std::uint64_t hash, const Key& key) {
    return table.find(hash, key);
  }
  [[gnu::always_inline]] static Accumulator* find_plain(const PaneTables&, Table& table,
                                                        std::size_t, std::uint64_t hash,
                                                        const Key& key) {
    return table.find_plain(hash, key);
  }
  [[gnu::always_inline]] static Accumulator* fetched_or_find(const PaneTables& self, Table& table,
                                                             std::size_t i, std::uint64_t hash,
                                                             const Key& key) {
    auto* const likely = self.fetched_[i];
    return likely != nullptr && equal_keys(key, likely->first) ? &likely->second
                                                               : table.find_plain(hash, key);
  }

  // A function of its own, because within the loop over a batch the compiler would not have enough
  // registers for what this loop needs.
  template <auto find_record, bool adds, class Arrival, class A>
  [[gnu::noinline]] void update_run(RecordRun& run, const Arrival arrival, const A& aggregation) {
    const auto start = static_cast<std::uint64_t>(current_start_);
    const std::uint64_t length = current_length_;
    Table& table = *current_;
    const std::size_t size = run.size;
    std::size_t i = run.done;
    std::size_t first = run.first;
    std::int64_t newest = run.newest;
    const auto leave = [&] {
      run.done = i;
      run.first = first;
      run.newest = newest;
    };
    try {
      for (; i < size; ++i) {
        const auto& [hash, key, time_ns, record] = arrival(i);
        if (static_cast<std::uint64_t>(time_ns) - start >= length) [[unlikely]] {
          break;
        }
        Accumulator* const found = find_record(*this, table, i, hash, key);
        if (found != nullptr) [[likely]] {
          aggregation.update(record, *found);
        } else if constexpr (adds) {
          add_first(key, aggregation, record);
          ++first;
        } else {
          break;
        }
        newest = std::max(newest, time_ns);
      }
    } catch (...) {
      leave();
      throw;
    }
    leave();
  }

  // Counts a record of a key that is not in the current pane.
  template <class A, class In>
  [[gnu::noinline]] void add_first(const Key& key, const A& aggregation, const In& record) {
    Accumulator accumulator = aggregation.initial_accumulator();
    aggregation.update(record, accumulator);
    if (current_->add(StoredKey(key), std::move(accumulator))) {
      fetched_.fill(nullptr);
    }
  }

  void go_to(std::int64_t start, Table& table) {
    current_start_ = start;
    current_length_ = static_cast<std::uint64_t>(length_);
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

  const std::string_view name_;
  const std::int64_t length_;
  const bool may_be_missing_;

  // The pane that the last record was in; its length is 0 if there is none.
  std::int64_t current_start_ = 0;
  std::uint64_t current_length_ = 0;
  Table* current_ = nullptr;

  // What the keys of a run's records very likely have in the current pane.
  std::array<typename Table::Entry*, RecordRun::longest> fetched_;
  bool has_fetched_ = false;

  Tables open_;
  std::vector<std::unique_ptr<Table>> spare_;

  bool ever_saved_ = false;
  bool fewer_panes_ = false;  ///< than when they were last saved
  bool saving_ = false;
  bool attempted_ = false;     ///< the last save held something
  bool type_changed_ = false;  ///< since the checkpoint that was loaded
  KeyGroups saving_groups_;
  std::unique_ptr<WindowSections> sections_;
  std::unique_ptr<Loading> loading_;
};

template <class Key, class Accumulator>
void PaneTables<Key, Accumulator>::begin_save(const SaveStart& start) {
  check(!saving_, "one save at a time");
  const bool changed = std::any_of(open_.begin(), open_.end(),
                                   [](const auto& pane) { return pane.second->table().dirty(); });
  attempted_ = saving_ = changed || fewer_panes_ || !ever_saved_ || start.also.any();
  if (!saving_) {
    return;
  }
  ever_saved_ = true;
  fewer_panes_ = false;
  saving_groups_ = start.owned;
  sections_ = std::make_unique<WindowSections>();
  for (const auto& [pane_start, table] : open_) {
    table->table().begin_save({sections_.get(), pane_start, start.place});
  }
}

template <class Key, class Accumulator>
bool PaneTables<Key, Accumulator>::save_some(std::size_t& budget, SectionSink& out) {
  if (!saving_) {
    return false;
  }
  for (const auto& [start, table] : open_) {
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

template <class Key, class Accumulator>
void PaneTables<Key, Accumulator>::abandon_save() {
  if (attempted_) {
    for (const auto& [start, table] : open_) {
      table->table().set_dirty();
    }
    fewer_panes_ = true;
  }
  saving_ = attempted_ = false;
  sections_.reset();
}

template <class Key, class Accumulator>
void PaneTables<Key, Accumulator>::begin_load(std::string_view key_schema,
                                              std::string_view value_schema, std::int64_t) {
  if constexpr (is_storable_pane) {
    loading_ = std::make_unique<Loading>(key_schema, value_schema);
    type_changed_ = value_schema != this->value_schema();
  }
}

template <class Key, class Accumulator>
void PaneTables<Key, Accumulator>::load(const SavedGroup& group, std::string_view bytes,
                                        std::uint32_t entries) {
  if constexpr (is_storable_pane) {
    StoredReader in(bytes);
    for (std::uint32_t i = 0; i < entries; ++i) {
      auto [start, key] = load_key([&] { return loading_->key(in); });
      Accumulator accumulator = load_value(key, [&] { return loading_->value(in); });
      if (!group.wanted(hash_key(key)) || !equals_itself(key)) {
        continue;  // older versions kept keys that are not equal to themselves: nothing finds them
      }
      auto& table = open_[start];
      if (table == nullptr) {
        table = new_table();
      }
      table->add(std::move(key), std::move(accumulator));
    }
    check_at_end(in);
  }
}

template <class Key, class Accumulator>
void PaneTables<Key, Accumulator>::end_load() {
  loading_.reset();
  // If the type has changed, the next checkpoint cannot refer to the bytes of that one.
  ever_saved_ = !type_changed_;
  for (const auto& [start, table] : open_) {
    table->table().set_clean();
  }
}

}  // namespace wallaroo::internal
