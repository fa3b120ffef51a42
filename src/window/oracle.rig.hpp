// Windows by definition, for tests: keeps every record and looks for every window among all of
// them, without panes, timers or slices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "window/window.rig.hpp"
#include "window/window_settings.hpp"

namespace wallaroo::internal::window_rig {

struct Kept {
  std::int64_t time;
  int id;
  bool changed = true;  ///< since the last early output
};
using Records = std::vector<Kept>;

inline std::vector<int> ids(const Records& records) {
  std::vector<int> result;
  for (const Kept& record : records) {
    result.push_back(record.id);
  }
  return result;
}

/// One key, with any kind of windows. `limit`: windows due by then have fired.
class OracleKey {
 public:
  struct Found {
    Window window;
    Records records;
    std::int64_t due = end_of_time;
    bool changed() const {
      return std::any_of(records.begin(), records.end(), [](const Kept& k) { return k.changed; });
    }
  };

  OracleKey() = default;
  OracleKey(const WindowSettings& settings, std::int64_t offset) : s_(settings), offset_(offset) {}
  virtual ~OracleKey() = default;

  /// All windows with records that are due after `limit`, in order of their end.
  virtual std::vector<Found> open(std::int64_t limit) const = 0;
  /// Returns false if the record is late.
  virtual bool add(std::int64_t time, int id, std::int64_t limit) = 0;
  virtual Window alone(std::int64_t time) const = 0;
  virtual std::int64_t oldest_place(std::int64_t limit) const = 0;
  virtual void fired(const Found&) {}
  virtual void unchanged() = 0;

 protected:
  WindowSettings s_;
  std::int64_t offset_ = 0;
};

class OracleRange : public OracleKey {
 public:
  using OracleKey::OracleKey;

  std::vector<Found> open(std::int64_t limit) const override {
    std::map<std::int64_t, Found> windows;
    for (const Kept& record : records_) {
      for (const std::int64_t start : starts(record.time)) {
        const std::int64_t end = start + s_.range_ns;
        if (end + s_.delay_ns > limit) {
          windows.try_emplace(end, Found{{start, end, {}}, {}, end + s_.delay_ns});
        }
      }
    }
    std::vector<Found> result;
    for (auto& [end, found] : windows) {
      for (const Kept& record : records_) {
        if (found.window.start <= record.time && record.time < end) {
          found.records.push_back(record);
        }
      }
      std::stable_sort(
          found.records.begin(), found.records.end(),
          [this](const Kept& a, const Kept& b) { return part(a.time) < part(b.time); });
      result.push_back(found);
    }
    return result;
  }
  bool add(std::int64_t time, int id, std::int64_t limit) override {
    const auto all = starts(time);
    const bool counts = std::any_of(all.begin(), all.end(), [&](std::int64_t start) {
      return start + s_.range_ns + s_.delay_ns > limit;
    });
    if (counts) {
      records_.push_back({time, id});
    }
    return counts;
  }
  Window alone(std::int64_t time) const override {
    const std::int64_t start = starts(time).back();
    return {start, start + s_.range_ns, Firing::late};
  }
  std::int64_t oldest_place(std::int64_t limit) const override {
    std::int64_t allowed = starts(limit - s_.delay_ns - s_.range_ns).front();
    while (allowed + s_.range_ns + s_.delay_ns <= limit) {
      allowed += s_.slide_ns;
    }
    const auto windows = open(limit);
    if (windows.empty() || windows.front().window.start == allowed) {
      return allowed;
    }
    return windows.front().window.end - s_.slide_ns;  // a time in no older window
  }
  void unchanged() override {
    for (Kept& record : records_) {
      record.changed = false;
    }
  }

 private:
  static std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
  }
  /// The starts of all windows that hold the time, in order.
  std::vector<std::int64_t> starts(std::int64_t time) const {
    std::vector<std::int64_t> result;
    const std::int64_t about = floor_div(time, s_.slide_ns);
    for (std::int64_t k = about - s_.range_ns / s_.slide_ns - 2; k <= about + 1; ++k) {
      const std::int64_t start = k * s_.slide_ns + offset_;
      if (start <= time && time < start + s_.range_ns) {
        result.push_back(start);
      }
    }
    return result;
  }
  /// Cuts time at the bounds of all windows, and returns the part that holds `time`. Records of one
  /// part are in the same windows.
  std::int64_t part(std::int64_t time) const {
    std::int64_t cut = time;
    const auto bound = [&](std::int64_t t) {
      const auto multiple = [&](std::int64_t n) { return n % s_.slide_ns == 0; };
      return multiple(t - offset_) || multiple(t - offset_ - s_.range_ns) || parts_bound(t);
    };
    while (!bound(cut)) {
      --cut;
    }
    return cut;
  }
  bool parts_bound(std::int64_t t) const {
    std::int64_t a = s_.range_ns;
    std::int64_t b = s_.slide_ns;
    while (b != 0) {
      a = std::exchange(b, a % b);
    }
    return (t - offset_) % a == 0;
  }

