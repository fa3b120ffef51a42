// A stage of windows by definition: keys, watermark, processing time. For tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "window/oracle.rig.hpp"

namespace wallaroo::internal::window_rig {

/// Fires at once whatever is due. Writes results as Outputs does. `times` has those times of
/// results that do not depend on when a window fires.
template <class A>
class Oracle {
 public:
  explicit Oracle(const WindowSettings& settings) : s_(settings) {}

  void on_record(int key, std::int64_t time, int id) {
    active_ = true;
    newest_ = std::max(newest_, time);
    if (s_.kind == WindowKind::count) {
      CountKey& counted = counts_.try_emplace(key, CountKey{OracleCount(s_)}).first->second;
      counted.windows.add(time, id);
      counted.seen = now_;
      say(key, counted.windows.windows(true), Firing::complete);
      return;
    }
    OracleKey& windows = key_of(key);
    if (!windows.add(time, id, limit_)) {
      take_late(key, windows, time, id);
    }
  }

  void on_watermark(std::int64_t watermark) {
    active_ = active_ || watermark > watermark_;
    const std::int64_t before = watermark_;
    watermark_ = watermark;
    if (watermark == end_of_time) {
      close_counts(end_of_time);
      fire(end_of_time, before);
    } else {
      fire(watermark, watermark);
    }
  }

  void on_time(std::int64_t now) {
    now_ = now;
    if (active_) {
      active_ = false;
      idle_since_ = now;
    }
    close_counts(now);
    if (s_.timeout_ns && newest_ != no_time && now - idle_since_ >= *s_.timeout_ns) {
      const std::int64_t wait =
          (s_.kind == WindowKind::range ? s_.range_ns : s_.gap_ns) + s_.delay_ns;
      fire(std::max(limit_, newest_ + wait), watermark_);
    }
    if (s_.early_every_ns > 0 && now >= next_early_) {
      next_early_ = now + s_.early_every_ns;
      preview();
    }
  }

  std::map<std::string, std::vector<std::string>> by_key;
  std::uint64_t late = 0;
  std::uint64_t dropped = 0;

 private:
  struct CountKey {
    OracleCount windows;
    std::int64_t seen = 0;
  };

  OracleKey& key_of(int key) {
    auto& windows = keys_[key];
    if (!windows) {
      const auto slide = static_cast<std::uint64_t>(s_.slide_ns);
      if (s_.kind == WindowKind::session) {
        windows = std::make_unique<OracleSession>(s_, 0);
      } else {
        windows = std::make_unique<OracleRange>(
            s_, s_.spread_by_key ? static_cast<std::int64_t>(hash_key(key) % slide) : 0);
      }
    }
    return *windows;
  }

  void say(int key, const std::vector<OracleKey::Found>& windows, Firing firing) {
    for (const OracleKey::Found& found : windows) {
      say(key, {found.window.start, found.window.end, firing}, ids(found.records));
    }
  }
  void say(int key, const Window& window, const std::vector<int>& records) {
    by_key[std::to_string(key)].push_back(text_of(window, A::of(records)));
  }

  void take_late(int key, OracleKey& windows, std::int64_t time, int id) {
    ++late;
    switch (s_.late_data) {
      case LateData::drop:
        ++dropped;
        break;
      case LateData::fire_per_message:
        say(key, windows.alone(time), {id});
        break;
      case LateData::to_stream:
        by_key[std::to_string(key)].push_back(fmt::format("late @{}: {}", time, id));
        break;
      case LateData::place_in_oldest_window:
        const std::int64_t place = windows.oldest_place(limit_);
        newest_ = std::max(newest_, place);
        windows.add(place, id, limit_);
        break;
    }
  }

  void fire(std::int64_t limit, std::int64_t watermark) {
    for (auto& [key, windows] : keys_) {
      for (const OracleKey::Found& found : windows->open(limit_)) {
        if (found.due <= limit) {
          const bool complete = found.window.end <= watermark;
          say(key, {found}, complete ? Firing::complete : Firing::closed);
          windows->fired(found);
        }
      }
    }
    limit_ = std::max(limit_, limit);
  }

  void close_counts(std::int64_t now) {
    for (auto& [key, counted] : counts_) {
      const bool quiet = s_.timeout_ns && counted.seen + *s_.timeout_ns <= now;
      if (quiet || now == end_of_time) {
        say(key, counted.windows.windows(false), Firing::closed);
        counted.windows.clear();
      }
    }
  }

  void preview() {
    for (auto& [key, windows] : keys_) {
      for (const OracleKey::Found& found : windows->open(limit_)) {
        if (found.changed()) {
          say(key, {found}, Firing::early);
        }
      }
      windows->unchanged();
    }
    for (auto& [key, counted] : counts_) {
      if (counted.windows.changed()) {
        say(key, counted.windows.windows(false), Firing::early);
      }
      counted.windows.unchanged();
    }
  }

  WindowSettings s_;
  std::map<int, std::unique_ptr<OracleKey>> keys_;
  std::map<int, CountKey> counts_;
  std::int64_t watermark_ = no_time;
  std::int64_t limit_ = no_time;
  std::int64_t newest_ = no_time;
  std::int64_t now_ = 0;
  std::int64_t idle_since_ = 0;
  std::int64_t next_early_ = 0;
  bool active_ = false;
};

}  // namespace wallaroo::internal::window_rig
