#include "link/hello.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wallaroo::internal::link {
namespace {

using namespace std::string_literals;

const std::string token = "a secret of the cluster";

Hello some_hello() {
  Hello hello;
  hello.cluster = parse_cluster_id("000102030405060708090a0b0c0d0e0f");
  hello.fingerprint = 0xfedcba9876543210;
  hello.generation = 7;
  hello.term = 9;
  hello.incarnation = 0x1122334455667788;
  hello.from = 2;
  hello.executor = 3;
  hello.kind = ConnectionKind::control;
  hello.nonce = make_nonce();
  return hello;
}

Acceptor fitting(const Hello& hello) {
  return {hello.cluster, hello.fingerprint, hello.generation, hello.term};
}

TEST(Hello, ComesBackAndProvesTheToken) {
  const Hello hello = some_hello();
  const Nonce greeting = make_nonce();
  const std::string bytes = encode_hello(hello, greeting, token);
  EXPECT_EQ(bytes.size(), hello_bytes);
  const ProvedHello decoded = decode_hello(bytes, greeting, token);
  EXPECT_EQ(decoded.hello, hello);
  EXPECT_TRUE(decoded.authentic);
  EXPECT_FALSE(decode_hello(bytes, greeting, "another token").authentic);
  EXPECT_FALSE(decode_hello(bytes, greeting, "").authentic);
  EXPECT_FALSE(decode_hello(bytes, make_nonce(), token).authentic)
      << "it was recorded and repeated";
}

TEST(Hello, IsInTheDocumentedBytes) {
  Hello hello = some_hello();
  hello.nonce.fill(0x77);
  const std::string bytes = encode_hello(hello, Nonce{}, "");
  const std::string expected =
      "WALLINK1"
      "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
      "\x10\x32\x54\x76\x98\xba\xdc\xfe"
      "\x07\x00\x00\x00\x00\x00\x00\x00"
      "\x09\x00\x00\x00\x00\x00\x00\x00"
      "\x88\x77\x66\x55\x44\x33\x22\x11"
      "\x02\x00\x03\x00\x02"
      "wwwwwwwwwwwwwwww"s;
  EXPECT_EQ(bytes.substr(0, bytes.size() - proof_bytes), expected);
}

TEST(Hello, WithAnyByteChangedIsNoLongerAuthentic) {
  const Nonce greeting = make_nonce();
  const std::string bytes = encode_hello(some_hello(), greeting, token);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] ^= 1;
    try {
      EXPECT_FALSE(decode_hello(changed, greeting, token).authentic) << i;
    } catch (const HelloError&) {
      EXPECT_TRUE(i < 8 || i == 60) << i << " is neither the magic nor the kind";
    }
  }
}

TEST(Hello, ThatIsCutOffIsRefused) {
  const Nonce greeting = make_nonce();
  const std::string bytes = encode_hello(some_hello(), greeting, token);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_hello(bytes.substr(0, size), greeting, token), HelloError) << size;
  }
}

TEST(Hello, OfAStrangerIsRefusedAtItsFirstBytes) {
  EXPECT_THROW(check_begin("G"), HelloError);
  EXPECT_THROW(check_begin("WALLINK2"), HelloError);
  EXPECT_NO_THROW(check_begin(""));
  EXPECT_NO_THROW(check_begin("WALL"));
  EXPECT_NO_THROW(check_begin("WALLINK1 and more"));
}

TEST(Greeting, ComesBack) {
  const Nonce nonce = make_nonce();
  EXPECT_NE(nonce, make_nonce());
  EXPECT_EQ(encode_greeting(nonce).size(), greeting_bytes);
  EXPECT_EQ(decode_greeting(encode_greeting(nonce)), nonce);
  EXPECT_THROW(decode_greeting("WALLINK1"), HelloError);
}

TEST(Answer, ComesBackAndProvesTheToken) {
  const Nonces nonces{make_nonce(), make_nonce()};
  const Answer answer{AnswerCode::stale, 12, "generation 7 is over, this is 12"};
  const std::string bytes = encode_answer(answer, nonces, token);
  EXPECT_EQ(answer_bytes(bytes), bytes.size());
  EXPECT_EQ(answer_bytes(bytes.substr(0, 10)), std::nullopt);
  const ProvedAnswer decoded = decode_answer(bytes, nonces, token);
  EXPECT_EQ(decoded.answer, answer);
  EXPECT_TRUE(decoded.authentic);
  EXPECT_FALSE(decode_answer(bytes, nonces, "another token").authentic);
  EXPECT_FALSE(decode_answer(bytes, {nonces.hello, nonces.greeting}, token).authentic);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_answer(bytes.substr(0, size), nonces, token), HelloError) << size;
  }
}

