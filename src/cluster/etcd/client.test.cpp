// The client against a real etcd, through a network that is disturbed.
#include "cluster/etcd/client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cluster/etcd/etcd.rig.hpp"
#include "cluster/etcd/proxy.rig.hpp"

namespace wallaroo::internal::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Because = NoAnswer::Because;

/// A client and the loop that it runs in.
class Asker {
 public:
  Asker(EtcdAccess access, std::string prefix)
      : client_(std::make_unique<EtcdClient>(io_, access, std::move(prefix))) {}

  /// Makes one call and waits for its answer.
  template <class Answer, class Ask>
  std::variant<Answer, NoAnswer> ask(Ask call) {
    std::optional<std::variant<Answer, NoAnswer>> answer;
    call(*client_, [&](const std::variant<Answer, NoAnswer>& said) { answer = said; });
    EXPECT_FALSE(answer) << "no call is answered before it returns";
    run_until([&] { return answer.has_value(); });
    EXPECT_TRUE(answer) << "every call is answered";
    return answer.value_or(NoAnswer{});
  }
  std::variant<RangeAnswer, NoAnswer> range() {
    return ask<RangeAnswer>([](EtcdClient& client, auto then) { client.range(then); });
  }
  std::variant<CommitAnswer, NoAnswer> commit(const Transaction& transaction) {
    return ask<CommitAnswer>(
        [&](EtcdClient& client, auto then) { client.commit(transaction, then); });
  }
  std::variant<LeaseAnswer, NoAnswer> grant(std::int64_t ttl_s) {
    return ask<LeaseAnswer>([&](EtcdClient& client, auto then) { client.grant(ttl_s, then); });
  }
  std::variant<LeaseAnswer, NoAnswer> keep_alive(std::int64_t lease, milliseconds limit) {
    return ask<LeaseAnswer>([&](EtcdClient& client, auto then) {
      client.keep_alive(lease, std::chrono::nanoseconds(limit).count(), then);
    });
  }
  std::variant<LeaseAnswer, NoAnswer> revoke(std::int64_t lease) {
    return ask<LeaseAnswer>([&](EtcdClient& client, auto then) { client.revoke(lease, then); });
  }

  /// What the watch says goes to `told`: "put KEY", "gone KEY", "end".
  void watch(std::int64_t from) {
    client_->watch(from, [this](const std::optional<WatchNews>& news) {
      if (!news) {
        told.push_back("end");
        return;
      }
      for (const KeyEvent& event : news->events) {
        told.push_back((event.deleted ? "gone " : "put ") + event.key.key);
      }
    });
  }
  template <class Condition>
  bool run_until(Condition holds, milliseconds most = milliseconds(10'000)) {
    const auto end = steady_clock::now() + most;
    while (!holds() && steady_clock::now() < end) {
      io_.restart();
      io_.run_for(milliseconds(5));
    }
    return holds();
  }
  void destroy_client() { client_.reset(); }
  EtcdClient& client() { return *client_; }

  std::vector<std::string> told;

 private:
  boost::asio::io_context io_{1};
  std::unique_ptr<EtcdClient> client_;
};

class EtcdClientTest : public testing::Test {
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
    proxy = std::make_unique<rig::Proxy>(etcd->port());
    prefix = prefix_of(testing::UnitTest::GetInstance()->current_test_info()->name());
  }

  static HostPort at(unsigned short port) { return {"127.0.0.1", port}; }
  Asker through_proxy() const { return Asker({{at(proxy->port())}, "", ""}, prefix); }
  Asker direct() const { return Asker({{at(etcd->port())}, "", ""}, prefix); }
  Transaction put(const std::string& key, std::int64_t lease = 0) const {
    return {{}, {{prefix + key, "{}", lease}}};
  }
  /// Writes the key, if nobody has.
  Transaction create(const std::string& key) const {
    return {{{prefix + key, Guard::Of::create_revision, 0}}, {{prefix + key, "{}", 0}}};
  }

  static std::unique_ptr<rig::Etcd> etcd;
  std::unique_ptr<rig::Proxy> proxy;
  std::string prefix;
};
std::unique_ptr<rig::Etcd> EtcdClientTest::etcd;

