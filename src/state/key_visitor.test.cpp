#include "state/key_visitor.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "state/keyed_state.hpp"
#include "state/single_state.hpp"

namespace wallaroo::internal {

struct Unkept {
  int number = 0;
  friend bool operator==(const Unkept&, const Unkept&) = default;
};

}  // namespace wallaroo::internal

template <>
struct wallaroo::Stored<wallaroo::internal::Unkept> : wallaroo::NotStored {};

namespace wallaroo::internal {
namespace {

class Seen final : public KeyVisitor {
 public:
  void schema(std::string text) override { its_schema = std::move(text); }
  void key(std::string_view bytes) override { keys.emplace(bytes); }

  std::string its_schema;
  std::multiset<std::string> keys;
};

TEST(AKeyVisitor, SeesEachKeyOfAStateAsItIsStored) {
  KeyedState<std::string, int> state;
  for (const std::string key : {"a", "bc", "a"}) {
    state.find_or_create(hash_key(key), key) += 1;
  }
  Seen seen;
  state.visit_keys(seen);
  EXPECT_EQ(seen.its_schema, "string");
  EXPECT_EQ(seen.keys, (std::multiset<std::string>{"\1a", "\2bc"}));
}

TEST(AKeyVisitor, SeesADescriptionOfKeysThatAreNotStored) {
  Seen seen;
  KeysShown<Unkept>(seen).show({7});
  EXPECT_EQ(seen.its_schema, "");
  EXPECT_EQ(seen.keys, std::multiset<std::string>{describe(Unkept{7})});
}

TEST(AKeyVisitor, SeesTheEmptyKeyOfAStageWithoutKeys) {
  SingleState<int> state;
  Seen seen;
  state.visit_keys(seen);
  EXPECT_EQ(seen.its_schema, schema_text<NoKey>());
  EXPECT_EQ(seen.keys.size(), 1U);
}

}  // namespace
}  // namespace wallaroo::internal
