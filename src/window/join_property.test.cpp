// Random joins against one that is plain and slow.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "state/property_rig.hpp"
#include "window/join_rig.hpp"

namespace wallaroo::internal {
namespace {

using join_rig::Outputs;
using property_rig::expect_property;

struct Event {
  enum class Kind { left, right, watermark, fire } kind;
  int key;
  std::int64_t offset;  // of the time; the number of records that a slice fires
};

void showValue(const Event& event, std::ostream& out) {
  constexpr const char* names[] = {"left", "right", "watermark", "fire"};
  out << names[static_cast<int>(event.kind)] << " key " << event.key << " " << event.offset;
}

// The definition: all records ever, each with whether it still waits; times without limits.
class PlainJoin {
 public:
  explicit PlainJoin(const JoinSettings& settings) : settings_(settings) {}

  void on_record(bool is_left, int key, std::int64_t time, int record) {
    const bool late = is_late(is_left, time);
    if (late) {
      late_.insert(record);
      const bool alone = settings_.late == LateData::fire_per_message && outer(is_left);
      if (alone || settings_.late == LateData::to_stream) {
        say(key, (alone ? "" : "late ") + text(is_left, record, time));
      }
      return;
    }
    Record mine{is_left, key, time, record, false};
    std::stable_sort(waiting_.begin(), waiting_.end(),
                     [](const Record& a, const Record& b) { return a.time < b.time; });
    for (Record& partner : waiting_) {
      const Wide left = is_left ? time : partner.time;
      const Wide right = is_left ? partner.time : time;
      if (partner.key == key && partner.is_left != is_left && left + settings_.lower_ns <= right &&
          right <= left + settings_.upper_ns) {
        mine.matched = partner.matched = true;
        say(key, fmt::format("{}+{}@{}", is_left ? record : partner.record,
                             is_left ? partner.record : record, std::max(time, partner.time)));
      }
    }
    waiting_.push_back(mine);
    on_watermark(watermark_);
  }

  void on_watermark(std::int64_t watermark) {
    watermark_ = std::max(watermark_, watermark);
    std::vector<Record> leaving;
    std::vector<Record> staying;
    for (const Record& record : waiting_) {
      (leaves(record) ? leaving : staying).push_back(record);
    }
    waiting_ = staying;
    std::stable_sort(leaving.begin(), leaving.end(), [&](const Record& a, const Record& b) {
      return std::tuple(due(a), !a.is_left, a.time) < std::tuple(due(b), !b.is_left, b.time);
    });
    for (const Record& record : leaving) {
      if (!record.matched && outer(record.is_left)) {
        say(record.key, text(record.is_left, record.record, record.time));
      }
    }
  }

  bool was_late(int record) const { return late_.contains(record); }
  std::size_t waiting() const { return waiting_.size(); }
  const std::map<int, std::vector<std::string>>& outputs() const { return outputs_; }

 private:
  __extension__ using Wide = __int128;
  struct Record {
    bool is_left;
    int key;
    std::int64_t time;
    int record;
    bool matched;
  };

  bool outer(bool is_left) const {
    return settings_.kind == JoinKind::full ||
           settings_.kind == (is_left ? JoinKind::left : JoinKind::right);
  }
  // The watermark beyond which it leaves; those that never do by that leave together at the end.
  Wide due(const Record& record) const {
    const Wide due = Wide(record.time) + settings_.delay_ns +
                     (record.is_left ? settings_.upper_ns : -settings_.lower_ns);
    return std::min<Wide>(due, end_of_time - 1);
  }
  bool leaves(const Record& record) const {
    return watermark_ != no_time && watermark_ > due(record);
  }
  bool is_late(bool is_left, std::int64_t time) const {
    return watermark_ == end_of_time ||
           (leaves({is_left, 0, time, 0, false}) && watermark_ > Wide(time) + settings_.delay_ns);
  }
  static std::string text(bool is_left, int record, std::int64_t time) {
    return is_left ? fmt::format("{}+_@{}", record, time) : fmt::format("_+{}@{}", record, time);
  }
  void say(int key, std::string text) { outputs_[key].push_back(std::move(text)); }

  JoinSettings settings_;
  std::int64_t watermark_ = no_time;
  std::vector<Record> waiting_;
  std::set<int> late_;
  std::map<int, std::vector<std::string>> outputs_;
};

JoinSettings any_settings() {
  JoinSettings settings;
  settings.lower_ns = *rc::gen::inRange(-8, 8);
  settings.upper_ns = settings.lower_ns + *rc::gen::inRange(0, 10);
  settings.kind =
      *rc::gen::element(JoinKind::inner, JoinKind::left, JoinKind::right, JoinKind::full);
  settings.delay_ns = *rc::gen::weightedElement<int>({{2, 0}, {1, 1}, {1, 5}});
  settings.late =
      *rc::gen::element(LateData::drop, LateData::fire_per_message, LateData::to_stream);
  return settings;
}

// Time goes on with the position in the stream, so that records are early, on time and late.
std::vector<Event> any_events() {
  const auto kinds = rc::gen::weightedElement<Event::Kind>({{6, Event::Kind::left},
                                                            {6, Event::Kind::right},
                                                            {3, Event::Kind::watermark},
                                                            {2, Event::Kind::fire}});
  return *rc::gen::container<std::vector<Event>>(
      rc::gen::map(rc::gen::tuple(kinds, rc::gen::inRange(0, 2), rc::gen::inRange(0, 24)),
                   [](const std::tuple<Event::Kind, int, int>& each) {
                     return Event{std::get<0>(each), std::get<1>(each), std::get<2>(each)};
                   }));
}

// Both joins, fed with the same events; after each the real one's promises are checked.
class Comparison {
 public:
  Comparison(const JoinSettings& settings, std::int64_t origin)
      : plain_(settings), set_(settings), origin_(origin) {}

