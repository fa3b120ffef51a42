// Numbers the lines of a connector source, and gives them to a connector sink, so that a line that
// is lost, comes twice or is counted twice shows.
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include <wallaroo/wallaroo.hpp>

namespace {

struct Total {
  std::uint64_t lines = 0;
};

std::string number(const std::string& line, Total& total) {
  return fmt::format("{} {}", ++total.lines, line);
}

}  // namespace

int main(int argc, char** argv) {
  wallaroo::Application app("numbers");
  app.source("feed", wallaroo::connector_source({.listen = "127.0.0.1:0", .cookie = "cookie"},
                                                wallaroo::text))
      .key_by("all", [](const std::string&) { return 1; })
      .to("number", number)
      .to_sink("numbered", wallaroo::connector_sink({.connect = "127.0.0.1:7200"}, wallaroo::line));
  return wallaroo::run(app, argc, argv);
}
