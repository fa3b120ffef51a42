// Workers in one process, with a real etcd and real control connections. Their runs do nothing.
#include "cluster/member/cluster_member.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/etcd/etcd.rig.hpp"

namespace wallaroo::internal::cluster {
namespace {

using namespace std::chrono_literals;

struct Seen {
  std::uint64_t running = 0;  ///< the generation whose run reads its sources; 0: none
  std::uint64_t leads = 0;    ///< the generation whose checkpoints it takes; 0: none
  std::size_t members = 0;    ///< in the last order to restore
  std::size_t stops = 0;
  std::map<std::size_t, std::string> saved;  ///< by member
  std::vector<std::uint64_t> begun;          ///< checkpoints
  std::vector<std::string> abandoned;
  std::optional<AgentEnd> end;
};

/// The numbers of checkpoints that all workers see.
struct Numbers {
  std::mutex mutex;
  std::uint64_t last = 0;
  std::uint64_t next() {
    const std::lock_guard lock(mutex);
    return ++last;
  }
};

class TestWorker final : public GenerationWork {
 public:
  TestWorker(Numbers& numbers, const MemberSetup& setup)
      : numbers_(numbers), member_(setup, *this) {
    member_.start();
  }
  ~TestWorker() override { member_.stop(); }

  template <class Holds>
  bool wait(Holds holds, std::chrono::milliseconds most = 15s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [&] { return holds(seen_); });
  }
  Seen seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  ClusterMember& member() { return member_; }

 private:
  template <class Change>
  void note(Change change) {
    const std::lock_guard lock(mutex_);
    change(seen_);
    changed_.notify_all();
  }
  void choose(std::uint64_t g) override {
    member_.post([g, n = numbers_.next()](Agent& agent) { agent.on_chosen(g, n + 1, n - 1); });
  }
  void lead(std::uint64_t g) override {
    note([&](Seen& seen) { seen.leads = g; });
    member_.tell_members(g, control::Begin{7, false, {}});
  }
  void abandon(std::uint64_t) override {
    note([](Seen& seen) { seen.leads = 0; });
  }
  void reported(std::uint64_t, std::size_t from, const control::Message& message) override {
    if (const auto* saved = std::get_if<control::Saved>(&message)) {
      note([&](Seen& seen) { seen.saved[from] = saved->part; });
    }
  }
  void load(std::uint64_t g, const control::Restore& restore) override {
    note([&](Seen& seen) { seen.members = restore.members.size(); });
    member_.post([g](Agent& agent) { agent.on_loaded(g); });
  }
  void start(std::uint64_t g) override {
    note([&](Seen& seen) { seen.running = g; });
  }
  void stop(std::uint64_t) override {
    note([](Seen& seen) {
      seen.running = 0;
      ++seen.stops;
    });
  }
  void ordered(std::uint64_t g, const control::Message& message) override {
    if (const auto* begin = std::get_if<control::Begin>(&message)) {
      note([&](Seen& seen) { seen.begun.push_back(begin->n); });
      member_.tell_leader(g, control::Saved{begin->n, member_.address()});
    }
  }
  void take_link(const link::Hello&, link::Introduced) override {}
  void ended(const AgentEnd& end) override {
    note([&](Seen& seen) { seen.end = end; });
  }

  Numbers& numbers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
  ClusterMember member_;
};

class ClusterMembers : public testing::Test {
 protected:
  void SetUp() override {
    if (!rig::Etcd::is_installed()) {
      GTEST_SKIP() << "etcd is not installed";
    }
    etcd = std::make_unique<rig::Etcd>();
  }
  MemberSetup setup(const std::string& name) const {
    MemberSetup setup;
    AgentConfig& config = setup.agent;
    config.membership.prefix = prefix_of("members");
    config.membership.self.id.worker = name;
    config.membership.self.executors = 2;
    config.membership.self.fingerprint = "7";
    config.membership.shared = {std::string(32, 'a'), "members", "7", 8, "shared", 0};
    config.generation.prefix = config.membership.prefix;
    config.generation.groups = 8;
    config.generation.expect = 3;
    config.lease_s = 10;
    setup.etcd.endpoints = {{"127.0.0.1", etcd->port()}};
    setup.fingerprint = 7;
    setup.token = "secret";
    return setup;
  }
  void start_three() {
    for (const char* const name : {"a", "b", "c"}) {
      workers[name] = std::make_unique<TestWorker>(numbers, setup(name));
    }
    for (const auto& [name, worker] : workers) {
      ASSERT_TRUE(worker->wait([](const Seen& seen) { return seen.running != 0; })) << name;
    }
  }
  /// Returns the name of the worker that leads.
  std::string leader() {
    for (const auto& [name, worker] : workers) {
      if (worker->seen().leads != 0) {
        return name;
      }
    }
    return "";
  }

