#include "cluster/control/message.hpp"

#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace wallaroo::internal::cluster::control {
namespace {

Assignment assignment() {
  Assignment made;
  made.version = 9;
  made.executors = {{"A", 0}, {"A", 1}, {"B", 0}};
  made.groups = {0, 0, 1, 1, 2, 2, 2, 2};
  made.singles = {{"in", {"A", 1}}, {"out", {"B", 0}}};
  return made;
}

/// One of each, in the order of their kinds.
const std::vector<Message>& examples() {
  static const std::vector<Message> all{
      Restore{7, 12, {{{"A", 1}, 2, "10.0.0.1:7000"}, {{"B", 2}, 1, "[::1]:7000"}}, assignment()},
      Start{},
      Begin{13, true, {{4, 1, 1023}, {5, 0, 0}}},
      Prepare{13},
      Commit{13},
      Complete{13},
      Abandon{14, "disk full"},
      Stop{},
      Restored{},
      Progress{},
      Saved{13, std::string("\0part\xff", 6)},
      SaveFailed{13, "disk full"},
      Prepared{13, 2, std::string("\0vote", 5)},
      Committed{13, 2},
      RollBack{"the receiver has lost records"},
      Quiet{},
      WantsStop{},
      Lost{{"B", 0xffffffffffffffff}, true, "reset"},
      Failed{"a link was lost"},
      JobFailed{"stage 'count': boom"},
      Ping{-1},
      Pong{-1, 1'700'000'000'000'000'000}};
  return all;
}

std::string refusal(std::string_view bytes) {
  try {
    decode(bytes);
  } catch (const ControlError& error) {
    return error.what();
  }
  return "taken";
}

TEST(ControlMessages, ComeBackAsTheyWereSent) {
  ASSERT_EQ(examples().size(), std::variant_size_v<Message>) << "one of each";
  for (std::size_t kind = 0; kind != examples().size(); ++kind) {
    const Message& message = examples()[kind];
    ASSERT_EQ(message.index(), kind);
    const std::string bytes = encode(message);
    EXPECT_EQ(static_cast<std::size_t>(bytes[4]), kind + 1) << name_of(message);
    EXPECT_EQ(decode(std::string_view(bytes).substr(4)), message) << name_of(message);
  }
}

TEST(ControlMessages, HaveTheBytesOfTheirDescription) {
  EXPECT_EQ(encode(Start{}), std::string("\x01\0\0\0\x02", 5));
  EXPECT_EQ(encode(Prepared{0x0102, 3, "v"}),
            std::string("\x0f\0\0\0\x0d\x02\x01\0\0\0\0\0\0\x03\0\0\0\x01v", 19));
  EXPECT_EQ(encode(Begin{1, true, {{2, 3, 4}}}),
            std::string("\x13\0\0\0\x03\x01\0\0\0\0\0\0\0\x01\x01\x02\0\0\0\x03\0\x04\0", 23));
}

TEST(ControlMessages, AreCutFromBytesHoweverTheyArrive) {
  std::string all;
  for (const Message& message : examples()) {
    all += encode(message);
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{64}, all.size()}) {
    MessageReader reader;
    std::vector<Message> read;
    for (std::size_t at = 0; at < all.size(); at += step) {
      reader.append(std::string_view(all).substr(at, step));
      while (auto message = reader.next()) {
        read.push_back(*std::move(message));
      }
    }
    EXPECT_EQ(read, examples()) << step;
  }
}

TEST(ControlMessages, ThatAreCutOffOrTooLongAreRefused) {
  for (const Message& message : examples()) {
    const std::string bytes = encode(message).substr(4);
    for (std::size_t size = 0; size != bytes.size(); ++size) {
      EXPECT_NE(refusal(std::string_view(bytes).substr(0, size)), "taken") << name_of(message);
    }
    EXPECT_EQ(refusal(bytes + "x"),
              fmt::format("a message '{}' has 1 bytes too many", name_of(message)));
  }
}

TEST(ControlMessages, ThatMakeNoSenseAreRefused) {
  EXPECT_EQ(refusal(std::string(1, '\0')), "a message has the unknown kind 0");
  EXPECT_EQ(refusal("\x17"), "a message has the unknown kind 23");
  Restore restore;
  restore.assignment = assignment();
  restore.assignment.groups.back() = 3;
  EXPECT_NE(refusal(encode(restore).substr(4)).find("to an unknown executor"), std::string::npos);
  // A count that the bytes cannot hold costs no memory.
  EXPECT_NE(refusal(std::string("\x03\x01\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\x7f", 15)), "taken");
  EXPECT_NE(refusal(std::string("\x03\x01\0\0\0\0\0\0\0\x02\0", 11)), "taken") << "no truth value";
}

TEST(ControlMessages, OfAWrongLengthCloseTheConnection) {
  MessageReader empty;
  empty.append(std::string(4, '\0'));
  EXPECT_THROW(empty.next(), ControlError);
  MessageReader endless;
  endless.append("\xff\xff\xff\xff");
  EXPECT_THROW(endless.next(), ControlError);
  EXPECT_THROW(encode(Saved{1, std::string(most_message_bytes, 'x')}), ControlError);
}

}  // namespace
}  // namespace wallaroo::internal::cluster::control
