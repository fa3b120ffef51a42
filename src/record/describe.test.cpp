#include "record/describe.hpp"

#include <array>
#include <map>
#include <memory>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

enum class Side : std::uint8_t { buy, sell };
struct Order {
  std::string symbol;
  Side side;
  double price;
  std::optional<int> limit;
};

TEST(Describe, ShowsRecordsAsTheUserWroteThem) {
  EXPECT_EQ(describe(std::string("a\"b\\\n\xff")), R"("a\"b\\\n\xff")");
  EXPECT_EQ(describe(std::string_view("")), "\"\"");
  EXPECT_EQ(describe(true), "true");
  EXPECT_EQ(describe(-3), "-3");
  EXPECT_EQ(describe('A'), "65");
  EXPECT_EQ(describe(0.1), "0.1");
  EXPECT_EQ(describe(Order{"ABC", Side::sell, 1.5, {}}), "{\"ABC\", 1, 1.5, none}");
  EXPECT_EQ(describe(Order{"ABC", Side::buy, 2, 7}), "{\"ABC\", 0, 2, 7}");
  EXPECT_EQ(describe(std::vector<std::vector<int>>{{1, 2}, {}}), "[[1, 2], []]");
  EXPECT_EQ(describe(std::variant<int, std::string>("x")), "\"x\"");
  EXPECT_EQ(describe(std::array<int, 2>{1, 2}), "[1, 2]");
  EXPECT_EQ(describe(std::pair(1, std::tuple(std::string("x"), 0.5))), "{1, {\"x\", 0.5}}");
}

TEST(Describe, CutsLongLists) {
  EXPECT_EQ(describe(std::vector<int>(1000, 7)),
            "[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, ...]");
}

TEST(Describe, SaysSoWhenItCannot) {
  struct Symbol {
    char name[4];
  };
  const std::string cannot = "(a record that cannot be printed)";
  EXPECT_EQ(describe(std::make_unique<int>(1)), cannot);
  EXPECT_EQ(describe(Symbol{}), cannot);
}

TEST(Describe, ATextThatIsNullDoesNotCrash) {
  const char* text = nullptr;
  EXPECT_EQ(describe(text), "none");
}

}  // namespace
}  // namespace wallaroo::internal
