// Counts words: text in, the new total of every word out.
//
// In:  records of text, each preceded by its length (4 bytes, big-endian).
// Out: lines such as "wallaroo => 3".
//
// A word is a run of the ASCII letters, digits and apostrophes, in lower case; all else separates.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>

#include <wallaroo/wallaroo.hpp>

// The state: one for each word, on the executor that owns the word.
struct WordTotal {
  std::uint64_t count = 0;
};

// Records may look at bytes elsewhere, so that no word is ever copied.
struct WordCount {
  std::string_view word;
  std::uint64_t count;
};

// The byte as a word has it: itself, its lower case, or the space that separates words.
char folded(char c) {
  if (c >= 'A' && c <= 'Z') {
    return static_cast<char>(c - 'A' + 'a');
  }
  const bool in_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'';
  return in_word ? c : ' ';
}

// The stages are lambdas, which the compiler puts into the loop over a batch; functions are called.

// One line in, any number of words out. The arena's bytes live as long as a word looks at them.
constexpr auto split = [](std::string_view line, wallaroo::Emitter<std::string_view>& emit) {
  char* const text = emit.arena().allocate(line.size());
  std::transform(line.begin(), line.end(), text, folded);
  wallaroo::for_each_word({text, line.size()}, emit);
};

constexpr auto count_word = [](std::string_view word, WordTotal& total) {
  return WordCount{word, ++total.count};
};

constexpr auto encode = [](const WordCount& counted, wallaroo::ByteWriter& out) {
  out.append(counted.word).append(" => ").decimal(counted.count).append('\n');
};

int main(int argc, char** argv) {
  wallaroo::Application app("word_count");
  app.source("lines", wallaroo::tcp_source({.listen = "127.0.0.1:7010"}, wallaroo::text_view))
      .to("split", split)
      .key_by("word", std::identity{})
      .to("count", count_word)
      .to_sink("totals", wallaroo::tcp_sink({.connect = "127.0.0.1:7002"}, encode));
  return wallaroo::run(app, argc, argv);
}