  void on(const Event& event, int index) {
    const std::int64_t time = saturating_add(origin_, event.offset + index / 3);
    out_.ignored = -1;
    switch (event.kind) {
      case Event::Kind::left:
      case Event::Kind::right:
        on_record(event.kind == Event::Kind::left, event.key, time, index);
        break;
      case Event::Kind::watermark:
        on_watermark(saturating_subtract(time, 12));
        break;
      case Event::Kind::fire:
        set_.fire_due(static_cast<std::size_t>(event.offset) % 4, out_);
        break;
    }
    check_promise();
  }

  void end() {
    on_watermark(end_of_time);
    while (set_.fire_due(2, out_)) {
      check_promise();
    }
    RC_ASSERT(out_.by_key == plain_.outputs());
    RC_ASSERT(set_.output_watermark() == end_of_time);
    RC_ASSERT(set_.keys() == 0u);
    check_counters();
  }

 private:
  void on_record(bool is_left, int key, std::int64_t time, int record) {
    plain_.on_record(is_left, key, time, record);
    out_.ignored = plain_.was_late(record) ? record : -1;
    late_ += plain_.was_late(record) ? 1 : 0;
    if (is_left) {
      set_.on_left(hash_key(key), key, time, record, out_);
    } else {
      set_.on_right(hash_key(key), key, time, record, out_);
    }
    RC_ASSERT(set_.counters().late == late_);
  }
  void on_watermark(std::int64_t watermark) {
    plain_.on_watermark(watermark);
    set_.on_watermark(watermark);
  }

  // Nothing is earlier than what was promised before, and promises do not go back.
  void check_promise() {
    RC_ASSERT(out_.earliest >= promised_);
    out_.earliest = end_of_time;
    RC_ASSERT(set_.output_watermark() >= promised_);
    promised_ = set_.output_watermark();
  }

  void check_counters() {
    const JoinCounters& counters = set_.counters();
    std::uint64_t pairs = 0;
    std::uint64_t alone = 0;
    std::uint64_t to_stream = 0;
    for (const auto& [key, texts] : out_.by_key) {
      for (const std::string& text : texts) {
        ++(text.starts_with("late") ? to_stream : text.find('_') == text.npos ? pairs : alone);
      }
    }
    RC_ASSERT(counters.matched == pairs);
    RC_ASSERT(counters.unmatched == alone);
    RC_ASSERT(counters.buffered == 0u);
    RC_ASSERT(counters.late >= counters.dropped + to_stream);
  }

  PlainJoin plain_;
  JoinSet<int, int, int> set_;
  std::int64_t origin_;
  Outputs out_;
  std::int64_t promised_ = no_time;
  std::uint64_t late_ = 0;
};

TEST(JoinProperty, OutputsOfEachKeyAreThoseOfAPlainJoinHoweverFiringIsSliced) {
  expect_property("join", 5000, [] {
    Comparison comparison(any_settings(),
                          *rc::gen::weightedElement<std::int64_t>(
                              {{8, 0}, {1, no_time}, {1, no_time + 15}, {1, end_of_time - 15}}));
    int index = 0;
    for (const Event& event : any_events()) {
      comparison.on(event, index++);
    }
    comparison.end();
  });
}

// In a stream that keeps to its watermarks every pair is found, as of two tables joined.
TEST(JoinProperty, RecordsThatAreNotBehindTheWatermarkMeetAllTheirPartners) {
  expect_property("complete", 1000, [] {
    const JoinSettings settings = any_settings();
    JoinSet<int, int, int> set(settings);
    Outputs out;
    std::vector<std::pair<std::int64_t, int>> lefts;
    std::vector<std::pair<std::int64_t, int>> rights;
    std::int64_t watermark = 0;
    int index = 0;
    for (const Event& event : any_events()) {
      const std::int64_t time = watermark - settings.delay_ns + event.offset;
      if (event.kind == Event::Kind::left) {
        set.on_left(hash_key(0), 0, time, index, out);
        lefts.emplace_back(time, index);
      } else if (event.kind == Event::Kind::right) {
        set.on_right(hash_key(0), 0, time, index, out);
        rights.emplace_back(time, index);
      } else {
        set.on_watermark(watermark += event.offset / 4);
      }
      ++index;
    }
    std::vector<std::string> expected;
    for (const auto& [a, left] : lefts) {
      for (const auto& [b, right] : rights) {
        if (a + settings.lower_ns <= b && b <= a + settings.upper_ns) {
          expected.push_back(fmt::format("{}+{}@{}", left, right, std::max(a, b)));
        }
      }
    }
    std::vector<std::string>& found = out.by_key[0];
    std::erase_if(found, [](const std::string& text) { return text.find('_') != text.npos; });
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(found == expected);
    RC_ASSERT(set.counters().late == 0u);
  });
}

}  // namespace
}  // namespace wallaroo::internal
