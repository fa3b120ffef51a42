#include "record/reflect.hpp"

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "record/views.hpp"

namespace wallaroo::internal {
namespace {

struct Empty {};
struct Plain {
  int id;
  double price;
};
struct OfEverything {
  std::string name;
  std::string_view view;
  std::optional<std::string> maybe;
  std::variant<int, std::string> either;
  std::vector<Plain> many;
  std::map<std::string, int> map;
  std::function<void()> function;
  Plain nested;
  std::array<char, 8> array;
};
struct MoveOnly {
  std::unique_ptr<int> pointer;
  int id;
};
struct OneString {
  std::string name;
};
struct OneVector {
  std::vector<int> values;
};
static_assert(Aggregate<Empty>);
static_assert(Aggregate<Plain>);
static_assert(Aggregate<OfEverything>);
static_assert(boost::pfr::tuple_size_v<OfEverything> == 9);
static_assert(Aggregate<MoveOnly>);
static_assert(Aggregate<OneString>);
static_assert(Aggregate<OneVector>);
static_assert(Aggregate<std::array<char, 8>>);

struct WithSymbol {
  int id;
  char symbol[4];
  double price;
};
struct Derived : Plain {
  int more;
};
struct DerivedFromEmpty : Empty {
  int more;
};
struct Uncopyable : MoveOnly {
  int more;
};
static_assert(!Aggregate<WithSymbol>);
static_assert(!Aggregate<Derived>);
static_assert(!Aggregate<DerivedFromEmpty>);
static_assert(!Aggregate<Uncopyable>);
static_assert(!Aggregate<int>);
static_assert(!Aggregate<std::string>);
static_assert(!Aggregate<char[4]>);

static_assert(!holds_views<WithSymbol>);
static_assert(!holds_views<Derived>);

TEST(Aggregate, IsATableCheckedByTheCompiler) { SUCCEED(); }

}  // namespace
}  // namespace wallaroo::internal