template <class Answer>
const Answer& good(const std::variant<Answer, NoAnswer>& answer) {
  if (const auto* none = std::get_if<NoAnswer>(&answer)) {
    throw std::runtime_error(none->message);
  }
  return std::get<Answer>(answer);
}

TEST_F(EtcdClientTest, WritesReadsAndKeepsLeases) {
  Asker asker = through_proxy();
  const LeaseAnswer lease = good(asker.grant(60));
  EXPECT_EQ(lease.ttl_s, 60);
  EXPECT_EQ(outcome_of(asker.commit(put("leader", lease.lease))), Outcome::won);
  EXPECT_EQ(outcome_of(asker.commit(create("leader"))), Outcome::lost);
  const RangeAnswer read = good(asker.range());
  ASSERT_EQ(read.keys.size(), 1u);
  EXPECT_EQ(read.keys[0].lease, lease.lease);
  EXPECT_EQ(good(asker.keep_alive(lease.lease, milliseconds(500))).ttl_s, 60);
  good(asker.revoke(lease.lease));
  EXPECT_TRUE(good(asker.range()).keys.empty());
  EXPECT_EQ(good(asker.keep_alive(lease.lease, milliseconds(500))).ttl_s, 0);
  EXPECT_EQ(outcome_of(asker.commit(put("leader", lease.lease))), Outcome::lost);
  EXPECT_LE(proxy->accepted(), 2) << "calls have one connection, leases another";
}

TEST_F(EtcdClientTest, AWatchTellsOfChangesUntilItsConnectionIsReset) {
  Asker asker = through_proxy();
  const std::int64_t revision = good(asker.range()).header.revision;
  asker.watch(revision + 1);
  good(asker.commit(put("job")));
  good(asker.commit(put("assignment")));
  EXPECT_TRUE(asker.run_until([&] { return asker.told.size() == 2; }));
  EXPECT_EQ(asker.told,
            (std::vector<std::string>{"put " + prefix + "job", "put " + prefix + "assignment"}));
  proxy->reset();
  EXPECT_TRUE(asker.run_until([&] { return asker.told.size() == 3; }));
  EXPECT_EQ(asker.told.back(), "end");
  asker.told.clear();
  asker.watch(revision + 1);
  EXPECT_TRUE(asker.run_until([&] { return asker.told.size() == 2; }));
}

TEST_F(EtcdClientTest, AnotherWatchTakesThePlaceOfTheFirst) {
  Asker asker = through_proxy();
  const std::int64_t revision = good(asker.range()).header.revision;
  for (int i = 0; i != 3; ++i) {
    asker.watch(revision + 1);
    asker.run_until([] { return false; }, milliseconds(30));
  }
  good(asker.commit(put("job")));
  EXPECT_TRUE(asker.run_until([&] { return !asker.told.empty(); }));
  asker.run_until([] { return false; }, milliseconds(50));
  EXPECT_EQ(asker.told, std::vector<std::string>{"put " + prefix + "job"});
}

TEST_F(EtcdClientTest, ALostAnswerLeavesTheTransactionOpen) {
  Asker asker = through_proxy();
  good(asker.range());
  proxy->lose_answers();
  const auto begin = steady_clock::now();
  const auto answer = asker.commit(create("job"));
  const auto took = steady_clock::now() - begin;
  EXPECT_EQ(outcome_of(answer), Outcome::unknown);
  EXPECT_EQ(std::get<NoAnswer>(answer).because, Because::silence);
  EXPECT_NE(std::get<NoAnswer>(answer).message.find("does not answer within 1000 ms"),
            std::string::npos);
  EXPECT_GE(took, milliseconds(950));
  EXPECT_LE(took, milliseconds(2500));
  proxy->mend();
  EXPECT_EQ(outcome_of(asker.commit(create("job"))), Outcome::lost) << "the first one was done";
}