  Records records_;
};

class OracleSession : public OracleKey {
 public:
  using OracleKey::OracleKey;

  std::vector<Found> open(std::int64_t) const override {
    std::vector<Found> result;
    for (const Records& session : sessions_) {
      const std::int64_t end = last(session) + s_.gap_ns;
      result.push_back({{first(session), end, {}}, session, end + s_.delay_ns});
    }
    return result;
  }
  bool add(std::int64_t time, int id, std::int64_t limit) override {
    const Kept record{time, id};
    std::vector<std::int64_t> times{time};
    for (const Records& session : sessions_) {
      for (const Kept& kept : session) {
        times.push_back(kept.time);
      }
    }
    std::sort(times.begin(), times.end());
    // The session around the record: between the cuts before and after it.
    std::int64_t from = time;
    std::int64_t to = time;
    for (std::size_t i = 1; i < times.size(); ++i) {
      const std::int64_t upper = times[times.size() - i];
      const std::int64_t lower = times[times.size() - i - 1];
      from = upper <= from && from - lower < s_.gap_ns ? std::min(from, lower) : from;
    }
    for (const std::int64_t t : times) {
      to = t >= to && t - to < s_.gap_ns ? t : to;
    }
    if (to + s_.gap_ns + s_.delay_ns <= limit) {
      return false;
    }
    std::vector<Records> parts;
    std::vector<Records> others;
    for (const Records& session : sessions_) {
      const bool inside = from <= first(session) && last(session) <= to;
      (inside ? parts : others).push_back(session);
    }
    if (parts.empty()) {
      parts.emplace_back();
    }
    Records merged = parts.front();
    merged.push_back(record);
    if (parts.size() == 2) {
      merged.insert(merged.end(), parts.back().begin(), parts.back().end());
    }
    others.push_back(merged);
    std::sort(others.begin(), others.end(),
              [](const Records& a, const Records& b) { return first(a) < first(b); });
    sessions_ = others;
    return true;
  }
  Window alone(std::int64_t time) const override { return {time, time + s_.gap_ns, Firing::late}; }
  std::int64_t oldest_place(std::int64_t limit) const override {
    return sessions_.empty() ? limit - s_.gap_ns - s_.delay_ns + 1 : first(sessions_.front());
  }
  void fired(const Found&) override { sessions_.erase(sessions_.begin()); }
  void unchanged() override {
    for (Records& session : sessions_) {
      for (Kept& record : session) {
        record.changed = false;
      }
    }
  }

 private:
  static bool earlier(const Kept& a, const Kept& b) { return a.time < b.time; }
  static std::int64_t first(const Records& r) {
    return std::min_element(r.begin(), r.end(), earlier)->time;
  }
  static std::int64_t last(const Records& r) {
    return std::max_element(r.begin(), r.end(), earlier)->time;
  }

  std::vector<Records> sessions_;
};

/// Windows of records by number; not an OracleKey, which goes by times.
class OracleCount {
 public:
  OracleCount() = default;
  explicit OracleCount(const WindowSettings& settings) : s_(settings) {}

  void add(std::int64_t time, int id) { records_.push_back({time, id}); }
  void unchanged() { changed_ = records_.size(); }
  bool changed() const { return changed_ != records_.size(); }
  void clear() { *this = OracleCount(s_); }

  /// The windows that the last record has completed, or those that are not complete yet.
  std::vector<OracleKey::Found> windows(bool complete) const {
    std::vector<OracleKey::Found> result;
    const auto size = static_cast<std::int64_t>(records_.size());
    for (std::int64_t start = 0; start < size; start += s_.count_slide) {
      const std::int64_t end = start + s_.count;
      if (complete ? end == size : end > size) {
        result.push_back({{start, end, {}}, {records_.begin() + start, records_.end()}});
      }
    }
    return result;
  }

 private:
  WindowSettings s_;
  Records records_;
  std::size_t changed_ = 0;
};

}  // namespace wallaroo::internal::window_rig
