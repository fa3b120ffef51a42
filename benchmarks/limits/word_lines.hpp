// Turns the bytes of a socket into lines of running totals: the work of the TCP word count between
// its read and its write.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include <wallaroo/types/words.hpp>
#include "limits/decimal.hpp"
#include "limits/word_table.hpp"
#include "support/hash.hpp"

namespace wallaroo::bench {

// Every copy below may touch this many bytes more than it needs, so the buffers have them at their
// end.
inline constexpr std::size_t kCopySlack = 16;

// Copies in steps of 16 bytes: for a word that is one pair of instructions and no branch on its
// length. Reads and writes up to kCopySlack bytes too many.
inline char* copy_word(char* to, std::string_view word) {
  std::size_t at = 0;
  do {
    std::memcpy(to + at, word.data() + at, 16);
    at += 16;
  } while (at < word.size());
  return to + word.size();
}

inline std::size_t line_room(std::string_view word) {
  return word.size() + std::string_view(" => \n").size() + kDecimalRoom + kCopySlack;
}

inline char* write_line(char* to, std::string_view word, std::uint64_t total) {
  to = copy_word(to, word);
  std::memcpy(to, " => ", 4);
  to = write_decimal(to + 4, total);
  *to = '\n';
  return to + 1;
}

// The part of `bytes` up to and with the last byte that ends a word.
inline std::string_view whole_words(std::string_view bytes) {
  const std::size_t last = bytes.find_last_of(" \n");
  return bytes.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Calls `take(word, total)` for every word of `text`. A line's end separates words like a space.
template <class Take>
void count_words(WordTable& totals, std::string_view text, Take&& take) {
  for_each_word_between<' ', '\n'>(text, [&](std::string_view word) {
    take(word, totals.add({hash_text(word), word.data(), word.size()}));
  });
}

}  // namespace wallaroo::bench
