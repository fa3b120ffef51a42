#include "record/views.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include <gtest/gtest.h>

namespace wallaroo {
namespace {

struct Owning {
  std::string name;
  std::vector<int> values;
};
struct Viewing {
  int id;
  std::string_view name;
};
struct Nested {
  Owning owning;
  std::vector<Viewing> viewing;
};
struct Empty {};
class Opaque {
 public:
  explicit Opaque(int value) : value_(value) {}

 private:
  [[maybe_unused]] int value_;
};
class Declared : public Opaque {
 public:
  using Opaque::Opaque;
};

}  // namespace

template <>
struct HoldsViews<Declared> {
  static constexpr bool value = true;
};

namespace {

// Types that own their bytes.
static_assert(!holds_views<int>);
static_assert(!holds_views<double>);
// A record with a time owns its bytes, so a computation with timers may emit it.
static_assert(!internal::may_hold_views<std::chrono::nanoseconds>);
static_assert(!internal::may_hold_views<std::chrono::sys_time<std::chrono::milliseconds>>);
static_assert(
    !internal::may_hold_views<std::pair<std::string, std::chrono::system_clock::time_point>>);
static_assert(!holds_views<std::string>);
static_assert(!holds_views<Empty>);
static_assert(!holds_views<Owning>);
static_assert(!holds_views<Opaque>);
static_assert(!holds_views<std::vector<std::string>>);
static_assert(!holds_views<std::array<int, 3>>);
static_assert(!holds_views<std::pair<int, std::string>>);
static_assert(!holds_views<std::map<std::string, std::vector<int>>>);
static_assert(!holds_views<std::unordered_map<std::string, Owning>>);

// Types that look at bytes of others.
static_assert(holds_views<std::string_view>);
static_assert(holds_views<std::u16string_view>);
static_assert(holds_views<std::span<const std::byte>>);
static_assert(holds_views<const char*>);
static_assert(holds_views<Viewing>);
static_assert(holds_views<const Viewing&>);
static_assert(holds_views<Nested>);
static_assert(holds_views<Declared>);
static_assert(holds_views<std::optional<std::string_view>>);
static_assert(holds_views<std::vector<std::vector<Viewing>>>);
static_assert(holds_views<std::array<std::string_view, 2>>);
static_assert(holds_views<std::tuple<int, Viewing>>);
static_assert(holds_views<std::variant<int, std::string_view>>);

// A const part makes no difference.
static_assert(holds_views<std::pair<const std::string_view, int>>);
static_assert(holds_views<std::tuple<const Viewing>>);
static_assert(holds_views<std::optional<const std::string_view>>);

// The rule holds for any container, not only for those that views.hpp names.
static_assert(holds_views<std::deque<std::string_view>>);
static_assert(holds_views<std::list<Viewing>>);
static_assert(holds_views<std::set<std::string_view>>);
static_assert(holds_views<std::map<std::string_view, int>>);
static_assert(holds_views<std::map<int, std::string_view>>);
static_assert(holds_views<std::unordered_map<std::string_view, std::uint64_t>>);
static_assert(holds_views<std::unique_ptr<std::string_view>>);
static_assert(!holds_views<std::unique_ptr<std::string>>);
static_assert(!holds_views<std::shared_ptr<Owning>>);
static_assert(holds_views<std::reference_wrapper<int>>);

TEST(HoldsViews, IsATableCheckedByTheCompiler) { SUCCEED(); }

}  // namespace
}  // namespace wallaroo
