#include "link/handshake.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wallaroo::internal::link {
namespace {

Hello some_hello() {
  Hello hello;
  hello.cluster.fill(5);
  hello.generation = 3;
  hello.incarnation = 77;
  return hello;
}

auto judged_as_generation(std::uint64_t generation) {
  return [generation](const ProvedHello& proved) {
    return judge(proved, {proved.hello.cluster, 0, generation, 0});
  };
}

/// Both sides, with bytes on the way that arrive one by one.
struct Both {
  Both(const std::string& dialers_token, const std::string& acceptors_token,
       std::uint64_t generation = 3)
      : dialer(some_hello(), dialers_token),
        acceptor(acceptors_token, judged_as_generation(generation)),
        to_dialer(acceptor.greeting()) {}

  /// Returns the bytes that were not used.
  template <class Side>
  static std::string deliver(Side& side, std::string& on_the_way, std::string& back) {
    std::string arrived;
    for (const char byte : std::string(std::exchange(on_the_way, ""))) {
      arrived.push_back(byte);
      const HandshakeStep step = side.take(arrived);
      arrived.erase(0, step.used);
      back += step.send;
    }
    return arrived;
  }
  void run() {
    EXPECT_EQ(deliver(dialer, to_dialer, to_acceptor), "");
    EXPECT_EQ(deliver(acceptor, to_acceptor, to_dialer), "");
    EXPECT_EQ(deliver(dialer, to_dialer, to_acceptor), "");
    EXPECT_EQ(to_acceptor, "");
  }

  DialerHandshake dialer;
  AcceptorHandshake acceptor;
  std::string to_dialer;
  std::string to_acceptor;
};

TEST(Handshake, EndsWithBothSidesKnowingEachOther) {
  for (const std::string token : {"", "secret"}) {
    Both both(token, token);
    both.run();
    ASSERT_TRUE(both.dialer.answer() && both.acceptor.hello());
    EXPECT_EQ(both.dialer.answer()->code, AnswerCode::accepted);
    EXPECT_TRUE(both.acceptor.accepted());
    EXPECT_EQ(both.acceptor.hello()->incarnation, 77U);
  }
}

TEST(Handshake, LeavesTheBytesBehindIt) {
  Both both("t", "t");
  Both::deliver(both.dialer, both.to_dialer, both.to_acceptor);
  both.to_acceptor += "first frame";
  const HandshakeStep step = both.acceptor.take(both.to_acceptor);
  EXPECT_EQ(both.to_acceptor.substr(step.used), "first frame");
  EXPECT_EQ(both.acceptor.take("first frame").used, 0U);
  const std::string credits = step.send + "credits";
  EXPECT_EQ(credits.substr(both.dialer.take(credits).used), "credits");
  EXPECT_EQ(both.dialer.take("credits").used, 0U);
}

TEST(Handshake, IsRefusedWithTheReason) {
  Both both("t", "t", 4);
  both.run();
  EXPECT_EQ(both.dialer.answer()->code, AnswerCode::stale);
  EXPECT_EQ(both.dialer.answer()->generation, 4U);
  EXPECT_EQ(both.dialer.answer()->text, "generation 3 is over, this is 4");
  EXPECT_FALSE(both.acceptor.accepted());
}

TEST(Handshake, OfDifferentTokensIsRefusedByBothSides) {
  Both both("one", "another");
  both.run();
  EXPECT_FALSE(both.acceptor.accepted());
  EXPECT_EQ(both.dialer.answer()->code, AnswerCode::not_authorised);
  EXPECT_NE(both.dialer.answer()->text.find("--cluster-token-file"), std::string::npos);
}

TEST(Handshake, DoesNotTrustAnAcceptorThatAcceptsWithoutTheToken) {
  Both both("one", "");
  both.acceptor = AcceptorHandshake("", [](const ProvedHello&) { return Answer{}; });
  both.to_dialer = both.acceptor.greeting();
  both.run();
  EXPECT_EQ(both.dialer.answer()->code, AnswerCode::not_authorised);
}

TEST(Handshake, RefusesStrangersAtOnce) {
  Both both("t", "t");
  EXPECT_THROW(both.acceptor.take("GET / HTTP/1.1\r\n"), HelloError);
  EXPECT_THROW(both.dialer.take("SSH-2.0"), HelloError);
}

}  // namespace
}  // namespace wallaroo::internal::link
