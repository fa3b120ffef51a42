#include "record/stored/stored_check.hpp"

#include <bitset>
#include <functional>
#include <memory>
#include <queue>
#include <span>
#include <string_view>

#include <gtest/gtest.h>

#include "record/stored/stored.rig.hpp"

namespace wallaroo::stored_test {
namespace {

class Opaque {
 public:
  explicit Opaque(int value) : value_(value) {}
  int value() const { return value_; }

 private:
  int value_;
};
class Connection : public Opaque {};
struct OfConnection {
  int id;
  std::vector<Connection> all;
};
struct OfBoth {
  Connection one;
  Opaque two;
};
struct Tree {
  std::vector<Tree> children;
};
struct Text {
  std::string_view view;
};
struct HalfConverted : Opaque {};
struct V1 {};
struct V2 {};
struct V5 {};
struct NotMigrated {};
struct Wide {
  long double number;
};

}  // namespace
}  // namespace wallaroo::stored_test

namespace wallaroo {
using namespace stored_test;

template <>
struct Stored<Connection> : NotStored {};
template <>
struct Stored<HalfConverted> {
  using Type = int;
  static int save(const HalfConverted& value) { return value.value(); }
};
template <>
struct Migration<V2> {
  static constexpr std::uint32_t version = 2;
  using Previous = V1;
  static V2 migrate(V1) { return {}; }
};
template <>
struct Migration<V5> {
  static constexpr std::uint32_t version = 5;
  using Previous = V2;
  static V5 migrate(V2) { return {}; }
};
template <>
struct Migration<NotMigrated> {
  static constexpr std::uint32_t version = 2;
  using Previous = V1;
};
}  // namespace wallaroo

namespace wallaroo::internal {
namespace {

static_assert(is_storable<Everything>);
static_assert(is_storable<const Everything>);
static_assert(check_storable<Everything>());
static_assert(is_storable<V2>);

static_assert(!is_storable<Opaque>);
static_assert(!is_storable<std::vector<Opaque>>);
static_assert(!is_storable<int*>);
static_assert(!is_storable<int&>);
static_assert(!is_storable<void>);
static_assert(!is_storable<void()>);
static_assert(!is_storable<int[3]>);
static_assert(!is_storable<std::nullptr_t>);
static_assert(!is_storable<Text>);
static_assert(!is_storable<std::span<int>>);
static_assert(!is_storable<std::unique_ptr<int>>);
static_assert(!is_storable<std::shared_ptr<int>>);
static_assert(!is_storable<std::function<void()>>);
static_assert(!is_storable<std::bitset<8>>);
static_assert(!is_storable<std::priority_queue<int>>);
static_assert(!is_storable<std::array<int, 0>>);
static_assert(!is_storable<Wide>);

static_assert(storability<Tree>() == Storability::recursive);
static_assert(storability<std::optional<Text>>() == Storability::view);
static_assert(storability<std::map<int, int*>>() == Storability::view);
static_assert(storability<std::chrono::steady_clock::time_point>() == Storability::steady_time);
static_assert(storability<HalfConverted>() == Storability::wrong_conversion);
static_assert(storability<V5>() == Storability::wrong_version);
static_assert(storability<NotMigrated>() == Storability::wrong_migration);

static_assert(is_declared_not_stored<Connection>);
static_assert(is_declared_not_stored<OfConnection>);
static_assert(check_storable<OfConnection>());
static_assert(!is_storable<OfConnection>);
static_assert(!is_declared_not_stored<OfBoth>);
static_assert(!is_declared_not_stored<Opaque>);
static_assert(!is_declared_not_stored<int>);

TEST(Storable, IsATableCheckedByTheCompiler) { SUCCEED(); }

}  // namespace
}  // namespace wallaroo::internal
