// These tests send the requests of members to the gateway of a real etcd.
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/decisions.rig.hpp"
#include "cluster/etcd/etcd.rig.hpp"
#include "cluster/etcd/gateway.hpp"

namespace wallaroo::internal::cluster {
namespace {

using gateway::Refusal;
using gateway::WatchAnswer;

class RealEtcd : public testing::Test {
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
  }

  std::int64_t grant() const {
    return std::get<LeaseAnswer>(gateway::read_lease(etcd->post(gateway::grant_lease(60)))).lease;
  }
  Outcome commit(const Transaction& transaction) const {
    const auto answer = gateway::read_commit(etcd->post(gateway::commit(transaction)));
    const auto read = std::get<CommitAnswer>(gateway::with_lease_lost(answer));
    return read.succeeded ? Outcome::won : Outcome::lost;
  }
  RangeAnswer range(const std::string& prefix) const {
    return std::get<RangeAnswer>(gateway::read_range(etcd->post(gateway::range(prefix))));
  }
  View view(const std::string& prefix) const {
    const RangeAnswer all = range(prefix);
    return std::get<View>(read_view(prefix, all.header.revision, all.keys));
  }

  static std::unique_ptr<rig::Etcd> etcd;
};
std::unique_ptr<rig::Etcd> RealEtcd::etcd;

TEST_F(RealEtcd, AMemberRegistersOnceTakesTheLeadAndGoesWithItsLease) {
  const std::string prefix = prefix_of("lead");
  const std::int64_t lease = grant();
  const ClusterRecord shared = rig::cluster_record();
  MemberRecord member = rig::member_record("A", 1);
  EXPECT_EQ(commit(register_member(prefix, member, lease, &shared)), Outcome::won);
  EXPECT_EQ(commit(register_member(prefix, member, lease, nullptr)), Outcome::lost);

  member = view(prefix).members.at("A");
  EXPECT_EQ(member.lease, lease);
  MemberRecord next_life = member;
  ++next_life.create_revision;
  EXPECT_EQ(commit(take_lead(prefix, next_life, lease)), Outcome::lost);
  EXPECT_EQ(commit(take_lead(prefix, member, lease)), Outcome::won);
  EXPECT_EQ(commit(take_lead(prefix, member, lease)), Outcome::lost);

  const View led = view(prefix);
  ASSERT_TRUE(led.leader.has_value());
  EXPECT_EQ(led.leader->id, member.id);
  JobRecord job;
  job.generation = 1;
  job.term = led.leader->term;
  job.op = "1-1";
  EXPECT_EQ(commit(write_job(prefix, 0, job, nullptr)), Outcome::won);
  EXPECT_EQ(commit(write_job(prefix, 0, job, nullptr)), Outcome::lost);

  EXPECT_TRUE(
      std::holds_alternative<LeaseAnswer>(gateway::read_lease(etcd->post(gateway::revoke(lease)))));
  const View left = view(prefix);
  EXPECT_FALSE(left.leader);
  EXPECT_TRUE(left.members.empty());
  EXPECT_EQ(left.job->op, "1-1");
  ++job.generation;
  EXPECT_EQ(commit(write_job(prefix, left.job->mod_revision, job, nullptr)), Outcome::lost);
}

TEST_F(RealEtcd, ALeaseThatIsGoneIsSaidToBe) {
  const std::int64_t lease = grant();
  const auto kept = [&] {
    return std::get<LeaseAnswer>(gateway::read_lease(etcd->post(gateway::keep_alive(lease))));
  };
  EXPECT_EQ(kept().ttl_s, 60);
  etcd->post(gateway::revoke(lease));
  EXPECT_EQ(kept().ttl_s, 0);
  const auto again = gateway::read_lease(etcd->post(gateway::revoke(lease)));
  EXPECT_EQ(std::get<Refusal>(again).code, Refusal::not_found);
  const Transaction late{{}, {{prefix_of("late") + "leader", "{}", lease}}};
  EXPECT_EQ(commit(late), Outcome::lost);
  EXPECT_TRUE(range(prefix_of("late")).keys.empty());
}

TEST_F(RealEtcd, AWatchTellsOfEveryChangeFromItsRevisionOn) {
  const std::string prefix = prefix_of("watch");
  const std::int64_t lease = grant();
  const std::int64_t before = range(prefix).header.revision;
  commit({{}, {{prefix + "job", "{}", 0}}});
  commit({{}, {{prefix + "leader", "{}", lease}}});
  etcd->post(gateway::revoke(lease));
  commit({{}, {{prefix_of("other") + "job", "{}", 0}}});
  const std::string said = etcd->post(gateway::watch(prefix, before + 1), 1000);
  std::vector<std::string> events;
  bool created = false;
  for (std::size_t begin = 0; begin != said.size();) {
    const std::size_t end = said.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const auto line = std::get<WatchAnswer>(gateway::read_watch(said.substr(begin, end - begin)));
    created = created || line.created;
    for (const KeyEvent& event : line.events) {
      events.push_back((event.deleted ? "gone " : "put ") + event.key.key);
    }
    begin = end + 1;
  }
  EXPECT_TRUE(created);
  EXPECT_EQ(events, (std::vector<std::string>{"put " + prefix + "job", "put " + prefix + "leader",
                                              "gone " + prefix + "leader"}));
}

}  // namespace
}  // namespace wallaroo::internal::cluster
