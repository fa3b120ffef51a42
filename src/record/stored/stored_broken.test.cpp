// Any bytes give a value or a StoredError.
#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"
#include "record/stored/stored_json.hpp"

namespace wallaroo::stored_test {
namespace {

using namespace internal;

Everything sample() {
  Everything all;
  all.parts.choice = "chosen";
  all.parts.tuple = {1, "two"};
  all.parts.texts = {{"three", ""}};
  all.sequences = {"text", {{1, 2}, {3, 4}}, {true, false}, {"a", std::nullopt}, {{"b", 1, true}},
                   {1},    {{5, 6}},         {"c", "d"}};
  all.tables.map = {{"key", {{"e", 2, false}}}};
  all.tables.multimap = {{1, "f"}, {1, "g"}};
  all.tables.set = {7, 8};
  all.tables.unordered_map = {{9, "h"}};
  all.tables.unordered_set = {"i"};
  all.tables.flat = {{10, {11, 12}}};
  all.tables.sorted = {{"j", true}};
  all.tables.sorted_set = {13};
  all.moneys.push_back(Money::of_cents(14));
  return all;
}

/// Reads the bytes with their type and by the schema alone, which must agree on whether they are a
/// value.
bool is_value(std::string_view bytes) {
  static const Schema schema = schema_of<Everything>();
  bool with_type = true;
  bool by_schema = true;
  try {
    StoredReader in(bytes);
    const Everything value = Loader<Everything>(schema)(in);
    StoredWriter out;
    store(value, out);
  } catch (const StoredError&) {
    with_type = false;
  }
  try {
    StoredReader in(bytes);
    stored_json(schema, in);
  } catch (const StoredError&) {
    by_schema = false;
  }
  EXPECT_TRUE(with_type == by_schema || !with_type);
  return with_type;
}

TEST(StoredReader, RefusesEveryTruncation) {
  const std::string bytes = bytes_of(sample());
  ASSERT_TRUE(is_value(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // Copies the bytes, so that a sanitizer sees a read beyond their end.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(is_value({cut.data(), cut.size()})) << size;
  }
}

TEST(StoredReader, MakesAValueOrAnErrorOfEveryFlippedBit) {
  const std::string bytes = bytes_of(sample());
  std::size_t values = 0;
  std::size_t errors = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    (is_value(flipped) ? values : errors) += 1;
  }
  EXPECT_GT(values, 0U);
  EXPECT_GT(errors, 0U);
}

TEST(StoredReader, MakesAValueOrAnErrorOfAnyBytes) {
  EXPECT_TRUE(rc::check("any bytes", [] {
    std::string bytes = bytes_of(sample());
    for (std::size_t i = 1 + up_to(5); i > 0; --i) {
      bytes[up_to(bytes.size() - 1)] = any<char>();
    }
    is_value(bytes);
  }));
}

template <class T>
void refuses(const std::string& bytes) {
  EXPECT_THROW(value_of<T>(bytes), StoredError) << schema_of<T>().text() << " " << hex(bytes);
  StoredReader in(bytes);
  EXPECT_THROW(stored_json(schema_of<T>(), in), StoredError) << schema_of<T>().text();
}

/// A length of 2^62, followed by some bytes.
const std::string huge = std::string(8, '\x80') + '\x40' + std::string(100, '\x01');

TEST(StoredReader, AllocatesNoMoreThanTheBytesAccountFor) {
  refuses<std::string>(huge);
  refuses<std::vector<std::uint64_t>>(huge);
  refuses<std::vector<Empty>>(huge);
  refuses<std::vector<std::monostate>>(huge);
  refuses<std::vector<bool>>(huge);
  refuses<std::deque<std::string>>(huge);
  refuses<std::map<std::string, std::string>>(huge);
  refuses<std::unordered_map<int, int>>(huge);
  refuses<boost::unordered_flat_map<int, Empty>>(huge);
  refuses<boost::container::small_vector<Point, 2>>(huge);
  // Thirteen entries need at least 26 bytes.
  refuses<std::map<char, Empty>>(std::string(26, '\x0d'));
}

TEST(StoredReader, RefusesLengthsOfMoreThan64Bits) {
  refuses<std::string>(std::string(9, '\xff') + '\x02' + std::string(100, 'x'));
  refuses<std::string>(std::string(100, '\xff'));
  refuses<std::string>(std::string(10, '\x80') + std::string(100, '\0'));
}

TEST(StoredReader, RefusesWhatIsNoChoice) {
  refuses<bool>("\x02");
  refuses<Switch>("\x02");
  refuses<std::optional<char>>("\x02x");
  refuses<std::variant<char, bool>>(std::string("\x02\x00", 2));
  refuses<Empty>("\x01");
  refuses<std::tuple<>>("\x01");
  refuses<std::vector<bool>>("\x02\x01\x02");
}

TEST(StoredReader, RefusesMoreThanAContainerHolds) {
  const std::string five = bytes_of(std::vector<std::string>(5));
  EXPECT_THROW((value_of<boost::container::static_vector<std::string, 4>>(five)), StoredError);
  EXPECT_EQ((value_of<boost::container::static_vector<std::string, 5>>(five).size()), 5U);
}

TEST(StoredReader, SaysWhatIsWrong) {
  try {
    value_of<std::uint64_t>("abc");
    FAIL();
  } catch (const StoredError& error) {
    EXPECT_STREQ(error.what(),
                 "stored bytes are broken: 8 bytes should follow, but only 3 are left");
  }
}

TEST(StoredJson, OfAHugeArrayIsRefusedBeforeItIsMade) {
  for (const char* text : {"array<18446744073709551615,u8>", "array<1000000000,list<u8>>",
                           "array<4294967296,array<4294967296,{}>>"}) {
    StoredReader in(huge);
    EXPECT_THROW(stored_json(Schema::parse(text), in), StoredError) << text;
  }
}

}  // namespace
}  // namespace wallaroo::stored_test
