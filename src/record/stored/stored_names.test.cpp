#include "record/stored/stored_names.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "record/stored/stored_json.hpp"
#include "record/stored/stored_schema.hpp"
#include "record/stored/stored_write.hpp"

namespace wallaroo::internal {
namespace {

using Names = std::vector<std::string>;

struct Position {
  double x = 0;
  double y = 0;
};

struct Ride {
  std::string driver;
  std::vector<Position> path;
  std::optional<Position> target;
  std::pair<std::uint32_t, Position> last;
  std::map<std::string, std::uint64_t> fares;
  std::variant<bool, Position> state;
};
struct Nothing {};

TEST(StoredNames, AreThoseOfTheFieldsInTheOrderOfTheSchema) {
  EXPECT_EQ(field_names<Position>(), (Names{"x", "y"}));
  EXPECT_EQ(field_names<Ride>(), (Names{"driver", "path", "target", "last", "fares", "state", "x",
                                        "y", "x", "y", "", "", "x", "y", "x", "y"}));
  EXPECT_EQ((field_names<std::pair<Position, bool>>()), (Names{"", "", "x", "y"}));
  EXPECT_EQ(field_names<std::uint64_t>(), Names());
  EXPECT_EQ(field_names<Nothing>(), Names());
}

template <class T>
std::string json_of(const T& value, const Names& names) {
  StoredWriter out;
  store(value, out);
  const Schema schema = schema_of<T>();
  const FieldNames found(schema, names);
  StoredReader in(out.bytes());
  std::string text;
  print_json(schema, in, text, &found);
  return text;
}

TEST(StoredNames, MakeObjectsOfStructsWhereverTheyAre) {
  const Ride ride{"ann", {{1, 2}, {3, 4}}, Position{5, 6}, {7, {8, 9}}, {{"a", 1}}, Position{0, 1}};
  EXPECT_EQ(json_of(ride, field_names<Ride>()),
            R"({"driver":"ann","path":[{"x":1,"y":2},{"x":3,"y":4}],"target":{"x":5,"y":6},)"
            R"("last":[7,{"x":8,"y":9}],"fares":{"a":1},"state":{"1":{"x":0,"y":1}}})");
}

TEST(StoredNames, ThatAreMissingOrOfAnotherTypeLeaveArrays) {
  EXPECT_EQ(json_of(Position{1, 2}, {}), "[1,2]");
  EXPECT_EQ(json_of(Position{1, 2}, {"x", "y", "z"}), "[1,2]");
}

TEST(StoredNames, OfWhatTheCompilerDoesNotTellAreEmpty) {
  EXPECT_EQ(name_in("something else"), "");
  EXPECT_EQ(name_in("f() [with const auto* field = (& a<T>.H<T>::value.T::mean_x); U = V]"),
            "mean_x");
}

}  // namespace
}  // namespace wallaroo::internal
