// Runs of records counted in tables of panes, against a std::map.
#include "window/pane_tables.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "state/save.rig.hpp"

namespace wallaroo::internal {
namespace {

constexpr std::int64_t length_ns = 1000;

struct Sum {
  std::uint64_t initial_accumulator() const { return 0; }
  void update(std::uint64_t value, std::uint64_t& sum) const {
    if (value == refused) {
      throw std::runtime_error("refused");
    }
    sum += value;
  }
  static constexpr std::uint64_t refused = 0;
};

struct Record {
  std::uint64_t key;
  std::int64_t time_ns;
  std::uint64_t value;
};

using Tables = PaneTables<std::uint64_t, std::uint64_t>;
using Model = std::map<std::pair<std::int64_t, std::uint64_t>, std::uint64_t>;

/// Counts records as a stage does: in runs, with those between them that runs leave out.
class Rig {
 public:
  explicit Rig(bool fetches) : fetches_(fetches) {}

  void count(std::span<const Record> records) {
    for (std::size_t at = 0; at < records.size(); at += RecordRun::longest) {
      const std::size_t left = records.size() - at;
      count_run(records.subspan(at, std::min(left, RecordRun::longest)));
    }
  }
  Model contents() {
    Model contents;
    for (auto& [start, table] : tables.open()) {
      for (const auto& [key, sum] : table->table()) {
        contents[{start, key}] = sum;
      }
    }
    return contents;
  }

  Tables tables{"panes", length_ns};
  Model model;
  std::uint64_t in_runs = 0;        ///< records that runs have counted
  std::uint64_t first_of_keys = 0;  ///< records that were the first of their key in a pane
  std::int64_t newest = no_time;

 private:
  void count_run(std::span<const Record> records) {
    std::array<std::uint64_t, RecordRun::longest> hashes;
    for (std::size_t i = 0; i < records.size(); ++i) {
      hashes[i] = hash_key(records[i].key);
    }
    if (fetches_) {
      tables.fetch(std::span(hashes).first(records.size()));
    }
    const auto arrival = [&](std::size_t i) {
      const Record& record = records[i];
      return std::tuple(hashes[i], record.key, record.time_ns, record.value);
    };
    RecordRun run{records.size()};
    run.newest = newest;
    while (run.done != run.size) {
      const std::size_t before = run.done;
      try {
        tables.update_current(run, arrival, Sum());
      } catch (const std::runtime_error&) {
        EXPECT_EQ(records[run.done].value, Sum::refused);
        note(records.subspan(before, run.done - before));
        ++run.done;
        continue;
      }
      note(records.subspan(before, run.done - before));
      if (run.done != run.size) {
        tables.forget_fetched();
        count_alone(records[run.done++]);
      }
    }
    newest = run.newest;
    first_of_keys += run.first;
    tables.forget_fetched();
  }
  void note(std::span<const Record> counted) {
    for (const Record& record : counted) {
      model[{record.time_ns / length_ns * length_ns, record.key}] += record.value;
      ++in_runs;
    }
  }
  void count_alone(const Record& record) {
    const std::int64_t start = record.time_ns / length_ns * length_ns;
    try {
      first_of_keys +=
          tables.update(start, hash_key(record.key), record.key, Sum(), record.value) ? 1 : 0;
      model[{start, record.key}] += record.value;
    } catch (const std::runtime_error&) {
    }
  }

  const bool fetches_;
};

std::vector<Record> random_records(std::size_t count, std::uint64_t keys, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Record> records(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::int64_t>(i / 200 * 10 + random() % 30);
    records[i] = {random() % keys, place, random() % 50};
  }
  return records;
}

class RunsInPanes : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(WithAndWithoutFetching, RunsInPanes, testing::Bool());

// One record in fifty is refused, and panes change at times, so that runs are left in all ways.
// Among 20,000 keys many have the bits of another one's hash, and nearly two thirds of the records
// are the first of their key in a pane, so that tables grow in the middle of runs.
TEST_P(RunsInPanes, CountWhatRecordsOneByOneWould) {
  for (const std::uint64_t keys : {1U, 30U, 20'000U}) {
    Rig rig(GetParam());
    const auto records = random_records(60'000, keys, 7);
    rig.count(records);
    EXPECT_EQ(rig.contents(), rig.model) << keys << " keys";
    EXPECT_EQ(rig.first_of_keys, rig.model.size()) << keys << " keys";
    EXPECT_GT(rig.in_runs, records.size() * 9 / 10) << keys << " keys";
  }
}

TEST_P(RunsInPanes, KnowTheLatestTimeOfTheRecordsThatTheyCounted) {
  Rig rig(GetParam());
  rig.count(std::vector<Record>{{1, 5, 1}, {1, 40, 1}, {1, 20, 1}, {1, 90, Sum::refused}});
  EXPECT_EQ(rig.newest, 40);
}

// While a save goes on, runs change entries that were not saved yet.
TEST_P(RunsInPanes, DoNotChangeWhatASaveThatHasBegunHolds) {
  Rig rig(GetParam());
  const auto records = random_records(4'000, 300, 8);
  rig.count(records);
  const Model as_of = rig.contents();
  save_rig::Saves saves;
  rig.tables.begin_save({0, save_rig::all_groups(), {}});
  std::size_t budget = 100;
  ASSERT_TRUE(rig.tables.save_some(budget, saves));
  rig.count(records);
  EXPECT_EQ(rig.contents(), rig.model);
  EXPECT_NE(rig.model, as_of);
  std::mt19937 random(9);
  save_rig::save_rest(rig.tables, saves, random);
  saves.complete();
  Rig restored(false);
  saves.restore(restored.tables, save_rig::all_groups());
  EXPECT_EQ(restored.contents(), as_of);
  // Of a checkpoint with fewer groups each of two executors takes its keys.
  KeyGroups lower;
  for (std::size_t group = 0; group < key_group_count / 2; ++group) {
    lower.set(group);
  }
  Rig one(false);
  Rig other(false);
  saves.restore_from_fewer(32, one.tables, lower);
  saves.restore_from_fewer(32, other.tables, ~lower);
  Model both = one.contents();
  EXPECT_LT(both.size(), as_of.size());
  both.merge(other.contents());
  EXPECT_EQ(both, as_of);
}

// The first change after a save must be noticed, or the next one would leave it out.
TEST_P(RunsInPanes, ChangesAfterASaveAreInTheNextOne) {
  Rig rig(GetParam());
  const auto records = random_records(1'000, 30, 10);
  rig.count(records);
  save_rig::Saves saves;
  std::mt19937 random(11);
  for (int save = 0; save < 3; ++save) {
    rig.tables.begin_save({0, save_rig::all_groups(), {}});
    save_rig::save_rest(rig.tables, saves, random);
    saves.complete();
    Rig restored(false);
    saves.restore(restored.tables, save_rig::all_groups());
    ASSERT_EQ(restored.contents(), rig.model) << "save " << save;
    rig.count(records);
  }
}

}  // namespace
}  // namespace wallaroo::internal
