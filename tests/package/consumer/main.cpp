// Embeds wallaroo: engines that are started, stopped and waited for, two of them at a time, with
// results by callback.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <future>
#include <map>
#include <string>

#include <wallaroo/wallaroo.hpp>

#include "base/clock.hpp"
#include "step/stage.hpp"

namespace {

struct Total {
  std::uint64_t sum = 0;
};
struct Sum {
  std::uint64_t key;
  std::uint64_t sum;
};

int failures = 0;

void expect(bool holds, const char* what) {
  if (!holds) {
    std::printf("FAILED: %s\n", what);
    ++failures;
  }
}

/// Sums of the numbers below `count` by their remainder.
wallaroo::Application sums(const std::string& name, std::uint64_t count, std::uint64_t keys,
                           std::map<std::uint64_t, std::uint64_t>& results) {
  wallaroo::Application app(name);
  app.source("numbers", wallaroo::generator_source({.count = count},
                                                   [](std::uint64_t index) { return index; }))
      .key_by("remainder", [keys](const std::uint64_t& number) { return number % keys; })
      .to("sum",
          [keys](const std::uint64_t& number, Total& total) {
            total.sum += number;
            return Sum{number % keys, total.sum};
          })
      .to_sink("results",
               wallaroo::callback_sink([&results](const Sum& sum) { results[sum.key] = sum.sum; }));
  return app;
}

void two_engines_in_one_process() {
  std::map<std::uint64_t, std::uint64_t> small;
  std::map<std::uint64_t, std::uint64_t> large;
  wallaroo::Engine first(sums("small", consumer::limit, 2, small), {.threads = 2});
  wallaroo::Engine second(sums("large", consumer::double_limit, 1, large), {.threads = 1});
  first.start();
  second.start();
  expect(first.wait().ok && second.wait().ok, "both end well");
  expect(small == std::map<std::uint64_t, std::uint64_t>{{0, 2450}, {1, 2500}}, "small's sums");
  expect(large == std::map<std::uint64_t, std::uint64_t>{{0, 19900}}, "large's sum");
}

void an_engine_that_is_stopped() {
  std::promise<void> running;
  std::uint64_t next = 0;
  bool in_order = true;
  wallaroo::Application app("endless");
  app.source("numbers", wallaroo::generator_source({}, [](std::uint64_t index) { return index; }))
      .to_sink("results", wallaroo::callback_sink([&](const std::uint64_t& number) {
                 in_order = in_order && number == next;
                 if (next++ == 0) {
                   running.set_value();
                 }
               }));
  wallaroo::Engine engine(app, {.threads = 2});
  engine.start();
  running.get_future().wait();
  expect(!engine.wait_for(std::chrono::milliseconds(1)).has_value(), "it runs until it is stopped");
  engine.stop();
  expect(engine.wait().ok, "a drained engine ends well");
  expect(in_order && next > 0, "every record came once, in order");
}

void mistakes_are_exceptions() {
  wallaroo::Application app("unfinished");
  app.source("numbers", wallaroo::generator_source({}, [](std::uint64_t index) { return index; }));
  try {
    wallaroo::Engine engine(app);
    expect(false, "an application without a sink is refused");
  } catch (const wallaroo::ConfigError&) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  two_engines_in_one_process();
  an_engine_that_is_stopped();
  mistakes_are_exceptions();
  std::map<std::uint64_t, std::uint64_t> results;
  expect(wallaroo::run(sums("program", 10, 1, results), argc, argv) == 0, "run ends well");
  expect(results[0] == 45, "run's result");
  std::printf("%d failures, wallaroo %s\n", failures, std::string(wallaroo::version()).c_str());
  return failures == 0 ? 0 : 1;
}
