// Tests a pipeline with the harness that the package brings along.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <wallaroo/testing.hpp>
#include <wallaroo/wallaroo.hpp>

namespace {

struct Total {
  std::uint64_t count = 0;
};

wallaroo::Application lengths() {
  wallaroo::Application app("lengths");
  app.source("lines", wallaroo::tcp_source({.listen = "127.0.0.1:7010"}, wallaroo::text))
      .key_by("length", &std::string::size)
      .to("count",
          [](const std::string& line, Total& total) {
            return std::to_string(line.size()) + ": " + std::to_string(++total.count);
          })
      .to_sink("totals", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, wallaroo::raw));
  return app;
}

}  // namespace

int main() {
  wallaroo::testing::Harness harness(lengths());
  harness.send("lines", "to");
  harness.send("lines", "be");
  const int failures = harness.output("totals") != std::vector<std::string>{"2: 1", "2: 2"};
  std::printf("%d failures\n", failures);
  return failures;
}
