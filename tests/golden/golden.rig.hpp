// Runs an application on some number of threads and collects what reaches its sinks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/wallaroo.hpp>

namespace golden {

/// A sink that keeps its records, in the order in which they come.
template <class T>
class Collected {
 public:
  auto sink() const {
    return wallaroo::callback_sink([all = all_](const T& record) { all->push_back(record); });
  }
  const std::vector<T>& records() const { return *all_; }
  std::vector<T> sorted() const {
    std::vector<T> copy = *all_;
    std::sort(copy.begin(), copy.end());
    return copy;
  }

 private:
  std::shared_ptr<std::vector<T>> all_ = std::make_shared<std::vector<T>>();
};

template <class T>
std::vector<T> sorted(std::vector<T> records) {
  std::sort(records.begin(), records.end());
  return records;
}

/// Far longer than any of these runs takes: only a run that hangs reaches it.
inline constexpr std::chrono::seconds patience{120};

inline wallaroo::Outcome run(const wallaroo::Application& app, int threads) {
  wallaroo::Engine engine(app, {.threads = threads});
  engine.start();
  const auto outcome = engine.wait_for(patience);
  if (!outcome) {
    ADD_FAILURE() << "the application hangs on " << threads << " threads";
    return {false, "hangs"};
  }
  return *outcome;
}

inline void run_well(const wallaroo::Application& app, int threads) {
  const wallaroo::Outcome outcome = run(app, threads);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

/// A record that says where it came from, so that its order can be checked at the end.
struct Event {
  int key = 0;
  int partition = 0;
  std::uint64_t position = 0;  ///< grows along the partition
  std::int64_t value = 0;

  auto operator<=>(const Event&) const = default;
};

inline constexpr int partitions = 3;

/// Event i of a source that deals to its partitions in turn.
inline Event event(std::uint64_t index) {
  return {static_cast<int>(index * 7919 % 101), static_cast<int>(index % partitions), index,
          static_cast<std::int64_t>(index % 13)};
}
inline std::vector<Event> events(std::uint64_t count) {
  std::vector<Event> all;
  for (std::uint64_t i = 0; i < count; ++i) {
    all.push_back(event(i));
  }
  return all;
}
inline auto event_source(std::uint64_t count) {
  return wallaroo::generator_source({.count = count, .partitions = partitions}, event);
}

/// Records of one key from one partition never overtake each other.
template <class Records, class KeyOf>
void expect_order_per_key(const Records& records, KeyOf key_of) {
  std::map<std::pair<std::int64_t, int>, std::uint64_t> last;
  for (const auto& record : records) {
    const auto [found, is_new] = last.emplace(
        std::pair<std::int64_t, int>(key_of(record), record.partition), record.position);
    ASSERT_TRUE(is_new || found->second < record.position)
        << "key " << key_of(record) << ": position " << record.position << " after "
        << found->second;
    found->second = record.position;
  }
}

/// Every test runs on each number of threads; pipelines.test.cpp says on which.
class Golden : public testing::TestWithParam<int> {
 protected:
  int threads() const { return GetParam(); }
};

}  // namespace golden
