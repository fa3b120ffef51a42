// Timers and expiring state, with records in any order and in any batches.
#include "step/steps/timed_state_step.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "state/property.rig.hpp"
#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using property_rig::expect_property;
using testing_support::stage_id;
using testing_support::Surroundings;

constexpr std::int64_t duration_ns = 30;

struct Event {
  enum class Kind { record, watermark, fire } kind;
  int key = 0;
  std::int64_t time = 0;  ///< of the record, or how far the watermark goes
  /// The timers that the record sets, each as its distance from the record's time.
  std::vector<std::int64_t> timers = {};
};
void showValue(const Event& event, std::ostream& out) {
  constexpr const char* names[] = {"record", "watermark", "fire"};
  out << names[static_cast<int>(event.kind)] << " key " << event.key << " at " << event.time
      << fmt::format(", {} timers", event.timers.size());
}

std::int64_t ns_of(EventTime time) { return time.time_since_epoch().count(); }

/// Emits how often the state was used since it began. Every third use by a timer sets another
/// timer.
struct Uses {
  int count = 0;
};
constexpr std::int64_t again_ns = 7;
bool sets_another(int count) { return count % 3 == 0; }
std::string text_of_record(std::int64_t time, int count) {
  return fmt::format("record {}: {}", time, count);
}
std::string text_of_timer(std::int64_t id, std::int64_t due, int count) {
  return fmt::format("timer {} {}: {}", id, due, count);
}

struct CountUses {
  void operator()(const Event& event, Uses& uses, Timers& timers, Emitter<std::string>& emit) {
    emit(text_of_record(event.time, ++uses.count));
    for (std::size_t id = 0; id < event.timers.size(); ++id) {
      timers.at(timers.event_time() + std::chrono::nanoseconds(event.timers[id]), id);
    }
  }
  void on_timer(const int&, Uses& uses, const Timer& timer, Timers& timers,
                Emitter<std::string>& emit) {
    EXPECT_EQ(timers.event_time(), timer.due);
    emit(text_of_timer(static_cast<std::int64_t>(timer.id), ns_of(timer.due), ++uses.count));
    if (sets_another(uses.count)) {
      timers.at(timers.event_time() + std::chrono::nanoseconds(again_ns), timer.id);
    }
  }
};

using ByKey = std::map<int, std::vector<std::string>>;

/// The stage under test.
class Stage {
 public:
  /// `at_once` is the number of timers that may fire before records of a batch wait.
  explicit Stage(std::size_t at_once = 4096) : at_once_(at_once) {}

  void begin_batch() { step_.begin_batch(context_); }
  bool waiting() const { return step_.waiting(); }
  void record(const Event& event) {
    // A watermark ends its batch, and the task gives no other batch while records wait.
    while (waiting() && in_ != met_) {
      fire();
    }
    met_ = in_;
    step_.apply<Pass::plain>(context_, tally_,
                             At<KeyRef<const int&>>{{hash_key(event.key), event.key}, event.time},
                             event, next_);
  }
  void watermark(std::int64_t time) { pass({time, false}); }
  /// Fires what is due, or a part of it when that is much. Returns true when more is left.
  bool fire() {
    if (!step_.pending()) {
      return false;
    }
    const bool more = step_.fire(context_, tally_, next_);
    pass(in_);
    return more || step_.pending();
  }

  ByKey outputs;

 private:
  using Step = TimedStateStep<StoredFunction<CountUses>, Event, int, true>;
  struct Next {
    Stage* stage;
    void operator()(const At<KeyRef<const int&>>& key_time, std::string&& text) {
      stage->outputs[key_time.key.key].push_back(std::move(text));
    }
  };

  void pass(Watermark in) {
    in_ = in;
    const Watermark out = step_.set_watermark(in);
    ASSERT_GE(out.time_ns, out_) << "watermarks never go back";
    out_ = out.time_ns;
  }

  Surroundings surroundings_{{}};
  SegmentContext segment_ = surroundings_.context();
  ChainContext context_{segment_};
  std::size_t at_once_;
  Step step_{
      typename Step::Spec{
          stage_id, {CountUses{}}, {duration_ns, ExpiryTime::event_time}, std::nullopt, at_once_},
      segment_};
  Next next_{this};
  std::uint64_t tally_ = 0;
  Watermark in_;
  Watermark met_;
  std::int64_t out_ = no_time;
};

/// The rules of docs/guide/timers.md, without queues, without freeing memory, and without slices.
class Oracle {
 public:
  void record(const Event& event) {
    fire(event.key);
    const int count = use(event.key, event.time, watermark_);
    outputs[event.key].push_back(text_of_record(event.time, count));
    for (std::size_t id = 0; id < event.timers.size(); ++id) {
      keys_[event.key].timers[static_cast<std::int64_t>(id)] = event.time + event.timers[id];
    }
    fire(event.key);
  }
  void watermark(std::int64_t time) {
    watermark_ = std::max(watermark_, time);
    for (const auto& each : keys_) {
      fire(each.first);
    }
  }

  ByKey outputs;

