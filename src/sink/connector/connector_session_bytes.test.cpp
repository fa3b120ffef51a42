#include "sink/connector/connector_session.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sink/connector/connector_session.rig.hpp"

namespace wallaroo::internal {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') {
      continue;
    }
    digits += c;
    if (digits.size() == 2) {
      bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  return bytes;
}

// The bytes are from a session with the reference receiver of the protocol.
TEST(ConnectorSession, SendsTheBytesThatReceiversKnow) {
  const std::string nothing(26, '\0');  // stream, id, time, key
  Session session(settings(0, 0));
  const auto intro = std::get<Session::Send>(session.connected(0).front()).bytes;
  EXPECT_EQ(intro,
            from_hex("0000002f 00 0006 76302e302e31 0012 447261676f6e732d4c6f76652d5461636f73 0003 "
                     "417070 000b 696e697469616c697a6572") +
                from_hex("0000002a 03 0000000000000001 0017") + std::string(stream) +
                std::string(8, '\0') + from_hex("00000024 05") + nothing +
                from_hex("c9 0000000000012fd2"));
  (void)session.received(protocol::Ok{500});
  (void)session.received(protocol::NotifyAck{true, 1, 100});
  (void)session.received(control(protocol::ReplyUncommitted{77778, {}}));
  session.barrier(1, 12);
  session.prepare(1);
  EXPECT_EQ(std::get<Session::Send>(session.drained().front()).bytes,
            from_hex("00000058 05") + nothing + from_hex("cb 001e") + std::string(stream) +
                ":c_id=1" +
                from_hex("00000001 0000000000000001 0000000000000000 000000000000000c"));
  (void)session.received(control(protocol::Reply{id_of(1), true}));
  EXPECT_EQ(std::get<Session::Send>(session.commit(1).front()).bytes,
            from_hex("0000003d 05") + nothing + from_hex("cd 001e") + std::string(stream) +
                ":c_id=1" + from_hex("01"));
}

/// Hands over the bytes of one frame.
Session::Actions hear(Session& session, const std::string& bytes) {
  const auto body = protocol::first_frame(bytes, 1 << 20);
  return session.received(protocol::decode(body.value()));
}

// The reference receiver refuses by a REPLY with a zero. After a reconnection it lists the
// transactions to which it has agreed, and PHASE_2 comes before data.
TEST(ConnectorSession, TakesTheBytesOfReceiversInTheirOrder) {
  const std::string nothing(26, '\0');
  const std::string id = "001e " + [] {
    std::string hex;
    for (const char c : fmt::format("{}:c_id=4", stream)) {
      hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return hex;
  }();
  const std::string ok = from_hex("00000005 01 000001f4");
  const std::string notify_ack = from_hex("00000012 04 01 0000000000000001 ffffffffffffffff");
  const auto list = [&](const std::string& transactions) {
    const std::string body =
        from_hex("05") + nothing + from_hex("ca 0000000000012fd2" + transactions);
    return from_hex(fmt::format("{:08x}", body.size())) + body;
  };
  const auto reply = [&](const std::string& commit) {
    return from_hex("0000003d 05") + nothing + from_hex("cc " + id + commit);
  };
  Session session(settings(3, 0));
  (void)session.connected(0);
  EXPECT_EQ(described(hear(session, ok)), "");
  EXPECT_EQ(described(hear(session, notify_ack)), "");
  EXPECT_EQ(described(hear(session, list("00000000"))), "");
  session.barrier(4, 12);
  session.prepare(4);
  EXPECT_EQ(described(session.drained()), "phase1 4 0-12");
  Session refused = session;
  EXPECT_EQ(described(hear(refused, reply("00"))), "lost, roll back");
  EXPECT_EQ(described(hear(session, reply("01"))), "prepared 4");

  EXPECT_EQ(described(session.closed("between the phases")), "lost");
  EXPECT_EQ(described(session.commit(4)), "") << "there is nobody to tell";
  (void)session.connected(12);
  (void)hear(session, ok);
  (void)hear(session, notify_ack);
  EXPECT_EQ(described(hear(session, list("00000001 " + id))), "commit 4");
  EXPECT_EQ(described(session.control_sent()), "committed 4");
}

TEST(ConnectorSession, AListBeforeTheOkOrTheNotifyAckIsOutOfOrder) {
  for (const std::string state : {"greeting", "notifying"}) {
    Session session = in_state(state);
    EXPECT_EQ(described(session.received(control(protocol::ReplyUncommitted{77778, {}}))),
              "ERROR, lost");
  }
}

}  // namespace
}  // namespace wallaroo::internal
