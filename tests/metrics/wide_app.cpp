// Ten pipelines of five stages each, for tests of how large an application may be: --threads 64
// makes 3200 stages of it. Each source gives few records a second.
#include <chrono>
#include <cstdint>
#include <thread>

#include <fmt/format.h>

#include <wallaroo/wallaroo.hpp>

namespace {

using namespace std::chrono_literals;

std::int64_t scale(std::int64_t number) { return number * 3; }
std::int64_t key_of(const std::int64_t& number) { return number % 1000; }
std::int64_t add(std::int64_t number, std::int64_t& total) { return total += number; }

std::int64_t make(std::uint64_t n) {
  std::this_thread::sleep_for(10ms);
  return static_cast<std::int64_t>(n);
}

}  // namespace

int main(int argc, char** argv) {
  wallaroo::Application app("wide_app");
  for (int i = 0; i < 10; ++i) {
    const auto named = [i](const char* name) { return fmt::format("{}{}", name, i); };
    app.source(named("in"), wallaroo::generator_source({}, make))
        .to(named("scale"), scale)
        .key_by(named("key"), key_of)
        .to(named("add"), add)
        .to_sink(named("out"), wallaroo::concurrent_callback_sink([](std::int64_t) {}));
  }
  return wallaroo::run(app, argc, argv);
}
