// The answers in here are those of etcd 3.4.
#include "cluster/etcd/gateway.hpp"

#include <string>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cluster/json_fields.hpp"

namespace wallaroo::internal::cluster::gateway {
namespace {

const std::string header =
    R"("header":{"cluster_id":"17324952591200643719","member_id":"33","revision":"2","raft_term":"2"})";
constexpr std::uint64_t etcd = 17324952591200643719u;

std::string result(const std::string& members) {
  return R"({"result":{)" + header + "," + members + "}}";
}

TEST(EtcdGateway, WritesRequests) {
  EXPECT_EQ(range("/w/").path, "/v3/kv/range");
  EXPECT_EQ(range("/w/").body, R"({"key":"L3cv","range_end":"L3cw"})");
  EXPECT_EQ(grant_lease(3).path, "/v3/lease/grant");
  EXPECT_EQ(grant_lease(3).body, R"({"TTL":"3"})");
  EXPECT_EQ(keep_alive(7).path, "/v3/lease/keepalive");
  EXPECT_EQ(keep_alive(7).body, R"({"ID":"7"})");
  EXPECT_EQ(revoke(7).path, "/v3/lease/revoke");
  EXPECT_EQ(watch("/w/", 5).path, "/v3/watch");
  EXPECT_EQ(watch("/w/", 5).body,
            R"({"create_request":{"key":"L3cv","range_end":"L3cw","start_revision":"5"}})");
  const Transaction transaction{
      {{"/w/a", Guard::Of::create_revision, 0}, {"/w/a", Guard::Of::mod_revision, 9}},
      {{"/w/a", "x", 0}, {"/w/a", "", 7}}};
  EXPECT_EQ(commit(transaction).path, "/v3/kv/txn");
  EXPECT_EQ(
      commit(transaction).body,
      R"({"compare":[{"key":"L3cvYQ==","target":"CREATE","result":"EQUAL","create_revision":"0"},)"
      R"({"key":"L3cvYQ==","target":"MOD","result":"EQUAL","mod_revision":"9"}],)"
      R"("success":[{"request_put":{"key":"L3cvYQ==","value":"eA=="}},)"
      R"({"request_put":{"key":"L3cvYQ==","value":"","lease":"7"}}]})");
}

TEST(EtcdGateway, ReadsARange) {
  const auto read = std::get<RangeAnswer>(read_range(
      "{" + header +
      R"(,"kvs":[{"key":"L3cvYQ==","create_revision":"1","mod_revision":"2","version":"1",)"
      R"("value":"eA==","lease":"7"}],"count":"1"})"));
  EXPECT_EQ(read.header.cluster_id, etcd);
  EXPECT_EQ(read.header.revision, 2);
  ASSERT_EQ(read.keys.size(), 1u);
  EXPECT_EQ(read.keys[0], (KeyValue{"/w/a", "x", 1, 2, 7}));
  EXPECT_TRUE(std::get<RangeAnswer>(read_range("{" + header + "}")).keys.empty());
}

TEST(EtcdGateway, ReadsWhatBecameOfATransaction) {
  const auto won =
      std::get<CommitAnswer>(read_commit("{" + header + R"(,"succeeded":true,"responses":[]})"));
  EXPECT_TRUE(won.succeeded);
  EXPECT_EQ(won.header.cluster_id, etcd);
  EXPECT_FALSE(std::get<CommitAnswer>(read_commit("{" + header + "}")).succeeded);
  const std::string no_lease = "etcdserver: requested lease not found";
  const auto lost = with_lease_lost(
      read_commit(R"({"error":")" + no_lease + R"(","message":")" + no_lease + R"(","code":5})"));
  EXPECT_FALSE(std::get<CommitAnswer>(lost).succeeded);
  const auto open = with_lease_lost(
      read_commit(R"({"error":"x","message":"etcdserver: request timed out","code":14})"));
  EXPECT_TRUE(std::holds_alternative<Refusal>(open));
  EXPECT_EQ(outcome_of(CommitAnswer{{1, 2}, true}), Outcome::won);
  EXPECT_EQ(outcome_of(CommitAnswer{{1, 2}, false}), Outcome::lost);
  EXPECT_EQ(outcome_of(NoAnswer{}), Outcome::unknown);
}

TEST(EtcdGateway, Authenticates) {
  EXPECT_EQ(authenticate("ann", "a\"b").path, "/v3/auth/authenticate");
  EXPECT_EQ(authenticate("ann", "a\"b").body, R"({"name":"ann","password":"a\"b"})");
  const auto token = read_authentication("{" + header + R"(,"token":"JhbGciOiJSUzI1.91"})");
  EXPECT_EQ(std::get<std::string>(token), "JhbGciOiJSUzI1.91");
}

TEST(EtcdGateway, SaysWhyARequestIsRefused) {
  using Because = NoAnswer::Because;
  const struct {
    std::int64_t code;
    const char* message;
    Because because;
  } refusals[] = {
      {3, "etcdserver: authentication failed, invalid user ID or password", Because::credentials},
      {3, "etcdserver: user name is empty", Because::credentials},
      {3, "etcdserver: key is not provided", Because::refusal},
      {7, "etcdserver: permission denied", Because::credentials},
      {16, "etcdserver: invalid auth token", Because::credentials},
      {14, "etcdserver: no leader", Because::refusal},
      {8, "etcdserver: mvcc: database space exceeded", Because::refusal},
  };
  for (const auto& [code, message, because] : refusals) {
    const NoAnswer no = no_answer({code, message}, "etcd at h:1");
    EXPECT_EQ(no.because, because) << message;
    EXPECT_EQ(no.message, fmt::format("etcd at h:1 refuses: {}", message));
  }
}

TEST(EtcdGateway, ReadsLeases) {
  const auto granted =
      std::get<LeaseAnswer>(read_lease("{" + header + R"(,"ID":"2324035726109928965","TTL":"3"})"));
  EXPECT_EQ(granted.lease, 2324035726109928965);
  EXPECT_EQ(granted.ttl_s, 3);
  EXPECT_EQ(std::get<LeaseAnswer>(read_lease(result(R"("ID":"7","TTL":"30")"))).ttl_s, 30);
  EXPECT_EQ(std::get<LeaseAnswer>(read_lease(result(R"("ID":"7")"))).ttl_s, 0);
  EXPECT_EQ(std::get<Refusal>(read_lease(R"({"error":"a","message":"gone","code":5})")).message,
            "gone");
}

TEST(EtcdGateway, ReadsAWatch) {
  const auto created = std::get<WatchAnswer>(read_watch(result(R"("created":true)")));
  EXPECT_TRUE(created.created && !created.canceled && created.events.empty());
  const auto events = std::get<WatchAnswer>(read_watch(result(
      R"("events":[{"kv":{"key":"L3cvYQ==","create_revision":"2","mod_revision":"2","value":"eA=="}},)"
      R"({"type":"DELETE","kv":{"key":"L3cvYQ==","mod_revision":"3"}}])")));
  ASSERT_EQ(events.events.size(), 2u);
  EXPECT_EQ(events.events[0].key, (KeyValue{"/w/a", "x", 2, 2, 0}));
  EXPECT_FALSE(events.events[0].deleted);
  EXPECT_EQ(events.events[1].key, (KeyValue{"/w/a", "", 0, 3, 0}));
  EXPECT_TRUE(events.events[1].deleted);
  const auto canceled = std::get<WatchAnswer>(read_watch(
      R"({"result":{"header":{"cluster_id":"5"},"canceled":true,"compact_revision":"3"}})"));
  EXPECT_TRUE(canceled.canceled);
  EXPECT_EQ(canceled.compact_revision, 3);
  EXPECT_EQ(canceled.header.revision, 0);
  EXPECT_EQ(std::get<Refusal>(
                read_watch(R"({"error":{"grpc_code":14,"message":"transport is closing"}})"))
                .message,
            "transport is closing");
}

TEST(EtcdGateway, RefusesWhatIsNoAnswer) {
  const auto wrong = [](const std::string& body) {
    try {
      read_range(body);
    } catch (const WrongJson& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  EXPECT_EQ(wrong(""), "is not a JSON object");
  EXPECT_EQ(wrong("[]"), "is not a JSON object");
  EXPECT_EQ(wrong(R"({"header":3})"), "has a member 'header' that is no object");
  EXPECT_EQ(wrong(R"({"header":{"revision":"2x"}})"),
            "has a member 'revision' that is no whole number");
  EXPECT_EQ(wrong(R"({"header":{"revision":2}})"), "has a member 'revision' that is no string");
  EXPECT_EQ(wrong(R"({"kvs":{}})"), "has a member 'kvs' that is no array");
  EXPECT_EQ(wrong(R"({"kvs":[1]})"), "has an array of something else than objects");
  for (const char* text : {"L3c", "L3c=L3c=", "L3cv!", "L3222222222222222222222222222222222"}) {
    EXPECT_EQ(wrong(fmt::format(R"({{"kvs":[{{"key":"{}"}}]}})", text)),
              "has a string that is not base64")
        << text;
  }
}

}  // namespace
}  // namespace wallaroo::internal::cluster::gateway
