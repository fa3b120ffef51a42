#include "io/connector_protocol.hpp"

#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace wallaroo::internal::connector_protocol {
namespace {

constexpr std::uint64_t key_0 = 0xbd29'af3b'35fb'e79a;  // the start of SHA-256("key_0")

/// Converts text such as "00 1a ff", which may hold quoted text and white space, to bytes.
std::string bytes_of(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == '"') {
      const std::size_t end = text.find('"', i + 1);
      bytes += text.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
      i += 2;
    }
  }
  return bytes;
}

void expect_bytes(const Frame& frame, std::string_view hex) {
  const std::string bytes = bytes_of(hex);
  EXPECT_EQ(encode(frame), bytes) << hex;
  const auto body = first_frame(bytes, 1000);
  ASSERT_TRUE(body) << hex;
  EXPECT_EQ(body->size() + length_bytes, bytes.size());
  EXPECT_TRUE(decode(*body) == frame) << hex;
}

const std::string ack_body("\x06\0\0\0\1\0\0\0\2", 9);

TEST(ConnectorProtocol, FramesOfSourcesHaveTheBytesThatExistingClientsSend) {
  expect_bytes(Hello{"0.0.1", "cookie", "prog", "i0"},
               "0000001a 00 0005 302e302e31 0006 636f6f6b6965 0004 70726f67 0002 6930");
  expect_bytes(Ok{67}, "00000005 01 00000043");
  expect_bytes(Error{"bad"}, "00000006 02 0003 626164");
  expect_bytes(Notify{key_0, "key_0", 0},
               "00000018 03 bd29af3b35fbe79a 0005 6b65795f30 0000000000000000");
  expect_bytes(NotifyAck{true, key_0, nothing_processed},
               "00000012 04 01 bd29af3b35fbe79a ffffffffffffffff");
  expect_bytes(NotifyAck{false, key_0, 5}, "00000012 04 00 bd29af3b35fbe79a 0000000000000005");
  expect_bytes(Message{key_0, 1, 0, "key_0", std::string_view("\0\0\0\0\0\0\0\1key_0", 13)},
               "0000002d 05 bd29af3b35fbe79a 0000000000000001 0000000000000000 0005 6b65795f30 "
               "0000000000000001 6b65795f30");
  expect_bytes(Message{7, 2, -1, "", ""},
               "0000001b 05 0000000000000007 0000000000000002 ffffffffffffffff 0000");
  expect_bytes(Ack{3, {{key_0, 1}}},
               "00000019 06 00000003 00000001 bd29af3b35fbe79a 0000000000000001");
  expect_bytes(Ack{2, {}}, "00000009 06 00000002 00000000");
  expect_bytes(EndOfStream{key_0}, "00000009 08 bd29af3b35fbe79a");
  expect_bytes(Restart{"127.0.0.1:7100"}, "00000013 07 0000000e 3132372e302e302e313a37313030");
  expect_bytes(Restart{}, "00000005 07 00000000");
  EXPECT_TRUE(decode("\x07") == Frame(Restart{})) << "a body without an address";
}

TEST(ConnectorProtocol, FramesOfSinksHaveTheBytesThatExistingSinksTake) {
  const std::string name = "App-w-initializer-id-77";
  const std::string transaction = name + ":c_id=1";
  const std::string zeros = "0000000000000000";
  const std::string control = " 05" + zeros + zeros + zeros + "0000 ";
  const std::string id = " 001e \"" + transaction + "\" ";
  expect_bytes(Hello{"v0.0.1", "Dragons-Love-Tacos", "App", "initializer"},
               "0000002f 00 0006 76302e302e31 0012 \"Dragons-Love-Tacos\" 0003 \"App\" 000b "
               "\"initializer\"");
  expect_bytes(Notify{data_stream, name, 0},
               "0000002a 03 0000000000000001 0017 \"" + name + "\"" + zeros);
  expect_bytes(Message{data_stream, 6, 0, "", "-38.2\n"},
               "00000021 05 0000000000000001 0000000000000006 0000000000000000 0000 2d33382e320a");
  const auto expect_control = [&](const TwoPhaseMessage& message, const std::string& length,
                                  const std::string& payload) {
    EXPECT_EQ(encode_control_frame(message), bytes_of(length + control + payload)) << payload;
    EXPECT_TRUE(decode_two_phase(bytes_of(payload)) == message) << payload;
  };
  expect_control(ListUncommitted{77778}, "00000024", "c9 0000000000012fd2");
  expect_control(ReplyUncommitted{77778, {}}, "00000028", "ca 0000000000012fd2 00000000");
  expect_control(Phase1{transaction, {{1, 0, 12}}}, "00000058",
                 "cb" + id + "00000001 0000000000000001" + zeros + "000000000000000c");
  expect_control(Reply{transaction, true}, "0000003d", "cc" + id + "01");
  expect_control(Phase2{transaction, true}, "0000003d", "cd" + id + "01");
  expect_control(WorkersLeft{7, {"worker2"}}, "00000031",
                 "ce 0000000000000007 00000001 0007 \"worker2\"");
}

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConnectorProtocol, ErrorsSayWhatIsWrong) {
  const auto of = [](std::string_view body) { return error_of([&] { decode(body); }); };
  EXPECT_EQ(of(""), "a frame has no type");
  EXPECT_EQ(of("\x09"), "there is no frame type 9");
  EXPECT_EQ(of(std::string_view("\1\0\0", 3)), "a OK of 2 bytes is too short for its fields");
  EXPECT_EQ(of(std::string_view("\1\0\0\0\1x", 6)), "a OK has 1 bytes more than its fields");
  EXPECT_EQ(of(ack_body), "a ACK claims 2 entries, but only 0 bytes follow");
  EXPECT_EQ(of(std::string("\4\2").append(16, '\0')), "a NOTIFY_ACK has 2 where 0 or 1 should be");
  EXPECT_EQ(error_of([] { decode_two_phase("\xcf"); }), "there is no control message with tag 207");
  EXPECT_EQ(error_of([] { decode_two_phase(""); }), "a control message has no tag");
  EXPECT_EQ(error_of([] { first_frame(std::string_view("\0\0\1\0", 4), 255); }),
            "a frame of 256 bytes is above the maximum of 255");
  EXPECT_EQ(error_of([] { first_frame(std::string_view("\0\0\0\0", 4), 255); }),
            "a frame has no type");
}

