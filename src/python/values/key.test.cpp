#include "python/values/key.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "record/describe.hpp"
#include "record/key.hpp"
#include "state/keyed_state.hpp"

namespace wallaroo::python {
namespace {

using internal::hash_key;

PyKey text(const std::string& bytes) { return {"s" + bytes}; }

TEST(PyKey, IsHashedAndComparedAsTheBytesOfAString) {
  EXPECT_EQ(internal::key_form<PyKey>(), internal::KeyForm::bytes);
  EXPECT_EQ(hash_key(text("wallaroo")), internal::hash_bytes("swallaroo"));
  EXPECT_TRUE(internal::equal_keys(text("a"), text("a")));
  EXPECT_FALSE(internal::equal_keys(text("a"), PyKey{"ya"}));
  EXPECT_TRUE(internal::equals_itself(text("")));
  EXPECT_FALSE(internal::may_hold_views<PyKey>);
}

TEST(PyKey, IsTheKeyOfAState) {
  internal::KeyedState<PyKey, int> states;
  for (int i = 0; i < 1000; ++i) {
    const PyKey key = text(std::to_string(i % 100));
    ++states.find_or_create(hash_key(key), key);
  }
  EXPECT_EQ(states.size(), 100U);
  EXPECT_EQ(states.find_or_create(hash_key(text("7")), text("7")), 10);
  EXPECT_TRUE(states.storable());
  EXPECT_EQ(states.key_schema(), "string");
}

TEST(PyKey, IntegersHaveTheFewestBytesAndComeBack) {
  const auto bytes_of = [](long long value) {
    std::string bytes;
    append_integer(bytes, value);
    return bytes;
  };
  EXPECT_EQ(bytes_of(0), "");
  EXPECT_EQ(bytes_of(127), "\x7f");
  EXPECT_EQ(bytes_of(-128), "\x80");
  EXPECT_EQ(bytes_of(128), std::string("\x80\0", 2));
  EXPECT_EQ(bytes_of(std::numeric_limits<long long>::max()).size(), 8U);
  for (int bit = 0; bit < 63; ++bit) {
    for (const long long near : {-1LL, 0LL, 1LL}) {
      for (const long long sign : {-1LL, 1LL}) {
        const long long value = sign * (1LL << bit) + near;
        EXPECT_EQ(integer_of(bytes_of(value)), value);
      }
    }
  }
  EXPECT_EQ(integer_of(bytes_of(std::numeric_limits<long long>::min())),
            std::numeric_limits<long long>::min());
}

TEST(PyKey, IsShownAsPythonDoes) {
  EXPECT_EQ(internal::describe(text("ann")), "'ann'");
  EXPECT_EQ(internal::describe(PyKey{"i\x05"}), "5");
  PyKey tuple{"t"};
  append_sized(tuple.bytes, "N");
  append_sized(tuple.bytes, "sx");
  EXPECT_EQ(internal::describe(tuple), "(None, 'x')");
  // A key of the old API.
  EXPECT_EQ(internal::describe(PyKey{"Ann"}), "'Ann'");
}

}  // namespace
}  // namespace wallaroo::python
