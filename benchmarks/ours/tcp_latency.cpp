// One hop over TCP with a key and a state in the middle; records pass unchanged.
#include <string_view>

#include <wallaroo/wallaroo.hpp>

#include "ours/server.hpp"

namespace wallaroo::bench {
namespace {

struct Seen {
  std::uint64_t records = 0;
};

// A record is a stamp of 20 digits, a space, a key, and padding.
std::string_view key_of(std::string_view record) {
  const std::string_view rest = record.substr(std::min<std::size_t>(record.size(), 21));
  return rest.substr(0, rest.find(' '));
}

Application make(const ServerOptions& options) {
  Application app("tcp_latency");
  app.source("records", tcp_source({.listen = options.listen, .framing = Newline{}}, text_view))
      .key_by("key", key_of)
      .to("count",
          [](std::string_view record, Seen& seen) {
            ++seen.records;
            return record;
          })
      .to_sink("records out", tcp_sink({.connect = options.out}, line));
  return app;
}

}  // namespace
}  // namespace wallaroo::bench

// One executor: at this rate it is nearly idle, and a second one would add a wake-up to every hop.
int main(int argc, char** argv) {
  return wallaroo::bench::run_server(argc, argv, 1, wallaroo::bench::make);
}
