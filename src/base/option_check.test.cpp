#include "base/option_check.hpp"

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

namespace wallaroo::internal {
namespace {

using namespace std::chrono_literals;

constexpr auto least_ms = std::chrono::milliseconds::min();
constexpr auto most_ms = std::chrono::milliseconds::max();

struct Case {
  std::string said;  ///< empty: nothing is refused
  std::function<void(const OptionCheck&)> check;
};

const Case cases[] = {
    {"", [](const OptionCheck& c) { c.duration("wait", 0ms); }},
    {"", [](const OptionCheck& c) { c.duration("wait", longest_duration); }},
    {"sink 'out': wait is -1 ms; it must be from 0 ms to 3153600000000 ms (100 years)",
     [](const OptionCheck& c) { c.duration("wait", -1ms); }},
    {"sink 'out': wait is 9223372036854775807 ms; it must be from 0 ms to 3153600000000 ms (100 "
     "years)",
     [](const OptionCheck& c) { c.duration("wait", most_ms); }},
    {"sink 'out': wait is -9223372036854775808 ms; it must be from 1 ms to 3153600000000 ms (100 "
     "years)",
     [](const OptionCheck& c) { c.duration("wait", least_ms, 1ms); }},
    {"sink 'out': wait is 9223372036854775807 ns; it must be from 0 ns to 3153600000000000000 ns "
     "(100 years)",
     [](const OptionCheck& c) { c.duration("wait", std::chrono::nanoseconds::max()); }},
    {"", [](const OptionCheck& c) { c.backoff(50ms, 50ms); }},
    {"sink 'out': first_backoff is 0 ms; it must be from 1 ms to 3153600000000 ms (100 years)",
     [](const OptionCheck& c) { c.backoff(0ms, 50ms); }},
    {"sink 'out': max_backoff is 49 ms; it must not be shorter than first_backoff, 50 ms",
     [](const OptionCheck& c) { c.backoff(50ms, 49ms); }},
    {"", [](const OptionCheck& c) { c.at_least("size", 1, 1); }},
    {"sink 'out': size is 0; it must be at least 1",
     [](const OptionCheck& c) { c.at_least("size", 0, 1); }},
    {"sink 'out': count is -1; it must be from 1 to 7",
     [](const OptionCheck& c) { c.range("count", -1, 1, 7); }},
    {"sink 'out': count is 8; it must be from 1 to 7",
     [](const OptionCheck& c) { c.range("count", 8, 1, 7); }},
    {"", [](const OptionCheck& c) { c.path("path", "-"); }},
    {"sink 'out': path is empty; give the path of a file, or \"-\" for the standard stream",
     [](const OptionCheck& c) { c.path("path", ""); }},
    {"sink 'out': path has a zero byte behind 'cut', where the operating system would cut it off; "
     "give a path without one",
     [](const OptionCheck& c) { c.path("path", std::string_view("cut\0off", 7)); }},
};

TEST(OptionCheck, NamesWhoseOptionItIsItsValueAndWhatIsAllowed) {
  for (const Case& one : cases) {
    std::string said;
    try {
      one.check(OptionCheck("sink 'out'"));
    } catch (const ConfigError& error) {
      said = error.what();
    }
    EXPECT_EQ(said, one.said);
  }
}

}  // namespace
}  // namespace wallaroo::internal
