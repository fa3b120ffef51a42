// One hop over TCP with a computation that returns its record, beside the same with a function of
// Python.
#include <string_view>

#include <wallaroo/wallaroo.hpp>

#include "ours/server.hpp"

namespace wallaroo::bench {
namespace {

Application make(const ServerOptions& options) {
  Application app("tcp_identity");
  app.source("records", tcp_source({.listen = options.listen, .framing = Newline{}}, text_view))
      .to("same", [](std::string_view record) { return record; })
      .to_sink("records out", tcp_sink({.connect = options.out}, line));
  return app;
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_server(argc, argv, 1, wallaroo::bench::make);
}
