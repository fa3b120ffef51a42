// Counts words that come over TCP, and lets tools ask it over its external channel. It prints the
// addresses of both, then whatever tools want printed, and ends when one of them says so.
#include <cstdint>
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
  return word + " " + std::to_string(++total.words);
}

}  // namespace

int main() {
  wallaroo::Application app("words");
  app.source("lines", wallaroo::tcp_source({.listen = "127.0.0.1:0"},
                                           [](std::string_view line) { return std::string(line); }))
      .to("shout", [](const std::string& word) { return word + "!"; })
      .key_by("word", [](const std::string& word) { return word; })
      .to("count", count)
      .to_sink("totals", wallaroo::callback_sink([](const std::string&) {}));
  wallaroo::EngineOptions options;
  options.threads = 2;
  options.external.address = "127.0.0.1:0";
  options.external.parallelism = {{"lines", 3}};
  options.external.print = [](const std::string& text) { std::cout << text << std::endl; };
  wallaroo::Engine engine(app, std::move(options));
  engine.start();
  std::cout << engine.external_address() << "\n" << engine.address("lines") << std::endl;
  return engine.wait().ok ? 0 : 1;
}