  std::unique_ptr<rig::Etcd> etcd;
  Numbers numbers;
  std::map<std::string, std::unique_ptr<TestWorker>> workers;
};

TEST_F(ClusterMembers, BeginAGenerationAndSpeakAboutCheckpoints) {
  start_three();
  TestWorker& leads = *workers.at(leader());
  ASSERT_TRUE(leads.wait([](const Seen& seen) { return seen.saved.size() == 3; }));
  const std::uint64_t generation = leads.seen().leads;
  for (const auto& [name, worker] : workers) {
    const Seen seen = worker->seen();
    EXPECT_EQ(seen.running, generation) << name;
    EXPECT_EQ(seen.members, 3U) << name;
    EXPECT_EQ(seen.begun, std::vector<std::uint64_t>{7}) << name;
  }
  // Each is known by its index in the generation.
  EXPECT_EQ(leads.seen().saved.at(0), workers.at("a")->member().address());
  EXPECT_EQ(leads.seen().saved.at(2), workers.at("c")->member().address());
}

TEST_F(ClusterMembers, GoOnAtOnceWhenAProcessIsGoneMuchEarlierThanItsLease) {
  start_three();
  const std::string dead = leader() == "a" ? "b" : "a";
  workers.erase(dead);
  for (const auto& [name, worker] : workers) {
    ASSERT_TRUE(worker->wait(
        [](const Seen& seen) { return seen.stops == 1 && seen.running != 0 && seen.members == 2; },
        5s))
        << name;
  }
}

TEST_F(ClusterMembers, GoOnAtOnceWhenTheLeaderIsGone) {
  start_three();
  const std::uint64_t generation = workers.begin()->second->seen().running;
  workers.erase(leader());
  for (const auto& [name, worker] : workers) {
    ASSERT_TRUE(worker->wait(
        [&](const Seen& seen) { return seen.running > generation && seen.members == 2; }, 5s))
        << name;
  }
  EXPECT_NE(leader(), "");
}

TEST_F(ClusterMembers, GoBackTogetherWhenARunFails) {
  start_three();
  const std::uint64_t generation = workers.at("a")->seen().running;
  workers.at("c")->member().post(
      [generation](Agent& agent) { agent.on_run_failed(generation, "a link was lost"); });
  for (const auto& [name, worker] : workers) {
    ASSERT_TRUE(worker->wait([&](const Seen& seen) {
      return seen.running > generation && seen.members == 3 && seen.stops == 1;
    })) << name;
  }
}

TEST_F(ClusterMembers, EndWhenTheJobHasEnded) {
  start_three();
  TestWorker& leads = *workers.at(leader());
  leads.member().post([g = leads.seen().leads](Agent& agent) { agent.on_finished(g); });
  for (const auto& [name, worker] : workers) {
    ASSERT_TRUE(worker->wait([](const Seen& seen) { return seen.end.has_value(); })) << name;
    EXPECT_EQ(worker->seen().end->why, AgentEnd::Why::job_ended) << name;
  }
}

TEST_F(ClusterMembers, DoNotTalkToWhoHasAnotherToken) {
  for (const char* const name : {"a", "b"}) {
    MemberSetup one = setup(name);
    one.agent.generation.expect = 2;
    one.token = name;
    workers[name] = std::make_unique<TestWorker>(numbers, one);
  }
  // The leader hears itself, and nobody else.
  const auto told = [&] {
    return (workers["a"]->seen().members != 0 ? 1 : 0) +
           (workers["b"]->seen().members != 0 ? 1 : 0);
  };
  for (int i = 0; i != 100 && told() == 0; ++i) {
    std::this_thread::sleep_for(50ms);
  }
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(told(), 1);
  EXPECT_EQ(workers["a"]->seen().running, 0U);
  EXPECT_EQ(workers["b"]->seen().running, 0U);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
