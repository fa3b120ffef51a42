// Sends the records of several producers batch by batch to windows without keys, by themselves and
// as partials, and compares both with windows by definition.
#include <cstddef>
#include <cstdint>
#include <exception>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "state/property.rig.hpp"
#include "window/batch_panes.hpp"
#include "window/gathered.hpp"
#include "window/oracle_stage.rig.hpp"
#include "window/range_set.hpp"

namespace wallaroo::internal {
namespace {

using property_rig::expect_property;
using window_rig::List;
using window_rig::Oracle;
using window_rig::Outputs;
using window_rig::Sum;

constexpr int the_key = 5;

/// Counts gathered records, as the stage of the windows does.
template <class A>
struct Gathering : A {
  using Acc = AccumulatorOf<A>;
  void update(const Gathered<int, Acc>& gathered, Acc& accumulator) const {
    if (const auto* const partial = gathered.partial()) {
      accumulator = A::combine(accumulator, partial->accumulator);
    } else {
      A::update(gathered.record(), accumulator);
    }
  }
};

template <class A>
struct Results : Outputs<A> {
  void late(std::uint64_t, int, std::int64_t, const Gathered<int, AccumulatorOf<A>>&) {
    ADD_FAILURE() << "the policy is to drop late records";
  }
};

struct Event {
  enum class Kind { batch, watermark, time, fire } kind;
  std::vector<std::int64_t> times;  // of a batch, relative to the watermark
  std::int64_t by;                  // of the others
};

void showValue(const Event& event, std::ostream& out) {
  constexpr const char* names[] = {"batch", "watermark", "time", "fire"};
  out << names[static_cast<int>(event.kind)] << " by " << event.by << ":";
  for (const std::int64_t time : event.times) {
    out << " " << time;
  }
}

rc::Gen<Event> any_event() {
  using Kind = Event::Kind;
  return rc::gen::exec([] {
    const Kind kind = *rc::gen::weightedElement<Kind>(
        {{8, Kind::batch}, {4, Kind::watermark}, {2, Kind::time}, {2, Kind::fire}});
    Event event{kind, {}, 0};
    if (kind == Kind::batch) {
      event.times = *rc::gen::container<std::vector<std::int64_t>>(rc::gen::oneOf(
          rc::gen::inRange<std::int64_t>(-40, 60), rc::gen::inRange<std::int64_t>(-10, 3)));
    } else {
      event.by = *rc::gen::inRange<std::int64_t>(0, kind == Kind::watermark ? 25 : 12);
    }
    return event;
  });
}

WindowSettings any_settings() {
  WindowSettings s;
  s.range_ns = *rc::gen::inRange<std::int64_t>(1, 40);
  s.slide_ns =
      *rc::gen::arbitrary<bool>() ? s.range_ns : *rc::gen::inRange<std::int64_t>(1, s.range_ns + 1);
  s.delay_ns = *rc::gen::element<std::int64_t>(0, 0, 1, 7, 30);
  s.spread_by_key = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    s.timeout_ns = *rc::gen::inRange<std::int64_t>(1, 30);
  }
  s.early_every_ns = *rc::gen::element<std::int64_t>(0, 0, 1, 10);
  check(s, "random");
  return s;
}

/// One way for the records of a batch to get to their windows.
template <class A>
class Stage {
 public:
  using Acc = AccumulatorOf<A>;

  Stage(const WindowSettings& settings, bool partials)
      : partials_(partials),
        panes_(settings, hash_key(the_key), A()),
        set_(settings, Gathering<A>()) {}

  void batch(const std::vector<std::int64_t>& times, int first_id) {
    int id = first_id;
    for (const std::int64_t time_ns : times) {
      if (partials_) {
        if (panes_.full()) {
          send();
        }
        panes_.go_to(time_ns);
        panes_.add(time_ns, id++);
      } else {
        set_.on_record(hash_key(the_key), the_key, time_ns, {id++}, out);
      }
    }
    send();
  }
  void watermark(std::int64_t watermark_ns) { set_.on_watermark(watermark_ns); }
  void time(std::int64_t now_ns) { set_.on_time(now_ns, out); }
  bool fire(std::size_t at_most) { return set_.fire_due(at_most, out); }
  const WindowCounts& counts() const { return set_.counts(); }

  Results<A> out;

 private:
  void send() {
    panes_.take([&](Partial<Acc>&& partial) {
      const std::int64_t time_ns = partial.newest_ns;
      set_.on_record(hash_key(the_key), the_key, time_ns, {std::move(partial)}, out);
    });
  }

  bool partials_;
  BatchPanes<A> panes_;
  RangeSet<int, Gathered<int, Acc>, Gathering<A>> set_;
};

template <class A>
class Comparison {
 public:
  Comparison(const WindowSettings& settings, std::int64_t start)
      : alone_(settings, false), partials_(settings, true), oracle_(settings), base_(start) {
    time();
  }

  void on(const Event& event) {
    const auto by = static_cast<std::size_t>(event.by);
    switch (event.kind) {
      case Event::Kind::batch:
        batch(event.times);
        break;
      case Event::Kind::watermark:
        watermark(base_ += event.by);
        break;
      case Event::Kind::time:
        now_ += event.by;
        time();
        break;
      case Event::Kind::fire:
        alone_.fire(by);
        partials_.fire(by);
        break;
    }
  }

  void end() {
    watermark(end_of_time);
    while (alone_.fire(2)) {
    }
    while (partials_.fire(2)) {
    }
    RC_ASSERT(partials_.out.by_key == oracle_.by_key);
    RC_ASSERT(partials_.out.all == alone_.out.all);
    RC_ASSERT(partials_.out.times == alone_.out.times);
    RC_ASSERT(partials_.counts().late == oracle_.late);
    RC_ASSERT(partials_.counts().dropped == oracle_.dropped);
    RC_ASSERT(partials_.counts().fired == alone_.counts().fired);
    RC_ASSERT(partials_.counts().early == alone_.counts().early);
    RC_ASSERT(partials_.counts().open == 0u);
  }

 private:
  void batch(std::vector<std::int64_t> times) {
    for (std::int64_t& time_ns : times) {
      time_ns += base_;
    }
    alone_.batch(times, next_id_);
    partials_.batch(times, next_id_);
    for (const std::int64_t time_ns : times) {
      oracle_.on_record(the_key, time_ns, next_id_++);
    }
  }
  void watermark(std::int64_t watermark_ns) {
    alone_.watermark(watermark_ns);
    partials_.watermark(watermark_ns);
    oracle_.on_watermark(watermark_ns);
  }
  void time() {
    alone_.time(now_);
    partials_.time(now_);
    oracle_.on_time(now_);
  }

  Stage<A> alone_;
  Stage<A> partials_;
  Oracle<A> oracle_;
  std::int64_t base_;
  std::int64_t now_ = 1000;
  int next_id_ = 1;
};

template <class A>
void expect_same(int cases) {
  expect_property("partials stand for their records", cases, [] {
    Comparison<A> comparison(any_settings(),
                             *rc::gen::element<std::int64_t>(0, -20, 1'700'000'000'000'000'000));
    for (const Event& event : *rc::gen::container<std::vector<Event>>(any_event())) {
      comparison.on(event);
    }
    comparison.end();
  });
}

TEST(GatheredProperty, PartialsOfListsGiveTheSameResultsAtTheSameFirings) {
  expect_same<List>(3000);
}
TEST(GatheredProperty, PartialsOfSumsGiveTheSameResultsAtTheSameFirings) { expect_same<Sum>(1000); }

}  // namespace
}  // namespace wallaroo::internal
