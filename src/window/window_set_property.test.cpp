// Sends random streams through the windows of a stage, and compares with windows by definition.
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "state/property.rig.hpp"
#include "window/aligned_set.hpp"
#include "window/oracle_stage.rig.hpp"
#include "window/sliced_set.hpp"
#include "window/window_set.hpp"

namespace wallaroo::internal {
namespace {

using property_rig::expect_property;
using window_rig::List;
using window_rig::Oracle;
using window_rig::Outputs;
using window_rig::Sum;

struct Event {
  enum class Kind { record, watermark, time, fire } kind;
  int key;
  std::int64_t by;  // times relative to the watermark or to now; how many windows a slice fires
};

void showValue(const Event& event, std::ostream& out) {
  constexpr const char* names[] = {"record", "watermark", "time", "fire"};
  out << names[static_cast<int>(event.kind)] << " key " << event.key << " by " << event.by;
}

rc::Gen<Event> any_event() {
  using Kind = Event::Kind;
  return rc::gen::exec([] {
    const Kind kind = *rc::gen::weightedElement<Kind>(
        {{12, Kind::record}, {4, Kind::watermark}, {3, Kind::time}, {3, Kind::fire}});
    const int key = *rc::gen::weightedElement<int>({{6, 1}, {2, 2}, {1, 3}});
    const bool far = *rc::gen::weightedElement<bool>({{40, false}, {1, true}});
    std::int64_t by = 0;
    switch (kind) {
      case Kind::record:
        by = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-40, 60),
                             rc::gen::inRange<std::int64_t>(-10, 3)) *
             (far ? 1'000'000 : 1);
        break;
      case Kind::watermark:
        by = *rc::gen::inRange<std::int64_t>(0, *rc::gen::element(4, 25)) *
             (far ? 1'000'000'000'000'000 : 1);
        break;
      case Kind::time:
        by = *rc::gen::inRange<std::int64_t>(0, 15);
        break;
      case Kind::fire:
        by = *rc::gen::inRange<std::int64_t>(0, 4);
        break;
    }
    return Event{kind, key, by};
  });
}

WindowSettings any_settings(WindowKind kind) {
  WindowSettings s{.kind = kind};
  const bool tumbling = *rc::gen::arbitrary<bool>();
  s.range_ns = *rc::gen::inRange<std::int64_t>(1, 40);
  s.slide_ns = tumbling ? s.range_ns : *rc::gen::inRange<std::int64_t>(1, s.range_ns + 1);
  s.gap_ns = *rc::gen::inRange<std::int64_t>(1, 15);
  s.count = *rc::gen::inRange<std::int64_t>(1, 13);
  s.count_slide = tumbling ? s.count : *rc::gen::inRange<std::int64_t>(1, s.count + 1);
  s.delay_ns = *rc::gen::element<std::int64_t>(0, 0, 1, 7, 30);
  s.spread_by_key = *rc::gen::arbitrary<bool>();
  s.late_data = *rc::gen::element(LateData::drop, LateData::fire_per_message,
                                  LateData::place_in_oldest_window, LateData::to_stream);
  if (*rc::gen::arbitrary<bool>()) {
    s.timeout_ns = *rc::gen::inRange<std::int64_t>(1, 30);
  }
  s.early_every_ns = *rc::gen::element<std::int64_t>(0, 0, 0, 1, 10);
  check(s, "random");
  return s;
}

// Windows of many parts, most of which hold records, and slow watermarks, so that the stacks turn.
WindowSettings dense_settings() {
  WindowSettings s;
  s.slide_ns = *rc::gen::inRange<std::int64_t>(1, 6);
  s.range_ns = s.slide_ns * *rc::gen::inRange<std::int64_t>(4, 10);
  s.delay_ns = *rc::gen::element<std::int64_t>(0, 0, 7);
  return s;
}

rc::Gen<Event> dense_event() {
  return rc::gen::exec([] {
    const bool record = *rc::gen::weightedElement<bool>({{3, true}, {2, false}});
    return record ? Event{Event::Kind::record, 1, *rc::gen::inRange<std::int64_t>(-15, 5)}
                  : Event{*rc::gen::element(Event::Kind::watermark, Event::Kind::fire), 1,
                          *rc::gen::inRange<std::int64_t>(0, 6)};
  });
}

template <class A, class Set>
class Comparison {
 public:
  Comparison(const WindowSettings& settings, std::int64_t start)
      : set_(settings, A()), oracle_(settings), base_(start) {
    tell_time();
  }

  void on(const Event& event, int id) {
    switch (event.kind) {
      case Event::Kind::record:
        set_.on_record(hash_key(event.key), event.key, base_ + event.by, id, out_);
        oracle_.on_record(event.key, base_ + event.by, id);
        break;
      case Event::Kind::watermark:
        set_.on_watermark(base_ += event.by);
        oracle_.on_watermark(base_);
        break;
      case Event::Kind::time:
        now_ += event.by;
        tell_time();
        break;
      case Event::Kind::fire:
        fire(static_cast<std::size_t>(event.by));
        break;
    }
    promise();
  }

  void end(std::size_t slice) {
    set_.on_watermark(end_of_time);
    oracle_.on_watermark(end_of_time);
    while (fire(slice)) {
    }
    RC_ASSERT(out_.by_key == oracle_.by_key);
    RC_ASSERT(out_.hashes_agree);
    RC_ASSERT(set_.counts().late == oracle_.late);
    RC_ASSERT(set_.counts().dropped == oracle_.dropped);
    RC_ASSERT(set_.counts().open == 0u);
    if constexpr (requires { set_.keys(); }) {
      RC_ASSERT(set_.keys() == 0u);
    }
    RC_ASSERT(set_.output_watermark() == end_of_time);
  }