TEST(ConnectorProtocol, WhatNoFrameCanCarryIsRefusedAndNothingIsAppended) {
  std::string bytes = "before";
  append(bytes, Error{std::string(65535, 'e')});
  const std::string before = bytes;
  EXPECT_EQ(error_of([&] { append(bytes, Error{std::string(65536, 'e')}); }),
            "a text of 65536 bytes, beginning with 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', is "
            "above the 65535 that a frame takes");
  EXPECT_EQ(bytes, before);
}

TEST(ConnectorProtocol, AFrameIsFoundOnlyWhenAllOfItIsThere) {
  const std::string bytes = encode(Ok{1}) + encode(EndOfStream{2});
  for (std::size_t size = 0; size < 9; ++size) {
    EXPECT_FALSE(first_frame(std::string_view(bytes).substr(0, size), 100)) << size;
  }
  EXPECT_TRUE(decode(first_frame(bytes, 100).value()) == Frame(Ok{1}));
}

/// Every kind of frame and of control message, with fields of every width.
std::vector<std::string> some_bodies() {
  std::vector<std::string> bodies;
  const std::vector<Frame> frames{Hello{"0.0.1", "c", "p", "i"},
                                  Ok{1},
                                  Error{"e"},
                                  Notify{1, "n", 2},
                                  NotifyAck{true, 1, 2},
                                  Message{1, 2, 3, "k", "p"},
                                  Ack{1, {{1, 2}, {3, 4}}},
                                  Restart{"a"},
                                  EndOfStream{1}};
  for (const Frame& frame : frames) {
    bodies.push_back(encode(frame).substr(length_bytes));
  }
  return bodies;
}

std::vector<std::string> some_payloads() {
  const std::vector<TwoPhaseMessage> messages{
      ListUncommitted{1},       ReplyUncommitted{1, {"a", "b"}},
      Phase1{"t", {{1, 2, 3}}}, Reply{"t", true},
      Phase2{"t", false},       WorkersLeft{1, {"w"}}};
  std::vector<std::string> payloads;
  for (const TwoPhaseMessage& message : messages) {
    payloads.push_back(encode_two_phase(message));
  }
  return payloads;
}

TEST(ConnectorProtocol, EveryTruncationIsAnErrorWhereAFieldIsMissing) {
  for (const std::string& body : some_bodies()) {
    // The payload of a MESSAGE may have any length, and a RESTART may lack its address.
    const std::size_t optional_from = body[0] == 5 ? body.size() - 1 : body.size();
    for (std::size_t size = body[0] == 7 ? 2 : 1; size < optional_from; ++size) {
      EXPECT_THROW(decode(std::string_view(body).substr(0, size)), ProtocolError)
          << int(body[0]) << ' ' << size;
    }
  }
  for (const std::string& payload : some_payloads()) {
    for (std::size_t size = 0; size < payload.size(); ++size) {
      EXPECT_THROW(decode_two_phase(std::string_view(payload).substr(0, size)), ProtocolError);
    }
    EXPECT_THROW(decode_two_phase(payload + "x"), ProtocolError);
  }
}

TEST(ConnectorProtocol, WhateverByteIsChangedTheResultIsAnErrorOrHasTheseBytes) {
  for (const std::string& body : some_bodies()) {
    for (std::size_t at = 0; at < body.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string changed = body;
        changed[at] = static_cast<char>(value);
        try {
          EXPECT_EQ(encode(decode(changed)).substr(length_bytes), changed);
        } catch (const ProtocolError&) {
        }
      }
    }
  }
  for (const std::string& payload : some_payloads()) {
    for (std::size_t at = 0; at < payload.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string changed = payload;
        changed[at] = static_cast<char>(value);
        try {
          EXPECT_EQ(encode_two_phase(decode_two_phase(changed)), changed);
        } catch (const ProtocolError&) {
        }
      }
    }
  }
}

TEST(ConnectorProtocol, AnyMessageComesBackAsItWas) {
  rc::check([](std::uint64_t stream, std::uint64_t id, std::int64_t time, const std::string& key,
               const std::string& payload) {
    const Message message{stream, id, time, key, payload};
    const std::string bytes = encode(message);
    RC_ASSERT(decode(first_frame(bytes, bytes.size()).value()) == Frame(message));
  });
}

}  // namespace
}  // namespace wallaroo::internal::connector_protocol