TEST_F(EtcdClientTest, AStalledNetworkFailsCallsAndThenServesThem) {
  Asker asker = through_proxy();
  const std::int64_t lease = good(asker.grant(60)).lease;
  proxy->stall();
  const auto begin = steady_clock::now();
  EXPECT_TRUE(std::holds_alternative<NoAnswer>(asker.keep_alive(lease, milliseconds(300))));
  EXPECT_LE(steady_clock::now() - begin, milliseconds(900)) << "leases have limits of their own";
  EXPECT_TRUE(std::holds_alternative<NoAnswer>(asker.range()));
  proxy->mend();
  EXPECT_EQ(good(asker.keep_alive(lease, milliseconds(900))).ttl_s, 60);
  good(asker.range());
}

TEST_F(EtcdClientTest, ARefusedConnectionFailsAtOnceAndIsTriedAgain) {
  Asker asker = through_proxy();
  good(asker.range());
  proxy->cut();
  asker.run_until([] { return false; }, milliseconds(50));
  for (int i = 0; i != 3; ++i) {
    const auto answer = asker.range();
    EXPECT_NE(std::get<NoAnswer>(answer).message.find("Connection refused"), std::string::npos)
        << std::get<NoAnswer>(answer).message;
  }
  proxy->mend();
  good(asker.range());
}

TEST_F(EtcdClientTest, AnotherEndpointIsAskedWhenOneIsAway) {
  rig::Proxy second(etcd->port());
  Asker asker({{at(proxy->port()), at(second.port())}, "", ""}, prefix);
  good(asker.range());
  proxy->cut();
  asker.run_until([] { return false; }, milliseconds(50));
  good(asker.range());
  EXPECT_EQ(second.accepted(), 1);
  proxy->mend();
  second.stall();
  EXPECT_TRUE(std::holds_alternative<NoAnswer>(asker.range()));
  const auto begin = steady_clock::now();
  good(asker.range());
  EXPECT_LE(steady_clock::now() - begin, milliseconds(500));
}

TEST_F(EtcdClientTest, AHalfOpenWatchSaysNothingAndTheHeadersTellOfChanges) {
  rig::Proxy only_watch(etcd->port());
  Asker watcher({{at(only_watch.port())}, "", ""}, prefix);
  Asker writer = direct();
  const std::int64_t revision = good(watcher.range()).header.revision;
  watcher.watch(revision + 1);
  good(writer.commit(put("a")));
  EXPECT_TRUE(watcher.run_until([&] { return watcher.told.size() == 1; }));
  only_watch.stall();
  good(writer.commit(put("b")));
  watcher.run_until([] { return false; }, milliseconds(300));
  EXPECT_EQ(watcher.told.size(), 1u);
  only_watch.mend();
  EXPECT_TRUE(watcher.run_until([&] { return watcher.told.size() == 2; }));
  EXPECT_EQ(watcher.told.back(), "end");
  EXPECT_GT(good(watcher.range()).header.revision, revision + 1);
}

TEST_F(EtcdClientTest, AWatchFromACompactedRevisionEnds) {
  Asker asker = through_proxy();
  const std::int64_t revision = good(asker.range()).header.revision;
  for (int i = 0; i != 3; ++i) {
    good(asker.commit(put("job")));
  }
  etcd->compact(revision + 3);
  asker.watch(revision + 1);
  EXPECT_TRUE(asker.run_until([&] { return !asker.told.empty(); }));
  EXPECT_EQ(asker.told, std::vector<std::string>{"end"});
}

TEST_F(EtcdClientTest, ARestartedEtcdIsAskedAgainAndKnowsTheLease) {
  Asker asker = direct();
  const LeaseAnswer lease = good(asker.grant(60));
  good(asker.commit(put("leader", lease.lease)));
  asker.watch(good(asker.range()).header.revision + 1);
  etcd->kill();
  EXPECT_TRUE(asker.run_until([&] { return !asker.told.empty(); }));
  EXPECT_EQ(asker.told.back(), "end");
  EXPECT_TRUE(std::holds_alternative<NoAnswer>(asker.range()));
  etcd->start();
  EXPECT_EQ(good(asker.range()).header.cluster_id, lease.header.cluster_id);
  EXPECT_EQ(good(asker.keep_alive(lease.lease, milliseconds(900))).ttl_s, 60);
  ASSERT_EQ(good(asker.range()).keys.size(), 1u);
}

