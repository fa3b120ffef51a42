// Counts words that come over TCP, and pushes its metrics to the receiver that is its argument. It
// prints the address of its source, and stops when its input ends.
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include <wallaroo/wallaroo.hpp>

namespace {

struct Total {
  std::uint64_t words = 0;
};

std::string count(const std::string& word, Total& total) {
  return word + " " + std::to_string(++total.words) + "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: push_app RECEIVER SINK\n";
    return 2;
  }
  wallaroo::Application app("words");
  app.source("lines", wallaroo::tcp_source({.listen = "127.0.0.1:0"},
                                           [](std::string_view line) { return std::string(line); }))
      .to("shout", [](const std::string& word) { return word + "!"; })
      .key_by("word", [](const std::string& word) { return word; })
      .to("count", count)
      .to_sink("totals", wallaroo::tcp_sink({.connect = argv[2]},
                                            [](const std::string& line) { return line; }));
  wallaroo::EngineOptions options;
  options.threads = 2;
  options.metrics_push = {.address = argv[1], .worker = "worker7"};
  wallaroo::Engine engine(app, std::move(options));
  engine.start();
  std::cout << engine.address("lines") << std::endl;
  std::string ignored;
  std::getline(std::cin, ignored);
  engine.stop();
  return engine.wait().ok ? 0 : 1;
}
