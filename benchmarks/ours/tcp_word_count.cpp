// Lines in over TCP, every new total of a word out over TCP.
#include <functional>
#include <string_view>

#include <wallaroo/wallaroo.hpp>

#include <wallaroo/types/words.hpp>
#include "ours/server.hpp"

namespace wallaroo::bench {
namespace {

struct WordTotal {
  std::uint64_t count = 0;
};
struct WordCount {
  std::string_view word;
  std::uint64_t count;
};

Application make(const ServerOptions& options) {
  Application app("tcp_word_count");
  app.source("lines", tcp_source({.listen = options.listen, .framing = Newline{}}, text_view))
      .to("split",
          [](std::string_view line, Emitter<std::string_view>& emit) { for_each_word(line, emit); })
      .key_by("word", std::identity{})
      .to("count",
          [](std::string_view word, WordTotal& total) {
            return WordCount{word, ++total.count};
          })
      .to_sink("totals",
               tcp_sink({.connect = options.out}, [](const WordCount& w, ByteWriter& out) {
                 out.append(w.word).append(" => ").decimal(w.count).append('\n');
               }));
  return app;
}

}  // namespace
}  // namespace wallaroo::bench

int main(int argc, char** argv) {
  return wallaroo::bench::run_server(argc, argv, 0, wallaroo::bench::make);
}