TEST_F(EtcdClientTest, AWipedEtcdHasAnotherId) {
  Asker asker = direct();
  const std::uint64_t before = good(asker.range()).header.cluster_id;
  etcd->wipe();
  std::variant<RangeAnswer, NoAnswer> after = asker.range();
  if (std::holds_alternative<NoAnswer>(after)) {
    after = asker.range();  // the connection of before was reset
  }
  EXPECT_NE(good(after).header.cluster_id, before);
}

TEST_F(EtcdClientTest, AServerThatIsNoEtcdIsNamed) {
  boost::asio::io_context io;
  rig::Tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  std::thread server([&] {
    rig::Tcp::socket socket = acceptor.accept();
    std::array<char, 4096> request{};
    socket.read_some(boost::asio::buffer(request));
    const std::string page = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found";
    boost::asio::write(socket, boost::asio::buffer(page));
    boost::system::error_code ignored;
    socket.read_some(boost::asio::buffer(request), ignored);
  });
  Asker asker({{at(acceptor.local_endpoint().port())}, "", ""}, prefix);
  const auto answer = asker.range();
  EXPECT_NE(std::get<NoAnswer>(answer).message.find("is no etcd with a JSON gateway"),
            std::string::npos)
      << std::get<NoAnswer>(answer).message;
  asker.destroy_client();
  server.join();
}

TEST_F(EtcdClientTest, NothingIsAnsweredAfterTheDestructor) {
  for (const int pause_ms : {0, 1, 20}) {
    Asker asker = through_proxy();
    int answers = 0;
    asker.client().range([&](const auto&) { ++answers; });
    asker.client().watch(1, [&](const auto&) { ++answers; });
    asker.run_until([] { return false; }, milliseconds(pause_ms));
    const int before = answers;
    asker.destroy_client();
    asker.run_until([] { return false; }, milliseconds(50));
    EXPECT_EQ(answers, before);
  }
}

/// An etcd of its own, because nobody else knows the password.
TEST(EtcdUsers, AWrongPasswordIsSaidToBeAndTheRightOneIsAskedForAgainAfterARestart) {
  if (!rig::Etcd::is_installed()) {
    GTEST_SKIP() << "there is no etcd; scripts/install-dependencies test installs it";
  }
  rig::Etcd etcd;
  const std::vector<HostPort> endpoints{{"127.0.0.1", etcd.port()}};
  const std::string prefix = prefix_of("users");
  Asker before({endpoints, "root", "secret"}, prefix);
  good(before.range());  // an etcd without users takes everybody
  for (const char* path : {"/v3/auth/user/add", "/v3/auth/role/add"}) {
    etcd.post({path, R"({"name":"root","password":"secret"})"});
  }
  etcd.post({"/v3/auth/user/grant", R"({"user":"root","role":"root"})"});
  etcd.post({"/v3/auth/enable", "{}"});

  const auto refusal = [&](EtcdAccess access) {
    Asker asker(std::move(access), prefix);
    const auto answer = asker.range();
    const auto* none = std::get_if<NoAnswer>(&answer);
    EXPECT_TRUE(none != nullptr && none->because == Because::credentials);
    return none == nullptr ? "taken" : none->message;
  };
  EXPECT_NE(refusal({endpoints, "root", "wrong"}).find("invalid user ID or password"),
            std::string::npos);
  EXPECT_NE(refusal({endpoints, "", ""}).find("user name is empty"), std::string::npos);

  Asker asker({endpoints, "root", "secret"}, prefix);
  const std::int64_t revision = good(asker.range()).header.revision;
  asker.watch(revision + 1);
  good(asker.commit({{}, {{prefix + "job", "{}", 0}}}));
  EXPECT_TRUE(asker.run_until([&] { return asker.told.size() == 1; }));
  etcd.kill();
  etcd.start();
  std::variant<RangeAnswer, NoAnswer> after = asker.range();
  if (std::holds_alternative<NoAnswer>(after)) {
    after = asker.range();  // the connection of before was reset
  }
  EXPECT_EQ(good(after).keys.size(), 1u);
  EXPECT_TRUE(asker.run_until([&] { return asker.told.back() == "end"; }));
}

}  // namespace
}  // namespace wallaroo::internal::cluster
