// Sliding windows are saved while panes are open, and go on elsewhere, perhaps kept in another way.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"
#include "window/sliced_set.hpp"
#include "window/window.rig.hpp"

namespace wallaroo::internal {
namespace {

using save_rig::all_groups;
using save_rig::Saves;
using window_rig::List;
using window_rig::Outputs;
using Set = SlicedSet<int, int, List>;

WindowSettings sliding() { return {.range_ns = 30, .slide_ns = 10}; }

// Records and watermarks, the same for the same seed.
class Script {
 public:
  explicit Script(std::uint32_t seed) : random_(seed) {}

  void play(Set& set, Outputs<List>& out, int steps) {
    for (int step = 0; step < steps; ++step) {
      if (random_() % 12 == 0) {
        watermark_ += random_() % 15;
        set.on_watermark(watermark_);
      }
      if (random_() % 6 == 0) {
        set.fire_due(random_() % 5 + 1, out);
      }
      const int key = static_cast<int>(random_() % 5);
      const std::int64_t time = watermark_ + static_cast<std::int64_t>(random_() % 60) - 20;
      set.on_record(hash_key(key), key, time, ++record_, out);
    }
  }
  void end(Set& set, Outputs<List>& out) {
    set.on_watermark(end_of_time);
    while (set.fire_due(3, out)) {
    }
  }

 private:
  std::mt19937 random_;
  std::int64_t watermark_ = 0;
  int record_ = 0;
};

std::vector<Saves> save(Set& set, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Saves> saves;
  for (StatePart* const part : set.parts()) {
    part->begin_save({0, all_groups(), {}});
    save_rig::save_rest(*part, saves.emplace_back(), random);
    saves.back().complete();
  }
  return saves;
}
void restore(Set& set, const std::vector<Saves>& saves, const StageClock::Saved& clock) {
  for (std::size_t part = 0; part < saves.size(); ++part) {
    saves[part].restore(*set.parts()[part], all_groups());
  }
  set.restore(std::span(&clock, 1), 0);
  set.restored();
}

// Returns the outputs of a run that is saved half way and goes on in a set with the second
// settings.
Outputs<List> in_two_halves(std::uint32_t seed, const WindowSettings& first,
                            const WindowSettings& second) {
  Script script(seed);
  Outputs<List> out;
  Set before(first);
  script.play(before, out, 150);
  const std::vector<Saves> saves = save(before, seed);
  Set after(second);
  restore(after, saves, before.saved(0));
  EXPECT_EQ(after.counts().open, before.counts().open);
  script.play(after, out, 150);
  script.end(after, out);
  return out;
}

Outputs<List> in_one_go(std::uint32_t seed) {
  Script script(seed);
  Outputs<List> out;
  Set set(sliding());
  script.play(set, out, 300);
  script.end(set, out);
  return out;
}

TEST(SlicedSetSaving, OpenPanesGoOnWhereTheyWere) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(in_two_halves(seed, sliding(), sliding()).by_key, in_one_go(seed).by_key) << seed;
  }
}

// Preliminary output needs the panes by key. It can be turned on at a restart, and off again.
TEST(SlicedSetSaving, PanesAreTakenOverWhereTheyAreKeptByKey) {
  WindowSettings by_key = sliding();
  by_key.early_every_ns = 1'000'000;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const auto wanted = in_one_go(seed).by_key;
    EXPECT_EQ(in_two_halves(seed, sliding(), by_key).by_key, wanted) << seed;
    EXPECT_EQ(in_two_halves(seed, by_key, sliding()).by_key, wanted) << seed;
  }
}

}  // namespace
}  // namespace wallaroo::internal
