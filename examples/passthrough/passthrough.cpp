// Sends on what it receives: the shortest application, and a way to see what the engine itself
// costs (`giles latency` against it measures that).
//
// In and out: records of any bytes, each preceded by its length (4 bytes, big-endian).
#include <wallaroo/wallaroo.hpp>

int main(int argc, char** argv) {
  wallaroo::Application app("passthrough");
  app.source("in", wallaroo::tcp_source({.listen = "127.0.0.1:7010"}, wallaroo::bytes_view))
      .to_sink("out",
               wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, wallaroo::framed(wallaroo::raw)));
  return wallaroo::run(app, argc, argv);
}