 private:
  struct Of {
    int count = 0;
    std::int64_t last = no_time;
    std::map<std::int64_t, std::int64_t> timers = {};  ///< by id
  };

  int use(int key, std::int64_t time, std::int64_t as_of) {
    Of& of = keys_[key];
    if (of.last == no_time || of.last + duration_ns <= as_of) {
      of.count = 0;
      of.last = time;
    }
    of.last = std::max(of.last, time);
    return ++of.count;
  }
  void fire(int key) {
    auto& timers = keys_[key].timers;
    for (;;) {
      const auto first =
          std::min_element(timers.begin(), timers.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      if (first == timers.end() || first->second > watermark_) {
        return;
      }
      const auto [id, due] = *first;
      timers.erase(first);
      const int count = use(key, due, due);
      outputs[key].push_back(text_of_timer(id, due, count));
      if (sets_another(count) && watermark_ != end_of_time) {
        timers[id] = due + again_ns;
      }
    }
  }

  std::map<int, Of> keys_;
  std::int64_t watermark_ = no_time;
};

rc::Gen<Event> any_event() {
  return rc::gen::exec([] {
    Event event{*rc::gen::weightedElement<Event::Kind>(
        {{8, Event::Kind::record}, {3, Event::Kind::watermark}, {3, Event::Kind::fire}})};
    event.key = *rc::gen::inRange(0, 3);
    event.time = event.kind == Event::Kind::record
                     ? *rc::gen::inRange<std::int64_t>(-3 * duration_ns, duration_ns)
                     : *rc::gen::element<std::int64_t>(0, 1, 5, 20, 50);
    const auto timers = *rc::gen::inRange<std::size_t>(0, 3);
    event.timers = *rc::gen::container<std::vector<std::int64_t>>(
        timers, rc::gen::inRange<std::int64_t>(-duration_ns, 2 * duration_ns));
    return event;
  });
}

TEST(TimedState, WhatACallFindsFollowsFromTheRecordsAndTheWatermarksTheyMeet) {
  expect_property("timers and expiry", 3000, [] {
    Stage stage(*rc::gen::element<std::size_t>(0, 1, 3, 4096));
    Oracle oracle;
    std::int64_t watermark = 1000;
    for (Event event : *rc::gen::container<std::vector<Event>>(any_event())) {
      switch (event.kind) {
        case Event::Kind::record:
          event.time += watermark;
          stage.record(event);
          oracle.record(event);
          break;
        case Event::Kind::watermark:
          watermark += event.time;
          stage.watermark(watermark);
          oracle.watermark(watermark);
          break;
        case Event::Kind::fire:
          stage.fire();
          stage.begin_batch();
          break;
      }
    }
    while (stage.waiting()) {
      stage.fire();
    }
    stage.watermark(end_of_time);
    oracle.watermark(end_of_time);
    while (stage.fire()) {
    }
    RC_ASSERT(stage.outputs == oracle.outputs);
  });
}

// Times leap so far that it makes no difference which records of a leap the watermark includes: the
// same records are late, due and expired. Keys below 10 come in every second leap, the others are
// late by one and a half leaps.
std::vector<Event> leaping_records(std::mt19937& random) {
  constexpr std::int64_t leap = 100'000;
  std::vector<Event> records;
  for (std::int64_t epoch = 0; epoch < 6; ++epoch) {
    for (int i = 0; i < 60; ++i) {
      Event event{Event::Kind::record};
      const bool late = epoch > 2 && random() % 4 == 0;
      event.key = static_cast<int>(late ? 10 + random() % 3 : random() % 5 + epoch % 2 * 5);
      event.time =
          epoch * leap + static_cast<std::int64_t>(random() % 8) - (late ? leap / 2 * 3 : 0);
      for (std::size_t timers = random() % 3; timers > 0; --timers) {
        event.timers.push_back(10 + static_cast<std::int64_t>(random() % (2 * duration_ns)));
      }
      records.push_back(std::move(event));
    }
  }
  return records;
}

ByKey run_in_batches(const std::vector<Event>& records, std::size_t most, std::mt19937& random) {
  Stage stage;
  std::int64_t watermark = no_time;
  for (std::size_t next = 0; next < records.size();) {
    for (std::size_t left = random() % most + 1; left > 0 && next < records.size(); --left) {
      watermark = std::max(watermark, records[next].time);
      stage.record(records[next++]);
    }
    stage.watermark(watermark);
    for (auto slices = random() % 3; slices > 0; --slices) {
      stage.fire();
    }
  }
  stage.watermark(end_of_time);
  while (stage.fire()) {
  }
  return std::move(stage.outputs);
}

TEST(TimedState, LateRecordsFindTheSameHoweverTheyWereBatched) {
  for (std::uint32_t seed = 0; seed < 50 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const auto records = leaping_records(random);
    const ByKey one_by_one = run_in_batches(records, 1, random);
    for (const std::size_t most : {2, 7, 50}) {
      EXPECT_EQ(run_in_batches(records, most, random), one_by_one);
    }
  }
}

}  // namespace
}  // namespace wallaroo::internal
