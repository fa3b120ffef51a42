#include "step/id.hpp"

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace wallaroo::internal {
namespace {

using CatId = Id<struct Cat>;
using DogId = Id<struct Dog>;

// Mistaking one for another does not compile.
static_assert(!std::is_convertible_v<CatId, DogId>);
static_assert(!std::is_constructible_v<DogId, CatId>);
static_assert(!std::is_convertible_v<int, CatId>);
static_assert(!std::is_convertible_v<CatId, std::size_t>);
static_assert(!std::is_default_constructible_v<CatId>);
static_assert(!std::is_invocable_v<std::equal_to<>, CatId, DogId>);

TEST(Id, IsOrderedByItsNumber) {
  EXPECT_LT(CatId(1), CatId(2));
  EXPECT_EQ(CatId(2), CatId(2));
  EXPECT_EQ(CatId(3).index(), 3U);
}

TEST(IndexedBy, EachIdFindsTheElementThatWasAddedForIt) {
  IndexedBy<CatId, std::string> names;
  EXPECT_TRUE(names.empty());
  const CatId tom = names.add("Tom");
  const CatId felix = names.add("Felix");
  EXPECT_EQ(names[tom], "Tom");
  EXPECT_EQ(names[felix], "Felix");
  EXPECT_EQ(names.id_of(names[felix]), felix);
  names[tom] = "Tim";
  EXPECT_EQ(*names.begin(), "Tim");
}

TEST(IndexedBy, IdsAreThoseOfAllElementsInTheirOrder) {
  const IndexedBy<DogId, bool> tame(3, true);
  EXPECT_EQ(tame.ids(), (std::vector{DogId(0), DogId(1), DogId(2)}));
  for (const DogId id : tame.ids()) {
    EXPECT_TRUE(tame[id]);
  }
  EXPECT_TRUE((IndexedBy<DogId, bool>().ids().empty()));
}

}  // namespace
}  // namespace wallaroo::internal
