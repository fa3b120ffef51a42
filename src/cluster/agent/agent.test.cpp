// Agents of several workers on a real etcd, and what they do when one of them or etcd fails.
#include "cluster/agent/agent.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cluster/agent/workers.rig.hpp"
#include "cluster/etcd/etcd.rig.hpp"
#include "cluster/etcd/proxy.rig.hpp"

namespace wallaroo::internal::cluster {
namespace {

using rig::WorkerStatus;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Agents : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (rig::Etcd::is_installed()) {
      etcd = std::make_unique<rig::Etcd>();
    }
  }
  static void TearDownTestSuite() { etcd.reset(); }
  void SetUp() override {
    if (!etcd) {
      GTEST_SKIP() << "there is no etcd; scripts/install-dependencies test installs it";
    }
    setup.cluster = testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override {
    for (auto& worker : workers) {
      worker.reset();
    }
  }

  static EtcdAccess at(unsigned short port) { return {{{"127.0.0.1", port}}, "", ""}; }
  rig::Worker& start(std::size_t i, unsigned short port = 0) {
    workers[i] = std::make_unique<rig::Worker>(town, std::string(1, char('A' + i)),
                                               at(port == 0 ? etcd->port() : port), setup);
    return *workers[i];
  }
  /// Three workers in generation 1.
  void start_three() {
    for (std::size_t i = 0; i != 3; ++i) {
      start(i);
    }
    ASSERT_TRUE(all_run(1));
  }
  /// Whether all workers that there are run the generation, or a later one, in time.
  bool all_run(std::uint64_t generation, milliseconds most = milliseconds(10'000)) {
    for (auto& worker : workers) {
      if (worker &&
          !worker->wait([&](const WorkerStatus& now) { return now.running >= generation; }, most)) {
        return false;
      }
    }
    return true;
  }
  std::size_t leader() {
    std::size_t found = 0;
    for (std::size_t i = 0; i != workers.size(); ++i) {
      if (workers[i] && view().leader && view().leader->id.worker == workers[i]->name()) {
        found = i;
      }
    }
    return found;
  }
  std::size_t follower() { return (leader() + 1) % 3; }
  void kill(std::size_t i, bool silent) {
    workers[i]->die(silent);
    workers[i].reset();
  }
  View view() const {
    const std::string prefix = prefix_of(setup.cluster);
    const auto read =
        std::get<RangeAnswer>(gateway::read_range(etcd->post(gateway::range(prefix))));
    return std::get<View>(read_view(prefix, read.header.revision, read.keys));
  }
  void expect_quiet_in_generation_1(milliseconds time) {
    std::this_thread::sleep_for(time);
    for (auto& worker : workers) {
      EXPECT_EQ(worker->status().running, 1u) << worker->name();
      EXPECT_EQ(worker->status().stops, 0u) << worker->name();
    }
    EXPECT_EQ(view().job->generation, 1u);
  }

  static std::unique_ptr<rig::Etcd> etcd;
  rig::Town town;
  rig::WorkerSetup setup;
  std::array<std::unique_ptr<rig::Worker>, 3> workers;
};
std::unique_ptr<rig::Etcd> Agents::etcd;

TEST_F(Agents, ThatStartTogetherAreOneGeneration) {
  setup.lease_s = 5;
  start_three();
  const View now = view();
  EXPECT_EQ(now.job->generation, 1u);
  EXPECT_EQ(now.job->members.size(), 3u);
  EXPECT_EQ(now.job->phase, JobPhase::running);
  EXPECT_EQ(now.assignment->assignment.executors.size(), 3u);
  EXPECT_EQ(workers[leader()]->status().members, 3u);
  expect_quiet_in_generation_1(milliseconds(1500));
}

TEST_F(Agents, OneThatDiesIsReplacedByANewGenerationBeforeItsLeaseExpires) {
  setup.lease_s = 10;
  start_three();
  const auto begin = steady_clock::now();
  kill(follower(), false);
  ASSERT_TRUE(all_run(2));
  EXPECT_LE(steady_clock::now() - begin, milliseconds(5000));
  EXPECT_EQ(view().job->members.size(), 2u);
}

TEST_F(Agents, ALeaderThatDiesIsReplacedBeforeItsLeaseExpires) {
  setup.lease_s = 10;
  start_three();
  const auto begin = steady_clock::now();
  const std::string dead = workers[leader()]->name();
  kill(leader(), false);
  ASSERT_TRUE(all_run(2));
  EXPECT_LE(steady_clock::now() - begin, milliseconds(5000));
  EXPECT_NE(view().leader->id.worker, dead);
  EXPECT_EQ(view().job->members.size(), 2u);
}

TEST_F(Agents, ALeaderWhoseMachineDiesIsReplacedWhenItsLeaseExpires) {
  start_three();
  const auto begin = steady_clock::now();
  kill(leader(), true);
  ASSERT_TRUE(all_run(2));
  EXPECT_GE(steady_clock::now() - begin, milliseconds(600));
  EXPECT_LE(steady_clock::now() - begin, milliseconds(9000));
  EXPECT_EQ(view().job->members.size(), 2u);
}

TEST_F(Agents, OneThatComesBackUnderItsNameIsTakenInAfterACheckpoint) {
  start_three();
  const std::size_t dead = follower();
  kill(dead, true);
  ASSERT_TRUE(all_run(2));
  start(dead);
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_EQ(workers[dead]->status().running, 0u);
  EXPECT_EQ(view().members.size(), 3u);
  workers[leader()]->complete();
  ASSERT_TRUE(all_run(3));
  EXPECT_EQ(view().job->members.size(), 3u);
}

TEST_F(Agents, OneThatSleepsBeyondItsLeaseStopsAndJoinsAgain) {
  start_three();
  const std::size_t sleeper = follower();
  const std::uint64_t before = workers[sleeper]->status().incarnation;
  workers[sleeper]->sleep(milliseconds(6000));
  const auto others_run = [&](const WorkerStatus& now) { return now.running == 2; };
  ASSERT_TRUE(workers[leader()]->wait(others_run));
  EXPECT_EQ(workers[sleeper]->status().running, 1u) << "it sleeps, and knows nothing";
  ASSERT_TRUE(workers[sleeper]->wait([](const WorkerStatus& now) { return now.stops == 1; }));
  for (int i = 0; i != 100 && view().members.size() != 3; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  workers[leader()]->complete();
  ASSERT_TRUE(all_run(3));
  EXPECT_NE(workers[sleeper]->status().incarnation, before);
}

TEST_F(Agents, ALeaderThatSleepsBeyondItsLeaseStepsDown) {
  start_three();
  const std::size_t sleeper = leader();
  workers[sleeper]->sleep(milliseconds(6000));
  ASSERT_TRUE(
      workers[(sleeper + 1) % 3]->wait([](const WorkerStatus& now) { return now.running == 2; }));
  EXPECT_EQ(view().job->members.size(), 2u);
  ASSERT_TRUE(workers[sleeper]->wait([](const WorkerStatus& now) { return now.stops == 1; }));
  EXPECT_EQ(workers[sleeper]->status().chosen, 1u);
  EXPECT_NE(leader(), sleeper);
}

TEST_F(Agents, OneThatSleepsLessThanItsLeaseIsNotMissed) {
  setup.lease_s = 6;
  start_three();
  workers[leader()]->sleep(milliseconds(1000));
  expect_quiet_in_generation_1(milliseconds(2500));
}

TEST_F(Agents, ASlowEtcdStopsNobody) {
  setup.lease_s = 4;
  rig::Proxy proxy(etcd->port());
  for (std::size_t i = 0; i != 3; ++i) {
    start(i, proxy.port());
  }
  ASSERT_TRUE(all_run(1));
  proxy.delay(milliseconds(150));
  expect_quiet_in_generation_1(milliseconds(4000));
  EXPECT_TRUE(workers[0]->etcd_is_up());
}

TEST_F(Agents, AnEtcdThatIsAwayAndComesBackStopsNobody) {
  start_three();
  const std::uint64_t before = workers[0]->status().incarnation;
  etcd->kill();
  std::this_thread::sleep_for(milliseconds(4000));
  for (auto& worker : workers) {
    EXPECT_EQ(worker->status().running, 1u) << "a run needs no etcd";
    EXPECT_FALSE(worker->etcd_is_up());
  }
  etcd->start();
  expect_quiet_in_generation_1(milliseconds(3000));
  EXPECT_TRUE(workers[0]->etcd_is_up());
  EXPECT_EQ(workers[0]->status().incarnation, before);
}

TEST_F(Agents, AFailureWhileEtcdIsAwayWaitsForIt) {
  start_three();
  const std::size_t dead = follower();
  etcd->kill();
  kill(dead, false);
  for (auto& worker : workers) {
    ASSERT_TRUE(!worker || worker->wait([](const WorkerStatus& now) { return now.running == 0; }));
  }
  std::this_thread::sleep_for(milliseconds(1500));
  for (auto& worker : workers) {
    EXPECT_TRUE(!worker || worker->status().running == 0);
  }
  etcd->start();
  ASSERT_TRUE(all_run(2, milliseconds(20'000)));
  EXPECT_EQ(view().job->members.size(), 2u);
}

TEST_F(Agents, OneWhoseLeaseIsRevokedStopsAtOnceAndJoinsAgain) {
  start_three();
  const std::size_t excluded = follower();
  const std::uint64_t before = workers[excluded]->status().incarnation;
  const std::int64_t lease = view().members.at(workers[excluded]->name()).lease;
  etcd->post(gateway::revoke(lease));
  ASSERT_TRUE(workers[excluded]->wait([](const WorkerStatus& now) { return now.stops == 1; },
                                      milliseconds(1000)));
  workers[leader()]->wait([](const WorkerStatus& now) { return now.running >= 2; });
  for (int i = 0; i != 100 && view().members.size() != 3; ++i) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  workers[leader()]->complete();
  ASSERT_TRUE(all_run(2));
  EXPECT_NE(workers[excluded]->status().incarnation, before);
}

TEST_F(Agents, AWipedEtcdEndsAll) {
  start_three();
  etcd->wipe();
  for (auto& worker : workers) {
    ASSERT_TRUE(worker->wait([](const WorkerStatus& now) { return now.end.has_value(); }));
    EXPECT_EQ(worker->status().end->why, AgentEnd::Why::wiped);
    EXPECT_EQ(worker->status().running, 0u);
  }
}

TEST_F(Agents, AWatchThatStallsAcrossACompactionIsMadeAnew) {
  setup.lease_s = 5;
  rig::Proxy proxy(etcd->port());
  start(0);
  start(1);
  start(2, proxy.port());
  ASSERT_TRUE(all_run(1));
  proxy.stall();
  kill(leader() == 0 ? 1 : 0, false);
  std::this_thread::sleep_for(milliseconds(300));
  const std::int64_t revision =
      std::get<RangeAnswer>(gateway::read_range(etcd->post(gateway::range("/wallaroo/"))))
          .header.revision;
  etcd->compact(revision);
  std::this_thread::sleep_for(milliseconds(700));
  proxy.mend();
  ASSERT_TRUE(all_run(2));
}

TEST_F(Agents, AFinishedJobEndsAllAndTheNextStartGoesOn) {
  start_three();
  workers[leader()]->finish();
  for (auto& worker : workers) {
    ASSERT_TRUE(worker->wait([](const WorkerStatus& now) { return now.end.has_value(); }));
    EXPECT_EQ(worker->status().end->why, AgentEnd::Why::job_ended);
    EXPECT_EQ(worker->status().end->message, "");
  }
  const View now = view();
  EXPECT_TRUE(now.members.empty()) << "the leases were given back";
  EXPECT_FALSE(now.leader.has_value());
  EXPECT_EQ(now.job->phase, JobPhase::ended);
  for (auto& worker : workers) {
    worker.reset();
  }
  for (std::size_t i = 0; i != 3; ++i) {
    start(i);
  }
  ASSERT_TRUE(all_run(2));
}

TEST_F(Agents, OneThatLeavesGivesItsLeaseBack) {
  start_three();
  const std::size_t leaver = follower();
  workers[leaver]->leave();
  ASSERT_TRUE(workers[leaver]->wait([](const WorkerStatus& now) { return now.end.has_value(); },
                                    milliseconds(3000)));
  EXPECT_EQ(workers[leaver]->status().end->why, AgentEnd::Why::left);
  workers[leaver].reset();
  ASSERT_TRUE(all_run(2));
  EXPECT_EQ(view().job->members.size(), 2u);
}

TEST_F(Agents, OneOfAnotherBuildIsRefused) {
  start_three();
  kill(2, true);
  setup.fingerprint = "two";
  rig::Worker& other = start(2);
  ASSERT_TRUE(other.wait([](const WorkerStatus& now) { return now.end.has_value(); }));
  EXPECT_EQ(other.status().end->why, AgentEnd::Why::refused);
  EXPECT_NE(other.status().end->message.find("another build"), std::string::npos);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