TEST(Answer, OfALongTextIsCutAndOneThatClaimsAnotherIsRefused) {
  const Nonces nonces{make_nonce(), make_nonce()};
  const Answer answer{AnswerCode::stale, 12, std::string(5000, 'x')};
  std::string bytes = encode_answer(answer, nonces, token);
  EXPECT_EQ(decode_answer(bytes, nonces, token).answer.text, std::string(most_text, 'x'));
  bytes[9] = '\xff';
  bytes[10] = '\xff';
  EXPECT_THROW(answer_bytes(bytes), HelloError);
  bytes[0] = 6;
  EXPECT_THROW(decode_answer(bytes, nonces, token), HelloError) << "there is no code 6";
}

TEST(Judge, AcceptsAHelloThatFits) {
  const Hello hello = some_hello();
  const Answer answer = judge({hello, true}, fitting(hello));
  EXPECT_EQ(answer, (Answer{AnswerCode::accepted, 7, ""}));
}

TEST(Judge, DecidesByTheFirstRowOfItsTable) {
  const Hello hello = some_hello();
  const auto code = [&](bool authentic, const auto& change) {
    Acceptor acceptor = fitting(hello);
    change(acceptor);
    const Answer answer = judge({hello, authentic}, acceptor);
    EXPECT_EQ(answer.generation, acceptor.generation);
    EXPECT_NE(answer.text, "");
    return answer.code;
  };
  // Each row is tried with all rows below it that can hold beside it.
  EXPECT_EQ(code(false,
                 [](Acceptor& acceptor) {
                   acceptor.cluster[0] ^= 1;
                   acceptor.fingerprint = 1;
                   acceptor.generation = 100;
                 }),
            AnswerCode::not_authorised);
  EXPECT_EQ(code(true,
                 [](Acceptor& acceptor) {
                   acceptor.cluster[0] ^= 1;
                   acceptor.fingerprint = 1;
                   acceptor.generation = 100;
                 }),
            AnswerCode::other_cluster);
  EXPECT_EQ(code(true,
                 [](Acceptor& acceptor) {
                   acceptor.fingerprint = 1;
                   acceptor.generation = 100;
                 }),
            AnswerCode::other_fingerprint);
  EXPECT_EQ(code(true,
                 [](Acceptor& acceptor) {
                   acceptor.generation = 8;
                   acceptor.term = 1;
                 }),
            AnswerCode::stale);
  EXPECT_EQ(code(true,
                 [](Acceptor& acceptor) {
                   acceptor.generation = 6;
                   acceptor.term = 100;
                 }),
            AnswerCode::not_now);
  EXPECT_EQ(code(true, [](Acceptor& acceptor) { acceptor.term = 10; }), AnswerCode::stale);
  EXPECT_EQ(code(true, [](Acceptor& acceptor) { acceptor.term = 8; }), AnswerCode::not_now);
  EXPECT_EQ(code(true, [](Acceptor& acceptor) { acceptor.term = 0; }), AnswerCode::not_now);
}

TEST(Judge, LooksAtTheTermOfControlConnectionsOnly) {
  Hello hello = some_hello();
  Acceptor acceptor = fitting(hello);
  acceptor.term = 100;
  hello.kind = ConnectionKind::records;
  EXPECT_EQ(judge({hello, true}, acceptor).code, AnswerCode::accepted);
  hello.kind = ConnectionKind::move;
  EXPECT_EQ(judge({hello, true}, acceptor).code, AnswerCode::accepted);
}

TEST(Judge, RefusesControlWhereNobodyLeads) {
  Hello hello = some_hello();
  hello.term = 0;
  Acceptor acceptor = fitting(hello);
  EXPECT_EQ(judge({hello, true}, acceptor).code, AnswerCode::not_now);
}

TEST(ParseClusterId, RefusesWhatIsNoId) {
  EXPECT_EQ(parse_cluster_id("FF000000000000000000000000000001")[0], 0xff);
  EXPECT_EQ(parse_cluster_id("ff000000000000000000000000000001")[15], 1);
  EXPECT_THROW(parse_cluster_id(""), ConfigError);
  EXPECT_THROW(parse_cluster_id("ff0000000000000000000000000000010"), ConfigError);
  EXPECT_THROW(parse_cluster_id("fg000000000000000000000000000001"), ConfigError);
}

}  // namespace
}  // namespace wallaroo::internal::link
