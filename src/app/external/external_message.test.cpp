#include "app/external/external_message.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace wallaroo::internal {
namespace {

using namespace std::string_literals;

struct Row {
  ExternalId id;
  std::string body;
  std::string bytes;
};

/// Every message, written out.
const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {ExternalId::print, "hello", "\0\0\0\x07\0\x01hello"s},
      {ExternalId::rotate_log, "initializer", "\0\0\0\x0d\0\x02initializer"s},
      {ExternalId::clean_shutdown, "", "\0\0\0\x02\0\x03"s},
      {ExternalId::clean_shutdown, "bye", "\0\0\0\x05\0\x03"s + "bye"},
      {ExternalId::shrink_request, R"({"query":true,"node_names":[],"node_count":0})",
       "\0\0\0\x2f\0\x04"s + R"({"query":true,"node_names":[],"node_count":0})"},
      {ExternalId::shrink_query_response, "{}", "\0\0\0\x04\0\x05{}"s},
      {ExternalId::shrink_response, "Cannot", "\0\0\0\x08\0\x06"s + "Cannot"},
      {ExternalId::partition_query, "", "\0\0\0\x02\0\x07"s},
      {ExternalId::partition_response, "{}", "\0\0\0\x04\0\x08{}"s},
      {ExternalId::cluster_status_query, "", "\0\0\0\x02\0\x09"s},
      {ExternalId::cluster_status_response, "{}", "\0\0\0\x04\0\x0a{}"s},
      {ExternalId::cluster_not_initialized, "", "\0\0\0\x02\0\x0b"s},
      {ExternalId::partition_count_query, "", "\0\0\0\x02\0\x0c"s},
      {ExternalId::partition_count_response, "{}", "\0\0\0\x04\0\x0d{}"s},
      {ExternalId::source_ids_query, "", "\0\0\0\x02\0\x0e"s},
      {ExternalId::source_ids_response, "{}", "\0\0\0\x04\0\x0f{}"s},
      {ExternalId::report_status, "boundary-count-status",
       "\0\0\0\x17\0\x10"s + "boundary-count-status"},
      {ExternalId::state_entity_query, "", "\0\0\0\x02\0\x11"s},
      {ExternalId::state_entity_response, "{}", "\0\0\0\x04\0\x12{}"s},
      {ExternalId::stateless_partition_query, "", "\0\0\0\x02\0\x13"s},
      {ExternalId::stateless_partition_response, "{}", "\0\0\0\x04\0\x14{}"s},
      {ExternalId::state_entity_count_query, "", "\0\0\0\x02\0\x15"s},
      {ExternalId::state_entity_count_response, "{}", "\0\0\0\x04\0\x16{}"s},
      {ExternalId::stateless_partition_count_query, "", "\0\0\0\x02\0\x17"s},
      {ExternalId::stateless_partition_count_response, "{}", "\0\0\0\x04\0\x18{}"s},
      {ExternalId::cluster_state_entity_count_query, "", "\0\0\0\x02\0\x19"s},
      {ExternalId::cluster_state_entity_count_response, "{}", "\0\0\0\x04\0\x1a{}"s},
  };
  return rows;
}

TEST(AnExternalMessage, HasTheBytesOfTheTable) {
  for (const Row& row : table()) {
    EXPECT_EQ(encode({row.id, row.body}), row.bytes);
    ExternalReader reader;
    reader.append(row.bytes);
    EXPECT_EQ(reader.next(), (ExternalMessage{row.id, row.body}));
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_EQ(reader.broken(), "");
  }
}

TEST(AnExternalMessage, WithAnUnknownIdIsRead) {
  ExternalReader reader;
  reader.append("\0\0\0\x03\xff\xffx"s);
  EXPECT_EQ(reader.next(), (ExternalMessage{static_cast<ExternalId>(0xffff), "x"}));
}

TEST(AnExternalMessage, MayHaveABodyOf16KiBAndNoMore) {
  const std::string longest(16 * 1024, 'x');
  ExternalReader reader;
  reader.append(encode({ExternalId::print, longest}));
  EXPECT_EQ(reader.next()->body, longest);
  reader.append(encode({ExternalId::print, longest + "x"}).substr(0, 4));
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.broken(), "a message is longer than 16 KiB");
}

TEST(AnExternalMessage, MustHaveAnId) {
  for (const std::string& bytes : {"\0\0\0\0"s, "\0\0\0\x01"s}) {
    ExternalReader reader;
    reader.append(bytes);
    EXPECT_EQ(reader.next(), std::nullopt);
    EXPECT_EQ(reader.broken(), "a message is too short for its id");
    reader.append(encode({ExternalId::print, ""}));
    EXPECT_EQ(reader.next(), std::nullopt);
  }
}

RC_GTEST_PROP(ExternalMessages, CutIntoAnyPiecesAreReadAsTheyWere, ()) {
  std::vector<ExternalMessage> messages;
  std::string bytes;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    messages.push_back({static_cast<ExternalId>(*rc::gen::arbitrary<std::uint16_t>()),
                        *rc::gen::container<std::string>(rc::gen::arbitrary<char>())});
    bytes += encode(messages.back());
  }
  ExternalReader reader;
  std::vector<ExternalMessage> read;
  while (!bytes.empty()) {
    const auto piece = *rc::gen::inRange<std::size_t>(1, bytes.size() + 1);
    reader.append(std::string_view(bytes).substr(0, piece));
    bytes.erase(0, piece);
    while (auto message = reader.next()) {
      read.push_back(std::move(*message));
    }
  }
  RC_ASSERT(read == messages);
  RC_ASSERT(reader.broken().empty());
}

}  // namespace
}  // namespace wallaroo::internal
