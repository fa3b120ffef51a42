#include "cluster/view.hpp"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/transaction.hpp"

namespace wallaroo::internal::cluster {
namespace {

const std::string prefix = "/wallaroo/shop/";

ClusterRecord cluster() { return {"00ff", "shop", "print", 1024, "/data", 4}; }
MemberRecord member() {
  MemberRecord record;
  record.id = {"A", 0xfedcba9876543210};
  record.address = "h1:7000";
  record.http = "h1:8000";
  record.executors = 4;
  record.fingerprint = "print";
  record.version = "0.1.0";
  record.zone = "east";
  record.wants_to_leave = true;
  record.create_revision = 5;
  record.mod_revision = 6;
  return record;
}
JobRecord job() {
  JobRecord record;
  record.generation = 7;
  record.phase = JobPhase::running;
  record.term = 12;
  record.members = {{{"A", 0xfedcba9876543210}, 4}, {{"B", 2}, 1}};
  record.first_number = 40;
  record.restored = 38;
  record.error = "a \"quoted\" reason";
  record.op = "00ff-3";
  record.mod_revision = 13;
  return record;
}
AssignmentRecord assignment() {
  return {7, {3, {{"A", 0}, {"A", 1}, {"B", 0}}, {0, 0, 2, 2, 2, 1, 0}, {{"orders", {"A", 1}}}}};
}

KeyValue key(const std::string& name, std::string value, std::int64_t created = 1,
             std::int64_t modified = 1) {
  return {prefix + name, std::move(value), created, modified, 0};
}

std::vector<KeyValue> all() {
  return {key("cluster", to_json(cluster()), 3, 4), key("members/A", to_json(member()), 5, 6),
          key("leader", to_json(LeaderRecord{{"A", 0xfedcba9876543210}, 0}), 12, 12),
          key("job", to_json(job()), 2, 13), key("assignment", to_json(assignment()))};
}

View view_of(const std::vector<KeyValue>& keys) {
  return std::get<View>(read_view(prefix, 20, keys));
}
std::string refused(const KeyValue& one) {
  const auto read = read_view(prefix, 20, {one});
  return std::holds_alternative<Unreadable>(read) ? std::get<Unreadable>(read).message : "read";
}

TEST(View, ReadsWhatWasWritten) {
  const View view = view_of(all());
  EXPECT_EQ(view.revision, 20);
  EXPECT_EQ(view.cluster, cluster());
  ASSERT_EQ(view.members.size(), 1u);
  EXPECT_EQ(view.members.at("A"), member());
  EXPECT_EQ(view.leader, (LeaderRecord{{"A", 0xfedcba9876543210}, 12}));
  EXPECT_EQ(view.job, job());
  EXPECT_EQ(view.assignment, assignment());
  EXPECT_TRUE(view.notes.empty());
}

TEST(View, ReadsEveryPhase) {
  for (const JobPhase phase : {JobPhase::recovering, JobPhase::running, JobPhase::moving,
                               JobPhase::handing_over, JobPhase::stopping, JobPhase::ended}) {
    JobRecord record = job();
    record.phase = phase;
    EXPECT_EQ(view_of({key("job", to_json(record), 2, 13)}).job, record) << name_of(phase);
  }
}

TEST(View, WithoutKeysIsEmpty) {
  const View view = view_of({});
  EXPECT_FALSE(view.cluster || view.leader || view.job || view.assignment);
  EXPECT_TRUE(view.members.empty());
}

TEST(View, KnowsOneLifeOfAWorkerFromTheNext) {
  const View view = view_of(all());
  EXPECT_TRUE(view.has({"A", 0xfedcba9876543210}));
  EXPECT_FALSE(view.has({"A", 1}));
  EXPECT_FALSE(view.has({"B", 0xfedcba9876543210}));
}

TEST(View, IgnoresWhatItDoesNotKnow) {
  std::vector<KeyValue> keys = all();
  keys.push_back(key("progress", "not even JSON"));
  keys.push_back({"/wallaroo/shopping/job", "{", 1, 1, 0});
  keys[2].value = R"({"worker":"A","incarnation":"fedcba9876543210","mood":[1,{"x":null}]})";
  const View view = view_of(keys);
  EXPECT_EQ(view.leader, (LeaderRecord{{"A", 0xfedcba9876543210}, 12}));
  EXPECT_TRUE(view.notes.empty());
}

TEST(View, AMemberThatCannotBeReadIsLeftOutAndNoted) {
  std::vector<KeyValue> keys = all();
  keys.push_back(key("members/B", R"({"incarnation":"1"})"));
  const View view = view_of(keys);
  EXPECT_EQ(view.members.size(), 1u);
  ASSERT_EQ(view.notes.size(), 1u);
  EXPECT_EQ(
      view.notes[0],
      "the value of '/wallaroo/shop/members/B' in etcd has a member 'incarnation' that is not "
      "16 hexadecimal digits; that member is ignored");
}

TEST(View, AnyOtherKeyThatCannotBeReadIsNotTakenForMissing) {
  EXPECT_EQ(refused(key("job", "{")),
            "the value of '/wallaroo/shop/job' in etcd is not JSON (incomplete JSON); only workers "
            "write it: stop them all, and remove the cluster's keys with 'wallaroo cluster URL "
            "forget', which loses no checkpoint");
  const auto says = [](const std::string& name, const std::string& value) {
    const std::string message = refused(key(name, value));
    return message.substr(0, message.find(';')).substr(message.find("etcd ") + 5);
  };
  EXPECT_EQ(says("leader", "[]"), "is not a JSON object");
  EXPECT_EQ(says("leader", R"({"worker":"A"})"), "has no member 'incarnation'");
  EXPECT_EQ(says("leader", R"({"worker":3})"), "has a member 'worker' that is no string");
  EXPECT_EQ(says("cluster", R"({"format":2})"), "has format 2, and this build reads format 1");
  EXPECT_EQ(says("job", R"({"generation":-1})"),
            "has a member 'generation' that is no whole number from 0 to 9223372036854775807");
  EXPECT_EQ(says("job", R"({"generation":1,"phase":"dancing"})"),
            "has the phase 'dancing', which this build does not know");
  EXPECT_EQ(says("job", R"({"generation":1,"phase":"running","term":1,"members":{}})"),
            "has a member 'members' that is no array");
  EXPECT_EQ(says("assignment",
                 R"({"generation":1,"version":1,"executors":[],"groups":[{"owner":0,"count":1}]})"),
            "has groups of an executor that it does not name, or too many groups");
  EXPECT_EQ(says("job", std::string(70'000, ' ')), "has 70000 bytes, of which 65536 are the most");
}

TEST(View, AThousandGroupsThatAlternateFitIntoAValue) {
  AssignmentRecord record;
  for (std::uint32_t i = 0; i != 100; ++i) {
    record.assignment.executors.push_back({"worker-" + std::to_string(i / 4), i % 4});
  }
  for (std::uint16_t group = 0; group != 1024; ++group) {
    record.assignment.groups.push_back(group % 100);
  }
  EXPECT_LT(to_json(record).size(), 64u * 1024);
  EXPECT_EQ(view_of({key("assignment", to_json(record))}).assignment, record);
}

TEST(Transactions, AreGuardedAgainstEverybodyElse) {
  const ClusterRecord shared = cluster();
  EXPECT_EQ(register_member(prefix, member(), 77, nullptr),
            (Transaction{{{prefix + "members/A", Guard::Of::create_revision, 0}},
                         {{prefix + "members/A", to_json(member()), 77}}}));
  EXPECT_EQ(register_member(prefix, member(), 77, &shared, 4),
            (Transaction{{{prefix + "members/A", Guard::Of::create_revision, 0},
                          {prefix + "cluster", Guard::Of::mod_revision, 4}},
                         {{prefix + "members/A", to_json(member()), 77},
                          {prefix + "cluster", to_json(shared), 0}}}));
  EXPECT_EQ(take_lead(prefix, member(), 77),
            (Transaction{{{prefix + "leader", Guard::Of::create_revision, 0},
                          {prefix + "members/A", Guard::Of::create_revision, 5}},
                         {{prefix + "leader", to_json(LeaderRecord{member().id, 0}), 77}}}));
  const AssignmentRecord owners = assignment();
  EXPECT_EQ(write_job(prefix, 13, job(), &owners),
            (Transaction{{{prefix + "leader", Guard::Of::create_revision, 12},
                          {prefix + "job", Guard::Of::mod_revision, 13}},
                         {{prefix + "job", to_json(job()), 0},
                          {prefix + "assignment", to_json(owners), 0}}}));
  EXPECT_EQ(write_job(prefix, 13, job(), nullptr).puts.size(), 1u);
}

}  // namespace
}  // namespace wallaroo::internal::cluster
