// Takes numbers from a generator, in windows of ten by key, to a TCP sink. One part of it is slow,
// or one key is hot, as the argument says.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <wallaroo/wallaroo.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int keys = 1000;

constexpr const char* help =
    "  none\n"
    "  work|key|update|output|encoder  that function takes a tenth of a millisecond a record\n"
    "  timer                           each record sets a timer, and to handle it takes that long\n"
    "  hot_key                         of ten records nine have the same key";

/// The part that is slow.
std::string slow_part;

void work_in(const char* part) {
  if (slow_part == part) {
    const auto end = std::chrono::steady_clock::now() + 100us;
    while (std::chrono::steady_clock::now() < end) {
    }
  }
}

std::int64_t work(std::int64_t number) {
  work_in("work");
  return number;
}

std::int64_t key_of(const std::int64_t& number) {
  work_in("key");
  return slow_part == "hot_key" && number % 10 != 0 ? 7 : number % keys;
}

/// Sums the numbers, with all functions of the user that a window has.
struct SlowSum {
  std::int64_t initial_accumulator() const { return 0; }
  void update(std::int64_t number, std::int64_t& sum) const {
    work_in("update");
    sum += number;
  }
  std::int64_t combine(std::int64_t a, std::int64_t b) const { return a + b; }
  std::string output(std::int64_t key, std::int64_t sum) const {
    for (int i = 0; i < 10; ++i) {  // there is one result for ten records
      work_in("output");
    }
    return std::to_string(key) + " " + std::to_string(sum);
  }
};

struct Nothing {
  bool seen = false;
};
struct Waiting {
  std::optional<std::int64_t> operator()(const std::int64_t& number, Nothing&,
                                         wallaroo::Timers& timers) const {
    if (slow_part == "timer") {
      timers.after(1ms, static_cast<std::uint64_t>(number));
    }
    return number;
  }
  std::optional<std::int64_t> on_timer(Nothing&, const wallaroo::Timer&) const {
    work_in("timer");
    return std::nullopt;
  }
};

void encode(const std::string& sum, wallaroo::ByteWriter& out) {
  for (int i = 0; i < 10; ++i) {
    work_in("encoder");
  }
  out.append(sum).append('\n');
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = wallaroo::application_arguments(argc, argv);
  slow_part = arguments.empty() ? "none" : arguments.front();
  wallaroo::Application app("slow_app");
  app.source("in", wallaroo::generator_source(
                       {}, [](std::uint64_t n) { return static_cast<std::int64_t>(n); }))
      .to("work", work)
      .key_by("key", key_of)
      .to("waiting", Waiting{})
      .to("windows", wallaroo::count_windows(10).over(SlowSum{}))
      .to_sink("out", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode));
  return wallaroo::run(app, argc, argv, {.arguments_help = help});
}