 private:
  void tell_time() {
    set_.on_time(now_, out_);
    oracle_.on_time(now_);
  }
  bool fire(std::size_t at_most) {
    const std::size_t before = out_.all.size();
    const bool more = set_.fire_due(at_most, out_);
    RC_ASSERT(out_.all.size() - before <= at_most);
    promise();
    return more;
  }
  // Checks that results keep earlier promises, and that promises never go back.
  void promise() {
    for (; checked_ < out_.times.size(); ++checked_) {
      RC_ASSERT(out_.times[checked_] >= promised_);
    }
    RC_ASSERT(set_.output_watermark() >= promised_);
    promised_ = set_.output_watermark();
  }

  Set set_;
  Oracle<A> oracle_;
  Outputs<A> out_;
  std::int64_t base_;  // records have times around this
  std::int64_t now_ = 1000;
  std::int64_t promised_ = no_time;
  std::size_t checked_ = 0;
};

template <class A, template <class, class> class Windows>
using SetOf = WindowSet<int, int, A, Windows<A, int>>;

template <class A, class Set, class MakeSettings>
void expect_as_defined(int cases, MakeSettings settings) {
  expect_property("windows as defined", cases, [settings] {
    Comparison<A, Set> comparison(settings(),
                                  *rc::gen::element<std::int64_t>(0, -20, 1'700'000'000'000'000'000,
                                                                  -1'000'000'000'000'000'003));
    int id = 1;
    for (const Event& event :
         *rc::gen::scale(1.5, rc::gen::container<std::vector<Event>>(any_event()))) {
      comparison.on(event, id++);
    }
    comparison.end(*rc::gen::inRange<std::size_t>(1, 5));
  });
}

template <class A, template <class, class> class Windows>
void expect_as_defined(WindowKind kind, int cases) {
  expect_as_defined<A, SetOf<A, Windows>>(cases, [kind] { return any_settings(kind); });
}

WindowSettings aligned_settings() {
  WindowSettings s = any_settings(WindowKind::range);
  s.slide_ns = s.range_ns;
  s.spread_by_key = false;
  s.early_every_ns = 0;
  return s;
}

TEST(WindowProperty, AlignedWindowsListTheirRecordsInOrderAsDefined) {
  expect_as_defined<List, AlignedSet<int, int, List>>(4000, aligned_settings);
}
TEST(WindowProperty, AlignedWindowsSumAsDefined) {
  expect_as_defined<Sum, AlignedSet<int, int, Sum>>(1500, aligned_settings);
}
WindowSettings sliced_settings() {
  WindowSettings s = any_settings(WindowKind::range);
  s.spread_by_key = false;
  s.early_every_ns = 0;
  return s;
}

TEST(WindowProperty, SlicedWindowsListTheirRecordsInOrderAsDefined) {
  expect_as_defined<List, SlicedSet<int, int, List>>(4000, sliced_settings);
}
TEST(WindowProperty, SlicedWindowsSumAsDefined) {
  expect_as_defined<Sum, SlicedSet<int, int, Sum>>(1500, sliced_settings);
}
TEST(WindowProperty, SlicedWindowsThatAreNotTheSameForAllKeysAreAsDefined) {
  expect_as_defined<List, SlicedSet<int, int, List>>(
      1500, [] { return any_settings(WindowKind::range); });
}
TEST(WindowProperty, RangeWindowsListTheirRecordsInOrderAsDefined) {
  expect_as_defined<List, PaneWindows>(WindowKind::range, 4000);
}
template <class Set>
void expect_many_parts_as_defined() {
  expect_property("windows of many parts as defined", 2000, [] {
    Comparison<List, Set> comparison(dense_settings(), 0);
    int id = 1;
    for (const Event& event :
         *rc::gen::scale(2, rc::gen::container<std::vector<Event>>(dense_event()))) {
      comparison.on(event, id++);
    }
    comparison.end(3);
  });
}
TEST(WindowProperty, WindowsOfManyPartsListTheirRecordsInOrderAsDefined) {
  expect_many_parts_as_defined<SetOf<List, PaneWindows>>();
}
TEST(WindowProperty, SlicedWindowsOfManyPartsListTheirRecordsInOrderAsDefined) {
  expect_many_parts_as_defined<SlicedSet<int, int, List>>();
}
TEST(WindowProperty, RangeWindowsSumAsDefined) {
  expect_as_defined<Sum, PaneWindows>(WindowKind::range, 1500);
}
TEST(WindowProperty, SessionsListTheirRecordsInOrderAsDefined) {
  expect_as_defined<List, SessionWindows>(WindowKind::session, 2500);
}
TEST(WindowProperty, SessionsSumAsDefined) {
  expect_as_defined<Sum, SessionWindows>(WindowKind::session, 1000);
}
TEST(WindowProperty, CountWindowsListTheirRecordsInOrderAsDefined) {
  expect_as_defined<List, CountWindows>(WindowKind::count, 2500);
}
TEST(WindowProperty, CountWindowsSumAsDefined) {
  expect_as_defined<Sum, CountWindows>(WindowKind::count, 1000);
}

}  // namespace
}  // namespace wallaroo::internal
